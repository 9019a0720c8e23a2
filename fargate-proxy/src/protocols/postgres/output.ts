// What goes to the client: ranges of received chunks as they are, and rewritten bytes, in order, handed over once per turn.
import type { ByteSink } from "#shared/masking/types.ts";

const SEGMENT = 64 * 1024;
/** Ranges shorter than this are copied next to what was rewritten: one long write is cheaper than many short ones. */
const WORTH_A_WRITE = 4096;

export class Output implements ByteSink {
  /** Bytes handed over and waiting to be, of this turn. */
  waiting = 0;
  readonly #ready: Buffer[] = [];
  /** A range of a received chunk that may still grow. */
  #range: Buffer | null = null;
  #rangeStart = 0;
  #rangeEnd = 0;
  /** Where rewritten bytes go; what was handed over is never written to again. */
  #segment: Buffer = Buffer.alloc(0);
  #sealed = 0;
  length = 0;

  /** Forwards bytes of a received chunk without copying them. */
  forward(buffer: Buffer, start: number, end: number): void {
    this.waiting += end - start;
    if (this.#range === buffer && this.#rangeEnd === start) {
      this.#rangeEnd = end;
      return;
    }
    if (this.#range !== null) this.#closeRange();
    this.#range = buffer;
    this.#rangeStart = start;
    this.#rangeEnd = end;
  }

  /** Copies bytes in. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.length);
    this.advance(bytes.length);
  }

  reserve(bytes: number): Uint8Array {
    if (this.#range !== null) this.#closeRange();
    if (this.#segment.length - this.length < bytes) this.#newSegment(bytes);
    return this.#segment;
  }

  advance(bytes: number): void {
    this.length += bytes;
    this.waiting += bytes;
  }

  /** All that was gathered, as few buffers; they are not touched again. Empty when there is nothing. */
  take(): readonly Buffer[] {
    if (this.#range !== null && this.#ready.length === 0 && this.length === this.#sealed) {
      const only = this.#range.subarray(this.#rangeStart, this.#rangeEnd);
      this.#range = null;
      this.waiting = 0;
      return [only];
    }
    if (this.#range !== null) this.#closeRange();
    this.#seal();
    this.waiting = 0;
    return this.#ready.splice(0);
  }

  #closeRange(): void {
    const range = this.#range as Buffer;
    const size = this.#rangeEnd - this.#rangeStart;
    this.#range = null;
    if (size >= WORTH_A_WRITE) {
      this.#seal();
      this.#ready.push(range.subarray(this.#rangeStart, this.#rangeEnd));
      return;
    }
    if (this.#segment.length - this.length < size) this.#newSegment(size);
    range.copy(this.#segment, this.length, this.#rangeStart, this.#rangeEnd);
    this.length += size;
  }

  #seal(): void {
    if (this.length > this.#sealed) this.#ready.push(this.#segment.subarray(this.#sealed, this.length));
    this.#sealed = this.length;
  }

  #newSegment(bytes: number): void {
    this.#seal();
    this.#segment = Buffer.allocUnsafeSlow(Math.max(SEGMENT, bytes));
    this.#sealed = this.length = 0;
  }
}
