// What a process that died left behind is brought to an end: lines of the journal become segments, sessions without an end get one
// (`session.recovered`), spools become parts of recordings and of sealed lanes. Each step leaves things such that the next start can take it again.
import { splitBlocks } from "#shared/evidence/recording.ts";
import {
  announcedEnds,
  findSessions,
  finishSession,
  type JournalContent,
  readJournal,
  type SafeObject,
  storedObjects,
  type Unfinished,
} from "#shared/evidence/recovery.ts";
import { type ObjectRecord, objectKey, parseKey } from "#shared/evidence/segment.ts";
import type { GroupCommit } from "./commit.ts";
import type { LedgerWriter, StoredLedger } from "./ledger-writer.ts";
import type { RecorderOptions } from "./options.ts";
import type { Sealer } from "./sealer.ts";
import { parseSpoolName, type SpoolName } from "./spool-name.ts";
import { Holding, type Units } from "./units.ts";

export interface Recovered {
  /** Sessions that got their end from recovery. */
  readonly sessions: readonly string[];
  /** Lines that were in the journal only. */
  readonly lines: number;
  /** Parts of recordings and sealed lanes that were in the spool only. */
  readonly parts: number;
}

export interface RecoveryParts extends RecorderOptions {
  readonly commit: GroupCommit;
  /** Null where the ledger is written by others: what the store has is safe then. */
  readonly ledger: { readonly stored: StoredLedger; readonly writer: LedgerWriter } | null;
  readonly units: Units;
  readonly sealer: Sealer;
}

/** @throws when the ledger or the journal was changed by others: then no session may begin on top of it */
export async function recover(parts: RecoveryParts): Promise<Recovered> {
  const journal = await readJournal(parts.journal.read());
  const safe =
    parts.ledger === null
      ? await storedObjects(parts.store, journal.lines)
      : await adopt(parts, parts.ledger, journal.announced);
  const closed: string[] = [];
  let lines = 0;
  for (const session of findSessions(safe, journal)) {
    lines += session.lines.length;
    if (await finish(parts, session, journal)) closed.push(session.id);
  }
  const spooled = await sealSpools(parts, safe);
  await parts.journal.forget();
  return { sessions: closed, lines, parts: spooled };
}

/**
 * Puts what the writer stored but did not get to sign under the ledger's head, if the journal announced it with this hash. All else
 * is left where it is, for `postern verify` to find.
 * @returns all records under the head now
 */
async function adopt(
  parts: RecoveryParts,
  { stored, writer }: NonNullable<RecoveryParts["ledger"]>,
  seals: readonly ObjectRecord[],
): Promise<ObjectRecord[]> {
  const announced = new Map(seals.map((record) => [`${record.key} ${record.sha256}`, record]));
  for (const { key, sha256 } of stored.unsigned)
    if (!announced.has(`${key} ${sha256}`))
      throw new Error(`the ledger has an entry that this gateway did not write (${key}): run \`postern verify\``);
  await writer.begin(stored.unsigned);
  const records = [...stored.signed, ...stored.unsigned];
  const known = new Set(records.map((record) => record.key));
  for (const record of announced.values()) {
    if (known.has(record.key)) continue;
    const bytes = await parts.store.get(record.key);
    if (bytes === null || parts.sha256.text(bytes, "hex") !== record.sha256) continue;
    await writer.append(record);
    known.add(record.key);
    records.push(record);
  }
  return records;
}

/** @returns true when the session got its end from here */
async function finish(parts: RecoveryParts, session: Unfinished, journal: JournalContent): Promise<boolean> {
  const holding = new Holding(parts.units);
  const tools = { ...parts, pack: (bytes: Uint8Array) => parts.compress(bytes, 3) };
  const ended = await finishSession(tools, session, {
    time: parts.clock.now(),
    cuts: announcedEnds(journal, session.id),
    // Into the journal first, like every event: a crash right after finds the session ended.
    keep: (line) => {
      const batch = parts.commit.batch(true);
      batch.append(line, holding);
      return batch.durable;
    },
    seal: (make) => parts.sealer.seal(make),
  });
  holding.release();
  return ended;
}

/** Parts that waited for their object. @returns how many */
async function sealSpools(parts: RecoveryParts, safe: readonly SafeObject[]): Promise<number> {
  let sealed = 0;
  /** By lane and session: the number of the last block that is safe. */
  const blocks = new Map<string, number>();
  for (const { key } of safe) {
    const name = parseKey(key);
    const of = `${name?.lane} ${name?.session}`;
    blocks.set(of, Math.max(blocks.get(of) ?? 0, name?.last ?? 0));
  }
  for (const file of await parts.spool.list()) {
    const name = parseSpoolName(file);
    if (name === null) continue;
    // Earlier than what is safe: the process died between storing the part and removing its spool.
    const next = (blocks.get(`${name.lane} ${name.place.session}`) ?? 0) + 1;
    if (name.firstBlock === next && (await sealSpool(parts, file, name))) sealed += 1;
    await parts.spool.remove(file);
  }
  return sealed;
}

async function sealSpool(
  parts: RecoveryParts,
  file: string,
  { lane, place, firstBlock: first }: SpoolName,
): Promise<boolean> {
  const spooled = await parts.spool.read(file);
  const { frames, whole } = splitBlocks(spooled);
  if (frames.length === 0) return false;
  const bytes = spooled.subarray(0, whole);
  const last = first + frames.length - 1;
  const key = objectKey({ lane, ...place, first, last });
  const sha256 = parts.sha256.text(bytes, "hex");
  await parts.sealer.seal(() =>
    Promise.resolve({ record: { key, sha256, bytes: bytes.length, first, last, final: true }, bytes }),
  );
  return true;
}
