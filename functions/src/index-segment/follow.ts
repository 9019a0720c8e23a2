// Reads segments of events as they come into the bucket, and adds what they say of their sessions to the index.
import { type Disclosed, disclosedIn } from "#shared/evidence/disclosure.ts";
import { type EvidenceLine, readLine } from "#shared/evidence/line-read.ts";
import { parseKey, splitLines } from "#shared/evidence/segment.ts";
import { partOf, type SessionPart } from "#shared/evidence/session-part.ts";
import { type Fed, type Feed, type FeedParts, feed, feedSchema } from "../adapters/feed.ts";
import { type Invoke, lambda, once, putAside } from "../middleware.ts";

export interface IndexParts extends Pick<FeedParts, "bucket" | "list"> {
  get(key: string): Promise<Uint8Array | null>;
  /** One Zstandard frame. @throws when it is damaged */
  decompress(bytes: Uint8Array): Promise<Uint8Array>;
  /** Adds to the index what is not in it. */
  add(part: SessionPart, disclosed: readonly Disclosed[]): Promise<void>;
}

/** Sessions that are added to at the same time. */
const AT_ONCE = 10;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function indexSegment(prepare: () => Promise<IndexParts>): Invoke<Fed> {
  const ready = once(prepare);
  return lambda<Feed, Fed>("index-segment", feedSchema, async (event) => {
    const parts = await ready();
    const { bucket, list } = parts;
    return feed(event, { bucket, list, take: (keys) => take(parts, keys) });
  });
}

async function take(parts: IndexParts, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const sessions = new Map<string, string[]>();
  for (const key of keys) {
    const name = parseKey(key);
    if (name?.lane === "events") sessions.set(name.session, [...(sessions.get(name.session) ?? []), key]);
  }
  const failed = new Set<string>();
  const groups = [...sessions.values()];
  for (let from = 0; from < groups.length; from += AT_ONCE)
    await Promise.all(
      groups.slice(from, from + AT_ONCE).map((own) =>
        addSession(parts, own).catch((error: unknown) => {
          for (const key of own) failed.add(key);
          putAside("index-segment", own.join(" "), error);
        }),
      ),
    );
  return failed;
}

/** One after the other: that an object is in already can only be told of it alone. */
async function addSession(parts: IndexParts, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const lines = await linesIn(parts, key);
    const part = partOf(lines);
    if (part !== null) await parts.add(part, lines.flatMap(disclosedIn));
  }
}

/** @throws when it is not what its key says: `postern verify` tells what happened to it */
async function linesIn(parts: IndexParts, key: string): Promise<EvidenceLine[]> {
  const name = parseKey(key);
  const stored = await parts.get(key);
  const lines = stored === null ? null : splitLines(await parts.decompress(stored));
  return (lines ?? [null]).map((bytes, i) => {
    const line = bytes === null ? null : readLine(decoder.decode(bytes));
    if (line === null || line.session !== name?.session || line.seq !== name.first + i)
      throw new Error(`${key} does not hold what its key says`);
    return line;
  });
}
