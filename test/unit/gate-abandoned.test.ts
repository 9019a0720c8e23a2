// A client may be gone by the time its command is judged: the verdict is then nobody's, and must not take the process along.
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { GateSession } from "#proxy/gate/session.ts";
import { Refusal } from "#shared/errors.ts";
import { CLAIM, command, fakeGate } from "#test/support/fake-gate.ts";

test.each(["the session ends", "the journal fails"])(
  "a permit that nobody waits for is not missed when %s",
  async (how) => {
    const unhandled: unknown[] = [];
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", (why) => unhandled.push(why));
    onTestFinished(() => {
      process.removeAllListeners("unhandledRejection");
      for (const listener of listeners) process.on("unhandledRejection", listener);
    });
    const fake = await fakeGate();
    const session = (await fake.gate.admit(CLAIM)) as GateSession;
    expect(session).toBeInstanceOf(GateSession);
    fake.world.slowJournal = how === "the session ends";
    fake.world.failJournal = !fake.world.slowJournal;
    const verdict = await session.judge(command());
    expect(verdict).not.toBeInstanceOf(Refusal);
    session.end(new Refusal("revoked"));
    fake.world.release();
    await turn();
    await turn();
    expect(unhandled).toEqual([]);
  },
);
