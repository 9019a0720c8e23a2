// Splits a byte stream into protocol messages (PostgreSQL documentation, 54.2 and 54.7): a type byte, a length that counts itself,
// a body. Whole messages come out as ranges of the received chunk; only one that straddles chunks is copied.

/** What `next` found. */
export const NEED_MORE = 0;
/** A whole message lies in `buffer` from `start` to `end`. */
export const WHOLE = 1;
/** Part of a message of a streamed type lies in `buffer` from `start` to `end`; `left` bytes of it are still to come. */
export const PIECE = 2;
/** A message longer than what is kept in memory: its body is being thrown away. Reported once, at its header. */
export const OVERSIZE = 3;
/** Unknown type, impossible length: the stream cannot be trusted any more. */
export const BAD = 4;

/** Bounds for one direction, per type byte, of the length field. */
export interface Bounds {
  /** Longest message that is taken at all; 0 for types that do not exist. */
  readonly legal: Uint32Array;
  /** Longest message that is held in memory; beyond it: OVERSIZE. */
  readonly held: Uint32Array;
}

const HEADER = 5;
const FIRST_CARRY = 16 * 1024;

export class FrameReader {
  type = 0;
  buffer: Buffer = EMPTY;
  start = 0;
  end = 0;
  /** After PIECE: bytes of this message still to come. */
  left = 0;
  /** After PIECE: true when the piece begins with the message's header. */
  first = false;
  /** Types (by byte) that may be handed out in pieces; 1 or 0, and may change between messages. */
  readonly streamed = new Uint8Array(256);
  readonly #bounds: Bounds;
  #chunk: Buffer = EMPTY;
  #at = 0;
  /** Bytes of an OVERSIZE body still to be thrown away. */
  #skip = 0;
  /** A message, or its header, that began in an earlier chunk. */
  #carry: Buffer = EMPTY;
  #carried = 0;
  #wanted = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** Hands over the next chunk; all of the one before must have been read. */
  push(chunk: Buffer): void {
    if (this.#at < this.#chunk.length) throw new Error("the chunk before has not been read to its end");
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** True while the chunk at hand may hold more. */
  get unread(): boolean {
    return this.#at < this.#chunk.length;
  }

  next(): number {
    const chunk = this.#chunk;
    if (this.left > 0) return this.#nextPiece();
    if (this.#skip > 0 && !this.#skipped()) return NEED_MORE;
    if (this.#wanted > 0) return this.#fill();
    const at = this.#at;
    if (chunk.length - at < HEADER) return this.#stashHeader();
    const length = chunk.readUInt32BE(at + 1);
    this.type = chunk[at] as number;
    if (length < 4 || length > (this.#bounds.legal[this.type] as number)) return BAD;
    const end = at + 1 + length;
    if (end <= chunk.length && length <= (this.#bounds.held[this.type] as number)) {
      this.buffer = chunk;
      this.start = at;
      this.#at = this.end = end;
      return WHOLE;
    }
    this.#at = at + HEADER;
    return this.#begin(length, chunk, at);
  }

  /** A message that is not all here, or too long; its header is the 5 bytes of `source` from `at`. */
  #begin(length: number, source: Buffer, at: number): number {
    const body = length - 4;
    if (this.streamed[this.type] === 1) {
      const there = source === this.#chunk ? Math.min(body, source.length - this.#at) : 0;
      this.buffer = source;
      this.start = at;
      this.end = at + HEADER + there;
      this.left = body - there;
      this.first = true;
      this.#at += there;
      return PIECE;
    }
    if (length > (this.#bounds.held[this.type] as number)) {
      this.#skip = body;
      return OVERSIZE;
    }
    const header = source.subarray(at, at + HEADER);
    this.#carry = Buffer.allocUnsafeSlow(Math.min(length + 1, FIRST_CARRY));
    header.copy(this.#carry);
    this.#carried = HEADER;
    this.#wanted = length + 1;
    return this.#fill();
  }

  #nextPiece(): number {
    const there = Math.min(this.left, this.#chunk.length - this.#at);
    if (there === 0) return NEED_MORE;
    this.buffer = this.#chunk;
    this.start = this.#at;
    this.#at = this.end = this.#at + there;
    this.left -= there;
    this.first = false;
    return PIECE;
  }

  #skipped(): boolean {
    const there = Math.min(this.#skip, this.#chunk.length - this.#at);
    this.#skip -= there;
    this.#at += there;
    return this.#skip === 0;
  }

  #stashHeader(): number {
    if (this.#at < this.#chunk.length) {
      this.#carry = Buffer.allocUnsafeSlow(HEADER);
      this.#carried = 0;
      this.#wanted = HEADER;
      return this.#fill();
    }
    return NEED_MORE;
  }

  /** Moves bytes of the chunk to the carry until what is wanted is there. */
  #fill(): number {
    const there = Math.min(this.#wanted - this.#carried, this.#chunk.length - this.#at);
    this.#room(this.#carried + there);
    this.#chunk.copy(this.#carry, this.#carried, this.#at, this.#at + there);
    this.#carried += there;
    this.#at += there;
    if (this.#carried < this.#wanted) return NEED_MORE;
    const carry = this.#carry;
    const header = this.#wanted === HEADER && this.#isHeaderOnly(carry);
    this.#wanted = 0;
    this.#carry = EMPTY;
    if (header) return this.#headerComplete(carry);
    this.type = carry[0] as number;
    this.buffer = carry;
    this.start = 0;
    this.end = this.#carried;
    return WHOLE;
  }

  /** A carry of 5 bytes is a header still to be looked at, unless it is a whole message without a body. */
  #isHeaderOnly(carry: Buffer): boolean {
    return carry.readUInt32BE(1) !== 4 || (this.#bounds.legal[carry[0] as number] as number) === 0;
  }

  #headerComplete(header: Buffer): number {
    const length = header.readUInt32BE(1);
    this.type = header[0] as number;
    if (length < 4 || length > (this.#bounds.legal[this.type] as number)) return BAD;
    return this.#begin(length, header, 0);
  }

  /** Grows the carry by doubling: a header that promises much costs nothing until the bytes come. */
  #room(size: number): void {
    if (size <= this.#carry.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#wanted, Math.max(size, this.#carry.length * 2)));
    this.#carry.copy(grown, 0, 0, this.#carried);
    this.#carry = grown;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
