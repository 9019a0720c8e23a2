// HMAC-SHA-256 (RFC 2104) with one key for many short messages: pseudonyms, subjects of disclosures, commitments. Node's own Hmac takes three times
// as long, most of it for making an object for each message; `hash` makes none, and none for its result as long as that is a string.
import { hash } from "node:crypto";

const BLOCK = 64;
const DIGEST = 32;
const FIRST_ROOM = 512;

/** @param key any bytes; they are copied */
export function hmacSha256(key: Uint8Array): (message: Uint8Array) => Uint8Array {
  const block = Buffer.alloc(BLOCK);
  block.set(key.length > BLOCK ? hash("sha256", key, "buffer") : key);
  const outer = Buffer.concat([block.map((byte) => byte ^ 0x5c), Buffer.alloc(DIGEST)]);
  const inner = block.map((byte) => byte ^ 0x36);
  let room = Buffer.alloc(FIRST_ROOM);
  room.set(inner);
  return (message) => {
    const end = BLOCK + message.length;
    if (end > room.length) {
      room.fill(0);
      room = Buffer.alloc(2 * end);
      room.set(inner);
    }
    room.set(message, BLOCK);
    outer.write(hash("sha256", room.subarray(0, end), "binary"), BLOCK, "latin1");
    // Messages are PHI: nothing of them stays here.
    room.fill(0, BLOCK, end);
    return Buffer.from(hash("sha256", outer, "binary"), "latin1");
  };
}
