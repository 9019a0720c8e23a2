// What must be hidden in a result: the plan of the judgement, held against the shape that the server announces.
import type { Disclosing } from "#shared/disclosure/watch-over.ts";
import { type CopyShape, copyMask } from "#shared/masking/copy.ts";
import { type Ask, type Inspection, inspected } from "#shared/masking/inspection.ts";
import { type MaskEnvironment, type Mismatch, rowMask } from "#shared/masking/rows.ts";
import type { CopyMask, RowMask, Shape } from "#shared/masking/types.ts";
import type { Judged } from "./judged.ts";
import type { GateParts } from "./parts.ts";

export interface Where {
  readonly target: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Asks about the free text of this result; null where nobody is asked. */
  readonly ask: Ask | null;
  /** Of a subject's key. */
  hash(domain: string, key: string): string;
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
  if (plan === undefined || env === null) return NO_PLAN;
  return waiting(where.ask, (inspect) =>
    rowMask(plan, shape, { ...env, ...inspect }, disclosing(judged, index, where)),
  );
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
  return waiting(where.ask, (inspect) =>
    copyMask(plan, statement, shape, { ...env, ...inspect }, disclosing(judged, index, where)),
  );
}

function waiting(ask: Ask | null, make: (more: { inspect?: () => Inspection }) => RowMask | Mismatch) {
  return ask === null ? make({}) : inspected((inspect) => make({ inspect }), ask);
}

function disclosing(judged: Judged, index: number, { hash }: Where): Disclosing {
  return { shown: judged.disclosures[index] ?? [], hash };
}

function environment({ analysis, pseudonyms, bundle }: GateParts, { target, now }: Where): MaskEnvironment | null {
  const snapshot = analysis.snapshot(target);
  if (snapshot === null) return null;
  return { snapshot, target, hmac: pseudonyms.hmac, records: bundle.catalog.recordFormats(target), now };
}

/** What made a result what the client is shown: kept beside the original, so that it can be masked again and compared. */
export function shownRows(parts: GateParts, judged: Judged, index: number, shape: Shape, where: Where) {
  return { kind: "rows", ...shown(parts, judged, index, where), shape } as const;
}

export function shownCopy(parts: GateParts, judged: Judged, index: number, shape: CopyShape, where: Where) {
  const statement = judged.analysis.statements[index];
  const { copy = null, facts } = statement ?? {};
  return { kind: "copy", ...shown(parts, judged, index, where), shape, copy, outputs: facts?.outputs ?? [] } as const;
}

function shown({ pseudonyms }: GateParts, judged: Judged, index: number, { now }: Where) {
  const plan = judged.plans[index];
  const columns = plan?.type === "columns" ? plan.columns : [];
  return { index, plan: columns, now, pseudonymKey: pseudonyms.version };
}
