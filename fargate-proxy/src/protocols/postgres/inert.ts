// The closed list of what may go to a target without being judged.
import { ABORT } from "./encode.ts";
import { FRONTEND } from "./kinds.ts";

const INERT = new Uint8Array(256);
const { bind, describe, close, flush, sync, copyData, copyDone, copyFail } = FRONTEND;
for (const type of [bind, describe, close, flush, sync, copyData, copyDone, copyFail]) INERT[type] = 1;

/**
 * True when the bytes are whole messages and none of them carries a command: Bind, Describe and Close name what was judged at Parse,
 * Flush and Sync only order, CopyData and its ends belong to a COPY that was judged. One Parse is let through: ours, which always fails.
 */
export function inertFrames(bytes: Uint8Array): boolean {
  let at = 0;
  while (at + 5 <= bytes.length) {
    const type = bytes[at] as number;
    const length =
      (bytes[at + 1] as number) * 0x1000000 +
      (((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number));
    const end = at + 1 + length;
    if (length < 4 || end > bytes.length) return false;
    if (INERT[type] !== 1 && !(type === FRONTEND.parse && ABORT.equals(bytes.subarray(at, end)))) return false;
    at = end;
  }
  return at === bytes.length;
}
