// One session: each object is what the ledger says, lines are numbered without gaps and chained, the recording and the sealed lane are
// complete. What is sealed is checked as far as that goes without its key: numbers, order, end, and that one key sealed all of it.
import { type ChainState, chainStart, link } from "./chain.ts";
import { toHex } from "./digest.ts";
import { type EvidenceLine, readLine } from "./line-read.ts";
import { followSealed, SEALED_START, type SealedReached } from "./sealed.ts";
import { type ObjectRecord, splitLines } from "./segment.ts";
import { isEnd } from "./summary.ts";
import { BadEvidence, type SessionObjects, type Walk } from "./verify-types.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

interface Reached extends ChainState {
  readonly ended: EvidenceLine | null;
}

export async function verifySession(
  walk: Walk,
  session: string,
  objects: SessionObjects,
  pending: readonly string[],
): Promise<void> {
  let reached: Reached = { ...chainStart(session, walk.tools.sha256), ended: null };
  for (const record of objects.events) reached = await verifySegment(walk, session, record, reached);
  for (const [i, text] of pending.entries()) reached = followPending(walk, session, text, i, reached);
  await verifyParts(walk, session, objects.recordings, reached.ended, "recording");
  await verifyParts(walk, session, objects.sealed, reached.ended, "sealed lane");
  if (objects.sealed.length > 0) walk.shredding.sawLane(session);
  if (reached.ended === null) walk.open.push(session);
  else if (reached.ended.event.type === "session.recovered") walk.recovered.push(session);
}

async function verifySegment(walk: Walk, session: string, record: ObjectRecord, before: Reached): Promise<Reached> {
  const stored = await fetchObject(walk, session, record, before.seq + 1);
  const intact = toHex(walk.tools.sha256.digest(stored)) === record.sha256;
  let reached: Reached;
  try {
    reached = followLines(walk, session, record, await unpack(walk, session, record, stored), before);
  } catch (error) {
    // A line is the better place to name; where none can be told, the object is.
    if (intact || (error instanceof BadEvidence && error.place.line !== undefined)) throw error;
    throw altered(session, record);
  }
  if (!intact) throw altered(session, record);
  return reached;
}

function altered(session: string, record: ObjectRecord): BadEvidence {
  const what = `the object's bytes are not those that the ledger knows (its events are ${record.first} to ${record.last})`;
  return new BadEvidence({ key: record.key, session, seq: record.first, what });
}

async function fetchObject(walk: Walk, session: string, record: ObjectRecord, expected: number): Promise<Uint8Array> {
  if (record.first !== expected)
    throw new BadEvidence({
      key: record.key,
      session,
      seq: expected,
      what: `number ${expected} is missing before this object`,
    });
  const stored = await walk.reader.get(record.key);
  if (stored === null)
    throw new BadEvidence({ key: record.key, session, seq: record.first, what: "the object is missing" });
  walk.checked.objects += 1;
  walk.checked.bytes += stored.length;
  walk.step();
  return stored;
}

async function unpack(walk: Walk, session: string, record: ObjectRecord, stored: Uint8Array): Promise<Uint8Array[]> {
  const lines = splitLines(await walk.tools.decompress(stored));
  if (lines === null || lines.length === 0)
    throw new BadEvidence({
      key: record.key,
      session,
      seq: record.first,
      what: "the object does not hold whole lines",
    });
  return lines;
}

function followLines(
  walk: Walk,
  session: string,
  record: ObjectRecord,
  lines: readonly Uint8Array[],
  before: Reached,
): Reached {
  let reached = before;
  for (const [i, bytes] of lines.entries())
    reached = follow(walk, session, bytes, { key: record.key, line: i + 1 }, reached);
  const bad = (what: string) =>
    new BadEvidence({ key: record.key, session, line: lines.length, seq: reached.seq, what });
  if (reached.seq !== record.last)
    throw bad(`the object ends at event ${reached.seq}, and the ledger says ${record.last}`);
  if (record.final !== (reached.ended !== null))
    throw bad("the ledger and the last line disagree on whether the session ended here");
  return reached;
}

/** Checks one line against where the chain has come to. */
function follow(
  walk: Walk,
  session: string,
  bytes: Uint8Array,
  at: { readonly key: string; readonly line: number },
  before: Reached,
): Reached {
  const seq = before.seq + 1;
  const bad = (what: string, place: object = {}) => new BadEvidence({ ...at, session, seq, what, ...place });
  const line = read(bytes);
  if (line === null) throw bad("the line is not an event");
  if (line.session !== session) throw bad(`the line belongs to session ${line.session}`);
  if (line.seq !== seq) throw bad(`event ${seq} was expected here, and event ${line.seq} stands here`);
  if (line.prev !== before.prev) throw brokenLink(seq, at, bad);
  if (before.ended !== null) throw bad("the session had ended before this event");
  walk.checked.events += 1;
  walk.approvals.saw(line, { ...at, session, seq });
  walk.policies.saw(line, { ...at, session, seq });
  walk.decisions.saw(line, { ...at, session, seq });
  walk.disclosures.saw(line, { ...at, session, seq });
  walk.shredding.saw(line, { ...at, session, seq });
  walk.index?.saw(line, at);
  return { seq, prev: link(bytes, walk.tools.sha256), ended: isEnd(line.event) ? line : null };
}

function brokenLink(
  seq: number,
  at: { readonly line: number },
  bad: (what: string, place?: object) => BadEvidence,
): BadEvidence {
  if (seq === 1) return bad("the first event does not name the start of its own session");
  if (at.line === 1)
    return bad(`the event does not follow event ${seq - 1}: that one, or this, is not as it was written`);
  return bad(`the line's bytes are not those that event ${seq} names as the ones before it`, {
    line: at.line - 1,
    seq: seq - 1,
  });
}

function read(bytes: Uint8Array): EvidenceLine | null {
  try {
    return readLine(decoder.decode(bytes));
  } catch {
    return null;
  }
}

/** Lines that the journal has: those already in objects are passed over, the others must go on where the objects end. */
function followPending(walk: Walk, session: string, text: string, index: number, before: Reached): Reached {
  const line = readLine(text);
  if (line !== null && line.seq <= before.seq) return before;
  walk.checked.pendingEvents += 1;
  return follow(walk, session, new TextEncoder().encode(text), { key: "journal", line: index + 1 }, before);
}

async function verifyParts(
  walk: Walk,
  session: string,
  parts: readonly ObjectRecord[],
  end: EvidenceLine | null,
  what: "recording" | "sealed lane",
): Promise<void> {
  const closed = end?.event.type === "session.closed";
  let reached = 0;
  let sealed = SEALED_START;
  for (const [i, part] of parts.entries()) {
    const stored = await fetchObject(walk, session, part, reached + 1);
    if (toHex(walk.tools.sha256.digest(stored)) !== part.sha256)
      throw new BadEvidence({
        key: part.key,
        session,
        what: `the ${what}'s bytes are not those that the ledger knows`,
      });
    if (part.final && i < parts.length - 1)
      throw new BadEvidence({ key: part.key, session, what: `the ${what} goes on after its last part` });
    reached = part.last;
    if (what === "sealed lane") sealed = followBlocks(session, part, stored, sealed);
  }
  const last = parts.at(-1);
  if (last !== undefined && closed && (!last.final || (what === "sealed lane" && !sealed.last)))
    throw new BadEvidence({ key: last.key, session, what: `the session was closed, and its ${what} has no end` });
}

function followBlocks(session: string, part: ObjectRecord, stored: Uint8Array, before: SealedReached): SealedReached {
  const reached = followSealed(stored, before);
  const bad = (what: string) => new BadEvidence({ key: part.key, session, what });
  if (typeof reached === "string") throw bad(reached);
  if (reached.number !== part.last) throw bad(`the object ends at block ${reached.number}, not ${part.last}`);
  return reached;
}
