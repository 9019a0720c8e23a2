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
  /** The first line of a session stays in the journal until its last is in the store. */
  readonly keepsOpenings: boolean;
  /** Compresses a segment. */
  pack(bytes: Uint8Array): Promise<Uint8Array>;
  isAvailable(): boolean;
}

/** Bytes in memory that wait for the store: lines, which the journal has, and sessions that are closing. */
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
}
