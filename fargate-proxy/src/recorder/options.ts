// What a recorder is opened with.
import type { LedgerTools } from "#shared/evidence/ledger-write.ts";
import type { JournalPort, SignerPort } from "#shared/evidence/ports.ts";
import type { Clock } from "../ports/clock.ts";
import type { SpoolPort } from "../ports/spool.ts";
import type { SealingParts } from "./sealing.ts";
import type { Timing } from "./timing.ts";

export interface RecorderOptions extends Omit<LedgerTools, "signer"> {
  /** Signs the ledger that is written here; null where others write it: then an object is safe when it is in the store. */
  readonly signer: SignerPort | null;
  readonly journal: JournalPort;
  readonly spool: SpoolPort;
  readonly clock: Clock;
  readonly sealing: Pick<SealingParts, "dataKeys" | "wrappedKeys" | "sealBlock">;
  /** One Zstandard frame; level 1 where speed counts, 3 where size does. */
  compress(bytes: Uint8Array, level: 1 | 3): Promise<Uint8Array>;
  decompress(bytes: Uint8Array): Promise<Uint8Array>;
  /** A failure or its end, in words without data: for the operator's log. */
  onProblem(message: string): void;
  readonly timing?: Partial<Timing>;
  /** Lines that wait in memory while the store fails; 128 MB. Beyond, nothing may run. */
  readonly backlogBytes?: number;
  /** Objects that are stored at a time, each of which is in memory meanwhile. Files: fewer than the threads that the journal needs one of. */
  readonly places: number;
}
