// The ledger: one leaf for every object of evidence, in the order in which they were written. Leaves are stored in batches under
// `ledger/entries/`, each written once; the signed head is `ledger/checkpoint`, the only object that is ever rewritten.
// Names and hashes are those of C2SP tlog-tiles (https://c2sp.org/tlog-tiles), whose entry bundles and tiles follow from the leaves.
import { canonical } from "./canonical.ts";
import type { ObjectRecord } from "./segment.ts";

export const CHECKPOINT_KEY = "ledger/checkpoint";
export const ENTRIES_PREFIX = "ledger/entries/";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** @param first index of the first leaf, counting from 0 */
export function entriesKey(first: number, last: number): string {
  return `${ENTRIES_PREFIX}${String(first).padStart(12, "0")}-${String(last).padStart(12, "0")}.ndjson`;
}

/** @returns null when this is not the key of a batch of leaves */
export function parseEntriesKey(key: string): { readonly first: number; readonly last: number } | null {
  const [, first, last] = /^ledger\/entries\/(\d{12})-(\d{12})\.ndjson$/.exec(key) ?? [];
  if (first === undefined || last === undefined) return null;
  return Number(first) <= Number(last) ? { first: Number(first), last: Number(last) } : null;
}

/** The leaf's data. */
export function leafText(record: ObjectRecord): string {
  const { key, sha256, bytes, first, last, final } = record;
  return canonical({ key, sha256, bytes, first, last, final });
}

export function encodeEntries(records: readonly ObjectRecord[]): Uint8Array {
  return encoder.encode(records.map((record) => `${leafText(record)}\n`).join(""));
}

/** @throws Error that says which line is wrong: a batch has exactly one spelling */
export function decodeEntries(bytes: Uint8Array): ObjectRecord[] {
  const lines = decoder.decode(bytes).split("\n");
  if (lines.pop() !== "") throw new Error("the last line has no end");
  return lines.map((line, i) => {
    const record = parseRecord(line);
    if (record === null) throw new Error(`line ${i + 1} is not a leaf of the ledger`);
    return record;
  });
}

export function leafBytes(record: ObjectRecord): Uint8Array {
  return encoder.encode(leafText(record));
}

function parseRecord(line: string): ObjectRecord | null {
  try {
    const record = JSON.parse(line) as ObjectRecord;
    return leafText(record) === line && /^[0-9a-f]{64}$/.test(record.sha256) ? record : null;
  } catch {
    return null;
  }
}
