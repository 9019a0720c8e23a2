// Lines of one session that are not in the store yet.
import { SEGMENT_BYTES } from "#shared/evidence/segment.ts";
import { Holding, type Units } from "./units.ts";

/** Room for the line that makes a segment full. */
const SLACK = 16 << 10;
const FIRST_BYTES = 4 << 10;

export class Segment extends Holding {
  readonly first: number;
  last: number;
  length = 0;
  /** Milliseconds on the clock of the recorder: when its first line came. */
  readonly since: number;
  /** Resolves when its newest line is durable. */
  durable: Promise<void> = Promise.resolve();
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);

  constructor(units: Units, first: number, since: number) {
    super(units);
    this.first = first;
    this.last = first - 1;
    this.since = since;
  }

  /** @param end behind the line's newline */
  add(from: Buffer, start: number, end: number): void {
    const more = end - start;
    if (this.length + more > this.#bytes.length) this.#grow(this.length + more);
    from.copy(this.#bytes, this.length, start, end);
    this.length += more;
    this.last += 1;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #grow(need: number): void {
    const larger = Buffer.allocUnsafe(Math.max(Math.min(this.#bytes.length * 2, SEGMENT_BYTES + SLACK), need));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }
}
