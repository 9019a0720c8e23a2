// Zstandard on the thread pool.
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

const compressor = promisify<Uint8Array, object, Buffer>(zstdCompress);
const decompressor = promisify<Uint8Array, Buffer>(zstdDecompress);

/** One frame, with a checksum of its own. @param level 1 where speed counts, 3 where size does */
export function compress(bytes: Uint8Array, level: 1 | 3): Promise<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  // In one piece, as a rule: each costs a turn of the thread pool and of the event loop.
  const chunkSize = Math.max(1024, bytes.length >> 2);
  return compressor(bytes, { params, chunkSize });
}

/** @throws when the frame is damaged */
export function decompress(bytes: Uint8Array): Promise<Uint8Array> {
  return decompressor(bytes);
}
