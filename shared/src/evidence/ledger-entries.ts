// Reads the ledger's leaves from its bundles, while a writer may be replacing the last one by a wider one.
import { readLeaf } from "./ledger.ts";
import type { ObjectRecord } from "./segment.ts";
import {
  ENTRIES_PREFIX,
  isPartial,
  leavesUpTo,
  parseTileKey,
  readBundle,
  type Slot,
  slotKey,
  type TileName,
  tileKey,
} from "./tiles.ts";
import { BadEvidence, type EvidenceReader } from "./verify-types.ts";

/** A reader that comes too late for one width finds the next; a writer is never so many ahead. */
const ATTEMPTS = 5;

export interface LedgerEntry {
  /** Of the bundle that holds it. */
  readonly key: string;
  readonly record: ObjectRecord;
}

/** Number of leaves that are stored, by the names of their bundles. */
export async function countEntries(reader: EvidenceReader): Promise<number> {
  return Math.max(0, ...(await widest(reader, ENTRIES_PREFIX)).map(leavesUpTo));
}

/** All leaves in order. @param from index of the first that is wanted, counting from 0 */
export async function* readEntries(reader: EvidenceReader, from = 0): AsyncGenerator<LedgerEntry> {
  const bundles = (await widest(reader, ENTRIES_PREFIX)).sort((a, b) => a.index - b.index);
  for (const [i, name] of bundles.entries()) {
    const key = tileKey(name);
    if (name.index !== i || (i < bundles.length - 1 && isPartial(name)))
      throw new BadEvidence({ key, what: `the ledger's entries before ${leavesUpTo(name)} are not all there` });
    if (leavesUpTo(name) <= from) continue;
    const start = leavesUpTo(name) - name.width;
    const records = await readRecords(reader, name);
    for (const [at, record] of records.entries()) if (start + at >= from) yield { key, record };
  }
}

async function readRecords(reader: EvidenceReader, name: TileName): Promise<ObjectRecord[]> {
  const found = await readTile(reader, name);
  if (found === null) throw new BadEvidence({ key: tileKey(name), what: "the object is missing" });
  const key = tileKey(found.name);
  const entries = readBundle(found.bytes);
  if (entries?.length !== found.name.width)
    throw new BadEvidence({ key, what: "the object does not have as many entries as its name says" });
  return entries.slice(0, name.width).map((entry, i) => {
    const record = readLeaf(entry);
    if (record === null) throw new BadEvidence({ key, line: i + 1, what: "this is not a leaf of the ledger" });
    return record;
  });
}

/** The tile, or a wider one that has replaced it since it was listed. */
export async function readTile(
  reader: EvidenceReader,
  name: TileName,
): Promise<{ readonly name: TileName; readonly bytes: Uint8Array } | null> {
  let wanted = name;
  for (let i = 0; i < ATTEMPTS; i++) {
    const bytes = await reader.get(tileKey(wanted));
    if (bytes !== null) return { name: wanted, bytes };
    const there = (await widest(reader, slotKey(name))).find((other) => sameSlot(other, name));
    if (there === undefined || there.width < name.width) return null;
    wanted = there;
  }
  return null;
}

function sameSlot(a: Slot, b: Slot): boolean {
  return a.level === b.level && a.index === b.index;
}

/** Of each slot the widest tile that is stored. */
async function widest(reader: EvidenceReader, prefix: string): Promise<TileName[]> {
  const found = new Map<string, TileName>();
  for await (const { key } of reader.list(prefix)) {
    const name = parseTileKey(key);
    if (name === null) continue;
    const slot = slotKey(name);
    if ((found.get(slot)?.width ?? 0) < name.width) found.set(slot, name);
  }
  return [...found.values()];
}
