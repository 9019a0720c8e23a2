// What evidence is kept in, as far as the gateway and the functions both need it: types, and the one error that is an answer.
import type { VerifierKey } from "./checkpoint.ts";
import type { EvidenceReader } from "./verify-types.ts";

/** The key is taken: an object is written once. */
export class KeyExists extends Error {
  readonly key: string;
  constructor(key: string) {
    super(`${key} exists already`);
    this.key = key;
  }
}

export interface ObjectFacts {
  /** Nothing of this session and lane can follow. */
  readonly final: boolean;
}

/** Where evidence objects are kept. AWS: S3 with Object Lock. Local: write-once files. */
export interface StorePort extends EvidenceReader {
  /**
   * Resolves when the object is durable and cannot be changed any more. Rejects with KeyExists when there is one of this key; where an answer
   * can be lost, only when it has other bytes.
   * @param about what a store without a ledger beside it keeps with the object
   */
  put(key: string, bytes: Uint8Array, about?: ObjectFacts): Promise<void>;
  /** Writes an object that may change: a head of the ledger, and nothing else. Readers see the old bytes or the new. */
  replace(key: string, bytes: Uint8Array): Promise<void>;
  /** Takes away a partial tile of the ledger that a wider one has replaced, and nothing else. Where objects are locked it may stay. */
  retire(key: string): Promise<void>;
}

export interface JournalBatch {
  /** What is released as one: a file, or an item. Grows with time. */
  readonly unit: number;
  readonly bytes: Uint8Array;
}

/** The write-ahead log that makes events durable before anything happens. Local: preallocated files. AWS: one DynamoDB item per batch. */
export interface JournalPort {
  /**
   * Makes a batch durable. Called again only after the last call was answered. After a rejection nothing is known of that batch:
   * it may be there or not, and is written again.
   * @returns the unit that holds it
   */
  write(batch: Uint8Array): Promise<number>;
  /** Everything in the unit is safe elsewhere; it may go. */
  release(unit: number): Promise<void>;
  /** All batches that an earlier process left, in order; a torn end is passed over. */
  read(): AsyncIterable<JournalBatch>;
  /** What an earlier process left is safe elsewhere; it may go. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Signs the heads of the ledger. AWS: an asymmetric KMS key. Local: a key file. */
export interface SignerPort {
  /** Name of the ledger and of its key. */
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly verifierKey: VerifierKey;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Parted by `/`; no part is empty or begins with a dot, so that a key leads nowhere else. */
export function isObjectKey(key: string): boolean {
  return /^(?!\.)[A-Za-z0-9=._-]+(\/(?!\.)[A-Za-z0-9=._-]+)*$/.test(key);
}
