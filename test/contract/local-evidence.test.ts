// The local adapters of evidence keep to the contracts of their ports.
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { localWrappedKeys, openLocalDataKeyOpener, openLocalDataKeys } from "#proxy/adapters/local-data-keys.ts";
import { LocalIndex } from "#proxy/adapters/local-index.ts";
import { LocalJournal } from "#proxy/adapters/local-journal.ts";
import { BATCH_HEADER, batchHeader, readBatch } from "#proxy/adapters/local-journal-file.ts";
import { openLocalSigner } from "#proxy/adapters/local-signer.ts";
import { LocalStore } from "#proxy/adapters/local-store.ts";
import { temporaryState } from "#test/support/evidence.ts";
import { MemoryStore } from "#test/support/memory-store.ts";
import { dataKeysContract, wrappedKeysContract } from "./data-keys.ts";
import { indexContract } from "./index-of-sessions.ts";
import { journalContract } from "./journal.ts";
import { signerContract } from "./signer.ts";
import { storeContract } from "./store.ts";

const state = temporaryState();
afterAll(() => state.remove());
let folders = 0;
const folder = () => join(state.path, `f${++folders}`);

storeContract("local", () => LocalStore.open(folder()));
indexContract("local", () => new LocalIndex(":memory:"));
journalContract("local", (place) => LocalJournal.open(join(state.path, place), { fileBytes: 256 << 10 }));
dataKeysContract("local", async () => {
  const keys = folder();
  return { keys: await openLocalDataKeys(keys), opener: await openLocalDataKeyOpener(join(keys, "sealed.key")) };
});
wrappedKeysContract("local", () => localWrappedKeys(folder()));
signerContract("local", () => openLocalSigner(join(state.path, "keys")));

// The stand-in of the tests has to be as strict as what it stands for, but for where its keys lead: it has nowhere to lead to.
describe("the store in memory", () => {
  it("writes a key once", async () => {
    const store = new MemoryStore();
    await store.put("a", Buffer.from("1"));
    await expect(store.put("a", Buffer.from("2"))).rejects.toThrow("exists already");
  });
});

describe("local files", () => {
  it("are read-only, and half-written ones are gone after a restart", async () => {
    const root = folder();
    const store = await LocalStore.open(root);
    await store.put("events/v1/x", Buffer.from("1"));
    expect(statSync(join(root, "events/v1/x")).mode & 0o777).toBe(0o400);
    writeFileSync(join(root, ".drafts/half"), "ha");
    await LocalStore.open(root);
    expect(readdirSync(join(root, ".drafts"))).toEqual([]);
  });

  it("of keys are for their owner alone", async () => {
    const keys = folder();
    await openLocalSigner(keys);
    expect(statSync(join(keys, "ledger.key")).mode & 0o777).toBe(0o600);
  });
});

describe("a journal file that is torn", () => {
  it("ends at the last whole batch, wherever it is torn and whatever stands there", async () => {
    const texts = ["first", "second", "third"];
    const batches = texts.map((text) => Buffer.from(text));
    const whole = Buffer.concat(batches.flatMap((batch) => [batchHeader(7, batch), batch]));
    const ends = batches.map((_, i) =>
      batches.slice(0, i + 1).reduce((sum, batch) => sum + BATCH_HEADER + batch.length, 0),
    );
    const path = folder();
    for (const garbage of [Buffer.alloc(64), Buffer.alloc(64, 0xff), whole, Buffer.alloc(0)])
      for (let at = 0; at <= whole.length; at++) {
        // What a recycled file held before is whole too, but was written under another number.
        const before = Buffer.concat([batchHeader(6, Buffer.from("stale")), Buffer.from("stale")]);
        writeFileSync(path, Buffer.concat([whole.subarray(0, at), garbage, before]));
        const expected = texts.slice(0, ends.filter((end) => end <= at).length);
        const read = await batchesOf(path, 7);
        // At its start, a copy of itself is no garbage.
        if (garbage !== whole || !(at === 0 || ends.includes(at))) expect(read, `torn at ${at}`).toEqual(expected);
        expect(await batchesOf(path, 8)).toEqual([]);
      }
  });
});

async function batchesOf(path: string, unit: number): Promise<string[]> {
  const file = await open(path, "r");
  const read: string[] = [];
  for (let at = 0; ; ) {
    const batch = await readBatch(file, unit, at);
    if (batch === null) break;
    read.push(Buffer.from(batch).toString());
    at += BATCH_HEADER + batch.length;
  }
  await file.close();
  return read;
}
