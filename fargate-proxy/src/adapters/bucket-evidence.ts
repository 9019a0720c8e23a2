// Evidence of the AWS home, for reading: what is in the bucket. What waits in a journal is not seen from here, nor written.
import { S3Client } from "@aws-sdk/client-s3";
import { awsTimes } from "#functions/adapters/clients.ts";
import { S3Store } from "#functions/adapters/s3-store.ts";
import type { EvidenceReader, LockCheck } from "#shared/evidence/verify-types.ts";

const TIMES = { attemptMs: 20_000, attempts: 4 };

/** Whoever runs this needs to list and read the bucket, and to see its objects' locks (s3:GetObjectRetention); nothing else. */
export function bucketReader(bucket: string): EvidenceReader & Pick<LockCheck, "lock"> {
  const { get, list, lock } = S3Store.prototype;
  const store = new S3Store({ client: new S3Client(awsTimes(TIMES)), bucket, retentionDays: 1, now: Date.now });
  return { get: get.bind(store), list: list.bind(store), lock: lock.bind(store) };
}
