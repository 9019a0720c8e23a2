// Evidence before effect, for what a result shows: rows that show somebody's record leave only when the event that says whose is durable.
import type { Watcher } from "#shared/disclosure/types.ts";
import { disclosureEvents } from "#shared/evidence/disclosure.ts";
import type { SessionEvidence } from "../ports/evidence.ts";

export class Disclosures {
  readonly #evidence: SessionEvidence;
  readonly #keyVersion: number;
  /** Of the result at hand. */
  #watch: Watcher | null = null;
  #ref = 0;
  /** Events on their way. */
  #recording: Promise<void>[] = [];

  constructor(evidence: SessionEvidence, keyVersion: number) {
    this.#evidence = evidence;
    this.#keyVersion = keyVersion;
  }

  /** Another result begins. @param ref `seq` of its `statement` event */
  begin(watch: Watcher | null, ref: number): void {
    this.end();
    this.#watch = watch;
    this.#ref = ref;
  }

  /** The result is over: what was counted only is noted now. */
  end(): void {
    this.#note(true);
    this.#watch = null;
  }

  /** Resolves when all is durable that says whose records were shown so far; null when it is. Rejects when it cannot be written. */
  durable(): Promise<void> | null {
    this.#note(false);
    if (this.#recording.length === 0) return null;
    const all = Promise.all(this.#recording.splice(0)).then(() => undefined);
    // Whoever asked may be gone by the time that it fails.
    all.catch(() => undefined);
    return all;
  }

  #note(over: boolean): void {
    const seen = this.#watch?.take(over) ?? [];
    for (const event of disclosureEvents(seen, this.#ref, this.#keyVersion)) {
      const recorded = this.#evidence.record(event);
      recorded.catch(() => undefined);
      this.#recording.push(recorded);
    }
  }
}
