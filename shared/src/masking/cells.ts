// The cells of one row, in a row: those that are kept are copied as they are, neighbours in one go.
import { type CellMask, copyBytes, getInt32 } from "./cell.ts";
import type { Inspection } from "./inspection.ts";
import { OwnNames } from "./own-names.ts";
import type { ColumnPlan, MaskTally } from "./types.ts";

/** One column, ready for work. */
export interface CellPlan {
  readonly plan: ColumnPlan;
  readonly name: string;
  /** Null for a column that is shown. */
  readonly cell: CellMask | null;
  /** Its values are people's names, as text. */
  readonly names: boolean;
  /** Where its free text is looked at by somebody else. */
  readonly inspection?: Inspection;
  /** It shows somebody's record in clear. */
  readonly subjects: boolean;
}

/** A column is counted when PHI of some class is in it, hidden or shown. */
export function tallyOf(column: CellPlan): MaskTally | null {
  const { mask, classes } = column.plan;
  if (classes.length === 0) return null;
  const tally = {
    column: column.name,
    classes,
    mask,
    masked: 0,
    clear: 0,
    ...(column.subjects ? { subjects: true as const } : {}),
  };
  if (column.inspection !== undefined) column.inspection.tally = tally;
  return tally;
}

/** Columns with names, and the masks that want to know them; null when there are not both. */
export class Heeding {
  readonly names = new OwnNames();
  readonly #carry: readonly boolean[];
  readonly #masks: readonly CellMask[];

  private constructor(carry: readonly boolean[], masks: readonly CellMask[]) {
    this.#carry = carry;
    this.#masks = masks;
  }

  static of(columns: readonly CellPlan[]): Heeding | null {
    const masks = columns.map((column) => column.cell).filter((cell) => cell?.know !== undefined);
    const carry = columns.map((column) => column.names);
    return masks.length > 0 && carry.includes(true) ? new Heeding(carry, masks as CellMask[]) : null;
  }

  carries(column: number): boolean {
    return this.#carry[column] === true;
  }

  /** The names of a row are complete. */
  tell(): void {
    for (const mask of this.#masks) mask.know!(this.names.words);
  }
}

/** Rewrites the cells of DataRow messages and of COPY's binary tuples: both are int32 lengths (-1 for NULL) with bytes after each. */
export class Cells {
  readonly tally: readonly MaskTally[];
  /** So many columns have to be looked at: behind them none is masked or counted. */
  readonly looked: number;
  /** Position in the frame up to which it has been written; after it come bytes that are kept. */
  kept = 0;
  /** Position in the frame after the cells that were looked at. */
  next = 0;
  readonly #masks: readonly (CellMask | null)[];
  readonly #tallies: readonly (MaskTally | null)[];
  readonly #heeding: Heeding | null;
  /** Columns in which NULL is masked like any value. */
  readonly #nulls: readonly boolean[];
  readonly #factor: number;
  readonly #extra: number;

  constructor(columns: readonly CellPlan[]) {
    this.#masks = columns.map((column) => column.cell);
    this.#tallies = columns.map(tallyOf);
    this.#heeding = Heeding.of(columns);
    this.#nulls = columns.map(
      ({ plan, cell }) => plan.nulls === "hidden" && cell !== null && cell.always !== undefined,
    );
    this.looked = this.#tallies.findLastIndex((tally) => tally !== null) + 1;
    this.tally = this.#tallies.filter((tally) => tally !== null);
    const masks = this.#masks.filter((mask) => mask !== null);
    this.#factor = masks.reduce((most, mask) => Math.max(most, mask.factor), 1);
    this.#extra = masks.reduce((sum, mask) => sum + mask.extra, 0);
  }

  /** The most bytes that a frame with so many rows becomes. */
  room(size: number, rows: number): number {
    return size * this.#factor + rows * this.#extra;
  }

  /** A new frame, to be written from `at` on; its bytes are kept from `from` on. @returns `at` */
  begin(from: number, at: number): number {
    this.kept = from;
    return at;
  }

  /**
   * Writes the first `count` cells, which start at `from`, but for a run of kept ones at the end: from `kept` to `next` they are the
   * caller's to copy, with whatever follows.
   * @returns the position in `to` after what it wrote
   * @throws when the frame ends before the cells do
   */
  rewrite(frame: Uint8Array, from: number, count: number, to: Uint8Array, at: number): number {
    const size = frame.length;
    if (this.#heeding !== null) learn(this.#heeding, frame, from, count);
    let place = from;
    let after = at;
    for (let i = 0; i < count; i++) {
      const length = place + 4 <= size ? getInt32(frame, place) : size;
      const start = place + 4;
      const end = length < 0 ? start : start + length;
      if (end > size) throw new Error("a row that ends too early");
      const tally = this.#tallies[i];
      if (tally && (length >= 0 || this.#nulls[i])) {
        const mask = this.#masks[i];
        if (mask) {
          after = copyBytes(frame, this.kept, place, to, after);
          after = mask.write(frame, start, end, to, after);
          this.kept = end;
          if (length >= 0) tally.masked++;
        } else tally.clear++;
      }
      place = end;
    }
    this.next = place;
    this.#heeding?.names.clear();
    return after;
  }
}

/** Reads the names of a row before it is rewritten: they may stand behind the text that is searched for them. */
function learn(heeding: Heeding, frame: Uint8Array, from: number, count: number): void {
  heeding.names.clear();
  let place = from;
  for (let i = 0; i < count && place + 4 <= frame.length; i++) {
    const length = Math.max(0, getInt32(frame, place));
    const end = Math.min(place + 4 + length, frame.length);
    if (heeding.carries(i)) heeding.names.add(frame, place + 4, end);
    place += 4 + length;
  }
  heeding.tell();
}
