// The bucket of evidence, as the functions that follow it use it.
import { S3Client } from "@aws-sdk/client-s3";
import type { HeadPort } from "#shared/evidence/ledger-sequence.ts";
import { evidenceSettings } from "../settings.ts";
import { awsTimes } from "./clients.ts";
import { S3Store } from "./s3-store.ts";

/** Patient: a call that fails is made again by the queue, with all that it had done. */
export const TIMES = awsTimes({ attemptMs: 10_000, attempts: 4 });

export function openBucket(): { readonly bucket: string; readonly store: S3Store } {
  const { bucket, retentionDays } = evidenceSettings();
  return { bucket, store: new S3Store({ client: new S3Client(TIMES), bucket, retentionDays, now: Date.now }) };
}

/** A head of the ledger, which is replaced on condition. */
export function headIn(store: S3Store, key: string): HeadPort {
  return {
    async read() {
      const found = await store.version(key);
      return found === null ? null : { note: found.bytes, tag: found.tag };
    },
    replace: (note, tag) => store.swap(key, note, tag),
  };
}
