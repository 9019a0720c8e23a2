// Free text that somebody else looks at, too (Amazon Comprehend Medical): rows wait until it has answered. Each mask is made twice: one
// reads rows and gathers the texts that `scan` meets, the other writes them, and meets the same texts in the same order.
import type { ByteSink, MaskTally, RowMask, Waiting } from "./types.ts";

/** A place in a text, in Unicode code points, the end not included. */
export interface Found {
  readonly start: number;
  readonly end: number;
  /** A word of the inspector's: NAME, DATE, ID ... */
  readonly type: string;
}

/** Why a text was not inspected. */
export type NotInspected = "time-out" | "unavailable" | "throttled" | "refused" | "malformed" | "cancelled";

/** What was found in one text. */
export type Inspected = { readonly found: readonly Found[] } | { readonly failed: NotInspected };

/** A place in a text, in bytes from its first. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

/** What the `scan` of one column asks about each of its texts. */
export interface Inspection {
  /** @returns places to hide besides those that the scan finds, in order of their starts; null: hide the text whole */
  spans(from: Uint8Array, start: number, end: number): readonly Span[] | null;
  /** Where texts that could not be inspected are counted. */
  tally: MaskTally | null;
}

/** Texts and bytes of one batch: one call of a function. More rows are not read before it has been answered. */
const ENOUGH = { texts: 64, bytes: 128 * 1024 };
/** What a single row may carry beyond that; further texts of it are hidden whole. */
const MOST = { texts: 256, bytes: 512 * 1024 };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Stands for a text that nobody is asked about. */
const UNASKED = -1;

/** The texts of one batch, and what was said of them. */
class Batch {
  readonly texts: string[] = [];
  /** For each text that was met, which of `texts` it is. */
  readonly #met: number[] = [];
  readonly #known = new Map<string, number>();
  #bytes = 0;
  #answers: readonly Inspected[] = [];
  #next = 0;

  get full(): boolean {
    return this.texts.length >= ENOUGH.texts || this.#bytes >= ENOUGH.bytes;
  }

  gather(bytes: Uint8Array): void {
    this.#met.push(this.#numberOf(bytes));
  }

  #numberOf(bytes: Uint8Array): number {
    const text = decoded(bytes);
    if (text === null) return UNASKED;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.texts.length >= MOST.texts || this.#bytes + bytes.length > MOST.bytes) return UNASKED;
    this.#bytes += bytes.length;
    this.#known.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }

  answered(answers: readonly Inspected[]): void {
    this.#answers = answers;
  }

  /** What was said of the text that is met next. */
  recall(bytes: Uint8Array): readonly Span[] | null {
    const said = this.#answers[this.#met[this.#next++] ?? UNASKED];
    return said === undefined || "failed" in said ? null : spansOf(said.found, bytes);
  }
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Code points to bytes.
 * @returns null when a place is not in the text: then nothing of the answer can be relied on
 */
export function spansOf(found: readonly Found[], bytes: Uint8Array): readonly Span[] | null {
  if (found.length === 0) return [];
  const starts = pointStarts(bytes);
  const points = starts.length - 1;
  const spans: Span[] = [];
  for (const { start, end, type } of found) {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start >= end || end > points) return null;
    spans.push({ start: starts[start]!, end: starts[end]!, label: type });
  }
  return spans.sort((a, b) => a.start - b.start || a.end - b.end || (a.label < b.label ? -1 : 1));
}

/** Where each code point starts, and where the last one ends. */
function pointStarts(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  for (let i = 0; i < bytes.length; i++) if ((bytes[i]! & 0xc0) !== 0x80) starts.push(i);
  starts.push(bytes.length);
  return starts;
}

/** Asks about texts; one answer for each, in their order. Never rejects. */
export type Ask = (texts: readonly string[]) => Promise<readonly Inspected[]>;

/**
 * A mask whose rows wait where free text is in them.
 * @param make makes the mask itself: called twice, with what its scans are to ask
 */
export function inspected<F extends object>(make: (inspect: () => Inspection) => RowMask | F, ask: Ask): RowMask | F {
  const rows = new InspectedRows(ask);
  const reader = make(() => rows.gathering());
  if (!("row" in reader) || !rows.inspects) return reader;
  const writer = make(() => rows.recalling());
  return "row" in writer ? rows.of(reader, writer) : writer;
}

class InspectedRows implements Waiting {
  readonly #ask: Ask;
  #reader: RowMask | null = null;
  #writer: RowMask | null = null;
  #batch = new Batch();
  #rows: Uint8Array[] = [];
  #inspects = 0;
  readonly #scratch = new Scratch();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** True when some column of the result holds free text. */
  get inspects(): boolean {
    return this.#inspects > 0;
  }

  gathering(): Inspection {
    this.#inspects++;
    const gather = (from: Uint8Array, start: number, end: number) => this.#batch.gather(from.subarray(start, end));
    return {
      spans(from, start, end) {
        gather(from, start, end);
        return null;
      },
      tally: null,
    };
  }

  recalling(): Inspection {
    const recall = (from: Uint8Array, start: number, end: number) => this.#batch.recall(from.subarray(start, end));
    return {
      spans(from, start, end) {
        const spans = recall(from, start, end);
        if (spans === null && this.tally !== null) this.tally.withheld = (this.tally.withheld ?? 0) + 1;
        return spans;
      },
      tally: null,
    };
  }

  of(reader: RowMask, writer: RowMask): RowMask {
    this.#reader = reader;
    this.#writer = writer;
    return {
      active: true,
      tally: writer.tally,
      waiting: this,
      watch: writer.watch,
      row() {
        throw new Error("these rows wait");
      },
    };
  }

  get held(): boolean {
    return this.#rows.length > 0;
  }

  get full(): boolean {
    return this.#batch.full;
  }

  take(frame: Uint8Array, out: ByteSink): void {
    this.#scratch.length = 0;
    this.#reader!.row(frame, this.#scratch);
    if (!this.held && this.#batch.texts.length === 0) {
      this.#writer!.row(frame, out);
      this.#batch = new Batch();
    } else this.#rows.push(frame);
  }

  async ask(): Promise<void> {
    this.#batch.answered(await this.#ask(this.#batch.texts));
  }

  release(out: ByteSink): void {
    for (const row of this.#rows.splice(0)) this.#writer!.row(row, out);
    this.#batch = new Batch();
    this.#scratch.wipe();
  }
}

/** Takes what the reading mask writes: nobody looks at it. */
class Scratch implements ByteSink {
  length = 0;
  #bytes = new Uint8Array(0);

  reserve(bytes: number): Uint8Array {
    if (this.#bytes.length < bytes) this.#bytes = new Uint8Array(bytes);
    return this.#bytes;
  }

  advance(): void {}

  wipe(): void {
    this.#bytes = new Uint8Array(0);
  }
}
