// SIGKILL at random instants, with each fault of faults.ts: whatever was acknowledged is in the evidence after recovery, every session
// is closed, and the evidence is whole. Recovery itself is killed too, and recovers on the next start.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { runAndKill } from "#test/support/crash.ts";
import { openTestRecorder, temporaryState } from "#test/support/evidence.ts";
import { copyStore, MemoryStore, verifyStore } from "#test/support/memory-store.ts";
import { RECORDER_KILLS } from "#test/support/settings.ts";
import { FAULTS, type Fault } from "./faults.ts";

const WRITER = fileURLToPath(new URL("writer.ts", import.meta.url));
/** Kills of one store, before it is looked at. */
const ROUNDS = 24;
/** Some die while they work, some right after, and some while they recover what the one before left. */
const MOMENTS = [
  [400, "first line"],
  [30, "first line"],
  [600, "start"],
] as const;

describe.each(FAULTS)("a recorder that is killed: %s", (fault) => {
  const kills = Math.ceil(RECORDER_KILLS / FAULTS.length);

  it(`has lost nothing that it acknowledged, after ${kills} kills`, { timeout: kills * 10_000 + 60_000 }, async () => {
    let acknowledged = 0;
    for (let left = kills; left > 0; left -= ROUNDS) acknowledged += await killAndLook(fault, Math.min(left, ROUNDS));
    console.log(`${fault}: ${kills} kills, ${acknowledged} acknowledged events, all of them in the evidence`);
    expect(acknowledged).toBeGreaterThan(kills);
  });
});

/** @returns how many events were acknowledged */
async function killAndLook(fault: Fault, rounds: number): Promise<number> {
  const state = temporaryState();
  try {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < rounds; round++) await kill(state.path, fault, round, acknowledged);
    await expectWhole(state.path, acknowledged);
    return [...acknowledged.values()].reduce((sum, seq) => sum + seq, 0);
  } finally {
    state.remove();
  }
}

async function kill(state: string, fault: Fault, round: number, acknowledged: Map<string, number>): Promise<void> {
  const [ms, since] = MOMENTS[round % MOMENTS.length] ?? MOMENTS[0];
  const { lines, stderr } = await runAndKill(WRITER, [state, fault], Math.random() * ms, since);
  expect(stderr).toBe("");
  for (const line of lines) {
    const [session = "", seq = "0"] = line.split(" ");
    if (session !== "ready" && session !== "failed")
      acknowledged.set(session, Math.max(acknowledged.get(session) ?? 0, Number(seq)));
  }
}

/** Recovers twice: the second time there is nothing left to do. */
async function expectWhole(state: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  await (await openTestRecorder(state)).close();
  const objects = await copyStore(join(state, "evidence"));
  const again = await openTestRecorder(state);
  expect(again.recovered).toEqual({ sessions: [], lines: 0, parts: 0 });
  await again.close();
  const settled = await copyStore(join(state, "evidence"));
  const evidenceOnly = (of: ReadonlyMap<string, unknown>) => [...of.keys()].filter((key) => !key.startsWith("ledger/"));
  expect(evidenceOnly(settled)).toEqual(evidenceOnly(objects));

  const report = await verifyStore(new MemoryStore(settled), join(state, "keys"));
  expect(report.bad).toBeNull();
  expect(report.open).toEqual([]);
  const evidence = new LocalEvidence(state);
  const known = new Map((await evidence.sessions({ limit: 1_000_000 })).map((so) => [so.session, so.seq]));
  evidence.close();
  for (const [session, seq] of acknowledged) expect(known.get(session) ?? 0, session).toBeGreaterThanOrEqual(seq);
}
