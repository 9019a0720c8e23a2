// The Lambda that has free text inspected by Amazon Comprehend Medical. It keeps no text, and says nothing of any.
import { z } from "zod";
import type { Inspected } from "#shared/masking/inspection.ts";
import { type DetectPhi, detectPhi } from "../adapters/comprehend-medical.ts";
import { type Invoke, lambda } from "../middleware.ts";
import { inspect } from "./detect.ts";

const eventSchema = z.strictObject({
  texts: z.array(z.string().min(1).max(65_536)).max(256),
  /** Milliseconds that all of it may take; what is not answered by then has failed. */
  millis: z.int().min(1).max(600_000),
});

/** @param prepare called once, at the first request */
export function detectPhiHandler(prepare: () => DetectPhi): Invoke<readonly Inspected[]> {
  let detect: DetectPhi | undefined;
  return lambda("detect-phi", eventSchema, ({ texts, millis }) => {
    detect ??= prepare();
    return inspect(texts, detect, AbortSignal.timeout(millis));
  });
}

export const handler: Invoke<readonly Inspected[]> = detectPhiHandler(detectPhi);
