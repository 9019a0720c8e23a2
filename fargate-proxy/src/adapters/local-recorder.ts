// The recorder of the local home: everything in folders of one state directory.
import { join } from "node:path";
import type { Clock } from "../ports/clock.ts";
import { openRecorder, type Recorder } from "../recorder/recorder.ts";
import type { Timing } from "../recorder/timing.ts";
import { localWrappedKeys, openLocalDataKeys } from "./local-data-keys.ts";
import { LocalJournal } from "./local-journal.ts";
import { openLocalSigner } from "./local-signer.ts";
import { openLocalSpool } from "./local-spool.ts";
import { LocalStore } from "./local-store.ts";
import { sealBlock } from "./node-cipher.ts";
import { nodeSha256, nodeVerifyEd25519 } from "./node-crypto.ts";
import { compress, decompress } from "./node-zstd.ts";

export interface LocalRecorderOptions {
  /** The state directory: evidence/, journal/, spool/, keys/ are in it. */
  readonly state: string;
  readonly clock: Clock;
  /** A failure or its end, in words without data: for the operator's log. */
  onProblem(message: string): void;
  readonly timing?: Partial<Timing>;
  readonly journalFileBytes?: number;
}

export async function openLocalRecorder(options: LocalRecorderOptions): Promise<Recorder> {
  const { state, journalFileBytes, ...rest } = options;
  const journal = await LocalJournal.open(
    join(state, "journal"),
    journalFileBytes === undefined ? {} : { fileBytes: journalFileBytes },
  );
  try {
    return await openRecorder({
      ...rest,
      journal,
      store: await LocalStore.open(join(state, "evidence")),
      spool: await openLocalSpool(join(state, "spool")),
      signer: await openLocalSigner(join(state, "keys")),
      places: 3,
      sha256: nodeSha256,
      verifyEd25519: nodeVerifyEd25519,
      compress,
      decompress,
      sealing: {
        dataKeys: await openLocalDataKeys(join(state, "keys")),
        wrappedKeys: localWrappedKeys(join(state, "keys/sealed")),
        sealBlock,
      },
    });
  } catch (error) {
    await journal.close();
    throw error;
  }
}
