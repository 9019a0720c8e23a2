// What functions that follow the bucket are given: messages of their queue, each with the notice of one object; or a listing, for what no message came for,
// and to build again what is derived.
import { z } from "zod";
import { parseKey } from "#shared/evidence/segment.ts";

/** What EventBridge says of a new object; `key` is as it is, not encoded. */
const noticeSchema = z.object({
  source: z.literal("aws.s3"),
  "detail-type": z.literal("Object Created"),
  detail: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) }),
});

export const feedSchema = z.union([
  z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) }),
  /** Objects whose keys begin so, behind `after`. */
  z.strictObject({ list: z.string(), after: z.string().exactOptional() }),
]);
export type Feed = z.infer<typeof feedSchema>;

/** Messages that are to come again; or where a listing stopped, to be asked for next. */
export type Fed =
  | { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] }
  | { readonly taken: number; readonly next: string | null };

export interface FeedParts {
  readonly bucket: string;
  list(prefix: string, after?: string): AsyncIterable<{ readonly key: string }>;
  /** Takes objects of evidence. @returns keys of those that could not be taken, and may be asked for again */
  take(keys: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Objects of one call with a listing. */
const LISTED = 1000;

export async function feed(event: Feed, parts: FeedParts): Promise<Fed> {
  return "Records" in event ? feedMessages(event.Records, parts) : feedListing(event.list, event.after, parts);
}

/** A message that makes no sense comes again too, until the queue puts it aside for people to look at. */
async function feedMessages(
  messages: readonly { readonly messageId: string; readonly body: string }[],
  parts: FeedParts,
): Promise<Fed> {
  const keys = new Map(messages.map(({ messageId, body }) => [messageId, keyIn(body, parts.bucket)]));
  const wanted = [...new Set(keys.values())].filter((key) => key !== null && parseKey(key) !== null);
  const failed = await parts.take(wanted as string[]);
  const again = [...keys].filter(([, key]) => key === null || failed.has(key));
  return { batchItemFailures: again.map(([itemIdentifier]) => ({ itemIdentifier })) };
}

function keyIn(body: string, bucket: string): string | null {
  try {
    const { detail } = noticeSchema.parse(JSON.parse(body));
    return detail.bucket.name === bucket ? detail.object.key : null;
  } catch {
    return null;
  }
}

async function feedListing(prefix: string, after: string | undefined, parts: FeedParts): Promise<Fed> {
  const keys: string[] = [];
  let next: string | null = null;
  for await (const { key } of parts.list(prefix, after)) {
    next = key;
    if (parseKey(key) !== null) keys.push(key);
    if (keys.length === LISTED) break;
    next = null;
  }
  const failed = await parts.take(keys);
  if (failed.size > 0) throw new Error(`${failed.size} listed objects could not be taken`);
  return { taken: keys.length, next };
}
