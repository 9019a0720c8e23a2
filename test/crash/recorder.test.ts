// SIGKILL at random instants: whatever was acknowledged is in the evidence after recovery, and the evidence is whole. Recovery itself is
// killed too, and recovers on the next start.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { runAndKill } from "#test/support/crash.ts";
import { openTestRecorder, temporaryState } from "#test/support/evidence.ts";
import { copyStore, MemoryStore, verifyStore } from "#test/support/memory-store.ts";

const WRITER = fileURLToPath(new URL("writer.ts", import.meta.url));
const ROUNDS = 24;

describe("a recorder that is killed", () => {
  const state = temporaryState();
  afterAll(() => state.remove());

  it("has lost nothing that it acknowledged", async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      // Some die while they work, some right after, and some while they recover what the one before left.
      const [ms, since] =
        [[400, "first line"] as const, [30, "first line"] as const, [600, "start"] as const][round % 3] ?? [];
      const { lines, stderr } = await runAndKill(WRITER, [state.path], Math.random() * (ms ?? 100), since);
      expect(stderr).toBe("");
      for (const line of lines) {
        const [session = "", seq = "0"] = line.split(" ");
        if (session !== "ready") acknowledged.set(session, Math.max(acknowledged.get(session) ?? 0, Number(seq)));
      }
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS / 2);

    const recorder = await openTestRecorder(state.path);
    await recorder.close();
    const report = await verifyStore(
      new MemoryStore(await copyStore(join(state.path, "evidence"))),
      join(state.path, "keys"),
    );
    expect(report.bad).toBeNull();
    expect(report.open).toEqual([]);
    expect(report.recovered.length).toBeGreaterThan(0);

    const evidence = new LocalEvidence(state.path);
    const known = new Map((await evidence.sessions({})).map((so) => [so.session, so.seq]));
    for (const [session, seq] of acknowledged) expect(known.get(session) ?? 0, session).toBeGreaterThanOrEqual(seq);
    evidence.close();
  }, 120_000);
});
