// Which journal units still hold lines that are nowhere else. A unit goes when its last line is safe and nothing more can land in it.
import type { JournalPort } from "#shared/evidence/ports.ts";
import type { Owner } from "./commit.ts";

export class Units {
  readonly #journal: JournalPort;
  readonly #onProblem: (message: string) => void;
  readonly #lines = new Map<number, number>();
  #newest = 0;

  constructor(journal: JournalPort, onProblem: (message: string) => void) {
    this.#journal = journal;
    this.#onProblem = onProblem;
  }

  add(unit: number, lines: number): void {
    this.#lines.set(unit, (this.#lines.get(unit) ?? 0) + lines);
    if (unit <= this.#newest) return;
    this.#newest = unit;
    for (const [older, left] of this.#lines) if (left === 0) this.#release(older);
  }

  remove(unit: number, lines: number): void {
    const left = (this.#lines.get(unit) ?? 0) - lines;
    this.#lines.set(unit, left);
    if (left === 0 && unit < this.#newest) this.#release(unit);
  }

  #release(unit: number): void {
    this.#lines.delete(unit);
    this.#journal.release(unit).catch(() => this.#onProblem("a journal file could not be recycled"));
  }
}

/** Lines that belong together and become safe together. */
export class Holding implements Owner {
  readonly #units: Units;
  readonly #lines = new Map<number, number>();

  constructor(units: Units) {
    this.#units = units;
  }

  landed(unit: number, lines: number): void {
    this.#lines.set(unit, (this.#lines.get(unit) ?? 0) + lines);
    this.#units.add(unit, lines);
  }

  /** The lines are safe elsewhere: the journal may forget them. */
  release(): void {
    for (const [unit, lines] of this.#lines) this.#units.remove(unit, lines);
    this.#lines.clear();
  }
}
