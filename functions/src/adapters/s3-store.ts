// Evidence objects in S3. Every object is one PUT that names its own lock, and is not called stored before the lock was read back.
import { createHash } from "node:crypto";
import {
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { isObjectKey, KeyExists, type ObjectFacts, type StorePort } from "#shared/evidence/ports.ts";
import { type ObjectRecord, parseKey } from "#shared/evidence/segment.ts";
import type { ObjectLock } from "#shared/evidence/verify-types.ts";

export interface S3StoreParts {
  readonly client: S3Client;
  readonly bucket: string;
  /** How long an object cannot be deleted; from when it is written. */
  readonly retentionDays: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
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

  /** The object and a name of this version of it; null when there is none. */
  async version(key: string): Promise<{ readonly bytes: Uint8Array; readonly tag: string } | null> {
    const found = await this.#get(key);
    return found === null ? null : { bytes: found.bytes, tag: found.tag };
  }

  /**
   * As `replace`, on the condition that nobody else did.
   * @param tag of the version that is replaced; null when there was none
   * @returns false when it is another by now
   */
  async swap(key: string, bytes: Uint8Array, tag: string | null): Promise<boolean> {
    const condition = tag === null ? { IfNoneMatch: "*" } : { IfMatch: tag };
    try {
      await this.#write({ Key: key, Body: bytes, ...condition }, bytes.length);
    } catch (error) {
      if (statusOf(error) === 412 || statusOf(error) === 409) return false;
      throw error;
    }
    await this.#confirm(key);
    return true;
  }

  /** What the ledger says of an object; null when there is none, or none of a session. */
  async describe(key: string): Promise<ObjectRecord | null> {
    const name = parseKey(key);
    const head = name === null ? null : await this.#head(key);
    if (name === null || head === null) return null;
    const { first, last } = name;
    const sum = head.ChecksumSHA256 === undefined ? await this.#sum(key) : Buffer.from(head.ChecksumSHA256, "base64");
    const final = head.Metadata?.final === "true";
    return { key, sha256: sum.toString("hex"), bytes: head.ContentLength ?? 0, first, last, final };
  }

  /** Nothing: to hide an object takes a permission that the gateway should not have, and a partial tile does no harm. */
  retire(_key: string): Promise<void> {
    return Promise.resolve();
  }

  async get(key: string): Promise<Uint8Array | null> {
    return (await this.#get(key))?.bytes ?? null;
  }

  async #get(key: string): Promise<{ readonly bytes: Uint8Array; readonly tag: string } | null> {
    const { client, bucket } = this.#parts;
    try {
      const found = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: checked(key), ChecksumMode: "ENABLED" }),
      );
      const bytes = await found.Body?.transformToByteArray();
      return bytes === undefined ? null : { bytes, tag: found.ETag ?? "" };
    } catch (error) {
      if (statusOf(error) === 404 && (error as Error).name === "NoSuchKey") return null;
      throw error;
    }
  }

  /** For an object that was stored without a checksum of this kind. */
  async #sum(key: string): Promise<Buffer> {
    const bytes = await this.get(key);
    if (bytes === null) throw new Error(`${key} is gone`);
    return createHash("sha256").update(bytes).digest();
  }

  async #head(key: string): Promise<HeadObjectCommandOutput | null> {
    const { client, bucket } = this.#parts;
    try {
      return await client.send(new HeadObjectCommand({ Bucket: bucket, Key: checked(key), ChecksumMode: "ENABLED" }));
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  /** @param after the key behind which to begin */
  async *list(prefix: string, after?: string): AsyncGenerator<{ readonly key: string }> {
    const { client, bucket } = this.#parts;
    for (let from: string | undefined; ; ) {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(after === undefined ? {} : { StartAfter: after }),
          ...(from === undefined ? {} : { ContinuationToken: from }),
        }),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield { key: Key };
      from = page.NextContinuationToken;
      if (page.IsTruncated !== true || from === undefined) return;
    }
  }

  /** What holds the newest version of an object; null when there is none. @throws also when locks are not shown to this caller */
  async lock(key: string): Promise<ObjectLock | null> {
    const head = await this.#head(key);
    if (head === null) return null;
    // Whoever may not see locks is shown none: this question is refused then.
    if (head.ObjectLockMode === undefined) await this.#mayAsk(key);
    return {
      mode: head.ObjectLockMode ?? null,
      until: head.ObjectLockRetainUntilDate?.getTime() ?? null,
      written: head.LastModified?.getTime() ?? 0,
    };
  }

  async #mayAsk(key: string): Promise<void> {
    const { client, bucket } = this.#parts;
    try {
      await client.send(new GetObjectRetentionCommand({ Bucket: bucket, Key: key }));
    } catch (error) {
      // 404: this object has none. 400: nothing in this bucket has one.
      if (statusOf(error) !== 404 && statusOf(error) !== 400) throw error;
    }
  }

  async #write(
    what: Pick<PutObjectCommandInput, "Key" | "Body" | "IfMatch" | "IfNoneMatch" | "Metadata">,
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
    const { mode = null, until = null, written = 0 } = (await this.lock(key)) ?? {};
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
