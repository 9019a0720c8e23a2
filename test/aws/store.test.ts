// The evidence bucket in a stand-in for S3: the contract of every store, what an object is written with, and what happens when the way is bad.
import {
  CreateBucketCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsTimes } from "#functions/adapters/clients.ts";
import { NotLocked, S3Store, type S3StoreParts } from "#functions/adapters/s3-store.ts";
import { KeyExists } from "#shared/evidence/ports.ts";
import { verifyLocks } from "#shared/evidence/verify-locks.ts";
import type { BadEvidence } from "#shared/evidence/verify-types.ts";
import { storeContract } from "#test/contract/store.ts";
import { type Fault, type FaultyWay, startFaultyWay } from "#test/support/faulty.ts";
import { clientOf, type MiniStack, startMiniStack } from "./ministack.ts";

const STARTING = 300_000;
const DAYS = 2192;
const ATTEMPT_MS = 400;

let ministack: MiniStack;
let client: S3Client;
let way: FaultyWay;
beforeAll(async () => {
  ministack = await startMiniStack();
  client = new S3Client({ ...clientOf(ministack.endpoint), forcePathStyle: true });
  way = await startFaultyWay(ministack.port, 3 * ATTEMPT_MS);
}, STARTING);
afterAll(async () => {
  await way?.close();
  ministack?.stop();
});

let buckets = 0;
async function bucket(locked = true): Promise<string> {
  const name = `evidence-${++buckets}`;
  await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: locked }));
  return name;
}
async function store(more: Partial<S3StoreParts> = {}): Promise<S3Store> {
  return new S3Store({ client, bucket: await bucket(), retentionDays: DAYS, now: Date.now, ...more });
}
const viaFaulty = (attempts: number) =>
  new S3Client({
    ...clientOf(way.endpoint),
    ...awsTimes({ attemptMs: ATTEMPT_MS, attempts }),
    forcePathStyle: true,
  });

storeContract("S3", () => store(), false);

const KEY = "events/v1/date=2026-11-20/target=clinic/01ABC/0000000001-0000000002.ndjson.zst";

describe("an object of evidence", () => {
  test("is locked in compliance mode until its date, and has its checksum", async () => {
    const Bucket = await bucket();
    const before = Date.now();
    await (await store({ bucket: Bucket })).put(KEY, Buffer.from("evidence"), { final: true });
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket, Key: KEY }));
    expect(Retention?.Mode).toBe("COMPLIANCE");
    expect(Retention?.RetainUntilDate?.getTime()).toBeGreaterThan(before + DAYS * 86_400_000 - 1000);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: KEY, ChecksumMode: "ENABLED" }));
    expect(head.ChecksumSHA256).toBe("7oJQ+3bglLNLRx8Tpz275R0a4ULp31nXwNMewg8KCo4=");
    expect(head.Metadata).toEqual({ final: "true" });
  });

  test("is not called stored when its lock is not there, or too short", async () => {
    // Something between here and S3 that takes the lock off.
    const stripped = new S3Client({ ...clientOf(ministack.endpoint), forcePathStyle: true });
    stripped.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        for (const name of Object.keys(headers)) if (name.startsWith("x-amz-object-lock")) delete headers[name];
        return next(args);
      },
      { step: "build" },
    );
    await expect((await store({ client: stripped })).put(KEY, Buffer.from("x"))).rejects.toBeInstanceOf(NotLocked);
    const early = await store({ now: () => Date.now() - 3 * 86_400_000 });
    await expect(early.put(KEY, Buffer.from("x"))).rejects.toBeInstanceOf(NotLocked);
    await expect(early.put(KEY, Buffer.from("x"))).rejects.toBeInstanceOf(NotLocked);
  });

  test("is not written to a bucket that cannot lock", async () => {
    const open = await store({ bucket: await bucket(false) });
    await expect(open.put(KEY, Buffer.from("x"))).rejects.toThrow();
  });

  test("has at most five megabytes", async () => {
    await expect((await store()).put(KEY, Buffer.alloc(5_000_001))).rejects.toThrow(RangeError);
  });
});

describe("on a bad way", () => {
  const faults: readonly Fault[] = ["refused", "lost", "cut", "slow", "throttled", "500"];
  test.each(faults)("%s: what is put is there once, with one attempt or several", async (fault) => {
    for (const attempts of [1, 3]) {
      const Bucket = await bucket();
      const bad = await store({ bucket: Bucket, client: viaFaulty(attempts) });
      way.plan.push(fault);
      const bytes = Buffer.from(`${fault} ${attempts}`);
      const first = await bad.put(KEY, bytes).then(
        () => "stored",
        () => "unknown",
      );
      if (attempts === 3) expect(first).toBe("stored");
      // As the recorder does: what is unknown is put again.
      if (first === "unknown") await bad.put(KEY, bytes);
      expect(Buffer.from((await bad.get(KEY)) ?? []).toString()).toBe(`${fault} ${attempts}`);
      await expect(bad.put(KEY, Buffer.from("others"))).rejects.toBeInstanceOf(KeyExists);
    }
  });

  test.each(faults)("%s at every request: nothing is called stored", async (fault) => {
    const bad = await store({ client: viaFaulty(1) });
    way.always = fault;
    await expect(bad.put(KEY, Buffer.from("x"))).rejects.toThrow();
    await expect(bad.replace("ledger/checkpoint", Buffer.from("x"))).rejects.toThrow();
    way.always = null;
  });
});

describe("the locks of objects", () => {
  const name = (n: number) => `events/v1/date=2026-11-20/target=clinic/01ABC/000000000${n}-000000000${n}.ndjson.zst`;
  const day = (days: number) => new Date(Date.UTC(2026, 10, 20) + days * 86_400_000);

  /** Objects that others put there, and what verifying their locks says. */
  async function verified(...puts: readonly Partial<PutObjectCommandInput>[]) {
    const Bucket = await bucket();
    const s3 = await store({ bucket: Bucket });
    for (const [i, lock] of puts.entries())
      await client.send(new PutObjectCommand({ Bucket, Key: name(i + 1), Body: "x", ...lock }));
    const lock = (key: string) => s3.lock(key);
    const keys = puts.map((_, i) => name(i + 1));
    return verifyLocks(keys, { days: DAYS, lock }).catch((error: BadEvidence) => error.place);
  }

  test("are as promised, or the first object that is not so is named, with what is wrong", async () => {
    const good = { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: day(DAYS) } as const;
    expect(await verified(good, good)).toBe(2);
    const said = async (bad: Partial<PutObjectCommandInput>) => {
      const place = await verified(good, bad, good);
      expect(place).toMatchObject({ key: name(2), session: "01ABC" });
      return (place as { readonly what: string }).what;
    };
    expect(await said({})).toMatch(/^lock missing/);
    expect(await said({ ...good, ObjectLockMode: "GOVERNANCE" })).toMatch(/^the lock is GOVERNANCE, not COMPLIANCE/);
    expect(await said({ ...good, ObjectLockRetainUntilDate: day(DAYS - 1) })).toMatch(
      /shorter than promised: it ends at 2032-11-19T00:00:00Z, and 2032-11-20T00:00:00Z is the earliest/,
    );
  });

  test("of an object that is not there are missing with it", async () => {
    const s3 = await store();
    const lock = (key: string) => s3.lock(key);
    await expect(verifyLocks([name(1)], { days: DAYS, lock })).rejects.toThrow("the object is missing");
  });

  test("that are not shown are not called missing", async () => {
    const Bucket = await bucket();
    const s3 = await store({ bucket: Bucket, client: viaFaulty(1) });
    await client.send(new PutObjectCommand({ Bucket, Key: name(1), Body: "x" }));
    // S3 leaves the lock's headers out for whoever has no s3:GetObjectRetention; asked for the lock itself, it refuses.
    way.plan.push("none", "500");
    await expect(s3.lock(name(1))).rejects.toThrow();
  });
});
