import type { Decision, DecisionRequest } from "#shared/decision.ts";

/** Asks policy. AWS: the `decide` Lambda. Local: the same handler, in process. Rejects when no decision can be had. */
export interface DecisionPort {
  decide(request: DecisionRequest): Promise<Decision>;
}
