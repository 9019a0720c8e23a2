import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import type { DecisionPort } from "../ports/decisions.ts";

/** Decisions by the bundle that is in force here, in this process (docs/decisions/0019). */
export function localDecisions(bundle: LoadedBundle): DecisionPort {
  const evaluate = createEvaluator(bundle);
  return { decide: async (request) => evaluate(request) };
}
