// Blocks of the sealed lane: AES-256-GCM over a Zstandard frame, numbered through the session. The number, whether the block is the last,
// the session, the target and the wrapped key are authenticated with each block, so that none can be cut off, moved, repeated or
// taken from elsewhere. What is checked here needs no key.
import { canonical } from "./canonical.ts";
import { toHex } from "./digest.ts";
import { splitBlocks } from "./recording.ts";
import type { Place } from "./segment.ts";

/** Version (1 byte), 1 for the last block or 0 (1), number (4, big-endian), SHA-256 of the wrapped key (32). */
export const SEALED_HEADER = 38;
/** GCM's tag, behind the ciphertext. */
export const SEALED_TAG = 16;
const VERSION = 1;

export interface SealedHeader {
  /** Counts from 1 through the session. */
  readonly number: number;
  /** An empty block that says: nothing follows. */
  readonly last: boolean;
  /** SHA-256 of the wrapped key, 32 bytes. */
  readonly key: Uint8Array;
}

export function writeSealedHeader({ number, last, key }: SealedHeader): Uint8Array {
  const header = new Uint8Array(SEALED_HEADER);
  header[0] = VERSION;
  header[1] = last ? 1 : 0;
  new DataView(header.buffer).setUint32(2, number);
  header.set(key, 6);
  return header;
}

/** @returns null when this is not a block of the sealed lane */
export function readSealedHeader(block: Uint8Array): SealedHeader | null {
  if (block.length < SEALED_HEADER + SEALED_TAG || block[0] !== VERSION || block[1]! > 1) return null;
  const number = new DataView(block.buffer, block.byteOffset).getUint32(2);
  return { number, last: block[1] === 1, key: block.subarray(6, SEALED_HEADER) };
}

/** What is authenticated with a block besides its ciphertext. */
export function sealedContext(header: Uint8Array, { session, target }: Pick<Place, "session" | "target">): Uint8Array {
  const place = new TextEncoder().encode(canonical({ session, target }));
  const context = new Uint8Array(SEALED_HEADER + place.length);
  context.set(header.subarray(0, SEALED_HEADER));
  context.set(place, SEALED_HEADER);
  return context;
}

/** 96 bits: the number. A key seals one session, and a number is used once in it. */
export function sealedNonce(number: number): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(8, number);
  return nonce;
}

/** How far the blocks of a session have come. */
export interface SealedReached {
  readonly number: number;
  readonly last: boolean;
  /** Hex SHA-256 of the wrapped key; empty before the first block. */
  readonly key: string;
}

export const SEALED_START: SealedReached = { number: 0, last: false, key: "" };

/** Follows the blocks of one object. @returns what is wrong, in words, or how far they have come */
export function followSealed(part: Uint8Array, before: SealedReached): SealedReached | string {
  const { frames, whole } = splitBlocks(part);
  if (whole !== part.length || frames.length === 0) return "the object does not hold whole blocks";
  let reached = before;
  for (const frame of frames) {
    const header = readSealedHeader(frame);
    if (header === null) return "a block is not of the sealed lane";
    if (reached.last) return "blocks follow the last one";
    if (header.number !== reached.number + 1)
      return `block ${header.number} stands where ${reached.number + 1} belongs`;
    const key = toHex(header.key);
    if (reached.key !== "" && reached.key !== key) return `block ${header.number} is sealed with another key`;
    reached = { number: header.number, last: header.last, key };
  }
  return reached;
}
