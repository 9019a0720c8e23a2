// A full disk, wherever it shows: nothing may run, nothing is lost, and work goes on when there is room again.
import { execFileSync } from "node:child_process";
import { mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalStore } from "#proxy/adapters/local-store.ts";
import { openRecorder, type Recorder } from "#proxy/recorder/recorder.ts";
import { splitBlocks } from "#shared/evidence/recording.ts";
import {
  execute,
  finished,
  newIdentity,
  OPENED,
  openTestRecorder,
  recorderParts,
  resultBytes,
  temporaryState,
  useSession,
} from "#test/support/evidence.ts";
import { verifyStore } from "#test/support/memory-store.ts";

const FULL = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
type Part = "journal" | "store" | "spool" | "spooled";

let state: ReturnType<typeof temporaryState>;
let recorder: Recorder;
let problems: string[];
const failing = new Set<Part>();
/** Blocks of recordings that are longer cannot be compressed. */
let packable = Number.POSITIVE_INFINITY;
const BACKLOG = 4 << 20;

/** Makes every method of a port fail while its part is in `failing`. */
function breakable<T extends object>(port: T, part: Part, methods: readonly (keyof T)[]): T {
  return new Proxy(port, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) =>
        failing.has(part) && methods.includes(name as keyof T) ? Promise.reject(FULL) : value.apply(target, args);
    },
  });
}

beforeEach(async () => {
  state = temporaryState();
  problems = [];
  failing.clear();
  packable = Number.POSITIVE_INFINITY;
  const parts = await recorderParts(state.path, problems);
  recorder = await openRecorder({
    ...parts,
    journal: breakable(parts.journal, "journal", ["write"]),
    store: breakable(parts.store, "store", ["put", "replace"]),
    spool: breakable(breakable(parts.spool, "spool", ["append"]), "spooled", ["read", "remove"]),
    backlogBytes: BACKLOG,
    compress: (bytes, level) =>
      level === 1 && bytes.length > packable ? Promise.reject(FULL) : parts.compress(bytes, level),
  });
});

afterEach(async () => {
  failing.clear();
  await recorder.close();
  state.remove();
});

async function expectWhole(events: number) {
  const report = await verifyStore(LocalStore.forReading(join(state.path, "evidence")), join(state.path, "keys"));
  expect(report.bad).toBeNull();
  expect(report.checked.events).toBe(events);
}

describe("a journal that cannot be written", () => {
  it("refuses, says so, keeps numbers and order, and goes on", async () => {
    const session = await useSession(recorder, newIdentity(), 1);
    failing.add("journal");
    await expect(session.record(execute(2))).rejects.toMatchObject({ code: "evidence-unavailable", sqlstate: "53100" });
    await vi.waitFor(() => expect(recorder.available).toBe(false));
    session.note(finished(2));
    const other = recorder.open(newIdentity());
    await expect(other.record(execute(1))).rejects.toMatchObject({ code: "evidence-unavailable" });
    expect(problems).toEqual(["the journal cannot be written (ENOSPC): nothing may run"]);

    failing.clear();
    await vi.waitFor(() => expect(recorder.available).toBe(true));
    await session.record(execute(2));
    await session.close("done");
    await other.close("done");
    // 3 before, 2 while it failed, 1 after, the end; and the other session's refused event with its end.
    await expectWhole(9);
  });

  it("refuses for as long as it fails, without taking ever more memory", async () => {
    const session = await useSession(recorder, newIdentity(), 1);
    failing.add("journal");
    await session.record(execute(2)).catch(() => undefined);
    const long = {
      type: "refused" as const,
      ref: 2,
      code: "evidence-unavailable",
      sqlstate: "53100",
      why: "x".repeat(100_000),
    };
    for (let i = 0; i < 1000; i++) session.note(long);
    // 16 MB of lines may wait; the reason stands twice in each.
    expect(session.seq).toBeGreaterThan(50);
    expect(session.seq).toBeLessThan(120);
    const taken = session.seq;
    failing.clear();
    await vi.waitFor(() => expect(recorder.available).toBe(true), 5000);
    await session.close("done");
    await expectWhole(taken + 1);
  });
});

describe("a store that cannot be written", () => {
  it("stops nothing at once, since the journal has the lines, and gets them later", async () => {
    failing.add("store");
    const session = await useSession(recorder, newIdentity(), 3);
    await vi.waitFor(() => expect(problems).toContain("writing evidence fails (ENOSPC)"));
    expect(recorder.available).toBe(true);
    await session.record(execute(2));
    const closing = session.close("done");
    failing.clear();
    await closing;
    expect(problems).toContain("writing evidence works again");
    await expectWhole(9);
  });

  it("refuses once too many lines wait for it, and takes no more memory then", async () => {
    failing.add("store");
    const session = await useSession(recorder, newIdentity(), 1);
    const other = await useSession(recorder, newIdentity(), 1);
    const long = { type: "refused" as const, ref: 2, code: "x", sqlstate: "53100", why: "x".repeat(100_000) };
    for (let i = 0; i < 300; i++) session.note(long);
    expect(recorder.available).toBe(false);
    // 20 MB may wait; the reason stands twice in each.
    const taken = session.seq;
    expect(taken).toBeLessThan(120);
    await expect(other.record(execute(2))).rejects.toMatchObject({ code: "evidence-unavailable" });
    expect(other.seq).toBe(3);
    const closing = session.close("done");
    failing.clear();
    await closing;
    await vi.waitFor(() => expect(recorder.available).toBe(true), 10_000);
    await other.record(execute(2));
    await other.close("done");
    await expectWhole(taken + 1 + 5);
  });

  it("lets sessions begin only as fast as those that ended are stored, once many wait", async () => {
    failing.add("store");
    const closings: Promise<void>[] = [];
    let sessions = 0;
    while (await recorder.room()) {
      const session = recorder.open(newIdentity());
      await session.record(OPENED);
      closings.push(session.close("done"));
      sessions += 1;
      expect(sessions).toBeLessThan(1000);
    }
    expect(sessions).toBeGreaterThan(20);
    // Those who live can go on.
    expect(recorder.available).toBe(true);
    const waiting = [recorder.room(), recorder.room()];
    failing.clear();
    expect(await Promise.all(waiting)).toEqual([true, true]);
    await Promise.all(closings);
    await expectWhole(2 * sessions);
  });
});

describe("a store that never answers", () => {
  it("does not keep the gateway from stopping, and the next one stores what it left", async () => {
    await recorder.close();
    const parts = await recorderParts(state.path, problems);
    let asked = 0;
    const never = () => {
      asked += 1;
      return new Promise<never>(() => {});
    };
    const store = new Proxy(parts.store, {
      get: (target, name) => (name === "put" ? never : Reflect.get(target, name, target).bind(target)),
    });
    const hanging = await openRecorder({ ...parts, store, timing: { ...parts.timing, closeMs: 200 } });
    const identity = newIdentity();
    const session = await useSession(hanging, identity, 2);
    await vi.waitFor(async () => {
      const [name = ""] = await parts.spool.list();
      expect(splitBlocks(await parts.spool.read(name)).frames).not.toHaveLength(0);
      expect(asked).toBeGreaterThan(0);
    }, 10_000);
    await hanging.close();
    await expect(session.record(execute(2))).rejects.toMatchObject({ code: "evidence-unavailable" });
    const next = await openTestRecorder(state.path);
    expect(next.recovered).toMatchObject({ sessions: [identity.session], parts: 1 });
    await next.close();
    // 5 of before, and that they were recovered.
    await expectWhole(6);
  });
});

describe("a spool that cannot be written", () => {
  it("refuses until it can be", async () => {
    failing.add("spool");
    const session = await useSession(recorder, newIdentity(), 1);
    await vi.waitFor(() => expect(recorder.available).toBe(false));
    await expect(session.record(execute(2))).rejects.toMatchObject({ code: "evidence-unavailable" });
    failing.clear();
    await vi.waitFor(() => expect(recorder.available).toBe(true));
    session.output(resultBytes([[1, "after"]]));
    await session.close("done");
    await expectWhole(5);
  });
});

describe("a spool that cannot be read, or cleared away", () => {
  it("loses nothing, and goes on when it can be", async () => {
    const session = await useSession(recorder, newIdentity(), 1);
    failing.add("spooled");
    const closing = session.close("done");
    const what = "spooling a recording or what is sealed";
    await vi.waitFor(() => expect(problems).toContain(`${what} fails (ENOSPC)`), 10_000);
    expect(recorder.available).toBe(false);
    failing.clear();
    await closing;
    expect(problems).toContain(`${what} works again`);
    await expectWhole(4);
  });
});

describe("a recording that cannot be kept", () => {
  it("ends its session, and no other: nothing more runs there, and nobody waits without end", async () => {
    const session = await useSession(recorder, newIdentity(), 1);
    const other = await useSession(recorder, newIdentity(), 1);
    packable = 100_000;
    session.output(Buffer.alloc(3 << 20));
    expect(session.writable).toBe(false);
    await expect(session.drained()).rejects.toBeDefined();
    expect(session.writable).toBe(false);
    await expect(session.record(execute(2))).rejects.toMatchObject({ code: "evidence-unavailable" });
    expect(problems).toEqual(["a recording, or what is sealed, cannot be kept: its session ends"]);
    expect(recorder.available).toBe(true);
    await other.record(execute(2));
    await other.close("done");
    await expect(session.close("done")).rejects.toBeDefined();
  });
});

describe("a disk that is really full", () => {
  it("refuses, loses nothing, and goes on when there is room", async ({ skip }) => {
    const disk = join(state.path, "disk");
    mkdirSync(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], { stdio: "ignore" });
    } catch {
      skip("only who may mount can make a small disk; the tests above fail the same writes");
    }
    try {
      const own = await openTestRecorder(disk, problems);
      const session = await useSession(own, newIdentity(), 1);
      writeFileSync(join(disk, "filler"), Buffer.alloc(1));
      fill(join(disk, "filler"));
      await vi.waitFor(
        async () => {
          for (let i = 0; i < 200; i++) await session.record(execute(2)).catch(() => undefined);
          expect(own.available).toBe(false);
        },
        { timeout: 10_000, interval: 1 },
      );
      await expect(session.record(execute(2))).rejects.toMatchObject({ code: "evidence-unavailable" });
      const taken = session.seq;
      unlinkSync(join(disk, "filler"));
      await vi.waitFor(() => expect(own.available).toBe(true), 5000);
      await session.record(execute(2));
      await session.close("done");
      await own.close();
      const report = await verifyStore(LocalStore.forReading(join(disk, "evidence")), join(disk, "keys"));
      expect(report.bad).toBeNull();
      expect(report.checked.events).toBe(taken + 2);
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  }, 30_000);
});

/** Takes all the room there is. */
function fill(path: string): void {
  for (let bytes = 1 << 20; bytes >= 4096; )
    try {
      writeFileSync(path, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      bytes /= 2;
    }
}
