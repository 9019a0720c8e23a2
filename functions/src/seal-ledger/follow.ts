// Takes objects as they come into the bucket: see seal.ts.
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import { type Fed, type Feed, type FeedParts, feed, feedSchema } from "../adapters/feed.ts";
import { type Invoke, lambda } from "../middleware.ts";
import { type SealParts, sealObjects } from "./seal.ts";

export interface FollowParts extends SealParts, Pick<FeedParts, "bucket" | "list"> {
  /** What the ledger says of an object; null when there is none. */
  describe(key: string): Promise<ObjectRecord | null>;
}

/** Objects that are looked at at the same time. */
const AT_ONCE = 20;

/** @param prepare called once, at the first event; if it fails, it is tried again with the next */
export function sealLedger(prepare: () => Promise<FollowParts>): Invoke<Fed> {
  let ready: Promise<FollowParts> | null = null;
  return lambda<Feed, Fed>("seal-ledger", feedSchema, async (event) => {
    ready ??= prepare();
    const parts = await ready.catch((error: unknown) => {
      ready = null;
      throw error;
    });
    return feed(event, {
      ...parts,
      list: (prefix, after) => parts.list(prefix, after),
      take: (keys) => take(parts, keys),
    });
  });
}

async function take(parts: FollowParts, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  const records: ObjectRecord[] = [];
  for (let from = 0; from < keys.length; from += AT_ONCE) {
    const some = keys.slice(from, from + AT_ONCE);
    const found = await Promise.allSettled(some.map((key) => parts.describe(key)));
    for (const [i, one] of found.entries()) {
      if (one.status === "fulfilled" && one.value !== null) records.push(one.value);
      else failed.add(some[i] as string);
    }
  }
  if (records.length > 0) await sealObjects(parts, records);
  return failed;
}
