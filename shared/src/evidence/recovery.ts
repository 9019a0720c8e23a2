// What a process that died left in its journal, and how each of its sessions is brought to an end: lines become segments, and a session without an
// end gets one (`session.recovered`). The gateway at home does this when it starts, a function on AWS when a task has stopped.
import { readAnnouncement } from "./announce.ts";
import { chainStart, link } from "./chain.ts";
import type { Sha256 } from "./digest.ts";
import type { SessionIdentity } from "./event.ts";
import { LineWriter } from "./line.ts";
import { type EvidenceLine, readLine } from "./line-read.ts";
import type { JournalBatch } from "./ports.ts";
import {
  type EvidenceObject,
  LANES,
  type ObjectRecord,
  type Place,
  parseKey,
  placeOf,
  SEGMENT_BYTES,
  segmentObject,
  sessionPrefix,
} from "./segment.ts";
import { isEnd } from "./summary.ts";
import type { EvidenceReader } from "./verify-types.ts";

const REASON = "the gateway's process ended before the session did";
const DAY = 86_400_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export interface JournalContent {
  /** By session; each line once, by its number. */
  readonly lines: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Objects that were about to be stored. */
  readonly announced: readonly ObjectRecord[];
}

/** @throws when it holds what no gateway writes */
export async function readJournal(batches: AsyncIterable<JournalBatch>): Promise<JournalContent> {
  const lines = new Map<string, Map<number, string>>();
  const announced: ObjectRecord[] = [];
  for await (const { bytes } of batches) {
    for (const text of decoder.decode(bytes).split("\n")) {
      if (text === "") continue;
      const record = readAnnouncement(text);
      if (record !== null) announced.push(record);
      else keep(lines, text);
    }
  }
  return { lines, announced };
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

/** What is known of an object that is safe. `final` may be false where it was not looked into. */
export type SafeObject = Pick<ObjectRecord, "key" | "last" | "final">;

/** Objects in the store of the sessions that a journal knows: for where no ledger is at hand. */
export async function storedObjects(store: EvidenceReader, lines: JournalContent["lines"]): Promise<SafeObject[]> {
  const found: SafeObject[] = [];
  for (const [session, texts] of lines) {
    const [, text] = [...texts].sort(([a], [b]) => a - b)[0] ?? [];
    const line = readLine(text ?? "");
    if (line === null) continue;
    // The day in the key is that on which the session was opened, which can be before its first event.
    for (const time of [line.time - DAY, line.time])
      for (const lane of LANES)
        for await (const { key } of store.list(sessionPrefix(lane, placeOf(session, line.target, time)))) {
          const name = parseKey(key);
          if (name !== null) found.push({ key, last: name.last, final: false });
        }
  }
  return found;
}

export interface Unfinished {
  readonly id: string;
  /** Last object of events that is safe. */
  readonly stored: SafeObject | null;
  /** From the journal, beyond `stored`, in order. */
  readonly lines: readonly string[];
}

/** All sessions of which there is anything, those that have their end included. */
export function findSessions(safe: readonly SafeObject[], journal: JournalContent): readonly Unfinished[] {
  const stored = new Map<string, SafeObject>();
  for (const object of safe) {
    const name = parseKey(object.key);
    if (name?.lane === "events" && (stored.get(name.session)?.last ?? 0) < name.last) stored.set(name.session, object);
  }
  return [...new Set([...stored.keys(), ...journal.lines.keys()])].map((id) => {
    const object = stored.get(id) ?? null;
    return { id, stored: object, lines: linesBeyond(journal.lines.get(id) ?? new Map(), object?.last ?? 0) };
  });
}

function linesBeyond(lines: ReadonlyMap<number, string>, last: number): readonly string[] {
  const beyond = [...lines].filter(([seq]) => seq > last).sort(([a], [b]) => a - b);
  return beyond.map(([, text]) => text);
}

/** Where objects of this session's events were about to end: numbers of events. */
export function announcedEnds(journal: JournalContent, session: string): ReadonlySet<number> {
  const names = journal.announced.map(({ key }) => parseKey(key));
  return new Set(names.flatMap((name) => (name?.lane === "events" && name.session === session ? [name.last] : [])));
}

export interface RecoveryTools {
  readonly store: Pick<EvidenceReader, "get">;
  readonly sha256: Sha256;
  /** One Zstandard frame, of which size counts. */
  pack(bytes: Uint8Array): Promise<Uint8Array>;
  decompress(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface Finishing {
  /** When a session that has no end is said to have ended, in milliseconds since the epoch. */
  readonly time: number;
  /** Numbers of events that an object has to end with: it was announced, and may be on its way still. */
  readonly cuts: ReadonlySet<number>;
  /** Makes the line durable that ends the session, before it is in an object. */
  keep(line: string): Promise<void>;
  /** Stores the objects, one after the other. */
  seal(make: () => Promise<EvidenceObject>): Promise<void>;
}

/**
 * Taken again after it failed half way, it goes on from there.
 * @returns true when the session got its end from here
 * @throws when the journal's lines do not go on where the stored ones end
 */
export async function finishSession(tools: RecoveryTools, session: Unfinished, how: Finishing): Promise<boolean> {
  if (session.stored?.final === true || (session.stored === null && session.lines.length === 0)) return false;
  const end = await chainEnd(tools, session);
  const texts = [...session.lines];
  if (!end.ended) {
    const event = { type: "session.recovered", reason: REASON } as const;
    const line = new LineWriter(end.identity).write(event, end.seq + 1, Math.max(how.time, end.time), end.prev);
    await how.keep(line);
    texts.push(line);
  }
  const first = (session.stored?.last ?? 0) + 1;
  for (const run of runs(texts, first, how.cuts))
    await how.seal(() => segmentObject(end.place, run, run.last === first + texts.length - 1, tools));
  return !end.ended;
}

interface Run {
  readonly first: number;
  last: number;
  readonly bytes: Uint8Array;
}

/** Consecutive lines as objects, each as large as a segment or cut where it has to be. */
function runs(texts: readonly string[], first: number, cuts: ReadonlySet<number>): readonly Run[] {
  const found: Run[] = [];
  let lines: Uint8Array[] = [];
  let length = 0;
  for (const [i, text] of texts.entries()) {
    const line = encoder.encode(`${text}\n`);
    lines.push(line);
    length += line.length;
    const last = first + i;
    if (length < SEGMENT_BYTES && !cuts.has(last) && i < texts.length - 1) continue;
    found.push({ first: last - lines.length + 1, last, bytes: joined(lines, length) });
    lines = [];
    length = 0;
  }
  return found;
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

interface ChainEnd {
  readonly seq: number;
  readonly prev: string;
  /** Of the newest line. */
  readonly time: number;
  readonly ended: boolean;
  readonly identity: SessionIdentity;
  readonly place: Place;
}

/** Where the session's chain has come to. */
async function chainEnd(tools: RecoveryTools, session: Unfinished): Promise<ChainEnd> {
  const stored = session.stored === null ? [] : await storedLines(tools, session.stored);
  const start = chainStart(session.id, tools.sha256);
  const lastStored = stored.at(-1);
  let seq = session.stored?.last ?? start.seq;
  let prev = lastStored === undefined ? start.prev : link(lastStored, tools.sha256);
  for (const text of session.lines) {
    const line = readLine(text);
    if (line?.seq !== seq + 1 || line.prev !== prev)
      throw new Error(`the journal does not go on after event ${seq} of ${session.id}: run \`postern verify\``);
    seq = line.seq;
    prev = link(text, tools.sha256);
  }
  const newest = readLine(session.lines.at(-1) ?? lastStored ?? "");
  const oldest = readLine(stored[0] ?? session.lines[0] ?? "");
  if (newest === null || oldest === null) throw new Error(`session ${session.id} has no events`);
  return { seq, prev, time: newest.time, ended: isEnd(newest.event), ...identify(session, oldest, newest) };
}

async function storedLines(tools: RecoveryTools, record: SafeObject): Promise<string[]> {
  const bytes = await tools.store.get(record.key);
  if (bytes === null) throw new Error(`${record.key} is missing: run \`postern verify\``);
  const text = decoder.decode(await tools.decompress(bytes));
  return text.split("\n").filter((line) => line !== "");
}

/** The line that recovery writes names the same user and target as the others. */
function identify(
  session: Unfinished,
  oldest: EvidenceLine,
  newest: EvidenceLine,
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
