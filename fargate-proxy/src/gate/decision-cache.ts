// Decisions that may be used again. A hit costs two map look-ups and no promise: facts are found by identity, since analysis hands out the
// same objects for the same statement.
import type { Decision, DecisionRequest } from "#shared/decision.ts";
import type { Facts } from "#shared/facts.ts";
import type { Principal } from "#shared/identity.ts";
import type { DecisionPort } from "../ports/decisions.ts";

interface Kept {
  /** Of a string of several statements, all. */
  readonly facts: readonly Facts[];
  readonly decision: Decision;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Askers (principal, target, purpose, source) remembered for one statement. */
const ASKERS = 256;
const NO_FACTS: Facts[] = [];

/** A DecisionPort in front of another. `lookup` answers at once what was decided before. */
export class CachedDecisions implements DecisionPort {
  readonly #port: DecisionPort;
  /** By the first statement's facts; an entry goes when analysis lets go of them. */
  readonly #byFacts = new WeakMap<object, Map<string, Kept>>();
  readonly #connects = new Map<string, Kept>();
  readonly #askers = new WeakMap<Principal, string>();

  constructor(port: DecisionPort) {
    this.#port = port;
  }

  lookup(request: DecisionRequest): Decision | undefined {
    const kept = this.#shelf(request, false)?.get(this.#key(request));
    if (kept === undefined || kept.until <= request.time || !sameFacts(kept.facts, factsOf(request))) return undefined;
    return kept.decision;
  }

  async decide(request: DecisionRequest): Promise<Decision> {
    const known = this.lookup(request);
    if (known !== undefined) return known;
    const decision = await this.#port.decide(request);
    if (decision.cacheSeconds > 0) this.#keep(request, decision);
    return decision;
  }

  #keep(request: DecisionRequest, decision: Decision): void {
    const shelf = this.#shelf(request, true);
    if (shelf === undefined) return;
    const key = this.#key(request);
    shelf.delete(key);
    // Maps keep the order in which keys came: the first is the oldest.
    if (shelf.size >= ASKERS) for (const oldest of shelf.keys()) if (shelf.delete(oldest)) break;
    shelf.set(key, { facts: factsOf(request), decision, until: request.time + decision.cacheSeconds * 1000 });
  }

  #shelf(request: DecisionRequest, make: boolean): Map<string, Kept> | undefined {
    if (request.question.type === "connect") return this.#connects;
    const first = request.question.facts[0];
    if (first === undefined) return undefined;
    const shelf = this.#byFacts.get(first);
    if (shelf !== undefined || !make) return shelf;
    const made = new Map<string, Kept>();
    this.#byFacts.set(first, made);
    return made;
  }

  #key(request: DecisionRequest): string {
    let asker = this.#askers.get(request.principal);
    if (asker === undefined) {
      // All that policy can see of a principal; a renewed token of the same person is the same asker.
      const { expiresAt: _, tokenId: __, ...seen } = request.principal;
      asker = JSON.stringify(Object.entries(seen).sort(([a], [b]) => (a < b ? -1 : 1)));
      this.#askers.set(request.principal, asker);
    }
    return `${asker}\n${request.target}\n${request.source}\n${request.purpose === undefined ? "" : `=${request.purpose}`}`;
  }
}

function factsOf(request: DecisionRequest): readonly Facts[] {
  return request.question.type === "command" ? request.question.facts : NO_FACTS;
}

function sameFacts(a: readonly Facts[], b: readonly Facts[]): boolean {
  return a.length === b.length && a.every((facts, i) => facts === b[i]);
}
