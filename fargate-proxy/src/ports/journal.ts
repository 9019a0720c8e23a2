// The write-ahead log that makes events durable before anything happens. Local: preallocated files. AWS: one DynamoDB item per batch.

export interface JournalBatch {
  /** What is released as one: a file, or an item. Grows with time. */
  readonly unit: number;
  readonly bytes: Uint8Array;
}

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
