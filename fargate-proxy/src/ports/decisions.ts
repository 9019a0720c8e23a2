import type { Decision, DecisionRequest } from "#shared/decision.ts";

/** Asks policy. Rejects when no decision can be had. */
export interface DecisionPort {
  decide(request: DecisionRequest): Promise<Decision>;
}
