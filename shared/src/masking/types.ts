// The words of masking. A plan says what to hide per output column; a shape says what the server will send; a row mask rewrites rows.

export type MaskName = "redact" | "last4" | "initial" | "year" | "zip3" | "age-band" | "pseudonym" | "null" | "scan";

/** What the plan says of one output column. */
export type ColumnPlan =
  | { readonly mask: "clear"; readonly classes: readonly string[] }
  | { readonly mask: MaskName; readonly classes: readonly string[] };

/** One entry per output column of one statement; `refuse` where a result cannot be shown at all. */
export type MaskPlan =
  | { readonly type: "columns"; readonly columns: readonly ColumnPlan[] }
  | { readonly type: "refuse"; readonly why: string }
  /** The statement returns no rows. */
  | { readonly type: "none" };

/** One column as the server's RowDescription gives it. */
export interface ShapeColumn {
  readonly name: string;
  /** pg_class.oid, or 0 when not a column of a table. */
  readonly table: number;
  readonly attribute: number;
  /** pg_type.oid */
  readonly type: number;
  /** 0 text, 1 binary */
  readonly format: number;
}
export type Shape = readonly ShapeColumn[];

/** Counts for the evidence, per masked or revealed column. */
export interface MaskTally {
  readonly column: string;
  readonly classes: readonly string[];
  readonly mask: MaskName | "clear";
  masked: number;
  clear: number;
}

/** Rewrites rows of one result. Holds no bytes between calls. */
export interface RowMask {
  /** False when no column needs work: rows may be forwarded untouched. */
  readonly active: boolean;
  /**
   * Rewrites one DataRow.
   * @param frame the whole message, from its type byte (`D`) on
   * @param out where to append the rewritten message
   */
  row(frame: Uint8Array, out: ByteSink): void;
  readonly tally: readonly MaskTally[];
}

/** An append-only buffer: the protocol owns it and flushes it to the client. */
export interface ByteSink {
  /** Makes room for `bytes` more and returns the buffer to write into at `length`; call `advance` after. */
  reserve(bytes: number): Uint8Array;
  readonly length: number;
  advance(bytes: number): void;
}
