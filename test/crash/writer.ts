// A process that records sessions as fast as it can, and says what was acknowledged: `<session> <seq>`, once the record is durable.
// Run by recorder.test.ts with a state directory and a fault, and killed.

import { writeSync } from "node:fs";
import { openRecorder } from "#proxy/recorder/recorder.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import {
  execute,
  finished,
  newIdentity,
  OPENED,
  recorderParts,
  resultBytes,
  STATEMENT,
} from "#test/support/evidence.ts";
import { type Fault, withFault } from "./faults.ts";

const [, , state = "", fault = "none"] = process.argv;
const parts = await recorderParts(state);
const recorder = await openRecorder(withFault(parts, fault as Fault)).catch(fail);
writeSync(1, "ready 0\n");

/** A gateway whose recovery fails ends, and is started again: as if it was killed there. Waits for that kill. */
async function fail(error: NodeJS.ErrnoException): Promise<never> {
  if (error.code !== "EIO" && error.code !== "ENOSPC") throw error;
  writeSync(1, "failed 0\n");
  // Nobody closes what a killed process has open: nor does the garbage collector.
  setInterval(() => void parts, 1000);
  return new Promise<never>(() => undefined);
}

async function work(runs: number): Promise<void> {
  for (;;) {
    const identity = newIdentity();
    const session = recorder.open(identity);
    /** What is refused is not announced: it is tried again, as a client would. */
    const record = async (event: EvidenceEvent) => {
      for (;;) {
        const done = session.record(event);
        const seq = session.seq;
        try {
          await done;
          return writeSync(1, `${identity.session} ${seq}\n`);
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    };
    await record(OPENED);
    await record(STATEMENT);
    for (let i = 0; i < runs; i++) {
      await record(execute(2));
      session.output(resultBytes([[i, "x".repeat(i % 50)]]));
      session.note(finished(2));
    }
    await session.close("done");
    writeSync(1, `${identity.session} ${session.seq}\n`);
  }
}

// Short sessions and long ones, so that every step of sealing is likely to be hit.
await Promise.all([1, 1, 3, 10, 40, 400].map(work));
