// Each decision is made again, by the policy that it names and of what that was asked: does it come out as the evidence has it, and did what ran keep to it?
import type { Decision, DecisionRequest } from "../decision.ts";
import type { PolicyFiles } from "../policy/push/types.ts";
import { type Asked, type AskedFacts, type Asker, askAgain } from "./asked.ts";
import type { DecisionSummary, EvidenceEvent } from "./event.ts";
import type { EvidenceLine } from "./line-read.ts";
import { BadEvidence, type BadPlace, type Decider, type DeciderOf } from "./verify-types.ts";

type Place = Omit<BadPlace, "what">;
type Statement = EvidenceEvent & { readonly type: "statement" };
type Execute = EvidenceEvent & { readonly type: "execute" };

/** Answers that are remembered: most statements of a store are asked again and again, by the same people. */
const REMEMBERED = 20_000;
/** Between a question and the line that tells of its answer: analysis, policy and the journal have their times. */
const LATE_MS = 5 * 60_000;

/** What a decision lets run, by the number of its statement. */
interface Lets {
  /** Groups that policy wants to agree. */
  readonly groups: readonly string[];
  /** Until when an equal question need not be put again. */
  readonly until: number;
}

export class DecisionWalk {
  readonly #deciderOf: DeciderOf | undefined;
  readonly #deciders = new Map<string, Decider | null>();
  readonly #answers = new Map<string, Decision>();
  #session = "";
  #asker: Asker | null = null;
  readonly #facts = new Map<number, readonly AskedFacts[]>();
  readonly #lets = new Map<number, Lets>();
  readonly #refused = new Set<number>();
  /** Decisions that came out as recorded. */
  again = 0;
  #unknown = 0;

  constructor(deciderOf: DeciderOf | undefined) {
    this.#deciderOf = deciderOf;
  }

  /** Sessions come one after the other, each from its start; policies before the decisions that name them. @throws BadEvidence */
  saw(line: EvidenceLine, place: Place): void {
    const { session, event, target, opening } = line;
    if (session !== this.#session) {
      this.#session = session;
      this.#asker = null;
      this.#facts.clear();
      this.#lets.clear();
      this.#refused.clear();
    }
    if (event.type === "policy.in_force" && event.files !== undefined) this.#learn(event.version, event.files);
    else if (event.type === "session.opened" && opening?.principal != null)
      this.#asker = {
        principal: opening.principal,
        target,
        source: event.source.address,
        ...(event.purpose === undefined ? {} : { purpose: event.purpose }),
      };
    else if (event.type === "statement") this.#decided(event, line, place);
    else if (event.type === "execute" || event.type === "finished" || event.type === "disclosure") {
      if (this.#refused.has(event.ref))
        throw new BadEvidence({ ...place, what: `policy refuses event ${event.ref}, and it runs here` });
      if (event.type === "execute") this.#ran(event, line.time, place);
    }
  }

  /** What could not be checked. */
  notes(): string[] {
    if (this.#deciderOf === undefined || this.#unknown === 0) return [];
    return [
      `${this.#unknown} decisions were not made again: their policy is not in what was read, or is of another release, or they do not say what it was asked`,
    ];
  }

  #learn(version: string, files: PolicyFiles): void {
    if (this.#deciders.has(version)) return;
    const decider = this.#deciderOf?.(files) ?? null;
    // Built-in policies are part of a version: another release gives the same files another, and may decide otherwise.
    this.#deciders.set(version, decider?.version === version ? decider : null);
  }

  #decided({ asked, decision }: Statement, line: EvidenceLine, place: Place): void {
    if (decision.outcome === "refuse") this.#refused.add(line.seq);
    if (asked !== undefined) this.#decideAgain(asked, decision, line, place);
    // Nobody is asked about what cannot be parsed; of anything else it is kept, but in older evidence.
    else if (decision.outcome !== "refuse") this.#unknown += 1;
  }

  #ran({ ref, approval }: Execute, time: number, place: Place): void {
    const lets = this.#lets.get(ref);
    if (lets === undefined) return;
    if (approval === undefined && time > lets.until + LATE_MS)
      throw new BadEvidence({ ...place, what: `it runs by event ${ref}, whose decision held no longer` });
    const missing = lets.groups.find((group) => !approval?.needed.some((need) => need.group === group));
    if (approval !== undefined && missing !== undefined)
      throw new BadEvidence({
        ...place,
        what: `policy wants ${missing} to agree, and request ${approval.id} did not ask them`,
      });
  }

  #decideAgain(asked: Asked, recorded: DecisionSummary, { seq, time }: EvidenceLine, place: Place): void {
    if (this.#deciderOf === undefined) return;
    const facts = typeof asked.facts === "number" ? this.#facts.get(asked.facts) : asked.facts;
    if (facts === undefined || this.#asker === null)
      throw new BadEvidence({ ...place, what: "the decision does not say what it was asked" });
    if (facts === asked.facts) this.#facts.set(seq, facts);
    if (Math.abs(time - asked.time) > LATE_MS)
      throw new BadEvidence({ ...place, what: "policy was asked about another time than that of the event" });
    const decider = this.#deciders.get(recorded.version) ?? null;
    if (decider === null) {
      this.#unknown += 1;
      return;
    }
    const now = this.#answer(decider, askAgain(this.#asker, asked, facts));
    const groups = now.outcome === "hold" ? now.obligations.flatMap((obligation) => obligation.groups) : [];
    this.#lets.set(seq, { groups, until: asked.time + now.cacheSeconds * 1000 });
    const wrong = difference(recorded, now);
    if (wrong !== null)
      throw new BadEvidence({ ...place, what: `policy ${recorded.version.slice(0, 12)}, asked again, ${wrong}` });
    this.again += 1;
  }

  #answer(decider: Decider, request: DecisionRequest): Decision {
    const key = JSON.stringify([decider.version, { ...request, time: 0 }]);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const decision = decider.decide(request);
    if (decision.cacheSeconds > 0) {
      if (this.#answers.size >= REMEMBERED) this.#answers.clear();
      this.#answers.set(key, decision);
    }
    return decision;
  }
}

function difference(recorded: DecisionSummary, now: Decision): string | null {
  if (recorded.outcome !== now.outcome) return `says ${now.outcome}, and the evidence ${recorded.outcome}`;
  if (!same(recorded.reveal, now.reveal)) return "shows other classes in clear than the evidence says";
  if (!same(recorded.policies, now.policies)) return "answers by other rules than the evidence names";
  return recorded.why === now.why ? null : "gives another reason than the evidence";
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
