// A recording: what the client was sent, after masking, in timed chunks that say after which event they came. The sealed lane has chunks of
// the same form, and its blocks are encrypted (sealed.ts). Chunks are gathered in
// blocks, each a Zstandard frame of its own, so that neither writer nor reader ever holds more than one block in clear. Before each
// frame stands a skippable frame (RFC 8878, section 3.1.2) with its length: a part is a valid .zst file and can be cut into blocks.

/** `output` is what recordings hold; all others are kinds of what is sealed. By their number in a chunk's header, less one. */
const TYPES = [
  "output",
  "statement",
  "values",
  "result",
  "delivery",
  "commitments",
  "before",
  "after",
  "input",
] as const;
export type ChunkType = (typeof TYPES)[number];

/** Chunks of one type and `seq` that follow each other are one stretch of bytes. */
export interface Chunk {
  readonly type: ChunkType;
  /** Output: `seq` of the newest event of the session when these bytes were sent. Sealed: of the event that they belong to. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly bytes: Uint8Array;
}

/** Type (1 byte), seq (4), time (6), length (4); numbers are big-endian. */
export const CHUNK_HEADER = 15;

export function writeChunkHeader(
  into: Uint8Array,
  at: number,
  type: ChunkType,
  seq: number,
  time: number,
  length: number,
): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  view.setUint8(at, TYPES.indexOf(type) + 1);
  view.setUint32(at + 1, seq);
  view.setUint16(at + 5, Math.floor(time / 2 ** 32));
  view.setUint32(at + 7, time % 2 ** 32);
  view.setUint32(at + 11, length);
}

/** The chunks of one block. @throws when the block ends within one, or holds a type that is not known */
export function* readChunks(block: Uint8Array): Generator<Chunk> {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  for (let at = 0; at < block.length; ) {
    const type = at + CHUNK_HEADER > block.length ? undefined : TYPES[view.getUint8(at) - 1];
    if (type === undefined) throw new Error("a chunk of the recording is malformed");
    const end = at + CHUNK_HEADER + view.getUint32(at + 11);
    if (end > block.length) throw new Error("a chunk of the recording is cut short");
    const time = view.getUint16(at + 5) * 2 ** 32 + view.getUint32(at + 7);
    yield { type, seq: view.getUint32(at + 1), time, bytes: block.subarray(at + CHUNK_HEADER, end) };
    at = end;
  }
}

/** Length of what stands before each block's frame. */
export const BLOCK_HEADER = 12;
const SKIPPABLE = 0x184d2a50;

/** @param length of the frame that follows, in bytes */
export function blockHeader(length: number): Uint8Array {
  const header = new Uint8Array(BLOCK_HEADER);
  const view = new DataView(header.buffer);
  view.setUint32(0, SKIPPABLE, true);
  view.setUint32(4, 4, true);
  view.setUint32(8, length, true);
  return header;
}

export interface Blocks {
  /** One Zstandard frame each; in the sealed lane, one encrypted block each. */
  readonly frames: readonly Uint8Array[];
  /** Bytes up to the end of the last whole block; less than the length when something is torn. */
  readonly whole: number;
}

export function splitBlocks(part: Uint8Array): Blocks {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at + BLOCK_HEADER <= part.length) {
    if (view.getUint32(at, true) !== SKIPPABLE || view.getUint32(at + 4, true) !== 4) break;
    const end = at + BLOCK_HEADER + view.getUint32(at + 8, true);
    if (end > part.length) break;
    frames.push(part.subarray(at + BLOCK_HEADER, end));
    at = end;
  }
  return { frames, whole: at };
}
