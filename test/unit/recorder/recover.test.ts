// What a process left, at one instant, is copied, and a new process starts on the copy.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { batchHeader } from "#proxy/adapters/local-journal-file.ts";
import { LocalStore } from "#proxy/adapters/local-store.ts";
import { compress } from "#proxy/adapters/node-zstd.ts";
import { openRecorder, type Recorder } from "#proxy/recorder/recorder.ts";
import type { StorePort } from "#shared/evidence/ports.ts";
import {
  execute,
  newIdentity,
  openTestRecorder,
  recorderParts,
  resultBytes,
  temporaryState,
  useSession,
} from "#test/support/evidence.ts";
import { leavesOf, tilesOf, verifyStore } from "#test/support/memory-store.ts";

let states: ReturnType<typeof temporaryState>[] = [];
let recorder: Recorder;
let state: string;

beforeEach(async () => {
  const made = temporaryState();
  states = [made];
  state = made.path;
  recorder = await openTestRecorder(state);
});

afterEach(async () => {
  await recorder.close();
  for (const made of states) made.remove();
});

/** The state as it is now, for another process. */
function crash(): string {
  const copy = temporaryState();
  states.push(copy);
  cpSync(state, copy.path, { recursive: true });
  return copy.path;
}

async function verify(path: string, withJournal = false) {
  const evidence = new LocalEvidence(path);
  try {
    return await verifyStore(
      evidence.store,
      join(path, "keys"),
      withJournal ? { pending: () => evidence.pending() } : {},
    );
  } finally {
    evidence.close();
  }
}

async function events(path: string, session: string) {
  const evidence = new LocalEvidence(path);
  const lines = [];
  for await (const { line } of evidence.lines(await evidence.find(session))) lines.push(line.event);
  const output: Uint8Array[] = [];
  for await (const { bytes } of evidence.chunks(await evidence.find(session))) output.push(bytes);
  evidence.close();
  return { lines, output: Buffer.concat(output) };
}

/** Opens a recorder that may write to the store so many times, and is dead after that. @returns true when that was enough */
async function startsWithin(path: string, writes: number): Promise<boolean> {
  const parts = await recorderParts(path);
  let left = writes;
  let die: (outcome: null) => void = () => undefined;
  const died = new Promise<null>((resolve) => {
    die = resolve;
  });
  // Nothing that a dead process does has any effect, and nobody answers it.
  const alive = <T>(write: () => Promise<T>): Promise<T> => {
    left -= 1;
    if (left < 0) die(null);
    return left < 0 ? new Promise(() => undefined) : write();
  };
  const store: StorePort = {
    get: (key) => parts.store.get(key),
    list: (prefix) => parts.store.list(prefix),
    put: (key, bytes) => alive(() => parts.store.put(key, bytes)),
    replace: (key, bytes) => alive(() => parts.store.replace(key, bytes)),
    retire: (key) => alive(() => parts.store.retire(key)),
  };
  const opened = await Promise.race([openRecorder({ ...parts, store }), died]);
  if (opened === null) await parts.journal.close();
  else await opened.close();
  return opened !== null;
}

/** Entries under the ledger's signed head; 0 when there is none. */
function signedSize(): number {
  const [, size = "0"] = readFileSync(join(state, "evidence/ledger/checkpoint"), "utf8").split("\n");
  return Number(size);
}

describe("recovery", () => {
  it("closes a session whose process died, with all that was recorded, and only once", async () => {
    const identity = newIdentity();
    await useSession(recorder, identity, 2);
    await vi.waitFor(() => expect(readdirSync(join(state, "spool"))).toHaveLength(1));
    const left = crash();
    const second = await openTestRecorder(left);
    expect(second.recovered).toMatchObject({ sessions: [identity.session], parts: 1 });
    await second.close();
    const { lines, output } = await events(left, identity.session);
    expect(lines.map((event) => event.type)).toEqual([
      "session.opened",
      "statement",
      "finished",
      "execute",
      "finished",
      "session.recovered",
    ]);
    expect(output).toEqual(Buffer.concat([0, 1].map((i) => resultBytes([[i, `Patient ${i}`]]))));
    expect(await verify(left)).toMatchObject({ ok: true, open: [], recovered: [identity.session] });

    const third = await openTestRecorder(left);
    expect(third.recovered).toEqual({ sessions: [], lines: 0, parts: 0 });
    await third.close();
    expect(await verify(left)).toMatchObject({ ok: true, checked: { events: 6 } });
  });

  it("closes a session of which the journal knows nothing any more", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 1);
    await vi.waitFor(() => expect(signedSize()).toBeGreaterThan(0));
    const left = crash();
    for (const name of readdirSync(join(left, "journal")))
      if (/^\d/.test(name)) writeFileSync(join(left, "journal", name), "");
    const second = await openTestRecorder(left);
    expect(second.recovered.sessions).toEqual([identity.session]);
    await second.close();
    expect(await verify(left)).toMatchObject({ ok: true, recovered: [identity.session] });
    await session.close("done");
  });

  it("goes on with the numbers where the store ends", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 1);
    await vi.waitFor(() => expect(signedSize()).toBeGreaterThan(0));
    await session.record(execute(2));
    const left = crash();
    const second = await openTestRecorder(left);
    await second.close();
    expect((await events(left, identity.session)).lines.map((event) => event.type).slice(-2)).toEqual([
      "execute",
      "session.recovered",
    ]);
    expect((await verify(left)).bad).toBeNull();
  });

  it("may be cut short at any write, and is taken up again by the next start", async () => {
    const identities = [newIdentity(), newIdentity(), newIdentity()];
    const sessions = await Promise.all(identities.map((identity, i) => useSession(recorder, identity, i + 1)));
    let left = crash();
    let attempts = 1;
    for (let writes = 0; !(await startsWithin(left, writes)); writes++) {
      attempts += 1;
      const copy = temporaryState();
      states.push(copy);
      cpSync(left, copy.path, { recursive: true });
      left = copy.path;
    }
    expect(attempts).toBeGreaterThan(3);
    const report = await verify(left);
    expect(report).toMatchObject({ ok: true, open: [], checked: { sessions: 3 } });
    expect([...report.recovered].sort()).toEqual(identities.map((identity) => identity.session).sort());
    for (const session of sessions) await session.close("done");
  }, 60_000);

  it("does not take an object for its own that others put into the store", async () => {
    await (await useSession(recorder, newIdentity(), 1)).close("done");
    const left = crash();
    const key = "events/v1/date=2026-01-01/target=clinic/FORGED/0000000001-0000000001.ndjson.zst";
    const store = await LocalStore.open(join(left, "evidence"));
    await store.put(key, await compress(Buffer.from('{"postern":{}}\n'), 3));
    await (await openTestRecorder(left)).close();
    expect(await verify(left)).toMatchObject({ ok: false, bad: { key } });
  });

  it("refuses to sign ledger entries that it did not write", async () => {
    await (await useSession(recorder, newIdentity(), 1)).close("done");
    const left = crash();
    const store = await LocalStore.open(join(left, "evidence"));
    const forged = {
      key: "events/v1/date=2026-01-01/target=clinic/F/0000000001-0000000001.ndjson.zst",
      sha256: "0".repeat(64),
      bytes: 1,
      first: 1,
      last: 1,
      final: true,
    };
    for (const [key, bytes] of tilesOf([...(await leavesOf(store)), forged])) await store.put(key, bytes);
    await expect(openTestRecorder(left)).rejects.toThrow("did not write");
  });

  it("refuses a journal that was changed, also when its checksum was made to fit", async () => {
    const identity = newIdentity();
    await useSession(recorder, identity, 2);
    const left = crash();
    const path = join(left, "journal", "0000000001.wal");
    const bytes = readFileSync(path);
    const length = bytes.readUInt32BE(0);
    const batch = Buffer.from(
      bytes
        .subarray(8, 8 + length)
        .toString()
        .replace('"port":50000', '"port":50001'),
    );
    Buffer.concat([batchHeader(1, batch), batch]).copy(bytes);
    writeFileSync(path, bytes);
    await expect(openTestRecorder(left)).rejects.toThrow("does not go on");
    expect((await verify(left, true)).bad).toMatchObject({ key: "journal", session: identity.session });
  });
});

describe("before recovery", () => {
  it("what is in the journal only is verified there, and said to be there only", async () => {
    const identity = newIdentity();
    await useSession(recorder, identity, 1);
    const report = await verify(crash(), true);
    expect(report).toMatchObject({ ok: true, open: [identity.session], checked: { sessions: 1 } });
    expect(report.checked.events).toBeGreaterThanOrEqual(2);
  });
});

describe("while the recorder works", () => {
  it("verify finds nothing wrong, again and again", async () => {
    let stop = false;
    const work = [1, 5, 50].map(async (runs) => {
      while (!stop) await (await useSession(recorder, newIdentity(), runs)).close("done");
    });
    const evidence = new LocalEvidence(state);
    for (let i = 0; i < 4; i++) {
      const report = await verifyStore(evidence.store, join(state, "keys"), {
        pending: () => evidence.pending(),
        settle: () => new Promise((resolve) => setTimeout(resolve, 200)),
      });
      expect(report.bad).toBeNull();
      expect(report.checked.events).toBeGreaterThan(0);
    }
    stop = true;
    await Promise.all(work);
    evidence.close();
  }, 30_000);
});
