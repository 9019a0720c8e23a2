import { decideHandler } from "#functions/decide/handler.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import type { DecisionPort } from "../ports/decisions.ts";

/** Decisions of the local home: the handler of the Lambda, called in process. */
export function localDecisions(bundle: LoadedBundle): DecisionPort {
  const handler = decideHandler(() => Promise.resolve(createEvaluator(bundle)));
  return { decide: (request) => handler(request) };
}
