// Evidence before effect, for what a result shows: rows that show somebody's record leave only when the event that says whose is durable.
import type { Watcher } from "#shared/disclosure/types.ts";
import { disclosureEvents } from "#shared/evidence/disclosure.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { AskedKeys } from "./asked-keys.ts";

export class Disclosures {
  readonly #evidence: SessionEvidence;
  readonly #keyVersion: number;
  /** Of the result at hand. */
  #watch: Watcher | null = null;
  #asked: AskedKeys | null = null;
  #ref = 0;
  /** Events on their way. */
  #recording: Promise<void>[] = [];

  constructor(evidence: SessionEvidence, keyVersion: number) {
    this.#evidence = evidence;
    this.#keyVersion = keyVersion;
  }

  /** Another result begins. @param ref `seq` of its `statement` event @param asked for keys that it does not show */
  begin(watch: Watcher | null, ref: number, asked: AskedKeys | null = null): void {
    this.end();
    this.#watch = watch;
    this.#ref = ref;
    this.#asked = asked;
  }

  /** The result is over: what was counted only is noted now. */
  end(): void {
    this.hurry();
    this.#note(true);
    this.#watch = this.#asked = null;
  }

  /** What is not known by now is not waited for. */
  hurry(): void {
    this.#asked?.giveUp();
  }

  /** Resolves when all is durable that says whose records were shown so far; null when it is. Rejects when it cannot be written. */
  durable(): Promise<void> | null {
    this.#note(false);
    const asking = this.#watch?.asks ? this.#asking : null;
    if (asking === null && this.#recording.length === 0) return null;
    const all =
      asking === null
        ? Promise.all(this.#recording.splice(0)).then(() => undefined)
        : asking.settled.then(() => this.durable() ?? undefined);
    // Whoever asked may be gone by the time that it fails.
    all.catch(() => undefined);
    return all;
  }

  get #asking(): AskedKeys | null {
    return this.#asked?.state === "asking" ? this.#asked : null;
  }

  #note(over: boolean): void {
    const watch = this.#watch;
    if (watch === null) return;
    const known = this.#asked?.state === "sure" ? this.#asked.take(watch.rows) : [];
    if (this.#asked?.state === "sure") watch.answered();
    const seen = [...known, ...watch.take(over, this.#asking === null ? undefined : "left out")];
    for (const event of disclosureEvents(seen, this.#ref, this.#keyVersion)) {
      const recorded = this.#evidence.record(event);
      recorded.catch(() => undefined);
      this.#recording.push(recorded);
    }
  }
}
