// The words of masking. A plan says what to hide per output column; a shape says what the server will send; a row mask rewrites rows.
import type { Watcher } from "../disclosure/types.ts";
import type { ColumnRef } from "../facts.ts";

export type MaskName = "redact" | "last4" | "initial" | "year" | "zip3" | "age-band" | "pseudonym" | "null" | "scan";

/** What hides one part of a document. */
export interface LeafPlan {
  readonly mask: MaskName | "clear";
  /** For `scan`. */
  readonly detectors: readonly string[];
}

/** What hides a document part by part. */
export interface PathsPlan {
  /** Keys, and null for every element of an array. */
  readonly parts: readonly { readonly path: readonly (string | null)[]; readonly leaf: LeafPlan }[];
  /** What no path names. */
  readonly rest: LeafPlan;
}

/** What the plan says of one output column. */
export interface ColumnPlan {
  readonly mask: MaskName | "clear";
  /** Classes of PHI that flow in: those that are hidden, or, for `clear`, those that are revealed. */
  readonly classes: readonly string[];
  /** Base columns that flow in, as analysed: held against the server's own word on where the column comes from. */
  readonly sources: readonly ColumnRef[];
  /** Hidden even where there is none: whether a derived value is NULL may tell all of what it is derived from. */
  readonly nulls?: "hidden";
  /** For `scan`: names of the detectors that run. */
  readonly detectors: readonly string[];
  /** For a document that is shown as it stands in its table: its parts. Where the type is another, `mask` holds. */
  readonly paths?: PathsPlan;
  /** People's names flow in: free text beside it is searched for them. */
  readonly names?: boolean;
}

/** One entry per output column of one statement; `refuse` where a result cannot be shown at all. */
export type MaskPlan =
  | { readonly type: "columns"; readonly columns: readonly ColumnPlan[] }
  | { readonly type: "refuse"; readonly why: string }
  /** The statement returns no rows. */
  | { readonly type: "none" }
  /** The target holds nothing to hide: rows of any shape pass. */
  | { readonly type: "clear" };

/** One column as the server's RowDescription gives it. */
export interface ShapeColumn {
  readonly name: string;
  /** pg_class.oid, or 0 when not a column of a table. */
  readonly table: number;
  readonly attribute: number;
  /** pg_type.oid */
  readonly type: number;
  /** pg_attribute.atttypmod, -1 or absent when there is none. */
  readonly modifier?: number;
  /** 0 text, 1 binary: the format the rows will have (from Bind), not what Describe of a statement says. */
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
  /** Free texts that could not be inspected, and were hidden whole; absent when there were none. */
  withheld?: number;
  /** What it shows in clear is of somebody: a disclosure event says of whom. */
  readonly subjects?: true;
}

/** Rows that are held back until somebody else has looked at the free text in them. */
export interface Waiting {
  /** Takes in a frame that does not change afterwards, or writes it at once where there is nothing to wait for. @throws as `row` does */
  take(frame: Uint8Array, out: ByteSink): void;
  readonly held: boolean;
  /** So much is held that no more rows should be taken before `ask`. */
  readonly full: boolean;
  /** Resolves when the rows that are held can be written. Never rejects. */
  ask(): Promise<void>;
  /** Writes them, in order. @throws as `row` does */
  release(out: ByteSink): void;
}

/** Rewrites rows of one result. Holds no bytes between calls, but for rows that wait. */
export interface RowMask {
  /** False when no column needs work: rows may be forwarded untouched. */
  readonly active: boolean;
  /**
   * Rewrites one DataRow.
   * @param frame the whole message, from its type byte (`D`) on
   * @param out where to append the rewritten message; nothing is appended when it throws
   * @throws when the message is not a DataRow of the shape: end the session, forward nothing
   */
  row(frame: Uint8Array, out: ByteSink): void;
  readonly tally: readonly MaskTally[];
  /** Present when rows have to wait: then it takes them, and `row` is not called. */
  readonly waiting?: Waiting | undefined;
  /** Gathers whose records the rows show in clear; null when they show nobody's. */
  readonly watch: Watcher | null;
}

/** Rewrites what COPY TO STDOUT sends. It knows where in the stream it is (header, rows), so one mask serves one COPY. */
export interface CopyMask {
  /** False when no column needs work: messages may be forwarded untouched. */
  readonly active: boolean;
  /**
   * Rewrites one CopyData message that holds whole rows (PostgreSQL sends one row in each).
   * @param frame the whole message, from its type byte (`d`) on
   * @param out where to append the rewritten message; nothing is appended when it throws
   * @throws when the bytes are not rows of the expected form: end the session, forward nothing
   */
  row(frame: Uint8Array, out: ByteSink): void;
  readonly tally: readonly MaskTally[];
  /** Present when rows have to wait: then it takes them, and `row` is not called. */
  readonly waiting?: Waiting | undefined;
  readonly watch: Watcher | null;
}

/** An append-only buffer: the protocol owns it and flushes it to the client. */
export interface ByteSink {
  /** Makes room for `bytes` more and returns the buffer to write into at `length`; call `advance` after. */
  reserve(bytes: number): Uint8Array;
  readonly length: number;
  advance(bytes: number): void;
}
