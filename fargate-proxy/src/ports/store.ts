// Where evidence objects are kept. AWS: S3 with Object Lock. Local: write-once files.
import type { EvidenceReader } from "#shared/evidence/verify-types.ts";

/** The key is taken: an object is written once. */
export class KeyExists extends Error {
  readonly key: string;
  constructor(key: string) {
    super(`${key} exists already`);
    this.key = key;
  }
}

export interface StorePort extends EvidenceReader {
  /** Resolves when the object is durable and cannot be changed any more. Rejects with KeyExists when there is one of this key. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Writes an object that may change: the head of the ledger, and nothing else. Readers see the old bytes or the new. */
  replace(key: string, bytes: Uint8Array): Promise<void>;
  /** Takes away a partial tile of the ledger that a wider one has replaced, and nothing else. Where objects are locked it may stay. */
  retire(key: string): Promise<void>;
}
