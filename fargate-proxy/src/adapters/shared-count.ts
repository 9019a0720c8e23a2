// This gateway's part of a count that all of them share. Its own writes come one after the other, and each says what it follows, so that one whose
// answer was lost can be asked for again.
import type { FleetTable } from "./fleet-table.ts";

export class SharedCount {
  readonly #table: Pick<FleetTable, "count">;
  readonly #key: string;
  readonly #onIdle: () => void;
  #id: string;
  /** What it should be. */
  #wanted = 0;
  /** What the table has, as far as is known. */
  #written = 0;
  /** A write failed: it may have been carried out. */
  #unsure = false;
  #last: Promise<unknown> = Promise.resolve();
  #queued = 0;

  /** @param onIdle nothing is counted, and nothing left to write */
  constructor(table: Pick<FleetTable, "count">, key: string, id: string, onIdle: () => void) {
    this.#table = table;
    this.#key = key;
    this.#id = id;
    this.#onIdle = onIdle;
  }

  /** One more, unless all together then were more than `limit`. @throws when it cannot be told */
  more(limit: number): Promise<boolean> {
    return this.#next(async () => {
      const to = this.#wanted + 1;
      if (!(await this.#write(to, limit))) return false;
      this.#wanted = to;
      return true;
    });
  }

  /** One less. Never rejects. */
  less(): Promise<void> {
    return this.#next(async () => {
      this.#wanted--;
      await this.#catchUp();
    });
  }

  /** Writes what could not be written before. Never rejects. */
  write(): Promise<void> {
    return this.#next(() => this.#catchUp());
  }

  /** What the table was seen to have. A write that arrived late, when nobody expected it any more, is found out so. */
  seen(own: number): void {
    if (own === this.#written) return;
    this.#unsure = true;
    void this.write();
  }

  /** Counts all that there is again, for another id: the earlier one's part is no longer of anybody. */
  startOver(id: string): void {
    void this.#next(async () => {
      this.#id = id;
      this.#written = 0;
      this.#unsure = false;
      await this.#catchUp();
    });
  }

  /** Resolves when what was asked for was tried. */
  settled(): Promise<unknown> {
    return this.#last;
  }

  async #catchUp(): Promise<void> {
    if (this.#written === this.#wanted && !this.#unsure) return;
    // Left for later.
    await this.#write(this.#wanted, null).catch(() => {});
  }

  async #write(to: number, limit: number | null): Promise<boolean> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const from = this.#written;
      if (from === to && !this.#unsure) return true;
      this.#unsure = true;
      const counted = await this.#table.count(this.#key, this.#id, { from, to, limit: to > from ? limit : null });
      this.#unsure = false;
      this.#written = counted.done ? to : counted.own;
      if (counted.done) return true;
      if (counted.own === from) return false;
    }
    throw new Error("somebody else writes this gateway's part of a count");
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    this.#queued++;
    const done = this.#last.then(work).finally(() => {
      if (--this.#queued === 0 && this.#wanted === 0 && this.#written === 0 && !this.#unsure) this.#onIdle();
    });
    this.#last = done.catch(() => {});
    return done;
  }
}
