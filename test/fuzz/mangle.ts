// Bytes as nobody should send them: frames of the protocol with parts changed, cut, doubled, swapped, and lengths that lie.

/** A generator of numbers from 0 to 1 that a seed repeats (Mulberry32, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Random = () => number;

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

const LENGTHS = [-1, 0, 1, 3, 4, 5, 0xff, 0xffff, 0x7fff_ffff, -0x8000_0000, 100_000_000];

/** One change to a copy of some bytes. */
const CHANGES: readonly ((bytes: Buffer, at: number, random: Random) => Buffer)[] = [
  (bytes, at, random) => {
    bytes[at] = Math.floor(random() * 256);
    return bytes;
  },
  (bytes, at, random) => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    return bytes;
  },
  (bytes, at, random) => {
    if (at + 4 <= bytes.length) bytes.writeInt32BE(pick(random, LENGTHS), at);
    return bytes;
  },
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, random) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + Math.ceil(random() * 8))]),
  (bytes, at, random) => {
    const more = Buffer.from(Array.from({ length: Math.ceil(random() * 16) }, () => Math.floor(random() * 256)));
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  },
  (bytes, at) => Buffer.concat([bytes, bytes.subarray(at)]),
  // The length of the first frame, which decides how all that follows is cut.
  (bytes, _, random) => {
    if (bytes.length >= 5) bytes.writeInt32BE(pick(random, LENGTHS), 1);
    return bytes;
  },
];

/** @returns some bytes with up to four changes; the given ones stay as they are */
export function mangle(bytes: Buffer, random: Random): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let left = Math.floor(random() * 5); left > 0 && result.length > 0; left--)
    result = pick(random, CHANGES)(Buffer.from(result), Math.floor(random() * result.length), random);
  return result;
}

/** @returns the bytes in pieces of any size, as a network may deliver them */
export function pieces(bytes: Buffer, random: Random): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = Math.ceil(random() ** 3 * bytes.length) + 1;
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return parts;
}
