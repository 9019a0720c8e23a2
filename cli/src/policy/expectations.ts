// The expectations of a bundle's own tests.yaml, tried without a database.
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import type { Expectation } from "#shared/policy/tests-file.ts";
import { differences, type TrialContext, tryOut } from "#shared/policy/trial.ts";
import { Problem } from "../problem.ts";
import { type Analyst, openAnalysis } from "./bundle.ts";

/** Each expectation of the bundle, and in words how it is not met. @throws Problem when there is no catalog to try them against */
export async function tryAll(bundle: LoadedBundle): Promise<{ expectation: Expectation; found: string[] }[]> {
  const context = { bundle, evaluate: createEvaluator(bundle), time: Date.now() };
  const analyses = await openAnalyses(bundle);
  return bundle.tests.expectations.map((expectation) => ({
    expectation,
    found: tried(context, expectation, analyses),
  }));
}

/** Analysis for each target that expectations have statements for. */
async function openAnalyses(bundle: LoadedBundle): Promise<Map<string, Analyst>> {
  const targets = new Set(bundle.tests.expectations.filter((e) => e.sql !== undefined).map((e) => e.target));
  const opened = new Map<string, Analyst>();
  for (const target of targets) opened.set(target, await openAnalysis(bundle, target));
  return opened;
}

function tried(context: TrialContext, expectation: Expectation, analyses: ReadonlyMap<string, Analyst>): string[] {
  const { as, target, sql, purpose } = expectation;
  const principal = context.bundle.tests.identities.get(as);
  if (principal === undefined) return [`unknown identity "${as}"`];
  try {
    const analyst = analyses.get(target);
    const facts = sql === undefined ? null : (analyst?.factsOf(sql) ?? null);
    const { outOfStep = [] } = analyst ?? {};
    return differences(expectation, tryOut(context, { principal, target, purpose, outOfStep }, facts));
  } catch (error) {
    if (error instanceof Problem) return [error.message];
    throw error;
  }
}
