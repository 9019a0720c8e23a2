// Whatever is changed, removed, inserted or reordered in the evidence, `verify` finds it and names the place.
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { compress, decompress } from "#proxy/adapters/node-zstd.ts";
import { chainStart, link } from "#shared/evidence/chain.ts";
import { CHECKPOINT_KEY } from "#shared/evidence/ledger.ts";
import { type ObjectRecord, objectKey, parseKey } from "#shared/evidence/segment.ts";
import { TILES_PREFIX } from "#shared/evidence/tiles.ts";
import type { VerifyReport } from "#shared/evidence/verify-types.ts";
import { newIdentity, openTestRecorder, systemClock, temporaryState, useSession } from "#test/support/evidence.ts";
import { copyStore, leavesOf, MemoryStore, tilesOf, verifyStore, verifyTools } from "#test/support/memory-store.ts";

const state = temporaryState();
const keys = join(state.path, "keys");
const first = newIdentity();
const second = newIdentity("billing");
let objects: Map<string, Uint8Array>;
let older: Map<string, Uint8Array>;

beforeAll(async () => {
  const recorder = await openTestRecorder(state.path);
  const one = await useSession(recorder, first, 2);
  // Long enough for a first segment, so that a session has two.
  await vi.waitFor(async () => {
    const keys = [...(await copyStore(join(state.path, "evidence"))).keys()];
    expect(keys.some((key) => key.startsWith("events/") && key.includes(first.session))).toBe(true);
  });
  await one.record({ type: "violation", code: "protocol-violation", why: "test" });
  await one.close("terminated by the client");
  older = await copyStore(join(state.path, "evidence"));
  const two = await useSession(recorder, second, 1);
  await two.close("terminated by the client");
  await recorder.close();
  objects = await copyStore(join(state.path, "evidence"));
}, 30_000);

afterAll(() => state.remove());

const eventKeys = () => [...objects.keys()].filter((key) => key.startsWith("events/")).sort();
const objectKeys = () => [...objects.keys()].filter((key) => !key.startsWith("ledger/")).sort();

function verifyWith(change: (objects: Map<string, Uint8Array>) => void): Promise<VerifyReport> {
  const changed = new Map(objects);
  change(changed);
  return verifyStore(new MemoryStore(changed), keys);
}

async function expectFound(change: (objects: Map<string, Uint8Array>) => void, where: string): Promise<VerifyReport> {
  const report = await verifyWith(change);
  expect(report.ok, where).toBe(false);
  expect(report.bad, where).not.toBeNull();
  return report;
}

async function linesOf(key: string): Promise<string[]> {
  const text = Buffer.from(await decompress(objects.get(key) ?? new Uint8Array(0))).toString("utf8");
  return text.split("\n").slice(0, -1);
}

const pack = (lines: readonly string[]) => compress(Buffer.from(lines.map((line) => `${line}\n`).join("")), 3);

describe("what nobody touched", () => {
  it("verifies, as a whole, by session and by day", async () => {
    const whole = await verifyStore(new MemoryStore(objects), keys);
    expect(whole.bad).toBeNull();
    expect(whole).toMatchObject({ ok: true, open: [], recovered: [], checked: { sessions: 2, pendingEvents: 0 } });
    expect(eventKeys().length).toBeGreaterThanOrEqual(3);
    const one = await verifyStore(new MemoryStore(objects), keys, {
      scope: { type: "session", session: first.session },
    });
    expect(one).toMatchObject({ ok: true, checked: { sessions: 1 } });
    const today = new Date(systemClock.now()).toISOString().slice(0, 10);
    const day = await verifyStore(new MemoryStore(objects), keys, {
      scope: { type: "days", since: "2000-01-01", until: today },
    });
    expect(day).toMatchObject({ ok: true, checked: { sessions: 2 } });
  });

  it("does not verify a session that never was", async () => {
    const report = await verifyStore(new MemoryStore(objects), keys, { scope: { type: "session", session: "NOBODY" } });
    expect(report).toMatchObject({ ok: false, bad: { what: "there is no evidence of this session" } });
  });
});

describe("a changed byte", () => {
  it("is found at every position of every object", async () => {
    let positions = 0;
    for (const [key, bytes] of objects) {
      for (let i = 0; i < bytes.length; i++) {
        const changed = Uint8Array.from(bytes);
        changed[i] = (changed[i] ?? 0) ^ (1 << randomInt(8));
        const report = await expectFound((all) => all.set(key, changed), `${key} byte ${i}`);
        if (!key.startsWith("ledger/")) expect(report.bad?.key).toBe(key);
        positions += 1;
      }
    }
    expect(positions).toBeGreaterThan(3000);
  }, 60_000);

  it("that is missing or too many is found", async () => {
    for (const [key, bytes] of objects) {
      for (const length of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1])
        await expectFound((all) => all.set(key, bytes.subarray(0, length)), `${key} cut to ${length}`);
      await expectFound((all) => all.set(key, Buffer.concat([bytes, Buffer.from("\n")])), `${key} longer`);
    }
  });
});

describe("an object", () => {
  it("that is removed, renamed or swapped is found", async () => {
    for (const key of objects.keys()) {
      const report = await expectFound((all) => all.delete(key), `${key} removed`);
      if (!key.startsWith("ledger/")) expect(report.bad).toMatchObject({ key, what: "the object is missing" });
    }
    for (const key of objectKeys()) {
      const name = parseKey(key);
      if (name === null) throw new Error("not a key");
      const renamed = objectKey({ ...name, date: "2001-01-01" });
      await expectFound((all) => {
        all.set(renamed, all.get(key) ?? new Uint8Array(0));
        all.delete(key);
      }, `${key} renamed`);
      for (const other of objectKeys()) {
        if (other <= key) continue;
        await expectFound(
          (all) =>
            all.set(key, objects.get(other) ?? new Uint8Array(0)).set(other, objects.get(key) ?? new Uint8Array(0)),
          `${key} swapped with ${other}`,
        );
      }
    }
  });

  it("that is inserted is found and named", async () => {
    const [some = ""] = eventKeys();
    const name = parseKey(some);
    if (name === null) throw new Error("not a key");
    const strangers = [
      objectKey({ ...name, session: "FORGED" }),
      objectKey({ ...name, first: 9001, last: 9002 }),
      "events/v1/notes.txt",
      "ledger/other",
      "stray",
    ];
    for (const key of strangers) {
      const report = await expectFound((all) => all.set(key, objects.get(some) ?? new Uint8Array(0)), key);
      expect(report.bad).toMatchObject({ key, what: "the object is not in the ledger" });
    }
  });
});

describe("a line", () => {
  it("that is removed, doubled, moved or changed is named by object and number", async () => {
    for (const key of eventKeys()) {
      const lines = await linesOf(key);
      const start = parseKey(key)?.first ?? 0;
      for (const [i, line] of lines.entries()) {
        const without = await pack(lines.toSpliced(i, 1));
        const removed = await expectFound((all) => all.set(key, without), `${key} line ${i + 1} removed`);
        if (i < lines.length - 1) expect(removed.bad).toMatchObject({ key, line: i + 1, seq: start + i });

        const twice = await pack(lines.toSpliced(i, 0, line));
        expect((await expectFound((all) => all.set(key, twice), "doubled")).bad).toMatchObject({ key, line: i + 2 });

        const altered = await pack(lines.with(i, line.replace('"engineer"', '"enginee7"')));
        const report = await expectFound((all) => all.set(key, altered), `${key} line ${i + 1} altered`);
        if (i < lines.length - 1) expect(report.bad).toMatchObject({ key, line: i + 1, seq: start + i });
        else expect(report.bad?.key).toBe(key);

        const next = lines[i + 1];
        if (next === undefined) continue;
        const moved = await pack(lines.with(i, next).with(i + 1, line));
        expect((await expectFound((all) => all.set(key, moved), "moved")).bad).toMatchObject({ key, line: i + 1 });
      }
    }
  });

  it("that is changed with the whole chain behind it made anew is found by the ledger", async () => {
    const [key = ""] = eventKeys();
    const lines = await linesOf(key);
    let { prev } = chainStart(parseKey(key)?.session ?? "", verifyTools.sha256);
    const forged = lines.map((line) => {
      const changed = line.replace(/"prev":"[^"]*"/, `"prev":"${prev}"`).replace('"engineer"', '"nobody"');
      prev = link(changed, verifyTools.sha256);
      return changed;
    });
    const bytes = await pack(forged);
    const report = await expectFound((all) => all.set(key, bytes), "chain made anew");
    expect(report.bad?.key).toBe(key);
  });
});

describe("the ledger", () => {
  let list: readonly ObjectRecord[];
  beforeAll(async () => {
    list = await leavesOf(new MemoryStore(objects));
  });
  const rewritten = (all: Map<string, Uint8Array>, leaves: readonly ObjectRecord[]) => {
    for (const key of [...all.keys()]) if (key.startsWith(TILES_PREFIX)) all.delete(key);
    for (const [key, bytes] of tilesOf(leaves)) all.set(key, bytes);
  };

  it("stays good with narrower tiles left over that say the same, and no others", async () => {
    for (let count = 1; count < list.length; count++) {
      for (const [key, bytes] of tilesOf(list.slice(0, count))) {
        expect((await verifyWith((all) => all.set(key, bytes))).ok, key).toBe(true);
        const changed = Uint8Array.from(bytes);
        changed[randomInt(bytes.length)]! ^= 1;
        const report = await expectFound((all) => all.set(key, changed), key);
        expect(report.bad).toMatchObject({ key, what: "the object is not what follows from the ledger's entries" });
      }
    }
  });

  it("with tiles that reach beyond its head is found", async () => {
    for (const key of [
      "ledger/tile/0/000.p/200",
      "ledger/tile/0/001",
      "ledger/tile/3/000",
      "ledger/tile/entries/001.p/1",
    ]) {
      const report = await expectFound((all) => all.set(key, new Uint8Array(6400)), key);
      expect(report.bad).not.toBeNull();
    }
  });

  it("that forgets, doubles, moves or changes an entry is found, also when the objects were changed to match", async () => {
    for (const [i, record] of list.entries()) {
      await expectFound((all) => rewritten(all, list.toSpliced(i, 1)), "entry removed");
      await expectFound((all) => {
        rewritten(all, list.toSpliced(i, 1));
        all.delete(record.key);
      }, "entry and object removed");
      await expectFound((all) => rewritten(all, list.toSpliced(i, 0, record)), "entry doubled");
      await expectFound((all) => rewritten(all, list.with(i, { ...record, final: !record.final })), "entry changed");
      const bytes = Buffer.from("forged");
      const forged = { ...record, sha256: verifyTools.sha256.text(bytes, "hex"), bytes: bytes.length };
      await expectFound((all) => {
        rewritten(all, list.with(i, forged));
        all.set(record.key, bytes);
      }, "entry and object changed");
      const next = list[i + 1];
      if (next !== undefined)
        await expectFound((all) => rewritten(all, list.with(i, next).with(i + 1, record)), "entries moved");
    }
  });

  it("with entries that nobody signed is found", async () => {
    const forged = {
      key: objectKey({ lane: "events", date: "2026-01-01", target: "x", session: "F", first: 1, last: 1 }),
      sha256: "0".repeat(64),
      bytes: 1,
      first: 1,
      last: 1,
      final: true,
    };
    const report = await expectFound((all) => rewritten(all, [...list, forged]), "unsigned entry");
    expect(report.bad?.key).toBe(CHECKPOINT_KEY);
  });

  it("that was set back to an earlier, rightly signed state is found by whoever saw a later one", async () => {
    const { head } = await verifyStore(new MemoryStore(objects), keys);
    if (head === null) throw new Error("no head");
    const alone = await verifyStore(new MemoryStore(older), keys);
    expect(alone.ok).toBe(true);
    expect(alone.notes.join()).toContain("no earlier head");
    const report = await verifyStore(new MemoryStore(older), keys, { known: head });
    expect(report).toMatchObject({ ok: false, bad: { key: CHECKPOINT_KEY } });
    const early = { size: 1, root: "00".repeat(32) };
    expect((await verifyStore(new MemoryStore(objects), keys, { known: early })).bad?.what).toContain(
      "not those that were seen before",
    );
  });

  it("of another key is found", async () => {
    const other = temporaryState();
    try {
      await (await openTestRecorder(other.path)).close();
      const report = await verifyStore(new MemoryStore(objects), join(other.path, "keys"));
      expect(report).toMatchObject({ ok: false, bad: { key: CHECKPOINT_KEY } });
    } finally {
      other.remove();
    }
  });
});
