import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import type { Recorder } from "#proxy/recorder/recorder.ts";
import type { SessionIdentity } from "#shared/evidence/event.ts";
import {
  execute,
  finished,
  newIdentity,
  OPENED,
  openTestRecorder,
  resultBytes,
  STATEMENT,
  temporaryState,
  useSession,
} from "#test/support/evidence.ts";
import { copyStore, MemoryStore, verifyStore } from "#test/support/memory-store.ts";

let state: ReturnType<typeof temporaryState>;
let recorder: Recorder;
const problems: string[] = [];

beforeEach(async () => {
  state = temporaryState();
  problems.length = 0;
  recorder = await openTestRecorder(state.path, problems);
});

afterEach(async () => {
  await recorder.close();
  state.remove();
});

async function verifyAtRest() {
  return verifyStore(new MemoryStore(await copyStore(join(state.path, "evidence"))), join(state.path, "keys"));
}

async function readSession(identity: SessionIdentity) {
  const evidence = new LocalEvidence(state.path);
  try {
    const so = await evidence.find(identity.session);
    const lines = [];
    for await (const { line } of evidence.lines(so)) lines.push(line);
    const output: Buffer[] = [];
    for await (const chunk of evidence.chunks(so)) output.push(Buffer.from(chunk.bytes));
    return { so, lines, output: Buffer.concat(output) };
  } finally {
    evidence.close();
  }
}

describe("a session", () => {
  it("is numbered, chained, stored, and read back with what its client saw", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 3);
    expect(session.seq).toBe(7);
    await session.close("terminated by the client");
    const { so, lines, output } = await readSession(identity);
    expect(lines.map((line) => line.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(lines.map((line) => line.event.type).slice(-2)).toEqual(["finished", "session.closed"]);
    expect(lines.at(-1)?.event).toEqual({
      type: "session.closed",
      reason: "terminated by the client",
      statements: 3,
      rows: 3,
      bytes: 78,
    });
    expect(output).toEqual(Buffer.concat([0, 1, 2].map((i) => resultBytes([[i, `Patient ${i}`]]))));
    expect(so).toMatchObject({
      statements: 3,
      rows: 3,
      relations: ["public.patients"],
      decisions: ["permit"],
      ending: "terminated by the client",
    });
    expect(await verifyAtRest()).toMatchObject({ ok: true, checked: { sessions: 1, events: 8, pendingEvents: 0 } });
  });

  it("that runs is read from the journal, before anything is stored", async () => {
    const identity = newIdentity();
    const session = recorder.open(identity);
    await session.record(OPENED);
    const { so, lines } = await readSession(identity);
    expect(lines.map((line) => line.event)).toEqual([OPENED]);
    expect(so.closed).toBeNull();
    await session.close("done");
  });

  it("takes nothing after its end", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 1);
    await session.close("done");
    await expect(session.record(execute(2))).rejects.toMatchObject({ code: "evidence-unavailable" });
    session.note(finished(2));
    await session.close("again");
    const { lines } = await readSession(identity);
    expect(lines.at(-1)?.event).toMatchObject({ type: "session.closed", reason: "done" });
  });

  it("that nobody closes is closed with the recorder", async () => {
    const identity = newIdentity();
    await useSession(recorder, identity, 1);
    await recorder.close();
    expect(await verifyAtRest()).toMatchObject({ ok: true, open: [] });
    const { lines } = await readSession(identity);
    expect(lines.at(-1)?.event).toMatchObject({ type: "session.closed", reason: "the gateway stopped" });
  });

  it("becomes several segments when it is long, and the journal forgets what is stored", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 1);
    for (let i = 0; i < 400; i++) {
      await Promise.all(Array.from({ length: 20 }, () => session.record(execute(2))));
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await session.close("done");
    const { lines } = await readSession(identity);
    expect(lines).toHaveLength(8004);
    expect((await verifyAtRest()).bad).toBeNull();
    const segments = [...(await copyStore(join(state.path, "evidence"))).keys()].filter((key) =>
      key.startsWith("events/"),
    );
    expect(segments.length).toBeGreaterThan(1);
    await vi.waitFor(() =>
      expect(readdirSync(join(state.path, "journal")).filter((name) => /^\d/.test(name)).length).toBeLessThanOrEqual(2),
    );
  });

  it("of many at once, all whole", async () => {
    const identities = Array.from({ length: 30 }, () => newIdentity());
    const sessions = await Promise.all(identities.map((identity, i) => useSession(recorder, identity, i % 5)));
    await Promise.all(sessions.map((session) => session.close("done")));
    const report = await verifyAtRest();
    expect(report).toMatchObject({ ok: true, checked: { sessions: 30 }, open: [] });
  });
});

describe("the gateway's own log", () => {
  it("has no principal, and holds refused logins", async () => {
    const identity = { ...newIdentity("gateway", null), protocol: "postern" };
    const log = recorder.open(identity);
    await log.record({ type: "policy.in_force", version: "v", previous: null });
    await log.record({
      type: "session.refused",
      source: { address: "::1", port: 1 },
      claimed: "eve",
      code: "token-invalid",
      why: "expired",
    });
    await log.close("the gateway stopped");
    const { so, lines } = await readSession(identity);
    expect(lines).toHaveLength(3);
    expect(so).toMatchObject({ principal: null, refusals: 1, target: "gateway" });
    expect((await verifyAtRest()).ok).toBe(true);
  });
});

describe("a recording", () => {
  it("holds every byte of a large result, in several parts, with back-pressure and flat memory", async () => {
    const identity = newIdentity();
    const session = recorder.open(identity);
    await session.record(OPENED);
    await session.record(STATEMENT);
    const chunk = Buffer.alloc(64 << 10);
    const sums = { sent: 0, total: 0 };
    let waited = 0;
    const before = process.memoryUsage.rss();
    let most = 0;
    // 48 MB that hardly compress: parts of 4 MB each.
    for (let i = 0; i < 768; i++) {
      for (let at = 0; at < chunk.length; at += 4)
        chunk.writeInt32LE((Math.imul(i * 16384 + at, 0x9e3779b1) ^ (at << 7)) | 0, at);
      if (!session.writable) {
        waited += 1;
        await session.drained();
      }
      session.output(chunk);
      sums.sent = (sums.sent * 31 + chunk.readUInt32LE(1000)) % 1_000_003;
      sums.total += chunk.length;
      if (i % 64 === 0) most = Math.max(most, process.memoryUsage.rss() - before);
    }
    await session.close("done");
    expect(waited).toBeGreaterThan(5);
    expect(most).toBeLessThan(100e6);

    const evidence = new LocalEvidence(state.path);
    let total = 0;
    let sum = 0;
    for await (const { bytes } of evidence.chunks(await evidence.find(identity.session)))
      for (let at = 0; at < bytes.length; at += 1) {
        if ((total + at) % chunk.length === 1000)
          sum = (sum * 31 + Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(at)) % 1_000_003;
        if (at === bytes.length - 1) {
          total += bytes.length;
          break;
        }
      }
    evidence.close();
    expect({ sent: sum, total }).toEqual(sums);
    const parts = [...(await copyStore(join(state.path, "evidence")))].filter(([key]) => key.startsWith("recordings/"));
    expect(parts.length).toBeGreaterThan(3);
    for (const [, bytes] of parts) expect(bytes.length).toBeLessThan(5_000_000);
    expect((await verifyAtRest()).bad).toBeNull();
    expect(readdirSync(join(state.path, "spool"))).toEqual([]);
  }, 60_000);

  it("does not wait in memory for long", async () => {
    const session = await useSession(recorder, newIdentity(), 1);
    await vi.waitFor(() => expect(readdirSync(join(state.path, "spool"))).toHaveLength(1));
    await session.close("done");
    expect(existsSync(join(state.path, "spool"))).toBe(true);
    expect(readdirSync(join(state.path, "spool"))).toEqual([]);
  });
});
