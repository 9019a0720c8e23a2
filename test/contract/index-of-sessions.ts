// What every index of sessions has to keep to.
import { describe, expect, it } from "vitest";
import type { IndexPort } from "#proxy/ports/index.ts";
import type { Disclosed } from "#shared/evidence/disclosure.ts";
import { matches, type SessionFilter } from "#shared/evidence/session-filter.ts";
import { mergeParts, type SessionPart } from "#shared/evidence/session-part.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import { ENGINEER } from "#test/support/evidence.ts";

function summary(session: string, more: Partial<SessionSummary> = {}): SessionSummary {
  return {
    session,
    target: "clinic",
    protocol: "postgres",
    principal: ENGINEER,
    opened: 1000,
    closed: 2000,
    ending: "done",
    statements: 1,
    refusals: 0,
    rows: 0,
    bytes: 0,
    relations: [],
    decisions: [],
    seq: 3,
    ...more,
  };
}

const COPILOT = { ...ENGINEER, kind: "agent" as const, name: "copilot", actsFor: "engineer" };
const SESSIONS = [
  summary("01A", { opened: 1000, closed: 2000, relations: ["public.patients"], decisions: ["permit"] }),
  summary("01B", { opened: 3000, closed: null, ending: null, target: "billing", decisions: ["permit", "refuse"] }),
  summary("02C", { opened: 2500, closed: 2600, principal: COPILOT, relations: ["public.claims", "audit.patients"] }),
  summary("02D", { opened: 500, closed: 600, principal: null, target: "gateway" }),
];
const FILTERS: readonly (readonly [SessionFilter, readonly string[]])[] = [
  [{}, ["01B", "02C", "01A", "02D"]],
  [{ principal: "copilot" }, ["02C"]],
  [{ principal: "engineer" }, ["01B", "02C", "01A"]],
  [{ target: "billing" }, ["01B"]],
  [{ since: 2100 }, ["01B", "02C"]],
  [{ until: 1000 }, ["01A", "02D"]],
  [{ since: 550, until: 900 }, ["02D"]],
  [{ relation: "public.patients" }, ["01A"]],
  [{ relation: "patients" }, ["02C", "01A"]],
  [{ relation: "atients" }, []],
  [{ decision: "refuse" }, ["01B"]],
  [{ principal: "engineer", decision: "permit", target: "clinic" }, ["01A"]],
];

/** What finds sessions, wherever it is kept. */
export interface SessionFinder {
  /** Adds what is not in it; in any order. */
  add(part: SessionPart, disclosed: readonly Disclosed[]): Promise<void> | void;
  disclosed(subjects: readonly string[]): Promise<readonly Disclosed[]> | readonly Disclosed[];
  get(session: string): Promise<SessionSummary | null> | SessionSummary | null;
  find(filter: SessionFilter): Promise<readonly SessionSummary[]> | readonly SessionSummary[];
  startingWith(prefix: string, limit: number): Promise<readonly SessionSummary[]> | readonly SessionSummary[];
}

const whole = (so: SessionSummary): SessionPart => ({ summary: so, ranges: [[1, so.seq]] });

/** @param open an empty one each time */
export function finderContract(name: string, open: () => Promise<SessionFinder>): void {
  describe(`finding sessions: ${name}`, () => {
    it("finds by every filter, newest first, and as a session that is not in it yet would be found", async () => {
      const index = await open();
      for (const so of SESSIONS) await index.add(whole(so), []);
      for (const [filter, expected] of FILTERS) {
        const found = await index.find(filter);
        expect(
          found.map((so) => so.session),
          JSON.stringify(filter),
        ).toEqual(expected);
        const live = SESSIONS.filter((so) => matches(so, filter)).map((so) => so.session);
        expect(live.sort(), JSON.stringify(filter)).toEqual([...expected].sort());
      }
      expect((await index.find({ limit: 2 })).map((so) => so.session)).toEqual(["01B", "02C"]);
    });

    it("finds what runs on for long, and what ran for long, by when it ended", async () => {
      const day = 86_400_000;
      const index = await open();
      const long = summary("03L", { opened: 0, closed: 40 * day });
      const runs = summary("03R", { opened: 5, closed: null, ending: null });
      const over = summary("03O", { opened: 10, closed: 39 * day });
      for (const so of [long, runs, over]) await index.add(whole(so), []);
      const found = await index.find({ since: 40 * day });
      expect(found.map((so) => so.session)).toEqual(["03R", "03L"]);
    });

    it("gives what the parts of a session say together, in whatever order they came", async () => {
      const start = summary("01A", { closed: null, ending: null, decisions: ["permit"], statements: 2, seq: 3 });
      const later = summary("01A", {
        principal: null,
        protocol: "",
        opened: 1500,
        rows: 9,
        decisions: ["refuse"],
        seq: 5,
      });
      const parts: SessionPart[] = [
        { summary: start, ranges: [[1, 3]] },
        { summary: later, ranges: [[4, 5]] },
      ];
      for (const order of [parts, [...parts].reverse(), [...parts, ...parts]]) {
        const index = await open();
        for (const part of order) await index.add(part, []);
        const together = {
          ...start,
          closed: 2000,
          ending: "done",
          statements: 3,
          rows: 9,
          decisions: ["permit", "refuse"],
          seq: 5,
        };
        expect(await index.get("01A")).toEqual(together);
        expect(await index.find({ principal: "engineer", decision: "refuse" })).toEqual([together]);
        expect(await index.get("01B")).toBeNull();
      }
    });

    it("finds by the start of an id, and takes it as it is", async () => {
      const index = await open();
      for (const so of [...SESSIONS, summary("x_%y")]) await index.add(whole(so), []);
      expect((await index.startingWith("01", 9)).map((so) => so.session)).toEqual(["01A", "01B"]);
      expect(await index.startingWith("0", 2)).toHaveLength(2);
      expect(await index.startingWith("", 9)).toHaveLength(5);
      expect(await index.startingWith("x_%", 9)).toHaveLength(1);
      expect(await index.startingWith("%", 9)).toHaveLength(0);
    });

    it("finds who was shown somebody's record, however often it is told", async () => {
      const index = await open();
      const shown = (subject: string, session: string, time: number) => ({ subject, session, first: time, last: time });
      const part = (session: string, first: number): SessionPart => ({
        summary: summary(session, { closed: null, seq: first }),
        ranges: [[first, first]],
      });
      const told: (readonly [SessionPart, readonly Disclosed[]])[] = [
        [part("01A", 2), [shown("aa", "01A", 1500), shown("aa", "01A", 1200)]],
        [part("01B", 1), [shown("aa", "01B", 3000)]],
        [part("01A", 1), [shown("aa", "01A", 1000), shown("bb", "01A", 1000)]],
      ];
      for (const [one, disclosed] of [...told, ...told]) await index.add(one, disclosed);
      const first = { subject: "aa", session: "01A", first: 1000, last: 1500 };
      expect(await index.disclosed(["aa"])).toEqual([first, shown("aa", "01B", 3000)]);
      expect(await index.disclosed(["bb", "cc"])).toEqual([shown("bb", "01A", 1000)]);
      expect(await index.disclosed(["a"])).toEqual([]);
    });
  });
}

/** As an index that is filled in the ledger's order takes parts. */
function inOrder(index: IndexPort): SessionFinder {
  const known = new Map<string, SessionPart>();
  return {
    add(part, disclosed) {
      const before = known.get(part.summary.session);
      const merged = before === undefined ? part : mergeParts(before, part);
      known.set(part.summary.session, merged);
      index.advance([merged.summary], index.reached + 1, disclosed);
    },
    get: (session) => index.get(session),
    disclosed: (subjects) => index.disclosed(subjects),
    find: (filter) => index.find(filter),
    startingWith: (prefix, limit) => index.startingWith(prefix, limit),
  };
}

export function indexContract(name: string, open: () => IndexPort): void {
  finderContract(name, () => Promise.resolve(inOrder(open())));
  describe(`index of sessions: ${name}`, () => {
    it("replaces a session as it goes on, and knows how far the ledger is in it", () => {
      const index = open();
      expect(index.reached).toBe(0);
      index.advance([summary("01A", { closed: null })], 1, []);
      index.advance([summary("01A", { rows: 9, decisions: ["refuse"] })], 2, []);
      expect(index.reached).toBe(2);
      expect(index.get("01A")).toEqual(summary("01A", { rows: 9, decisions: ["refuse"] }));
    });

    it("finds who was shown somebody's record, however often it is told", () => {
      const index = open();
      const shown = (subject: string, session: string, time: number) => ({ subject, session, first: time, last: time });
      index.advance(SESSIONS, 1, [shown("aa", "01B", 3000), shown("aa", "01A", 1000), shown("bb", "01A", 1000)]);
      index.advance([], 2, [shown("aa", "01A", 1500), shown("aa", "01A", 1000)]);
      const first = { subject: "aa", session: "01A", first: 1000, last: 1500 };
      expect(index.disclosed(["aa"])).toEqual([first, shown("aa", "01B", 3000)]);
      expect(index.disclosed(["bb", "cc"])).toEqual([shown("bb", "01A", 1000)]);
      expect(index.disclosed(["a"])).toEqual([]);
      index.clear();
      expect(index.disclosed(["aa", "bb"])).toEqual([]);
    });

    it("can be cleared and filled again", () => {
      const index = open();
      index.advance(SESSIONS, 4, []);
      index.clear();
      expect(index.reached).toBe(0);
      expect(index.find({})).toEqual([]);
      expect(index.find({ decision: "permit" })).toEqual([]);
      expect(index.disclosed(["aa"])).toEqual([]);
    });
  });
}
