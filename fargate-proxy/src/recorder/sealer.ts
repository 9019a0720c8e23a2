// How an object gets into the store and under the ledger, such that a crash at any point leaves something recovery can tell from a
// forgery: what is about to be stored is announced in the journal first, with its hash.
import { announcement } from "#shared/evidence/announce.ts";
import { putOnce } from "#shared/evidence/ledger-write.ts";
import type { StorePort } from "#shared/evidence/ports.ts";
import type { EvidenceObject, ObjectRecord } from "#shared/evidence/segment.ts";
import type { GroupCommit } from "./commit.ts";
import type { LedgerWriter } from "./ledger-writer.ts";
import { Gangway, type Patience, persist } from "./patience.ts";
import { Holding, type Units } from "./units.ts";

export interface SealerParts {
  readonly store: StorePort;
  /** Null where the ledger is written by others, who hear of the object from the store. */
  readonly ledger: Pick<LedgerWriter, "append"> | null;
  readonly commit: GroupCommit;
  readonly units: Units;
  readonly patience: Patience;
  /** Objects that are stored at a time. */
  readonly places: number;
}

export class Sealer {
  readonly #parts: SealerParts;
  readonly #gangway: Gangway;

  constructor(parts: SealerParts) {
    this.#parts = parts;
    this.#gangway = new Gangway(parts.places);
  }

  /**
   * @param make gives the object when its turn has come, so that objects that wait take no memory
   * Resolves when the object is safe: under the ledger's signed head, or in the store where others write the ledger.
   */
  async seal(make: () => Promise<EvidenceObject>): Promise<void> {
    const announced = new Holding(this.#parts.units);
    const record = await this.#gangway.run(() => this.#store(make, announced));
    // Outside, so that the ledger takes all at once that became ready while it wrote its last batch.
    await this.#parts.ledger?.append(record);
    announced.release();
  }

  async #store(make: () => Promise<EvidenceObject>, announced: Holding): Promise<ObjectRecord> {
    const { record, bytes } = await make();
    await this.#announce(record, announced);
    const { store, patience } = this.#parts;
    await persist(patience, "writing evidence", () => putOnce(store, record.key, bytes, record));
    return record;
  }

  #announce(record: ObjectRecord, holding: Holding): Promise<void> {
    const batch = this.#parts.commit.batch(true);
    batch.append(announcement(record), holding);
    return batch.durable;
  }
}
