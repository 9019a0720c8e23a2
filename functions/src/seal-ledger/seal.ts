// Objects that are in the bucket become leaves of the ledger. Whatever fails, or runs twice, or at once: places are given by the sequence, once for each
// object; the rest follows from them. So every write here is either the same for all who make it, or on condition.
import { leafBytes } from "#shared/evidence/ledger.ts";
import { readEntries } from "#shared/evidence/ledger-entries.ts";
import type { HeadPort, LedgerSequence } from "#shared/evidence/ledger-sequence.ts";
import {
  type LedgerTools,
  openHead,
  putTile,
  replacedTiles,
  resumeTree,
  signHead,
} from "#shared/evidence/ledger-write.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";

export interface SealParts extends LedgerTools {
  readonly sequence: LedgerSequence;
  readonly head: HeadPort;
}

/** Leaves that are taken into one head. */
const STEP = 5000;
/** Entries that are restored in one step. */
const RESTORED = 500;

/** Resolves when all of them are under a signed head. Objects that are there already change nothing. */
export async function sealObjects(parts: SealParts, records: readonly ObjectRecord[]): Promise<void> {
  const { checkpoint } = await readHead(parts);
  if ((await parts.sequence.next()) < (checkpoint?.size ?? 0)) await restore(parts);
  await parts.sequence.assign(records);
  while (await grow(parts));
}

async function readHead(parts: SealParts) {
  const found = await parts.head.read();
  return { checkpoint: openHead(found?.note ?? null, parts), tag: found?.tag ?? null };
}

/** Signs what has a place and is not under the head. @returns false when there is nothing more */
async function grow(parts: SealParts): Promise<boolean> {
  const { checkpoint, tag } = await readHead(parts);
  const size = checkpoint?.size ?? 0;
  const records = await parts.sequence.from(size, STEP);
  if (records === null) return overtaken(parts, size);
  if (records.length === 0) {
    await parts.sequence.forget(size);
    return false;
  }
  const tree = await resumeTree(parts.store, checkpoint, parts.sha256);
  for (const record of records) tree.append(leafBytes(record));
  for (const tile of tree.take(true)) await putTile(parts.store, tile);
  // Whoever comes second finds that the head is another, and looks again.
  if (!(await parts.head.replace(await signHead(tree, parts), tag))) return true;
  for (const key of replacedTiles(size, tree.size)) await parts.store.retire(key);
  return true;
}

/** Somebody signed beyond the head that was read: then there is a new one. */
async function overtaken(parts: SealParts, size: number): Promise<true> {
  const { checkpoint } = await readHead(parts);
  if ((checkpoint?.size ?? 0) > size) return true;
  throw new Error(`the ledger's sequence has forgotten place ${size}, which is under no head`);
}

/**
 * The sequence lost what it knew (a table that was lost, or restored from a backup): the ledger's own entries, those beyond the head too, come to the
 * same places again, before anything new does.
 */
async function restore({ sequence, store }: SealParts): Promise<void> {
  let records: ObjectRecord[] = [];
  for await (const { record } of readEntries(store, await sequence.next())) {
    records.push(record);
    if (records.length < RESTORED) continue;
    await sequence.assign(records);
    records = [];
  }
  await sequence.assign(records);
}
