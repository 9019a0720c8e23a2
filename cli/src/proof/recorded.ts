// The recording as messages, from any place on: what the client was sent there.
import type { Chunk } from "#shared/evidence/recording.ts";

const HEADER = 5;

export class Recorded {
  readonly #chunks: AsyncIterator<Chunk>;
  #held: Buffer = Buffer.alloc(0);
  /** Where `#held` begins. */
  #at = 0;

  constructor(chunks: AsyncIterable<Chunk>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Goes on from there; places come in the order of the recording. @throws when it is behind */
  async seek(at: number): Promise<void> {
    if (at < this.#at) throw new Error("the sealed lane speaks of a place in the recording that has been passed");
    while (this.#at + this.#held.length < at) {
      this.#at += this.#held.length;
      this.#held = Buffer.alloc(0);
      if (!(await this.#more())) return;
    }
    this.#drop(at - this.#at);
  }

  /** The next message, from its type on; null at the end of the recording. */
  async message(): Promise<Buffer | null> {
    const frame = await this.peek();
    if (frame !== null) this.#drop(frame.length);
    return frame;
  }

  async peek(): Promise<Buffer | null> {
    if (!(await this.#has(HEADER))) return null;
    const length = 1 + this.#held.readUInt32BE(1);
    if (length < HEADER || !(await this.#has(length))) return null;
    return this.#held.subarray(0, length);
  }

  async #has(bytes: number): Promise<boolean> {
    while (this.#held.length < bytes) if (!(await this.#more())) return false;
    return true;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done === true) return false;
    this.#held = this.#held.length === 0 ? Buffer.from(value.bytes) : Buffer.concat([this.#held, value.bytes]);
    return true;
  }

  #drop(bytes: number): void {
    this.#held = this.#held.subarray(bytes);
    this.#at += bytes;
  }
}

/** Of DataRow and Bind: int16 count, then int32 lengths (-1 for NULL) with bytes after each. */
export function cellsAt(frame: Buffer, at: number): (Buffer | null)[] {
  const cells: (Buffer | null)[] = [];
  let place = at + 2;
  for (let i = frame.readUInt16BE(at); i > 0; i--) {
    const length = frame.readInt32BE(place);
    place += 4;
    cells.push(length < 0 ? null : frame.subarray(place, place + length));
    place += Math.max(0, length);
  }
  return cells;
}

export const rowCells = (frame: Buffer): (Buffer | null)[] => cellsAt(frame, HEADER);

/** What a Bind message binds: formats (1 is binary) and values. */
export function boundValues(frame: Buffer): (string | null)[] {
  let at = frame.indexOf(0, frame.indexOf(0, HEADER) + 1) + 1;
  const formats = Array.from({ length: frame.readUInt16BE(at) }, (_, i) => frame.readInt16BE(at + 2 + i * 2));
  at += 2 + formats.length * 2;
  return cellsAt(frame, at).map((value, i) => {
    const format = formats.length === 1 ? formats[0] : formats[i];
    return value === null ? null : format === 1 ? `\\x${value.toString("hex")}` : value.toString("utf8");
  });
}
