// How an object gets into the store and under the ledger, such that a crash at any point leaves something recovery can tell from a
// forgery: what is about to be stored is announced in the journal first, with its hash.
import { announcement } from "#shared/evidence/announce.ts";
import type { StorePort } from "#shared/evidence/ports.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import type { GroupCommit } from "./commit.ts";
import { type LedgerWriter, putOnce } from "./ledger-writer.ts";
import { Gangway, type Patience, persist } from "./patience.ts";
import { Holding, type Units } from "./units.ts";

export interface SealerParts {
  readonly store: StorePort;
  readonly ledger: LedgerWriter;
  readonly commit: GroupCommit;
  readonly units: Units;
  readonly patience: Patience;
}

export class Sealer {
  readonly #parts: SealerParts;
  /** Few at a time: each holds an object in memory, and the thread pool serves the journal too. */
  readonly #gangway = new Gangway(2);

  constructor(parts: SealerParts) {
    this.#parts = parts;
  }

  /**
   * @param make gives the object when its turn has come, so that objects that wait take no memory
   * Resolves when the object is under the ledger's signed head.
   */
  seal(make: () => Promise<{ readonly record: ObjectRecord; readonly bytes: Uint8Array }>): Promise<void> {
    return this.#gangway.run(async () => {
      const { record, bytes } = await make();
      const announced = new Holding(this.#parts.units);
      await this.#announce(record, announced);
      await persist(this.#parts.patience, "writing evidence", () => putOnce(this.#parts.store, record.key, bytes));
      await this.#parts.ledger.append(record);
      announced.release();
    });
  }

  #announce(record: ObjectRecord, holding: Holding): Promise<void> {
    const batch = this.#parts.commit.batch(true);
    batch.append(announcement(record), holding);
    return batch.durable;
  }
}
