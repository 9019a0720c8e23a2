// The ledger: one leaf for every object of evidence, in the order in which they were written, as a C2SP tlog-tiles log (tiles.ts). The
// signed head is `ledger/checkpoint`; the newest head that witnesses have cosigned is kept beside it. Only these two objects are ever rewritten.
import { canonical } from "./canonical.ts";
import type { ObjectRecord } from "./segment.ts";

export const CHECKPOINT_KEY = "ledger/checkpoint";
/** Apart from the ledger: who asks witnesses need not be able to write the ledger. */
export const COSIGNED_KEY = "witness/checkpoint";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The leaf's data. */
function leafText(record: ObjectRecord): string {
  const { key, sha256, bytes, first, last, final } = record;
  return canonical({ key, sha256, bytes, first, last, final });
}

export function leafBytes(record: ObjectRecord): Uint8Array {
  return encoder.encode(leafText(record));
}

/** @returns null when this is not a leaf, or not in the one spelling that it has */
export function readLeaf(bytes: Uint8Array): ObjectRecord | null {
  try {
    const text = decoder.decode(bytes);
    const record = JSON.parse(text) as ObjectRecord;
    return leafText(record) === text && /^[0-9a-f]{64}$/.test(record.sha256) ? record : null;
  } catch {
    return null;
  }
}
