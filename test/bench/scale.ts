// How evidence grows: `node test/bench/scale.ts many [sessions] [events]` makes so many sessions, builds the index from the store and
// verifies; `node test/bench/scale.ts large [megabytes]` records one session of so many bytes of results, replays and verifies it.
// Prints one JSON object.
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { openLocalRecorder } from "#proxy/adapters/local-recorder.ts";
import { LocalStore } from "#proxy/adapters/local-store.ts";
import type { Recorder } from "#proxy/recorder/recorder.ts";
import type { Scope } from "#shared/evidence/verify-types.ts";
import {
  execute,
  finished,
  frame,
  newIdentity,
  OPENED,
  resultBytes,
  STATEMENT,
  systemClock,
  temporaryState,
} from "#test/support/evidence.ts";
import { verifyStore } from "#test/support/memory-store.ts";

// Memory that is only waiting for the collector is not what is measured.
setFlagsFromString("--max-semi-space-size=8");
const [, , mode = "", first = "", second = ""] = process.argv;
const state = temporaryState();
const store = join(state.path, "evidence");
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);

try {
  const figures =
    mode === "many" ? await many(Number(first || 10_000), Number(second || 100)) : await large(Number(first || 2048));
  console.log(JSON.stringify(figures));
} finally {
  clearInterval(watch);
  state.remove();
}

async function many(sessions: number, events: number): Promise<object> {
  const recorder = await open();
  let left = sessions;
  let some = "";
  const written = await timed(async () => {
    const worker = async () => {
      while (left-- > 0) some = await shortSession(recorder, events);
    };
    await Promise.all(Array.from({ length: 64 }, worker));
    await recorder.close();
  });
  const index = await timed(async () => {
    const evidence = new LocalEvidence(state.path);
    const found = await evidence.sessions({ limit: 10 });
    evidence.close();
    if (found.length !== 10) throw new Error("the index has not enough sessions");
  });
  const one = await timed(() => verify({ type: "session", session: some }));
  const whole = await timed(() => verify({ type: "all" }));
  return {
    sessions,
    events: sessions * events,
    write: written,
    rebuildIndex: index,
    verifySession: one,
    verifyAll: whole,
  };
}

/** @returns its id */
async function shortSession(recorder: Recorder, events: number): Promise<string> {
  const identity = newIdentity();
  const session = recorder.open(identity);
  await session.record(OPENED);
  await session.record(STATEMENT);
  for (let i = 3; i + 2 < events; i += 2) {
    session.note(execute(2));
    session.output(resultBytes([[i, "a name"]]));
    session.note(finished(2));
  }
  await session.record(execute(2));
  await session.close("done");
  return identity.session;
}

async function large(megabytes: number): Promise<object> {
  const recorder = await open();
  const identity = newIdentity();
  const session = recorder.open(identity);
  await session.record(OPENED);
  await session.record(STATEMENT);
  const rows = rowsOf(64 << 10);
  let sent = 0;
  const written = await timed(async () => {
    for (; sent < megabytes * 1_048_576; sent += rows.length) {
      // Some of it new each time, so that it does not compress to nothing.
      randomFillSync(rows, rows.length - 8192, 4096);
      session.output(rows);
      if (!session.writable) await session.drained();
    }
    session.note(finished(2));
    await session.close("done");
    await recorder.close();
  });
  const evidence = new LocalEvidence(state.path);
  let replayed = 0;
  const replay = await timed(async () => {
    for await (const chunk of evidence.chunks(await evidence.find(identity.session))) replayed += chunk.bytes.length;
  });
  evidence.close();
  if (replayed !== sent) throw new Error(`${sent} bytes were sent, and ${replayed} replayed`);
  const checked = await timed(() => verify({ type: "all" }));
  return { bytes: sent, write: written, replay, verify: checked };
}

function open(): Promise<Recorder> {
  return openLocalRecorder({ state: state.path, clock: systemClock, onProblem: console.error });
}

async function verify(scope: Scope): Promise<void> {
  const report = await verifyStore(LocalStore.forReading(store), join(state.path, "keys"), { scope });
  if (!report.ok) throw new Error(report.bad?.what);
}

async function timed(
  action: () => Promise<void>,
): Promise<{ readonly seconds: number; readonly peakMegabytes: number }> {
  peak = process.memoryUsage.rss();
  const begin = performance.now();
  await action();
  return { seconds: Number(((performance.now() - begin) / 1000).toFixed(2)), peakMegabytes: Math.round(peak / 1e6) };
}

/** DataRow frames of about a kilobyte. */
function rowsOf(bytes: number): Buffer {
  const row = frame("D", Buffer.concat([Buffer.from([0, 1, 0, 0, 3, 232]), Buffer.alloc(1000, "a row of a report, ")]));
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / row.length) }, () => row));
}
