// What is in an evidence bucket, read without the reader of the product.
import type { S3Store } from "#functions/adapters/s3-store.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { decompress } from "#proxy/adapters/node-zstd.ts";
import { genesis, link } from "#shared/evidence/chain.ts";
import { type EvidenceLine, readLine } from "#shared/evidence/line-read.ts";

/** Of all sessions that are in the bucket: their lines, in order and chained, by session. */
export async function linesIn(store: Pick<S3Store, "list" | "get">): Promise<Map<string, EvidenceLine[]>> {
  const sessions = new Map<string, { lines: EvidenceLine[]; prev: string }>();
  const keys: string[] = [];
  for await (const { key } of store.list("events/v1/")) keys.push(key);
  for (const key of keys.sort()) {
    const text = Buffer.from(await decompress((await store.get(key)) ?? new Uint8Array(0))).toString("utf8");
    for (const one of text.trimEnd().split("\n")) {
      const line = readLine(one);
      if (line === null) throw new Error(`${key} has a line that is not one`);
      const session = sessions.get(line.session) ?? { lines: [], prev: genesis(line.session, nodeSha256) };
      if (line.prev !== session.prev || line.seq !== session.lines.length + 1)
        throw new Error(`${key} breaks its chain`);
      session.lines.push(line);
      session.prev = link(one, nodeSha256);
      sessions.set(line.session, session);
    }
  }
  return new Map([...sessions].map(([id, { lines }]) => [id, lines]));
}
