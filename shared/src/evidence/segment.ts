// A segment: consecutive lines of one session in one write-once object (NDJSON). Parts of a recording and of the sealed lane have keys of
// the same form.

import type { Sha256 } from "./digest.ts";

/** A segment of this size is stored at once. */
export const SEGMENT_BYTES: number = 1 << 20;

/** What a session can have objects in. */
export const LANES = ["events", "recordings", "sealed"] as const;
export type Lane = (typeof LANES)[number];

/** Where the objects of a session lie. */
export interface Place {
  /** Day on which the session began, UTC, `YYYY-MM-DD`. */
  readonly date: string;
  readonly target: string;
  readonly session: string;
}

export interface ObjectName extends Place {
  readonly lane: Lane;
  /** Events: `seq` of the first and the last line. Recordings, sealed: number of the first and the last block. All count from 1. */
  readonly first: number;
  readonly last: number;
}

/** What the ledger keeps of an object; `canonical` of it is the leaf. */
export interface ObjectRecord {
  readonly key: string;
  /** Hex, of the object's bytes as they are stored. */
  readonly sha256: string;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /** True when nothing of this session and lane can follow. */
  readonly final: boolean;
}

const ENDINGS: Readonly<Record<Lane, string>> = {
  events: "ndjson.zst",
  recordings: "chunks.zst",
  sealed: "chunks.zst.aes",
};
const KEY =
  /^(events|recordings|sealed)\/v1\/date=(\d{4}-\d\d-\d\d)\/target=([A-Za-z0-9._-]+)\/([A-Za-z0-9_-]+)\/(\d{10})-(\d{10})\.([a-z.]+)$/;

export function placeOf(session: string, target: string, openedAt: number): Place {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(session)) throw new RangeError("a session id has to be safe in a file name");
  return { session, target: safeTarget(target), date: new Date(openedAt).toISOString().slice(0, 10) };
}

/** A target's name as a part of a key: what is not safe there (a client can claim anything) goes by `other`. */
function safeTarget(target: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(target) ? target : "other";
}

/** The common start of the keys of a session's objects. */
export function sessionPrefix(lane: Lane, place: Place): string {
  return `${lane}/v1/date=${place.date}/target=${place.target}/${place.session}/`;
}

export function objectKey(name: ObjectName): string {
  const range = `${String(name.first).padStart(10, "0")}-${String(name.last).padStart(10, "0")}`;
  return `${sessionPrefix(name.lane, name)}${range}.${ENDINGS[name.lane]}`;
}

/** @returns null when this is not the key of an object of a session */
export function parseKey(key: string): ObjectName | null {
  const [, lane, date, target, session, first, last] = KEY.exec(key) ?? [];
  if (date === undefined || target === undefined || session === undefined) return null;
  const name: ObjectName = { lane: lane as Lane, date, target, session, first: Number(first), last: Number(last) };
  return objectKey(name) === key && name.first >= 1 && name.first <= name.last ? name : null;
}

/** An object, and what the ledger will say of it. */
export interface EvidenceObject {
  readonly record: ObjectRecord;
  readonly bytes: Uint8Array;
}

/** @param run consecutive lines, each with its newline, and the numbers of the first and the last */
export async function segmentObject(
  place: Place,
  run: { readonly first: number; readonly last: number; readonly bytes: Uint8Array },
  final: boolean,
  tools: { readonly sha256: Sha256; pack(bytes: Uint8Array): Promise<Uint8Array> },
): Promise<EvidenceObject> {
  const { first, last } = run;
  const bytes = await tools.pack(run.bytes);
  const key = objectKey({ lane: "events", ...place, first, last });
  return { record: { key, sha256: tools.sha256.text(bytes, "hex"), bytes: bytes.length, first, last, final }, bytes };
}

const NEWLINE = 10;

/** @returns the lines without their newlines; null when the last one has none */
export function splitLines(bytes: Uint8Array): Uint8Array[] | null {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) return null;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
