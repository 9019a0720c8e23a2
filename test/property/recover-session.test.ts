// The function that recovers a stopped task: whatever of its objects got into the bucket, and wherever the function itself dies, is repeated, or meets
// another run of itself, every session comes to one whole chain with one end.
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RecoverParts, recoverTask } from "#functions/recover-session/task.ts";
import { sealObjects } from "#functions/seal-ledger/seal.ts";
import { openLocalSigner } from "#proxy/adapters/local-signer.ts";
import { nodeSha256, nodeVerifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { compress, decompress } from "#proxy/adapters/node-zstd.ts";
import { announcement } from "#shared/evidence/announce.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { SignerPort } from "#shared/evidence/ports.ts";
import { type EvidenceObject, type ObjectRecord, parseKey } from "#shared/evidence/segment.ts";
import { type Fate, immortal, mortal } from "#test/support/crashing.ts";
import { execute, finished, newIdentity, OPENED, STATEMENT, temporaryState } from "#test/support/evidence.ts";
import { MemoryJournal } from "#test/support/memory-journal.ts";
import { MemorySequence, memoryHead } from "#test/support/memory-sequence.ts";
import { MemoryStore, verifyStore } from "#test/support/memory-store.ts";
import { linesOf, objectsOf } from "#test/support/objects.ts";

const state = temporaryState();
let signer: SignerPort;
beforeAll(async () => {
  signer = await openLocalSigner(join(state.path, "keys"));
});
afterAll(() => state.remove());

const START = Date.UTC(2026, 10, 20, 23, 59, 58);
const STOPPED = START + 60_000;
const CLOSED: EvidenceEvent = { type: "session.closed", reason: "done", statements: 1, rows: 1, bytes: 26 };

/** What became of a session until its task died. */
interface Life {
  readonly ended: boolean;
  readonly events: number;
  /** Where its objects end, those that were announced. */
  readonly cuts: readonly number[];
  /** How many of them got into the bucket, and of how many the journal had let go. */
  readonly stored: number;
  readonly released: number;
}
const life: fc.Arbitrary<Life> = fc
  .record({
    ended: fc.boolean(),
    events: fc.integer({ min: 1, max: 12 }),
    cuts: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
    stored: fc.nat(4),
    released: fc.nat(4),
  })
  .map((made) => ({ ...made, released: Math.min(made.released, made.stored) }));

interface Left {
  readonly store: MemoryStore;
  readonly journal: ReadonlyMap<number, Uint8Array>;
}

async function leave(lives: readonly Life[]): Promise<Left> {
  const store = new MemoryStore();
  const journal = new MemoryJournal();
  for (const { ended, events, cuts, stored, released } of lives) {
    const identity = newIdentity();
    const all = [
      OPENED,
      ...Array.from({ length: events }, (_, i) => (i === 0 ? STATEMENT : i % 2 ? finished(2) : execute(2))),
    ];
    if (ended) all.push(CLOSED);
    const ends = cuts.filter((cut) => cut < all.length);
    const objects = await objectsOf(identity, all, START, ends);
    // An announcement is in the journal before its object is stored; the last piece is none yet, unless the session ended.
    const announced = ended ? objects : objects.slice(0, -1);
    const inBucket = announced.slice(0, stored);
    for (const { record, bytes } of inBucket) await store.put(record.key, bytes, record);
    const gone = inBucket.slice(0, released).at(-1)?.record.last ?? 0;
    // All of it is stored, and the journal has let go of its first line too.
    if (ended && gone === all.length) continue;
    const lines = linesOf(identity, all, START);
    for (const [i, line] of lines.entries()) if (i === 0 || i + 1 > gone) await journal.write(Buffer.from(`${line}\n`));
    for (const { record } of announced) await journal.write(Buffer.from(`${announcement(record)}\n`));
  }
  return { store, journal: journal.batches };
}

function open(left: Left): { readonly store: MemoryStore; parts(fate?: Fate): RecoverParts } {
  const { store } = left;
  let batches: ReadonlyMap<number, Uint8Array> = left.journal;
  return {
    store,
    parts: (fate = immortal()) => ({
      store: mortal(store, fate, ["list"]),
      openJournal: async () => {
        const journal = new MemoryJournal(batches);
        batches = journal.batches;
        return mortal(journal, fate, ["read", "close"]);
      },
      sha256: nodeSha256,
      pack: (bytes) => compress(bytes, 3),
      decompress,
    }),
  };
}

/** Puts all there is under a ledger, in any order, and verifies it. */
async function expectWhole(store: MemoryStore): Promise<void> {
  const keys = [...store.objects.keys()].filter((key) => parseKey(key) !== null).reverse();
  const records = await Promise.all(keys.map((key) => store.describe(key)));
  const ledger = store.copy();
  const tools = { signer, sha256: nodeSha256, verifyEd25519: nodeVerifyEd25519 };
  const parts = { ...tools, store: ledger, head: memoryHead(ledger), sequence: new MemorySequence() };
  await sealObjects(parts, records as ObjectRecord[]);
  const report = await verifyStore(ledger, join(state.path, "keys"));
  expect(report.bad).toBeNull();
  expect(report).toMatchObject({ ok: true, open: [] });
}

const clone = ({ store, journal }: Left): Left => ({ store: store.copy(), journal: new Map(journal) });

describe("recovery of a stopped task", () => {
  it("brings every session to its end, once, and leaves the journal empty", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
        const { store, parts } = open(await leave(lives));
        await recoverTask(parts(), "t", STOPPED);
        if (store.objects.size > 0) await expectWhole(store);
        const before = new Map(store.objects);
        // The notice comes twice.
        expect(await recoverTask(parts(), "t", STOPPED)).toEqual({ task: "t", sessions: 0 });
        expect([...store.objects.keys()]).toEqual([...before.keys()]);
      }),
      { numRuns: 40 },
    );
  });

  it("comes to the same when it dies at any of its operations, at whatever time it is taken up again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 2 }), fc.nat(5000), async (lives, later) => {
        const left = await leave(lives);
        for (const after of [false, true])
          for (let at = 0; ; at++) {
            const { store, parts } = open(clone(left));
            const died = await recoverTask(parts({ left: at, after, dead: false }), "t", STOPPED).then(
              () => false,
              () => true,
            );
            await recoverTask(parts(), "t", STOPPED + later);
            if (store.objects.size > 0) await expectWhole(store);
            if (!died) break;
          }
      }),
      { numRuns: 12 },
    );
  });

  it("comes to the same when the task's own last writes get there late", async () => {
    await fc.assert(
      fc.asyncProperty(life, fc.nat(3), async (made, late) => {
        const left = await leave([made]);
        const announcedLate: EvidenceObject[] = [];
        const { store, parts } = open(clone(left));
        await recoverTask(parts(), "t", STOPPED);
        // Whatever was announced has the same name and the same bytes, whoever stores it.
        for (const bytes of left.journal.values()) {
          const text = Buffer.from(bytes).toString("utf8").trim();
          if (!text.startsWith('{"seal":')) continue;
          const { seal } = JSON.parse(text) as { seal: ObjectRecord };
          const there = store.objects.get(seal.key);
          expect(there === undefined ? null : nodeSha256.text(there, "hex")).toBe(seal.sha256);
          if (announcedLate.length < late) announcedLate.push({ record: seal, bytes: there ?? new Uint8Array(0) });
        }
        for (const { record, bytes } of announcedLate)
          await expect(store.put(record.key, bytes, record)).rejects.toThrow("exists already");
        if (store.objects.size > 0) await expectWhole(store);
      }),
      { numRuns: 40 },
    );
  });
});
