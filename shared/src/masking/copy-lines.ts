// COPY TO STDOUT in text and CSV format: lines of fields (PostgreSQL documentation, COPY, "File Formats").
import type { Watch } from "../disclosure/watch.ts";
import type { CopyFormat } from "../facts.ts";
import { bytesOf, copyBytes, getInt32, putInt32 } from "./cell.ts";
import { type CellPlan, Heeding, tallyOf } from "./cells.ts";
import type { ByteSink, CopyMask, MaskTally } from "./types.ts";

export type LineFormat = Exclude<CopyFormat, { format: "binary" }>;

const COPY_DATA = 100;
const NEWLINE = 10;
const BACKSLASH = 92;

/** How fields are told apart, and how they hold what would end them. */
interface Syntax {
  /** Sets `end` to the position after the field that starts at `start`. */
  fieldEnd(from: Uint8Array, start: number): number;
  /** Writes the value that a field stands for. @returns how many bytes */
  decode(from: Uint8Array, start: number, end: number, to: Uint8Array): number;
  /** Writes a value as a field. @returns the position after it */
  encode(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number;
}

interface Field {
  readonly column: CellPlan;
  readonly tally: MaskTally | null;
  /** What stands for every value, ready to be written. */
  readonly always: Uint8Array | null;
}

export class LineCopy implements CopyMask {
  readonly active = true;
  readonly tally: readonly MaskTally[];
  readonly watch: Watch | null;
  readonly #fields: readonly Field[];
  readonly #syntax: Syntax;
  readonly #delimiter: number;
  readonly #null: Uint8Array;
  readonly #factor: number;
  readonly #extra: number;
  /** Room to work in; what was in it is wiped before a call ends. */
  #plain = new Uint8Array(1024);
  #masked = new Uint8Array(1024);
  #header: boolean;
  readonly #heeding: Heeding | null;

  constructor(columns: readonly CellPlan[], format: LineFormat, watch: Watch | null) {
    this.watch = watch;
    this.#delimiter = bytesOf(format.delimiter)[0]!;
    this.#null = bytesOf(format.null);
    this.#header = format.header;
    this.#syntax = format.format === "csv" ? csvSyntax(format, this.#null) : textSyntax(this.#delimiter);
    this.#fields = columns.map((column) => this.#field(column));
    this.#heeding = Heeding.of(columns);
    this.tally = this.#fields.map((field) => field.tally).filter((tally) => tally !== null);
    const masks = columns.map((column) => column.cell).filter((cell) => cell !== null);
    // Quoting doubles a value at most.
    this.#factor = 2 * masks.reduce((most, mask) => Math.max(most, mask.factor), 1);
    this.#extra = masks.reduce((sum, mask) => sum + 2 * mask.extra + 2 + this.#null.length, 0);
  }

  #field(column: CellPlan): Field {
    const value = column.cell?.always;
    if (value === undefined) return { column, tally: tallyOf(column), always: null };
    if (value === null) return { column, tally: tallyOf(column), always: this.#null };
    const room = new Uint8Array(2 * value.length + 2);
    const always = room.slice(0, this.#syntax.encode(value, 0, value.length, room, 0));
    return { column, tally: tallyOf(column), always };
  }

  row(frame: Uint8Array, out: ByteSink): void {
    if (frame[0] !== COPY_DATA) throw new Error("not a message of this copy");
    const size = frame.length;
    const to = out.reserve(size * this.#factor + countLines(frame) * this.#extra);
    const base = out.length;
    let at = copyBytes(frame, 0, Math.min(5, size), to, base);
    for (let from = 5; from < size; ) {
      const end = this.#line(frame, from, to, at);
      at = this.#at;
      from = end;
    }
    putInt32(to, base + 1, at - base - 1);
    out.advance(at - base);
  }

  /** Where `#line` stopped writing. */
  #at = 0;

  /** Rewrites the line that starts at `from`. @returns the position after it */
  #line(frame: Uint8Array, from: number, to: Uint8Array, at: number): number {
    const header = this.#header;
    this.#header = false;
    if (this.#heeding !== null) this.#learn(this.#heeding, frame, from);
    if (this.watch !== null && !header) this.#look(this.watch, frame, from);
    let kept = from;
    let after = at;
    let start = from;
    for (let i = 0; ; i++) {
      const end = this.#syntax.fieldEnd(frame, start);
      const field = this.#fields[i];
      if (field === undefined || end >= frame.length) throw new Error("not a row of this copy");
      if (!header && field.tally !== null && !this.#isNull(frame, start, end)) {
        if (field.column.cell !== null) {
          after = copyBytes(frame, kept, start, to, after);
          after = this.#mask(field, frame, start, end, to, after);
          kept = end;
          field.tally.masked++;
        } else field.tally.clear++;
      }
      start = end + 1;
      if (frame[end] === this.#delimiter) continue;
      if (i !== this.#fields.length - 1) throw new Error("not a row of this copy");
      this.#at = copyBytes(frame, kept, start, to, after);
      this.#heeding?.names.clear();
      return start;
    }
  }

  /** Reads the names of the line that starts at `from`. */
  #learn(heeding: Heeding, frame: Uint8Array, from: number): void {
    heeding.names.clear();
    for (let i = 0, start = from; start < frame.length; i++) {
      const end = Math.min(this.#syntax.fieldEnd(frame, start), frame.length);
      if (heeding.carries(i) && !this.#isNull(frame, start, end)) heeding.names.add(frame, start, end);
      if (frame[end] !== this.#delimiter) break;
      start = end + 1;
    }
    heeding.tell();
  }

  /** Shows a line to who looks at whose records it holds. */
  #look(watch: Watch, frame: Uint8Array, from: number): void {
    for (let i = 0, start = from; i < watch.columns && start < frame.length; i++) {
      const end = Math.min(this.#syntax.fieldEnd(frame, start), frame.length);
      if (!this.#isNull(frame, start, end)) {
        if (this.#plain.length < end - start) this.#plain = new Uint8Array(end - start);
        const length = this.#syntax.decode(frame, start, end, this.#plain);
        watch.cell(i, this.#plain, 0, length);
        wipe(this.#plain, length);
      }
      if (frame[end] !== this.#delimiter) break;
      start = end + 1;
    }
    watch.end();
  }

  #isNull(frame: Uint8Array, start: number, end: number): boolean {
    if (end - start !== this.#null.length) return false;
    for (let i = start; i < end; i++) if (frame[i] !== this.#null[i - start]) return false;
    return true;
  }

  #mask(field: Field, frame: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
    if (field.always !== null) return copyBytes(field.always, 0, field.always.length, to, at);
    const mask = field.column.cell!;
    if (this.#plain.length < end - start) this.#plain = new Uint8Array(end - start);
    const length = this.#syntax.decode(frame, start, end, this.#plain);
    const room = length * mask.factor + mask.extra;
    if (this.#masked.length < room) this.#masked = new Uint8Array(room);
    const written = mask.write(this.#plain, 0, length, this.#masked, 0);
    const after =
      getInt32(this.#masked, 0) < 0
        ? copyBytes(this.#null, 0, this.#null.length, to, at)
        : this.#syntax.encode(this.#masked, 4, written, to, at);
    wipe(this.#plain, length);
    wipe(this.#masked, written);
    return after;
  }
}

/** By hand when few: a call of the engine's costs more. */
function wipe(room: Uint8Array, length: number): void {
  if (length > 64) room.fill(0, 0, length);
  else for (let i = 0; i < length; i++) room[i] = 0;
}

function countLines(frame: Uint8Array): number {
  let lines = 0;
  for (let i = 5; i < frame.length; i++) if (frame[i] === NEWLINE) lines++;
  return lines;
}

/** Letters for control characters in text format: \b \t \n \v \f \r. */
const LETTERS = [
  [8, 98],
  [9, 116],
  [10, 110],
  [11, 118],
  [12, 102],
  [13, 114],
] as const;
/** What stands behind a backslash for a byte, and what a byte behind a backslash stands for: most bytes for themselves. */
const ESCAPED = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const UNESCAPED = ESCAPED.slice();
for (const [byte, letter] of LETTERS) {
  ESCAPED[byte] = letter;
  UNESCAPED[letter] = byte;
}

/** Backslashes hide delimiters; the server writes control characters with letters, never with octal or hexadecimal digits. */
function textSyntax(delimiter: number): Syntax {
  // What may not stand in a field as it is.
  const special = new Uint8Array(256);
  for (const byte of [...LETTERS.map(([control]) => control), BACKSLASH, delimiter]) special[byte] = 1;
  return {
    fieldEnd(from, start) {
      const size = from.length;
      for (let i = start; i < size; i++) {
        const byte = from[i]!;
        if (byte === delimiter || byte === NEWLINE) return i;
        if (byte === BACKSLASH) i++;
      }
      return Math.max(start, size);
    },
    decode(from, start, end, to) {
      let length = 0;
      for (let i = start; i < end; i++) {
        const byte = from[i]!;
        to[length++] = byte === BACKSLASH ? UNESCAPED[from[++i]!]! : byte;
      }
      return length;
    },
    encode(from, start, end, to, at) {
      let after = at;
      for (let i = start; i < end; i++) {
        const byte = from[i]!;
        if (special[byte] === 1) to[after++] = BACKSLASH;
        to[after++] = ESCAPED[byte]!;
      }
      return after;
    },
  };
}

/** Quotes around a field hide everything but quotes, which an escape character (often the quote itself) hides. */
function csvSyntax(format: Extract<LineFormat, { format: "csv" }>, nullText: Uint8Array): Syntax {
  const delimiter = bytesOf(format.delimiter)[0]!;
  const quote = bytesOf(format.quote)[0]!;
  const hide = bytesOf(format.escape)[0]!;
  const special = new Set([delimiter, quote, NEWLINE, 13]);
  const mustQuote = (from: Uint8Array, start: number, end: number): boolean => {
    for (let i = start; i < end; i++) if (special.has(from[i]!)) return true;
    // `\\.` on a line of its own would end the copy.
    if (from[start] === BACKSLASH) return true;
    return end - start === nullText.length && nullText.every((byte, i) => from[start + i] === byte);
  };
  return {
    fieldEnd(from, start) {
      let i = start;
      if (from[i] === quote) {
        for (i++; i < from.length; i++) {
          if (from[i] === hide && (from[i + 1] === quote || from[i + 1] === hide)) i++;
          else if (from[i] === quote) break;
        }
        i++;
      }
      while (i < from.length && from[i] !== delimiter && from[i] !== NEWLINE) i++;
      return i;
    },
    decode(from, start, end, to) {
      if (from[start] !== quote) return copyBytes(from, start, end, to, 0);
      let length = 0;
      for (let i = start + 1; i < end - 1; i++) {
        if (from[i] === hide && (from[i + 1] === quote || from[i + 1] === hide)) i++;
        to[length++] = from[i]!;
      }
      return length;
    },
    encode(from, start, end, to, at) {
      if (!mustQuote(from, start, end)) return copyBytes(from, start, end, to, at);
      let after = at;
      to[after++] = quote;
      for (let i = start; i < end; i++) {
        if (from[i] === quote || from[i] === hide) to[after++] = hide;
        to[after++] = from[i]!;
      }
      to[after++] = quote;
      return after;
    },
  };
}
