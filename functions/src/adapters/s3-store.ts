// Evidence objects in S3. Every object is one PUT that names its own lock, and is not called stored before the lock was read back.
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { isObjectKey, KeyExists, type ObjectFacts, type StorePort } from "#shared/evidence/ports.ts";

export interface S3StoreParts {
  readonly client: S3Client;
  readonly bucket: string;
  /** How long an object cannot be deleted; from when it is written. */
  readonly retentionDays: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface ObjectLock {
  readonly mode: string | null;
  /** Milliseconds since the epoch; null when nothing holds the object. */
  readonly until: number | null;
  readonly written: number;
}

/** One PUT, no multipart upload: an object is there as a whole or not at all. */
const MOST_BYTES = 5_000_000;
const DAY = 86_400_000;
/** Two writers of one key at the same moment: S3 asks the loser to try again, which then finds the key taken. */
const CONFLICTS = 5;
const CONFLICT_MS = 50;

/** An object that was stored and is not held as it should be. */
export class NotLocked extends Error {
  readonly code = "NotLocked";
}

export class S3Store implements StorePort {
  readonly #parts: S3StoreParts;

  constructor(parts: S3StoreParts) {
    this.#parts = parts;
  }

  /** Once the key holds these bytes and is locked, another call with the same bytes resolves too: an earlier answer may have been lost. */
  async put(key: string, bytes: Uint8Array, about?: ObjectFacts): Promise<void> {
    const Metadata = about === undefined ? {} : { Metadata: { final: String(about.final) } };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#write({ Key: key, Body: bytes, IfNoneMatch: "*", ...Metadata }, bytes.length);
        break;
      } catch (error) {
        const status = statusOf(error);
        if (status === 412) {
          await this.#recognise(key, bytes);
          break;
        }
        if (status !== 409 || attempt === CONFLICTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, CONFLICT_MS * attempt));
      }
    }
    await this.#confirm(key);
  }

  /** The version before stays, and stays locked. */
  async replace(key: string, bytes: Uint8Array): Promise<void> {
    await this.#write({ Key: key, Body: bytes }, bytes.length);
    await this.#confirm(key);
  }

  /** Nothing: to hide an object takes a permission that the gateway should not have, and a partial tile does no harm. */
  retire(_key: string): Promise<void> {
    return Promise.resolve();
  }

  async get(key: string): Promise<Uint8Array | null> {
    const { client, bucket } = this.#parts;
    try {
      const found = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: checked(key), ChecksumMode: "ENABLED" }),
      );
      return (await found.Body?.transformToByteArray()) ?? null;
    } catch (error) {
      if (statusOf(error) === 404 && (error as Error).name === "NoSuchKey") return null;
      throw error;
    }
  }

  async *list(prefix: string): AsyncGenerator<{ readonly key: string }> {
    const { client, bucket } = this.#parts;
    for (let from: string | undefined; ; ) {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(from === undefined ? {} : { ContinuationToken: from }),
        }),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield { key: Key };
      from = page.NextContinuationToken;
      if (page.IsTruncated !== true || from === undefined) return;
    }
  }

  /** What holds the newest version of an object. @throws when there is none */
  async lock(key: string): Promise<ObjectLock> {
    const { client, bucket } = this.#parts;
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: checked(key) }));
    return {
      mode: head.ObjectLockMode ?? null,
      until: head.ObjectLockRetainUntilDate?.getTime() ?? null,
      written: head.LastModified?.getTime() ?? 0,
    };
  }

  async #write(
    what: Pick<PutObjectCommandInput, "Key" | "Body" | "IfNoneMatch" | "Metadata">,
    bytes: number,
  ): Promise<void> {
    const { client, bucket, retentionDays, now } = this.#parts;
    checked(what.Key ?? "");
    if (bytes > MOST_BYTES) throw new RangeError(`an object of evidence has at most ${MOST_BYTES} bytes`);
    await client.send(
      new PutObjectCommand({
        ...what,
        Bucket: bucket,
        ChecksumAlgorithm: "SHA256",
        ObjectLockMode: "COMPLIANCE",
        ObjectLockRetainUntilDate: new Date(now() + retentionDays * DAY),
      }),
    );
  }

  /** @throws KeyExists unless the key holds exactly these bytes */
  async #recognise(key: string, bytes: Uint8Array): Promise<void> {
    const there = await this.get(key);
    if (there === null || Buffer.compare(there, bytes) !== 0) throw new KeyExists(key);
  }

  /** @throws NotLocked */
  async #confirm(key: string): Promise<void> {
    const { mode, until, written } = await this.lock(key);
    if (mode !== "COMPLIANCE") throw new NotLocked(`${key} is not locked in compliance mode`);
    // The date is by our clock, and the other by theirs: a day is more than they are apart.
    if (until === null || until < written + (this.#parts.retentionDays - 1) * DAY)
      throw new NotLocked(`${key} is not locked for long enough`);
  }
}

function checked(key: string): string {
  if (!isObjectKey(key)) throw new RangeError("this is not the key of an object");
  return key;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
