// What a client copied in, row by row: lines of the text and CSV formats, values of the binary one
// (https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS).
import { cellsAt } from "./recorded.ts";

/** A line as it was sent, or the values of a row: what is no text in hex. Null is NULL. */
export type CopiedRow = string | readonly (string | null)[];

const COPY_DATA = 0x64;
const HEADER = 5;
const NEWLINE = 10;
const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
/** Signature, flags, length of what follows them. */
const BINARY_HEADER = SIGNATURE.length + 8;

export class CopiedIn {
  #held: Buffer = Buffer.alloc(0);
  /** Null until enough has come to tell. */
  #binary: boolean | null = null;
  #headerRead = false;

  /** @param frame CopyData, CopyDone or CopyFail. @returns the rows that it completes */
  push(frame: Buffer): CopiedRow[] {
    const over = frame[0] !== COPY_DATA;
    if (!over) this.#held = Buffer.concat([this.#held, frame.subarray(HEADER)]);
    if (this.#binary === null && (over || this.#held.length >= SIGNATURE.length))
      this.#binary = this.#held.subarray(0, SIGNATURE.length).equals(SIGNATURE);
    if (this.#binary === null) return [];
    return this.#binary ? this.#rows() : this.#lines(over);
  }

  #lines(over: boolean): CopiedRow[] {
    const rows: CopiedRow[] = [];
    let at = 0;
    for (let end = this.#held.indexOf(NEWLINE); end >= 0; end = this.#held.indexOf(NEWLINE, at)) {
      rows.push(this.#held.toString("utf8", at, end));
      at = end + 1;
    }
    this.#held = this.#held.subarray(at);
    if (over && this.#held.length > 0) rows.push(this.#held.toString("utf8"));
    return rows;
  }

  #rows(): CopiedRow[] {
    if (!this.#headerRead) {
      if (this.#held.length < BINARY_HEADER) return [];
      const length = BINARY_HEADER + this.#held.readUInt32BE(BINARY_HEADER - 4);
      if (this.#held.length < length) return [];
      this.#held = this.#held.subarray(length);
      this.#headerRead = true;
    }
    const rows: CopiedRow[] = [];
    for (let length = rowLength(this.#held); length > 0; length = rowLength(this.#held)) {
      rows.push(cellsAt(this.#held, 0).map(shown));
      this.#held = this.#held.subarray(length);
    }
    return rows;
  }
}

/** Of the first row; 0 when it is not whole, or the end of the data. */
function rowLength(bytes: Buffer): number {
  if (bytes.length < 2 || bytes.readInt16BE(0) < 0) return 0;
  let at = 2;
  for (let i = bytes.readInt16BE(0); i > 0; i--) {
    if (at + 4 > bytes.length) return 0;
    at += 4 + Math.max(0, bytes.readInt32BE(at));
  }
  return at <= bytes.length ? at : 0;
}

/** Types are not in the data: what reads as text is shown as that. */
function shown(value: Buffer | null): string | null {
  if (value === null) return null;
  const text = value.toString("utf8");
  const isText = Buffer.from(text, "utf8").equals(value) && !/\p{Cc}/u.test(text.replace(/[\t\n\r]/g, ""));
  return isText ? text : `\\x${value.toString("hex")}`;
}
