// A journal in memory that lets go of each batch by itself, as one with an item for each batch does.
import type { JournalBatch, JournalPort } from "#shared/evidence/ports.ts";

export class MemoryJournal implements JournalPort {
  readonly batches: Map<number, Uint8Array>;
  readonly #old: readonly number[];
  #unit: number;

  /** @param batches what an earlier process left */
  constructor(batches: Iterable<readonly [number, Uint8Array]> = []) {
    this.batches = new Map(batches);
    this.#old = [...this.batches.keys()];
    this.#unit = Math.max(0, ...this.#old);
  }

  write(batch: Uint8Array): Promise<number> {
    this.#unit += 1;
    this.batches.set(this.#unit, Uint8Array.from(batch));
    return Promise.resolve(this.#unit);
  }

  release(unit: number): Promise<void> {
    this.batches.delete(unit);
    return Promise.resolve();
  }

  async *read(): AsyncGenerator<JournalBatch> {
    for (const unit of this.#old) {
      const bytes = this.batches.get(unit);
      if (bytes !== undefined) yield { unit, bytes };
    }
  }

  forget(): Promise<void> {
    for (const unit of this.#old) this.batches.delete(unit);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
