// Who comes when in a ledger that no single process writes. A sequence gives every object one place, for good; the tree, its tiles and its head follow
// from the places alone, so that two that write the ledger at once write the same bytes. AWS: DynamoDB. A home needs none: it has one writer.
import type { ObjectRecord } from "./segment.ts";

export interface LedgerSequence {
  /** Number of places that were given. */
  next(): Promise<number>;
  /** Gives a place to each object that has none, in this order. Objects are known by their keys. */
  assign(records: readonly ObjectRecord[]): Promise<void>;
  /**
   * Objects from place `size` on, in order and without gaps; about `most` of them.
   * @returns null when that place was given and is forgotten: somebody has signed beyond it
   */
  from(size: number, most: number): Promise<readonly ObjectRecord[] | null>;
  /** Places below `size` are under a signed head: what is in them need not be kept, only that these objects have theirs. */
  forget(size: number): Promise<void>;
}

/** The signed head, where several may write it. */
export interface HeadPort {
  /** `tag` names this version. Null when there is none. */
  read(): Promise<{ readonly note: Uint8Array; readonly tag: string } | null>;
  /** @param tag of the version that is replaced; null when there was none. @returns false when it is another by now */
  replace(note: Uint8Array, tag: string | null): Promise<boolean>;
}
