// The Lambda that decides. The bundle is deployed with it, and read once for each process.
import type { Decision } from "#shared/decision.ts";
import { createEvaluator, type Evaluate } from "#shared/policy/evaluate.ts";
import { FunctionFailure, type Invoke, lambda } from "../middleware.ts";
import { settings } from "../settings.ts";
import { loadFolder } from "./folder.ts";
import { requestSchema } from "./request.ts";

/** @param prepare called once, at the first request; if it fails, so does every request */
export function decideHandler(prepare: () => Promise<Evaluate>): Invoke<Decision> {
  let ready: Promise<Evaluate> | undefined;
  return lambda("decide", requestSchema, async (request) => {
    ready ??= prepare().catch(() => {
      throw new FunctionFailure("NotReady", "the policy bundle cannot be used");
    });
    const decide = await ready;
    return decide(request);
  });
}

/** The entry point: reads the folder that the infrastructure names. */
export const handler: Invoke<Decision> = decideHandler(async () =>
  createEvaluator(await loadFolder(settings().policy)),
);
