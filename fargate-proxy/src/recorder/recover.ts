// What a process that died left behind is brought to an end: lines of the journal become segments, sessions without an end get one
// (`session.recovered`), spools become parts of recordings and of sealed lanes. Each step leaves things such that the next start can take it again.
import { readAnnouncement } from "#shared/evidence/announce.ts";
import { chainStart, link } from "#shared/evidence/chain.ts";
import type { SessionIdentity } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { splitBlocks } from "#shared/evidence/recording.ts";
import { type ObjectRecord, objectKey, type Place, parseKey, placeOf } from "#shared/evidence/segment.ts";
import { isEnd } from "#shared/evidence/summary.ts";
import type { GroupCommit } from "./commit.ts";
import type { LedgerWriter, StoredLedger } from "./ledger-writer.ts";
import type { RecorderOptions } from "./options.ts";
import type { Sealer } from "./sealer.ts";
import { SEGMENT_BYTES, Segment } from "./segment.ts";
import { parseSpoolName, type SpoolName } from "./spool-name.ts";
import type { Units } from "./units.ts";

export interface Recovered {
  /** Sessions that got their end from recovery. */
  readonly sessions: readonly string[];
  /** Lines that were in the journal only. */
  readonly lines: number;
  /** Parts of recordings and sealed lanes that were in the spool only. */
  readonly parts: number;
}

export interface RecoveryParts extends RecorderOptions {
  readonly stored: StoredLedger;
  readonly commit: GroupCommit;
  readonly ledger: LedgerWriter;
  readonly units: Units;
  readonly sealer: Sealer;
}

const REASON = "the gateway's process ended before the session did";

/** @throws when the ledger or the journal was changed by others: then no session may begin on top of it */
export async function recover(parts: RecoveryParts): Promise<Recovered> {
  const journal = await readJournal(parts);
  const ledgered = await adopt(parts, journal.seals);
  const sessions = findSessions(ledgered, journal.lines);
  const closed: string[] = [];
  let lines = 0;
  for (const session of sessions.values()) {
    lines += session.lines.length;
    if (await finishSession(parts, session)) closed.push(session.id);
  }
  const spooled = await sealSpools(parts, sessions);
  await parts.journal.forget();
  return { sessions: closed, lines, parts: spooled };
}

interface JournalContent {
  /** By session; in order, each line once. */
  readonly lines: ReadonlyMap<string, ReadonlyMap<number, string>>;
  readonly seals: readonly ObjectRecord[];
}

async function readJournal(parts: RecoveryParts): Promise<JournalContent> {
  const lines = new Map<string, Map<number, string>>();
  const seals: ObjectRecord[] = [];
  for await (const { bytes } of parts.journal.read()) {
    for (const text of Buffer.from(bytes).toString("utf8").split("\n")) {
      if (text === "") continue;
      const seal = readAnnouncement(text);
      if (seal !== null) seals.push(seal);
      else keep(lines, text);
    }
  }
  return { lines, seals };
}

function keep(lines: Map<string, Map<number, string>>, text: string): void {
  const line = readLine(text);
  if (line === null) throw new Error("the journal holds a line that is not an event: run `postern verify`");
  const session = lines.get(line.session) ?? new Map<number, string>();
  lines.set(line.session, session);
  // A batch whose failure was not one is written twice, the same both times.
  if ((session.get(line.seq) ?? text) !== text)
    throw new Error(`the journal holds event ${line.seq} of ${line.session} twice`);
  session.set(line.seq, text);
}

/**
 * Puts what the writer stored but did not get to sign under the ledger's head, if the journal announced it with this hash. All else
 * is left where it is, for `postern verify` to find.
 * @returns all records under the head now
 */
async function adopt(parts: RecoveryParts, seals: readonly ObjectRecord[]): Promise<ObjectRecord[]> {
  const announced = new Map(seals.map((record) => [`${record.key} ${record.sha256}`, record]));
  for (const { key, sha256 } of parts.stored.unsigned)
    if (!announced.has(`${key} ${sha256}`))
      throw new Error(`the ledger has an entry that this gateway did not write (${key}): run \`postern verify\``);
  await parts.ledger.begin(parts.stored.unsigned);
  const records = [...parts.stored.signed, ...parts.stored.unsigned];
  const known = new Set(records.map((record) => record.key));
  for (const record of announced.values()) {
    if (known.has(record.key)) continue;
    const bytes = await parts.store.get(record.key);
    if (bytes === null || parts.sha256.text(bytes, "hex") !== record.sha256) continue;
    await parts.ledger.append(record);
    known.add(record.key);
    records.push(record);
  }
  return records;
}

interface Unfinished {
  readonly id: string;
  /** Last object of events under the ledger. */
  stored: ObjectRecord | null;
  /** By lane: number of blocks under the ledger. */
  readonly blocks: Record<SpoolName["lane"], number>;
  /** From the journal, beyond `stored`, in order. */
  lines: readonly string[];
}

function findSessions(
  records: readonly ObjectRecord[],
  journal: JournalContent["lines"],
): ReadonlyMap<string, Unfinished> {
  const sessions = new Map<string, Unfinished>();
  const session = (id: string): Unfinished => {
    const found = sessions.get(id) ?? { id, stored: null, blocks: { recordings: 0, sealed: 0 }, lines: [] };
    sessions.set(id, found);
    return found;
  };
  for (const record of records) {
    const name = parseKey(record.key);
    if (name === null) continue;
    const of = session(name.session);
    if (name.lane !== "events") of.blocks[name.lane] = Math.max(of.blocks[name.lane], name.last);
    else if (of.stored === null || of.stored.last < name.last) of.stored = record;
  }
  for (const [id, lines] of journal) {
    const of = session(id);
    const beyond = [...lines].filter(([seq]) => seq > (of.stored?.last ?? 0)).sort(([a], [b]) => a - b);
    of.lines = beyond.map(([, text]) => text);
  }
  return sessions;
}

/** @returns true when the session got its end from here */
async function finishSession(parts: RecoveryParts, session: Unfinished): Promise<boolean> {
  if (session.stored?.final === true || (session.stored === null && session.lines.length === 0)) return false;
  const end = await chainEnd(parts, session);
  let segment = new Segment(parts.units, (session.stored?.last ?? 0) + 1, 0);
  for (const text of session.lines) {
    if (segment.length >= SEGMENT_BYTES) {
      await sealSegment(parts, segment, end.place, false);
      segment = new Segment(parts.units, segment.last + 1, 0);
    }
    addLine(segment, text);
  }
  if (!end.ended) await writeEnd(parts, segment, end);
  await sealSegment(parts, segment, end.place, true);
  return !end.ended;
}

/** Into the journal first, like every event: a crash right after finds the session ended. */
async function writeEnd(parts: RecoveryParts, segment: Segment, end: ChainEnd): Promise<void> {
  const writer = new LineWriter(end.identity);
  const line = writer.write({ type: "session.recovered", reason: REASON }, end.seq + 1, parts.clock.now(), end.prev);
  const batch = parts.commit.batch(true);
  batch.append(line, segment);
  addLine(segment, line);
  await batch.durable;
}

async function sealSegment(parts: RecoveryParts, segment: Segment, place: Place, final: boolean): Promise<void> {
  await parts.sealer.seal(() => segment.object(place, final, (bytes) => parts.compress(bytes, 3), parts.sha256));
  segment.release();
}

function addLine(segment: Segment, text: string): void {
  const bytes = Buffer.from(`${text}\n`);
  segment.add(bytes, 0, bytes.length);
}

interface ChainEnd {
  readonly seq: number;
  readonly prev: string;
  readonly ended: boolean;
  readonly identity: SessionIdentity;
  readonly place: Place;
}

/** Where the session's chain has come to. @throws when the journal's lines do not go on where the store's end */
async function chainEnd(parts: RecoveryParts, session: Unfinished): Promise<ChainEnd> {
  const stored = session.stored === null ? [] : await storedLines(parts, session.stored);
  const start = chainStart(session.id, parts.sha256);
  const lastStored = stored.at(-1);
  let seq = session.stored?.last ?? start.seq;
  let prev = lastStored === undefined ? start.prev : link(lastStored, parts.sha256);
  for (const text of session.lines) {
    const line = readLine(text);
    if (line?.seq !== seq + 1 || line.prev !== prev)
      throw new Error(`the journal does not go on after event ${seq} of ${session.id}: run \`postern verify\``);
    seq = line.seq;
    prev = link(text, parts.sha256);
  }
  const newest = readLine(session.lines.at(-1) ?? lastStored ?? "");
  const oldest = readLine(stored[0] ?? session.lines[0] ?? "");
  if (newest === null || oldest === null) throw new Error(`session ${session.id} has no events`);
  return { seq, prev, ended: isEnd(newest.event), ...identify(session, oldest, newest) };
}

async function storedLines(parts: RecoveryParts, record: ObjectRecord): Promise<string[]> {
  const bytes = await parts.store.get(record.key);
  if (bytes === null) throw new Error(`${record.key} is missing: run \`postern verify\``);
  const text = Buffer.from(await parts.decompress(bytes)).toString("utf8");
  return text.split("\n").filter((line) => line !== "");
}

/** The line that recovery writes names the same user and target as the others. */
function identify(
  session: Unfinished,
  oldest: NonNullable<ReturnType<typeof readLine>>,
  newest: NonNullable<ReturnType<typeof readLine>>,
): { readonly identity: SessionIdentity; readonly place: Place } {
  const name = session.stored === null ? null : parseKey(session.stored.key);
  const place = name ?? placeOf(session.id, oldest.target, oldest.time);
  const known = oldest.opening?.principal ?? null;
  const user = newest.user ?? oldest.user;
  const principal =
    known ??
    (user === null
      ? null
      : { kind: "person" as const, name: user, issuer: "", subject: "", groups: [], amr: [], expiresAt: 0 });
  return {
    place: { date: place.date, target: place.target, session: session.id },
    identity: { session: session.id, target: oldest.target, protocol: oldest.opening?.protocol ?? "", principal },
  };
}

/** Parts that waited for their object. @returns how many */
async function sealSpools(parts: RecoveryParts, sessions: ReadonlyMap<string, Unfinished>): Promise<number> {
  let sealed = 0;
  for (const file of await parts.spool.list()) {
    const name = parseSpoolName(file);
    if (name === null) continue;
    const blocks = sessions.get(name.place.session)?.blocks[name.lane] ?? 0;
    // Earlier than what the ledger has: the process died between storing the part and removing its spool.
    if (name.firstBlock === blocks + 1 && (await sealSpool(parts, file, name))) sealed += 1;
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
