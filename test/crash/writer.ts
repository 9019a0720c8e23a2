// A process that records sessions as fast as it can, and says what was acknowledged: `<session> <seq>`, once the record is durable.
// Run by recorder.test.ts with a state directory, and killed.

import { writeSync } from "node:fs";
import {
  execute,
  finished,
  newIdentity,
  OPENED,
  openTestRecorder,
  resultBytes,
  STATEMENT,
} from "#test/support/evidence.ts";

const [, , state = ""] = process.argv;
const recorder = await openTestRecorder(state);
writeSync(1, "ready 0\n");

async function work(runs: number): Promise<void> {
  for (;;) {
    const identity = newIdentity();
    const session = recorder.open(identity);
    const acknowledge = (seq: number) => writeSync(1, `${identity.session} ${seq}\n`);
    await session.record(OPENED);
    acknowledge(session.seq);
    await session.record(STATEMENT);
    for (let i = 0; i < runs; i++) {
      const done = session.record(execute(2));
      const seq = session.seq;
      await done;
      acknowledge(seq);
      session.output(resultBytes([[i, "x".repeat(i % 50)]]));
      session.note(finished(2));
    }
    await session.close("done");
    acknowledge(session.seq);
  }
}

// Short sessions and long ones, so that every step of sealing is likely to be hit.
await Promise.all([1, 1, 3, 10, 40, 400].map(work));
