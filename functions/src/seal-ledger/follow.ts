// Takes objects as they come into the bucket: see seal.ts.
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import { type Fed, type Feed, type FeedParts, feed, feedSchema } from "../adapters/feed.ts";
import { type Invoke, lambda, once, putAside } from "../middleware.ts";
import { type SealParts, sealObjects } from "./seal.ts";

export interface FollowParts extends SealParts, Pick<FeedParts, "bucket" | "list"> {
  /** What the ledger says of an object; null when there is none. */
  describe(key: string): Promise<ObjectRecord | null>;
}

/** Objects that are looked at at the same time. */
const AT_ONCE = 20;

export function sealLedger(prepare: () => Promise<FollowParts>): Invoke<Fed> {
  const ready = once(prepare);
  return lambda<Feed, Fed>("seal-ledger", feedSchema, async (event) => {
    const parts = await ready();
    const { bucket, list } = parts;
    return feed(event, { bucket, list, take: (keys) => take(parts, keys) });
  });
}

async function take(parts: FollowParts, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  const records: ObjectRecord[] = [];
  for (let from = 0; from < keys.length; from += AT_ONCE) {
    const some = keys.slice(from, from + AT_ONCE);
    const found = await Promise.allSettled(some.map((key) => parts.describe(key)));
    for (const [i, key] of some.entries()) {
      const one = found[i];
      if (one?.status === "fulfilled" && one.value !== null) records.push(one.value);
      else {
        failed.add(key);
        putAside("seal-ledger", key, one?.status === "rejected" ? one.reason : new Error("there is no such object"));
      }
    }
  }
  if (records.length > 0) await sealObjects(parts, records);
  return failed;
}
