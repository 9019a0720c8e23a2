// What sessions share: put together once by recorder.ts.
import type { Sha256 } from "#shared/evidence/digest.ts";
import type { Clock } from "../ports/clock.ts";
import type { GroupCommit } from "./commit.ts";
import type { Patience } from "./patience.ts";
import type { Sealer } from "./sealer.ts";
import type { Units } from "./units.ts";

export interface RecorderParts {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly commit: GroupCommit;
  readonly units: Units;
  readonly sealer: Sealer;
  readonly patience: Patience;
  readonly backlog: Backlog;
  readonly closings: Closings;
  /** The first line of a session stays in the journal until its last is in the store. */
  readonly keepsOpenings: boolean;
  /** Compresses a segment. */
  pack(bytes: Uint8Array): Promise<Uint8Array>;
  isAvailable(): boolean;
}

/** Beyond the limit of a backlog, for the ends of what runs and for refusals. */
const ROOM_BYTES = 16 << 20;

/** Bytes of lines that are in the journal and in memory, and not in the store. */
export class Backlog {
  #bytes = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** The store does not keep up: nothing new may run until it does. */
  get exceeded(): boolean {
    return this.#bytes > this.#limit;
  }

  /** Nor is it said any more that nothing may run: what ran when the limit was reached has been told of by then. */
  get full(): boolean {
    return this.#bytes > this.#limit + ROOM_BYTES;
  }
}

/** Sessions that have ended and whose evidence is not in the store yet: when they are many, new sessions wait for them. */
export class Closings {
  readonly #most: number;
  #now = 0;
  #waiting = new Set<() => void>();

  constructor(most: number) {
    this.#most = most;
  }

  begin(): void {
    this.#now += 1;
  }

  end(): void {
    this.#now -= 1;
    if (this.#now >= this.#most) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const go of waiting) go();
  }

  /** @returns whether there was room within `patienceMs` */
  async room(patienceMs: number): Promise<boolean> {
    if (this.#now < this.#most) return true;
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(go);
        resolve(false);
      }, patienceMs);
      this.#waiting.add(go);
    });
  }
}
