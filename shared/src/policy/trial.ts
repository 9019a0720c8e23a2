// Statements tried against a bundle without a database: what `postern policy test` and `postern explain` do.
import type { Decision, DecisionRequest } from "../decision.ts";
import type { Facts, RelationName } from "../facts.ts";
import type { Principal } from "../identity.ts";
import { planStatement } from "../masking/plan.ts";
import type { MaskPlan } from "../masking/types.ts";
import type { LoadedBundle } from "./bundle.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Expectation } from "./tests-file.ts";

export interface Trial {
  readonly decision: Decision;
  readonly facts: readonly Facts[];
  /** Per statement; what would be hidden if it ran. */
  readonly plans: readonly MaskPlan[];
  /** What the gate would do: the decision, or a refusal because a result cannot be shown. */
  readonly outcome: Decision["outcome"];
}

export interface TrialContext {
  readonly bundle: LoadedBundle;
  readonly evaluate: Evaluate;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** @param facts of the statement; null asks whether the principal may connect */
export function tryOut(
  { bundle, evaluate, time }: TrialContext,
  about: {
    readonly principal: Principal;
    readonly target: string;
    readonly purpose?: string | undefined;
    readonly outOfStep?: readonly RelationName[];
  },
  facts: readonly Facts[] | null,
): Trial {
  const { principal, target, purpose, outOfStep = [] } = about;
  const question: DecisionRequest["question"] = facts === null ? { type: "connect" } : { type: "command", facts };
  const decision = evaluate({
    principal,
    target,
    question,
    outOfStep,
    source: "127.0.0.1",
    time,
    ...(purpose === undefined ? {} : { purpose }),
  });
  const reveal = new Set(decision.reveal);
  const catalog = bundle.catalog.without(target, outOfStep);
  const plans = (facts ?? []).map((f) => planStatement(f, catalog, target, reveal));
  const unshowable = decision.outcome === "permit" && plans.some((plan) => plan.type === "refuse");
  return { decision, facts: facts ?? [], plans, outcome: unshowable ? "refuse" : decision.outcome };
}

/** @returns in words, how a trial differs from what was expected; empty when it does not */
export function differences(expected: Expectation, trial: Trial): string[] {
  const { outcome, decision } = trial;
  const found: string[] = [];
  if (outcome !== expected.expect) {
    const why = decision.why === "" ? "" : `: ${decision.why}`;
    const by = decision.policies.length === 0 ? "no policy" : decision.policies.join(", ");
    found.push(`expected ${expected.expect}, got ${outcome}${why} (${by})`);
  }
  for (const id of expected.policies ?? [])
    if (!decision.policies.includes(id))
      found.push(`expected policy ${id}, got ${decision.policies.join(", ") || "none"}`);
  if (expected.policies?.length === 0 && decision.policies.length > 0)
    found.push(`expected no policy, got ${decision.policies.join(", ")}`);
  const masks = masksOf(trial);
  for (const [column, mask] of Object.entries(expected.masks ?? {})) {
    const got = masks.get(column);
    if (got !== mask) found.push(`expected ${column} to be ${mask}, got ${got ?? "no such column"}`);
  }
  return found;
}

/** Masks by output column, of the last statement that returns rows. */
export function masksOf(trial: Trial): Map<string, string> {
  const masks = new Map<string, string>();
  trial.facts.forEach((facts, index) => {
    const plan = trial.plans[index];
    facts.outputs?.forEach((output, i) => {
      if (plan?.type === "columns") masks.set(output.name, plan.columns[i]?.mask ?? "clear");
      else if (plan?.type === "clear") masks.set(output.name, "clear");
    });
  });
  return masks;
}
