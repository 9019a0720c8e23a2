// What Object Lock promises, and what the store of evidence writes, before the strictest judge at hand: Ceph's object gateway. It keeps locks for each
// version, as S3 does; conditional writes and checksums are not its strength, and are tried in test/aws.
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  type ObjectLockRetentionMode,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NotLocked, S3Store } from "#functions/adapters/s3-store.ts";
import { verifyLocks } from "#shared/evidence/verify-locks.ts";
import type { BadEvidence } from "#shared/evidence/verify-types.ts";
import { type Ceph, startCeph } from "./ceph.ts";

const STARTING = 600_000;
const DAY = 86_400_000;
const DAYS = 2192;
const KEY = "events/v1/date=2026-11-20/target=clinic/01ABC/0000000001-0000000002.ndjson.zst";

let ceph: Ceph;
let client: S3Client;
beforeAll(async () => {
  ceph = await startCeph();
  client = new S3Client({
    endpoint: ceph.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    forcePathStyle: true,
  });
}, STARTING);
afterAll(() => ceph?.stop());

let buckets = 0;
/** As the stack makes it, but for the default's length. */
async function bucket(more: { readonly locked?: boolean; readonly days?: number } = {}): Promise<string> {
  const name = `evidence-${++buckets}`;
  const locked = more.locked ?? true;
  await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: locked }));
  if (locked)
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket: name,
        ObjectLockConfiguration: {
          ObjectLockEnabled: "Enabled",
          Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: more.days ?? DAYS } },
        },
      }),
    );
  return name;
}
const storeIn = (name: string, now = Date.now) => new S3Store({ client, bucket: name, retentionDays: DAYS, now });

async function versions(Bucket: string): Promise<{ readonly id: string; readonly key: string }[]> {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  return Versions.map(({ VersionId, Key }) => ({ id: VersionId ?? "", key: Key ?? "" }));
}
async function retention(Bucket: string, Key: string, VersionId?: string) {
  const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }));
  return { mode: Retention?.Mode, until: Retention?.RetainUntilDate?.getTime() ?? 0 };
}
const text = async (Bucket: string, Key: string, VersionId?: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key, VersionId }))).Body?.transformToString();
const remove = (Bucket: string, Key: string, VersionId?: string) =>
  client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }));
const retain = (Bucket: string, until: number, Mode: ObjectLockRetentionMode = "COMPLIANCE") =>
  client.send(
    new PutObjectRetentionCommand({
      Bucket,
      Key: KEY,
      Retention: { Mode, RetainUntilDate: new Date(until) },
      BypassGovernanceRetention: true,
    }),
  );

describe("what the store of evidence writes", () => {
  test("is locked in compliance mode for the whole time, each version by itself", async () => {
    const name = await bucket({ days: 1 });
    const before = Date.now();
    await storeIn(name).put(KEY, Buffer.from("evidence"), { final: true });
    const { mode, until } = await retention(name, KEY);
    expect(mode).toBe("COMPLIANCE");
    // The object's own date, and not the bucket's day.
    expect(until).toBeGreaterThanOrEqual(before + DAYS * DAY - 1000);
    expect(until).toBeLessThan(Date.now() + DAYS * DAY + 1000);
  });

  test("is not called stored where nothing is locked, or not for long enough", async () => {
    await expect(storeIn(await bucket({ locked: false })).put(KEY, Buffer.from("x"))).rejects.toThrow();
    const early = storeIn(await bucket(), () => Date.now() - 3 * DAY);
    await expect(early.put(KEY, Buffer.from("x"))).rejects.toBeInstanceOf(NotLocked);
  });

  test("stays when the head of the ledger is replaced: every version of it, locked", async () => {
    const name = await bucket();
    for (const head of ["one", "two", "three"]) await storeIn(name).replace("ledger/checkpoint", Buffer.from(head));
    expect(await text(name, "ledger/checkpoint")).toBe("three");
    const kept = await versions(name);
    expect(kept).toHaveLength(3);
    for (const { id, key } of kept) {
      expect((await retention(name, key, id)).mode).toBe("COMPLIANCE");
      await expect(remove(name, key, id)).rejects.toThrow();
    }
  });
});

describe("a lock in compliance mode", () => {
  test("cannot be shortened, weakened or taken off; only lengthened", async () => {
    const name = await bucket();
    await storeIn(name).put(KEY, Buffer.from("evidence"));
    const { until } = await retention(name, KEY);
    for (const earlier of [until - 1000, until - DAY, Date.now() + 1000])
      await expect(retain(name, earlier)).rejects.toThrow();
    for (const date of [until, until + DAY]) await expect(retain(name, date, "GOVERNANCE")).rejects.toThrow();
    expect(await retention(name, KEY)).toEqual({ mode: "COMPLIANCE", until });
    await retain(name, until + DAY);
    expect(await retention(name, KEY)).toEqual({ mode: "COMPLIANCE", until: until + DAY });
  });

  test("keeps its version from being deleted; to delete the object only hides it, and to write it again only covers it", async () => {
    const name = await bucket();
    await storeIn(name).put(KEY, Buffer.from("evidence"));
    const [{ id = "" } = {}] = await versions(name);
    await expect(remove(name, KEY, id)).rejects.toThrow();
    await remove(name, KEY);
    expect(await storeIn(name).get(KEY)).toBeNull();
    expect(await text(name, KEY, id)).toBe("evidence");
    await client.send(new PutObjectCommand({ Bucket: name, Key: KEY, Body: "another" }));
    expect(await text(name, KEY, id)).toBe("evidence");
    await expect(remove(name, KEY, id)).rejects.toThrow();
    expect(await versions(name)).toHaveLength(2);
  });

  test("is put on whatever is written without one, by the bucket", async () => {
    const name = await bucket({ days: 3 });
    await client.send(new PutObjectCommand({ Bucket: name, Key: KEY, Body: "plain" }));
    const { mode, until } = await retention(name, KEY);
    expect(mode).toBe("COMPLIANCE");
    expect(Math.abs(until - Date.now() - 3 * DAY)).toBeLessThan(60_000);
    const [{ id = "" } = {}] = await versions(name);
    await expect(remove(name, KEY, id)).rejects.toThrow();
  });

  test("ends with its date: the judge refuses for the lock's sake, and for nothing else", async () => {
    const name = await bucket();
    const until = Date.now() + 3000;
    await client.send(
      new PutObjectCommand({
        Bucket: name,
        Key: KEY,
        Body: "short",
        ObjectLockMode: "COMPLIANCE",
        ObjectLockRetainUntilDate: new Date(until),
      }),
    );
    const [{ id = "" } = {}] = await versions(name);
    await expect(remove(name, KEY, id)).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, until + 2000 - Date.now()));
    await remove(name, KEY, id);
    expect(await versions(name)).toHaveLength(0);
  });
});

describe("verifying locks", () => {
  const verified = (Bucket: string, days = DAYS) =>
    verifyLocks([KEY], { days, lock: (key) => storeIn(Bucket).lock(key) }).catch((error: BadEvidence) => error.place);
  const put = (Bucket: string, ObjectLockMode: ObjectLockRetentionMode, days: number) =>
    client.send(
      new PutObjectCommand({
        Bucket,
        Key: KEY,
        Body: "x",
        ObjectLockMode,
        ObjectLockRetainUntilDate: new Date(Date.UTC(2026, 10, 20) + days * DAY),
      }),
    );

  test("finds what the store of evidence has written to be held", async () => {
    const name = await bucket();
    await storeIn(name).put(KEY, Buffer.from("evidence"));
    expect(await verified(name)).toBe(1);
    expect(await verified(name, 2 * DAYS)).toMatchObject({
      key: KEY,
      what: expect.stringMatching(/^the lock is shorter than promised/),
    });
  });

  test("names an object without a lock, or with one that can be taken off, or that ends too early", async () => {
    const open = await bucket({ locked: false });
    await client.send(new PutObjectCommand({ Bucket: open, Key: KEY, Body: "x" }));
    expect(await verified(open)).toMatchObject({ key: KEY, what: expect.stringMatching(/^lock missing/) });
    const name = await bucket();
    await put(name, "COMPLIANCE", DAYS);
    expect(await verified(name)).toBe(1);
    // The newest version counts: one that covers the object is what readers get.
    await put(name, "COMPLIANCE", DAYS - 1);
    expect(await verified(name)).toMatchObject({ what: expect.stringMatching(/^the lock is shorter than promised/) });
    await put(name, "GOVERNANCE", DAYS);
    expect(await verified(name)).toMatchObject({ what: expect.stringMatching(/^the lock is GOVERNANCE/) });
    await retain(name, Date.now() + DAY, "GOVERNANCE");
    expect(await verified(name)).toMatchObject({ what: expect.stringMatching(/^the lock is GOVERNANCE/) });
  });
});
