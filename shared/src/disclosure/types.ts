// The words of disclosures: what of a result is somebody's record shown in clear, and whose.
import type { KeyExpression, RelationName } from "../facts.ts";

/** Cells of a row that show one subject's record. */
export interface Shown {
  /** What subjects are: keys are equal or not within a domain. Null when they cannot be told. */
  readonly domain: string | null;
  /** The result column that holds the subject's key; -1 when there is none. */
  readonly key: number;
  /** Where there is none: how it can be asked for beside the result, and what the subjects then are. */
  readonly asked?: { readonly domain: string; readonly key: KeyExpression };
  /** Result columns: a row shows the record when one of them is not NULL. */
  readonly cells: readonly number[];
  /** What is shown, and of which relations. Both in order. */
  readonly classes: readonly string[];
  readonly relations: readonly RelationName[];
}

/** What became known since the last time. */
export interface Seen {
  readonly shown: Shown;
  /** Hex; none twice, as long as there are not too many to remember. */
  readonly subjects: readonly string[];
  /** Rows that showed a record of which it cannot be told whose it is. */
  readonly untold: number;
}

/** Sees the rows of one result as they pass. */
export interface Watcher {
  /**
   * What became known since it was last asked. Rows of which nothing can be told are said once at their first, and once at the end.
   * @param over no row comes any more
   * @param asked what keys are being asked for beside the result is left out
   */
  take(over: boolean, asked?: "left out"): Seen[];
  /** Rows so far. */
  readonly rows: number;
  /** Some showed a record whose key is asked for beside the result. */
  readonly asks: boolean;
  /** It is known beside the result whose these were. */
  answered(): void;
}
