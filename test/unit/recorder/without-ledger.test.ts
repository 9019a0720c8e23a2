// A recorder whose ledger is written by others: an object is safe when it is in the store, and an open session can be found in the journal alone.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decompress } from "#proxy/adapters/node-zstd.ts";
import { LedgerWriter, loadLedger } from "#proxy/recorder/ledger-writer.ts";
import type { RecorderOptions } from "#proxy/recorder/options.ts";
import { openRecorder, type Recorder } from "#proxy/recorder/recorder.ts";
import type { SignerPort } from "#shared/evidence/ports.ts";
import { readChunks, splitBlocks } from "#shared/evidence/recording.ts";
import {
  execute,
  newIdentity,
  recorderParts,
  resultBytes,
  temporaryState,
  useSession,
} from "#test/support/evidence.ts";
import { MemoryJournal } from "#test/support/memory-journal.ts";
import { MemoryStore, verifyStore } from "#test/support/memory-store.ts";

let state: ReturnType<typeof temporaryState>;
let parts: RecorderOptions & { readonly signer: SignerPort };
let store: MemoryStore;
let journal: MemoryJournal;
let recorder: Recorder;

const open = (on: MemoryStore, lines: MemoryJournal) =>
  openRecorder({ ...parts, store: on, journal: lines, signer: null });

beforeEach(async () => {
  state = temporaryState();
  parts = await recorderParts(state.path);
  store = new MemoryStore();
  journal = new MemoryJournal();
  recorder = await open(store, journal);
});

afterEach(async () => {
  await recorder.close();
  await parts.journal.close();
  state.remove();
});

/** Writes the ledger that others would have written, and verifies all. */
async function verified(objects: MemoryStore) {
  const patience = { retryMs: 10, stopped: false, trouble: new Set<string>(), onProblem: () => {} };
  const keys = [...objects.objects.keys()];
  const writer = new LedgerWriter(
    { ...parts, store: objects },
    (await loadLedger({ ...parts, store: objects })).tree,
    patience,
  );
  await writer.begin([]);
  for (const key of keys) {
    const record = await objects.describe(key);
    if (record !== null) await writer.append(record);
  }
  return verifyStore(objects, join(state.path, "keys"));
}

const events = () => [...store.objects.keys()].filter((key) => key.startsWith("events/"));

describe("a recorder without a ledger of its own", () => {
  it("writes none, says of each object whether it is the last, and leaves nothing in the journal but what may still come", async () => {
    const session = await useSession(recorder, newIdentity(), 2);
    await session.close("done");
    expect([...store.objects.keys()].filter((key) => key.startsWith("ledger/"))).toEqual([]);
    const last = await store.describe(events().at(-1) ?? "");
    expect(last?.final).toBe(true);
    await recorder.close();
    expect(await verified(store)).toMatchObject({ ok: true, open: [] });
    // The newest batch may get lines still: it stays.
    expect(journal.batches.size).toBe(1);
  });

  it("stores parts of a recording in time, and an end to it although nothing came after the last", async () => {
    await recorder.close();
    parts = { ...parts, timing: { ...parts.timing, partMs: 60 } };
    recorder = await open(store, journal);
    const session = await useSession(recorder, newIdentity(), 1);
    const recordings = () => [...store.objects.keys()].filter((key) => key.startsWith("recordings/"));
    await vi.waitFor(() => expect(recordings()).toHaveLength(1));
    session.output(Buffer.from("more"));
    await vi.waitFor(() => expect(recordings()).toHaveLength(2));
    await session.close("done");
    const described = await Promise.all(recordings().map((key) => store.describe(key)));
    expect(described.map((part) => part?.final)).toEqual([false, false, true]);
    expect(described.map((part) => [part?.first, part?.last])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(await verified(store)).toMatchObject({ ok: true, open: [] });
    const sent: Uint8Array[] = [];
    for (const key of recordings())
      for (const frame of splitBlocks((await store.get(key)) ?? new Uint8Array(0)).frames)
        for (const { bytes } of readChunks(await decompress(frame))) sent.push(bytes);
    expect(Buffer.concat(sent)).toEqual(Buffer.concat([resultBytes([[0, "Patient 0"]]), Buffer.from("more")]));
  });

  it("finds a session in its journal whose lines are all stored, and ends it once", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 1);
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    for (const ref of [1, 2]) {
      await session.record(execute(ref));
      await vi.waitFor(() => expect(events()).toHaveLength(1 + ref));
    }
    // The newest batch stays whatever is in it: another session's, from now on.
    await (await useSession(recorder, newIdentity(), 1)).close("done");
    const left = new MemoryStore(store.objects);
    const lines = new MemoryJournal(journal.batches);
    const second = await open(left, lines);
    expect(second.recovered.sessions).toEqual([identity.session]);
    await second.close();
    const third = await open(left, new MemoryJournal(lines.batches));
    expect(third.recovered.sessions).toEqual([]);
    await third.close();
    // The second has cleared away what the first had spooled: the first stores nothing else under its name.
    await expect(session.close("done")).rejects.toThrow("what was spooled is gone");
  });
});
