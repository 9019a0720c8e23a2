// Looks at rows as they pass: whose records they show in clear. It reads the row that the target sent; what it gathers are hashes, taken
// away again and again by whoever makes them evidence, so that its memory is bounded and nothing is left out.
import { getInt32 } from "../masking/cell.ts";
import type { ReadKey } from "./subject.ts";
import type { Seen, Shown, Watcher } from "./types.ts";

/** Subjects of one result that are remembered, so that they are noted once. Beyond it some are noted again. */
const REMEMBERED = 8192;

interface Eye {
  readonly shown: Shown;
  readonly read: ReadKey | null;
  readonly known: Set<string>;
  fresh: string[];
  untold: number;
  /** Some of them were told of. */
  said: boolean;
  /** Of the row at hand. */
  there: boolean;
  key: string | null;
}

export class Watch implements Watcher {
  /** So many columns have to be looked at. */
  readonly columns: number;
  rows = 0;
  readonly #eyes: readonly Eye[];
  readonly #hash: (domain: string, key: string) => string;
  /** By column: for which eyes it is a cell, and for which the key. */
  readonly #cells: readonly (readonly Eye[])[];
  readonly #keys: readonly (readonly Eye[])[];

  /**
   * @param readers per `shown`, how its keys are read; null where they cannot be
   * @param hash of a subject's key (subject.ts)
   */
  constructor(
    shown: readonly Shown[],
    readers: readonly (ReadKey | null)[],
    hash: (domain: string, key: string) => string,
  ) {
    this.#eyes = shown.map((one, i) => ({
      shown: one,
      read: readers[i] ?? null,
      known: new Set(),
      fresh: [],
      untold: 0,
      said: false,
      there: false,
      key: null,
    }));
    this.#hash = hash;
    this.columns = shown.reduce((most, { key, cells }) => Math.max(most, key + 1, ...cells.map((c) => c + 1)), 0);
    const by = (wanted: (one: Shown, column: number) => boolean) =>
      Array.from({ length: this.columns }, (_, column) => this.#eyes.filter((eye) => wanted(eye.shown, column)));
    this.#cells = by((one, column) => one.cells.includes(column));
    this.#keys = by((one, column) => one.key === column);
  }

  /** Does the column show somebody's record? */
  shows(column: number): boolean {
    return (this.#cells[column]?.length ?? 0) > 0;
  }

  /** A row on the wire: an int32 length (-1 is NULL) and so many bytes for each cell, from `from` on. */
  row(frame: Uint8Array, from: number): void {
    let place = from;
    for (let i = 0; i < this.columns && place + 4 <= frame.length; i++) {
      const length = getInt32(frame, place);
      const start = place + 4;
      place = length < 0 ? start : start + length;
      if (length >= 0 && place <= frame.length) this.cell(i, frame, start, place);
    }
    this.end();
  }

  /** A cell of the row that is not NULL. */
  cell(column: number, from: Uint8Array, start: number, end: number): void {
    for (const eye of this.#cells[column] ?? []) eye.there = true;
    for (const eye of this.#keys[column] ?? []) eye.key = eye.read === null ? null : eye.read(from, start, end);
  }

  /** The row is over. */
  end(): void {
    this.rows++;
    for (const eye of this.#eyes) {
      if (eye.there) this.#saw(eye);
      eye.there = false;
      eye.key = null;
    }
  }

  #saw(eye: Eye): void {
    const { key, known, shown } = eye;
    if (key === null || shown.domain === null) {
      eye.untold++;
      return;
    }
    if (known.has(key)) return;
    if (known.size >= REMEMBERED) known.clear();
    known.add(key);
    eye.fresh.push(this.#hash(shown.domain, key));
  }

  get asks(): boolean {
    return this.#eyes.some((eye) => eye.shown.asked !== undefined && eye.untold > 0);
  }

  answered(): void {
    for (const eye of this.#eyes) if (eye.shown.asked !== undefined) eye.untold = 0;
  }

  take(over: boolean, asked?: "left out"): Seen[] {
    const seen: Seen[] = [];
    for (const eye of this.#eyes) {
      if (asked !== undefined && eye.shown.asked !== undefined) continue;
      const untold = over || !eye.said ? eye.untold : 0;
      if (eye.fresh.length === 0 && untold === 0) continue;
      seen.push({ shown: eye.shown, subjects: eye.fresh, untold });
      eye.fresh = [];
      eye.untold -= untold;
      eye.said ||= untold > 0;
    }
    return seen;
  }
}
