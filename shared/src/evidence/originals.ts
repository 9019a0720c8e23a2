// What the sealed lane says of the target's answers: where in the recording the client's version of each begins, and what made it so.
// One JSON line (`delivery`), followed by the target's own messages (`result`) or by commitments to what was hidden in them.
import type { CopyFormat, OutputFact } from "../facts.ts";
import type { CopyShape } from "../masking/copy.ts";
import type { ColumnPlan, Shape } from "../masking/types.ts";

interface Where {
  /** Bytes of the session's recording before it. */
  readonly at: number;
}

/** A result that was masked: all that is needed to mask it again, but for the key of pseudonyms. */
interface Masked extends Where {
  /** Which statement of the command string answers. */
  readonly index: number;
  readonly plan: readonly ColumnPlan[];
  /** Milliseconds since the epoch: as masks saw the time. */
  readonly now: number;
  readonly pseudonymKey: number;
}

export type Delivery =
  | (Masked & { readonly kind: "rows"; readonly shape: Shape })
  | (Masked & {
      readonly kind: "copy";
      readonly shape: CopyShape;
      readonly copy: CopyFormat | null;
      readonly outputs: readonly OutputFact[];
    })
  /** An error, a notice, a parameter or a notification that the client was not told, or not so. */
  | (Where & { readonly kind: "message" });

export function deliveryLine(delivery: Delivery): string {
  return `${JSON.stringify(delivery)}\n`;
}

/** Which columns of a plan have cells that a mask hides. */
export function hiddenColumns(plan: readonly ColumnPlan[]): number[] {
  return [...plan.keys()].filter((i) => plan[i]?.mask !== "clear");
}

/** Bytes of the salt, which comes before the first commitment of a session. */
export const SALT = 32;
/** Bytes of one commitment: HMAC-SHA-256, cut short. */
export const COMMITMENT = 16;

/** What the HMAC of a commitment is of. Row and column count from 0; in COPY a whole line is one value, of column 0. */
export function committed(
  place: { readonly run: number; readonly index: number; readonly row: number; readonly column: number },
  value: Uint8Array | null,
): Uint8Array {
  const bytes = new Uint8Array(17 + (value?.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, place.run);
  view.setUint32(4, place.index);
  view.setUint32(8, place.row);
  view.setUint32(12, place.column);
  bytes[16] = value === null ? 0 : 1;
  if (value !== null) bytes.set(value, 17);
  return bytes;
}
