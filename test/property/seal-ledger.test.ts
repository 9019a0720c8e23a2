// The function that writes the ledger on AWS: whatever order, repetition, crash or company its messages have, each object is a leaf once, the head only
// grows, and the ledger verifies at every moment.
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SealParts, sealObjects } from "#functions/seal-ledger/seal.ts";
import { openLocalSigner } from "#proxy/adapters/local-signer.ts";
import { nodeSha256, nodeVerifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { CHECKPOINT_KEY } from "#shared/evidence/ledger.ts";
import { openHead } from "#shared/evidence/ledger-write.ts";
import type { SignerPort } from "#shared/evidence/ports.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import { ledgerSequenceContract } from "#test/contract/ledger-sequence.ts";
import { type Fate, immortal, mortal } from "#test/support/crashing.ts";
import { finished, newIdentity, OPENED, STATEMENT, temporaryState } from "#test/support/evidence.ts";
import { MemorySequence, memoryHead } from "#test/support/memory-sequence.ts";
import { leavesOf, MemoryStore, verifyStore } from "#test/support/memory-store.ts";
import { objectsOf } from "#test/support/objects.ts";

const state = temporaryState();
const keys = join(state.path, "keys");
const EVENTS = [
  OPENED,
  STATEMENT,
  finished(2),
  { type: "session.closed", reason: "done", statements: 1, rows: 1, bytes: 26 },
] as const;
let signer: SignerPort;
let records: readonly ObjectRecord[];
let bucket: ReadonlyMap<string, Uint8Array>;

beforeAll(async () => {
  signer = await openLocalSigner(keys);
  const sessions = await Promise.all(
    Array.from({ length: 5 }, () => objectsOf(newIdentity(), EVENTS, Date.UTC(2026, 10, 20), [1, 3])),
  );
  const objects = sessions.flat();
  records = objects.map(({ record }) => record);
  bucket = new Map(objects.map(({ record, bytes }) => [record.key, bytes]));
});
afterAll(() => state.remove());

function open(): { readonly store: MemoryStore; parts(fate?: Fate): SealParts } {
  const store = new MemoryStore(bucket);
  const sequence = new MemorySequence();
  const head = memoryHead(store);
  const tools = { sha256: nodeSha256, verifyEd25519: nodeVerifyEd25519 };
  return {
    store,
    parts: (fate = immortal()) => ({
      ...tools,
      store: mortal(store, fate),
      sequence: mortal(sequence, fate),
      head: mortal(head, fate),
      signer: mortal(signer, fate),
    }),
  };
}

const sizeOf = (store: MemoryStore) =>
  openHead(store.objects.get(CHECKPOINT_KEY) ?? null, { signer, sha256: nodeSha256, verifyEd25519: nodeVerifyEd25519 })
    ?.size ?? 0;

/** What verify says of a ledger whose writer may have stopped anywhere; the objects that are under way are known to come. */
const verify = (store: MemoryStore) =>
  verifyStore(store, keys, { pending: () => Promise.resolve({ lines: new Map(), announced: records }) });

async function expectWhole(store: MemoryStore): Promise<void> {
  expect(await verifyStore(store, keys)).toMatchObject({ ok: true, bad: null });
  expect((await leavesOf(store)).map((leaf) => leaf.key).sort()).toEqual(records.map(({ key }) => key).sort());
}

/** Every object at least once, in batches of any order and with repetitions. */
const deliveries = fc
  .tuple(
    fc.shuffledSubarray([...Array(15).keys()], { minLength: 15 }),
    fc.array(fc.nat(14), { maxLength: 10 }),
    fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 25, maxLength: 25 }),
  )
  .map(([all, again, sizes]) => {
    const order = [...all, ...again];
    const batches: number[][] = [];
    for (const size of sizes) if (order.length > 0) batches.push(order.splice(0, size));
    return batches;
  });
const pick = (places: readonly number[]) => places.map((i) => records[i] as ObjectRecord);

ledgerSequenceContract("memory", () => Promise.resolve(new MemorySequence()));

describe("objects become leaves", () => {
  it("once each, in whatever order and however often they are told of", async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async (batches) => {
        const { store, parts } = open();
        for (const batch of batches) await sealObjects(parts(), pick(batch));
        await expectWhole(store);
      }),
      { numRuns: 30 },
    );
  });

  it("although the function dies at any of its operations, before or after the effect, and the ledger verifies at once", async () => {
    for (const after of [false, true])
      for (let left = 0; ; left++) {
        const { store, parts } = open();
        await sealObjects(parts(), records.slice(0, 4));
        const before = sizeOf(store);
        const fate: Fate = { left, after, dead: false };
        const died = await sealObjects(parts(fate), records.slice(3)).then(
          () => false,
          () => true,
        );
        expect(await verify(store), `at ${left}`).toMatchObject({ ok: true });
        expect(sizeOf(store)).toBeGreaterThanOrEqual(before);
        // The queue gives it again, and maybe not alone.
        await sealObjects(parts(), records.slice(3));
        await expectWhole(store);
        if (!died) break;
      }
  });

  it("although it dies again and again, with any deliveries", async () => {
    const fates = fc.array(fc.record({ left: fc.nat(25), after: fc.boolean() }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(deliveries, fates, async (batches, deaths) => {
        const { store, parts } = open();
        let size = 0;
        const left = [...deaths];
        for (const batch of batches)
          for (let done = false; !done; ) {
            done = await sealObjects(parts({ ...(left.pop() ?? immortal()), dead: false }), pick(batch)).then(
              () => true,
              () => false,
            );
            expect(sizeOf(store)).toBeGreaterThanOrEqual(size);
            size = sizeOf(store);
          }
        await expectWhole(store);
      }),
      { numRuns: 30 },
    );
  });

  it("although several run at once, however their operations fall among each other, and the head never goes back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (s) => {
        const { store, parts } = open();
        const sizes: number[] = [];
        const slowly = <T extends object>(port: T): T =>
          new Proxy(port, {
            get: (target, name) => {
              const method = Reflect.get(target, name, target);
              if (typeof method !== "function") return method;
              return async (...args: unknown[]) => {
                await s.schedule(Promise.resolve());
                const result = await method.apply(target, args);
                sizes.push(sizeOf(store));
                return result;
              };
            },
          });
        const slow = () => {
          const all = parts();
          // The listing of a store is no promise.
          return { ...all, sequence: slowly(all.sequence), head: slowly(all.head), signer: slowly(signer) };
        };
        const runs = [records.slice(0, 9), records.slice(5), records.slice(2, 12)].map((some) =>
          sealObjects(slow(), some),
        );
        await s.waitFor(Promise.all(runs));
        await expectWhole(store);
        expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it("in the same places again, when the sequence was lost", async () => {
    for (let left = 0; left < 30; left++) {
      const lost = open();
      await sealObjects(lost.parts(), records.slice(0, 6));
      // Maybe it dies between storing tiles and signing; then the table is gone.
      await sealObjects(lost.parts({ left, after: true, dead: false }), records.slice(6, 9)).catch(() => undefined);
      const sequence = new MemorySequence();
      await sealObjects({ ...lost.parts(), sequence }, records.slice(8));
      await sealObjects({ ...lost.parts(), sequence }, records);
      await expectWhole(lost.store);
    }
  });
});
