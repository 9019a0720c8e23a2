// The functions' own: there is one of each.
import * as own from "#functions/adapters/node-zstd.ts";

export const compress: (bytes: Uint8Array, level: 1 | 3) => Promise<Buffer> = own.compress;
export const decompress: (bytes: Uint8Array) => Promise<Uint8Array> = own.decompress;
