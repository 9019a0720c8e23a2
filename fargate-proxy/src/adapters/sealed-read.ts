// What a session has sealed, for whoever has its key.
import { type Chunk, readChunks, splitBlocks } from "#shared/evidence/recording.ts";
import { followSealed, readSealedHeader, SEALED_START } from "#shared/evidence/sealed.ts";
import type { Place } from "#shared/evidence/segment.ts";
import { openBlock } from "./node-cipher.ts";
import { decompress } from "./node-zstd.ts";

/**
 * @param parts the objects of the session's sealed lane, in order
 * @returns whether the lane has its end: it has none when the process died, or the session goes on
 * @throws when anything was cut out, moved, altered or put in
 */
export async function* readSealed(
  parts: AsyncIterable<Uint8Array>,
  key: Uint8Array,
  where: Pick<Place, "session" | "target">,
): AsyncGenerator<Chunk, boolean> {
  let reached = SEALED_START;
  for await (const part of parts) {
    const next = followSealed(part, reached);
    if (typeof next === "string") throw new Error(`the sealed lane is not as it was written: ${next}`);
    reached = next;
    for (const block of splitBlocks(part).frames) {
      const frame = openBlock(key, block, where);
      if (readSealedHeader(block)?.last !== true) yield* readChunks(await decompress(frame));
    }
  }
  return reached.last;
}
