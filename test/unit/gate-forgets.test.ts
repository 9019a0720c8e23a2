// A gateway runs for months: what a session was must not stay in memory when it is over.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { GateSession } from "#proxy/gate/session.ts";
import { Refusal } from "#shared/errors.ts";
import { analysis, CLAIM, command, facts, fakeGate, PERMIT } from "#test/support/fake-gate.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Bytes that live. */
async function living(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  return process.memoryUsage().heapUsed;
}

it("nothing is left of sessions that are over", async () => {
  const { gate, log, sealed, world } = await fakeGate();
  world.decide = () => PERMIT;
  const statements = Array.from({ length: 5 }, () => analysis(facts()));
  world.analyse = (text) => statements[text.length % statements.length]!;
  const run = async (sessions: number) => {
    for (let i = 0; i < sessions; i++) {
      const session = await gate.admit({
        ...CLAIM,
        application: `client ${i}`,
        source: { address: "127.0.0.1", port: i },
      });
      if (!(session instanceof GateSession)) throw new Error("not admitted");
      for (const text of ["SELECT 1", `SELECT '${i}'`, "SELECT name"]) {
        const verdict = await session.judge(command({ text }));
        if (verdict instanceof Refusal) throw verdict;
        await verdict.permit;
        session.finished(verdict.judgement, { tag: "SELECT 1", rows: 1, bytes: 9, sqlstate: "", micros: 1, masks: [] });
      }
      await session.close("client left");
      // The fakes' own notes.
      log.length = sealed.length = 0;
    }
  };
  await run(500);
  const before = await living();
  await run(3000);
  const kept = ((await living()) - before) / 3000;
  expect(kept, "bytes of each session").toBeLessThan(100);
});
