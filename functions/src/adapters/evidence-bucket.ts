// The bucket of evidence, as the functions that follow it use it.
import { S3Client } from "@aws-sdk/client-s3";
import { evidenceSettings } from "../settings.ts";
import { awsTimes } from "./clients.ts";
import { S3Store } from "./s3-store.ts";

/** Patient: a call that fails is made again by the queue, with all that it had done. */
export const TIMES = awsTimes({ attemptMs: 10_000, attempts: 4 });

export function openBucket(): { readonly bucket: string; readonly store: S3Store } {
  const { bucket, retentionDays } = evidenceSettings();
  return { bucket, store: new S3Store({ client: new S3Client(TIMES), bucket, retentionDays, now: Date.now }) };
}
