// What must be hidden in a result: the plan of the judgement, held against the shape that the server announces.
import { type CopyShape, copyMask } from "#shared/masking/copy.ts";
import { type MaskEnvironment, type Mismatch, rowMask } from "#shared/masking/rows.ts";
import type { CopyMask, RowMask, Shape } from "#shared/masking/types.ts";
import type { Judged } from "./judged.ts";
import type { GateParts } from "./parts.ts";

interface Where {
  readonly target: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const NO_PLAN: Mismatch = { mismatch: "no plan" };

/** @param index of the statement in its command string */
export function maskOfRows(
  parts: GateParts,
  judged: Judged,
  index: number,
  shape: Shape,
  where: Where,
): RowMask | Mismatch {
  const plan = judged.plans[index];
  const env = environment(parts, where);
  return plan === undefined || env === null ? NO_PLAN : rowMask(plan, shape, env);
}

/** The same for COPY TO STDOUT. */
export function maskOfCopy(
  parts: GateParts,
  judged: Judged,
  index: number,
  shape: CopyShape,
  where: Where,
): CopyMask | Mismatch {
  const plan = judged.plans[index];
  const statement = judged.analysis.statements[index];
  const env = environment(parts, where);
  if (plan === undefined || statement === undefined || env === null) return NO_PLAN;
  return copyMask(plan, statement, shape, env);
}

function environment({ analysis, pseudonyms, bundle }: GateParts, { target, now }: Where): MaskEnvironment | null {
  const snapshot = analysis.snapshot(target);
  if (snapshot === null) return null;
  return { snapshot, target, hmac: pseudonyms.hmac, records: bundle.catalog.recordFormats(target), now };
}
