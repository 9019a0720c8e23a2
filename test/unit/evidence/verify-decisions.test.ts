// Decisions are made again from what the evidence has of them: all that the demo's bundle is tried with, as lines, and what somebody changed in them.
import { beforeAll, expect, test } from "vitest";
import { loadPolicyFolder } from "#proxy/adapters/policy-folder.ts";
import { Questions } from "#proxy/gate/announce.ts";
import type { Judged } from "#proxy/gate/judged.ts";
import type { Decision, DecisionRequest } from "#shared/decision.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { DecisionWalk } from "#shared/evidence/verify-decisions.ts";
import { BadEvidence } from "#shared/evidence/verify-types.ts";
import type { Principal } from "#shared/identity.ts";
import { createEvaluator, type Evaluate } from "#shared/policy/evaluate.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";
import { clinicCatalog } from "#test/support/clinic-catalog.ts";
import { OPENED } from "#test/support/evidence.ts";
import { ROOT } from "#test/support/project.ts";

type Statement = EvidenceEvent & { readonly type: "statement" };
type Change = (event: Statement) => EvidenceEvent;
interface Told {
  readonly principal: Principal;
  readonly events: EvidenceEvent[];
  /** Of what runs. */
  readonly time?: number;
}

const TIME = Date.UTC(2026, 10, 21, 3);
const bundle = await loadPolicyFolder(`${ROOT}/policy`);
const { version, files } = bundle;
const evaluate = createEvaluator(bundle);
const tried = bundle.tests.expectations.filter((e) => e.sql !== undefined);
let analyse: Analyse;

beforeAll(async () => {
  const declared = [...bundle.catalog.declaredFunctions("clinic")].map(([n, { reveals }]) => [n, reveals] as const);
  analyse = await analyser(await clinicCatalog(), new Map(declared));
});

/** A session of each expectation, in which its statement is asked twice, in other words of the same facts the second time. */
function sessions(): Told[] {
  return tried.map(({ as, sql = "", purpose }) => {
    const principal = bundle.tests.identities.get(as);
    if (principal === undefined) throw new Error(`no identity ${as}`);
    const questions = new Questions();
    const events: EvidenceEvent[] = [{ ...OPENED, ...(purpose === undefined ? {} : { purpose }) } as EvidenceEvent];
    for (const text of [sql, `${sql} -- again`]) {
      const analysis = analyse(text);
      const request: DecisionRequest = {
        principal,
        target: "clinic",
        question: { type: "command", facts: analysis.statements.map((s) => s.facts) },
        ...(purpose === undefined ? {} : { purpose }),
        source: (OPENED as EvidenceEvent & { type: "session.opened" }).source.address,
        time: TIME,
      };
      const { outcome, policies, why, reveal } = evaluate(request);
      const question = questions.of({ analysis, asked: { time: TIME, outOfStep: [] } } as unknown as Judged);
      const { normalized, fingerprint } = analysis;
      const decision = { outcome, policies, why, version, reveal };
      events.push({
        type: "statement",
        phase: "query",
        text: normalized,
        fingerprint,
        facts: [],
        decision,
        asked: question.asked,
      });
      question.kept(events.length);
    }
    return { principal, events };
  });
}

/** Reads them back from their lines, after the log in which the policy came into force. */
function verify(
  told: readonly Told[],
  change: Change = (event) => event,
  log: EvidenceEvent[] = [{ type: "policy.in_force", version, previous: null, files }],
  decider: Evaluate = evaluate,
) {
  const walk = new DecisionWalk((found) =>
    found["access.cedar"] === files["access.cedar"] ? { version, decide: decider } : null,
  );
  const all: Told[] = [{ principal: null as unknown as Principal, events: log }, ...told];
  for (const [i, { principal, events, time = TIME }] of all.entries()) {
    const session = `s${i}`;
    const writer = new LineWriter({ session, target: i === 0 ? "gateway" : "clinic", protocol: "postgres", principal });
    for (const [j, event] of events.entries()) {
      const at = event.type === "execute" ? time : TIME;
      const text = writer.write(event.type === "statement" ? change(event) : event, j + 1, at, "x");
      const line = readLine(text);
      if (line === null) throw new Error("a line was not read");
      walk.saw(line, { key: "k", session, seq: j + 1 });
    }
  }
  return { again: walk.again, notes: walk.notes() };
}

test("come out as they are recorded, asked in full and by the number of the same facts", () => {
  const told = sessions();
  expect(verify(told)).toEqual({ again: 2 * tried.length, notes: [] });
  const again = told.flatMap(({ events }) => events.slice(2)) as Statement[];
  expect(again.every(({ asked }) => asked?.facts === 2)).toBe(true);
});

test.each<[string, Change]>([
  [
    "another outcome",
    (e) => ({ ...e, decision: { ...e.decision, outcome: e.decision.outcome === "permit" ? "refuse" : "permit" } }),
  ],
  ["a class shown in clear", (e) => ({ ...e, decision: { ...e.decision, reveal: [...e.decision.reveal, "zzz"] } })],
  ["other rules", (e) => ({ ...e, decision: { ...e.decision, policies: [...e.decision.policies, "mine"] } })],
  ["another reason", (e) => ({ ...e, decision: { ...e.decision, why: `${e.decision.why}, really` } })],
  ["a question about another time", (e) => ({ ...e, asked: { facts: [], ...e.asked, time: TIME - 10 * 60_000 } })],
  ["facts of nothing", (e) => ({ ...e, asked: { time: TIME, facts: 7 } })],
])("are found with %s", (_, change) => {
  for (const told of sessions()) expect(() => verify([told], change)).toThrow(BadEvidence);
});

test("are found when another is said to have asked", () => {
  const nobody = (principal: Principal): Principal => ({ ...principal, groups: [], kind: "person" });
  const found = sessions().filter((told) => {
    try {
      verify([{ ...told, principal: nobody(told.principal) }]);
      return false;
    } catch {
      return true;
    }
  });
  // What is refused to everybody, or permitted, is decided alike.
  expect(found.length).toBeGreaterThan(tried.length / 2);
});

test("are found when policy had been another", () => {
  const lax = (request: DecisionRequest): Decision => ({ ...evaluate(request), outcome: "permit", policies: ["lax"] });
  expect(() => verify(sessions(), undefined, undefined, lax)).toThrow(/asked again/);
});

const EXECUTE = { type: "execute", phase: "query", decision: null, binds: 0 } as const;

test("are found where what policy refused ran all the same", () => {
  const refused = sessions().filter(({ events }) => (events[1] as Statement).decision.outcome === "refuse");
  expect(refused.length).toBeGreaterThan(0);
  const disclosure = {
    domain: null,
    classes: [],
    relations: [],
    keyVersion: 1,
    subjects: [],
    complete: false,
    untold: 1,
  };
  const outcome = { tag: "SELECT 1", rows: 1, bytes: 1, sqlstate: "00000", micros: 1, masks: [] };
  const ran: EvidenceEvent[] = [
    { ...EXECUTE, ref: 2 },
    { type: "finished", ref: 3, ...outcome },
    { type: "disclosure", ref: 2, ...disclosure },
  ];
  for (const told of refused)
    for (const event of ran)
      expect(() => verify([{ ...told, events: [...told.events, event] }])).toThrow(/^policy refuses event [23], and/);
});

test("are found where they let something run that had to be asked about again", () => {
  const permitted = sessions().filter(({ events }) => (events[1] as Statement).decision.outcome === "permit");
  const run = (told: Told, time: number) => () =>
    verify([{ ...told, events: [...told.events, { ...EXECUTE, ref: 2 }], time }]);
  for (const told of permitted) {
    expect(run(told, TIME + 60_000)().notes).toEqual([]);
    expect(run(told, TIME + 10 * 60_000)).toThrow("it runs by event 2, whose decision held no longer");
  }
});

test("are found where what policy holds runs by the word of others than it wants", () => {
  const run = (ref: number, groups: readonly string[]): EvidenceEvent => ({
    ...EXECUTE,
    ref,
    approval: {
      ...{ id: "r1", digest: "d", escalated: [], answers: [], approvedAt: TIME, validUntil: TIME },
      requester: { name: "engineer", issuer: "i", subject: "s" },
      needed: groups.map((group) => ({ group, quorum: 1 })),
    },
  });
  const held = sessions().filter(({ events }) => (events[1] as Statement).decision.outcome === "hold");
  expect(held.length).toBeGreaterThan(0);
  for (const told of held) {
    const by = (...groups: string[]) => verify([{ ...told, events: [...told.events, run(2, groups), run(3, groups)] }]);
    expect(by("nurse", "dba", "privacy").notes).toEqual([]);
    expect(() => by("nurse")).toThrow(/^policy wants (dba|privacy) to agree, and request r1 did not ask them$/);
  }
});

test("are counted where it is not said what was asked, but for what nobody was asked about", () => {
  const silent = ({ asked: _, ...event }: Statement): Statement => event;
  const ran = sessions().flatMap(({ events }) => events as Statement[]);
  const decided = ran.filter(({ type, decision }) => type === "statement" && decision.outcome !== "refuse").length;
  const { again, notes } = verify(sessions(), silent);
  expect({ again, notes }).toEqual({ again: 0, notes: [expect.stringMatching(`^${decided} decisions were not made`)] });
});

test("are counted where their policy is not known, or another release gives it another version", () => {
  const unknown = { again: 0, notes: [expect.stringMatching(/^\d+ decisions were not made again/)] };
  expect(verify(sessions(), undefined, [])).toEqual(unknown);
  expect(verify(sessions(), undefined, [{ type: "policy.in_force", version: "other", previous: null, files }])).toEqual(
    unknown,
  );
});
