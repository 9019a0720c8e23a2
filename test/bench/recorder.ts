// What recording costs by itself: `node test/bench/recorder.ts [writers] [seconds]`. Each writer waits for each of its commands to be
// durable, as a client would, and then notes that it finished.

import { openLocalRecorder } from "#proxy/adapters/local-recorder.ts";
import {
  execute,
  finished,
  newIdentity,
  OPENED,
  resultBytes,
  STATEMENT,
  systemClock,
  temporaryState,
} from "#test/support/evidence.ts";

const writers = Number(process.argv[2] ?? 32);
const seconds = Number(process.argv[3] ?? 5);
const state = temporaryState();
const recorder = await openLocalRecorder({ state: state.path, clock: systemClock, onProblem: console.error });
const output = resultBytes([[1, "a row of about a hundred bytes, with its description, as pgbench's selects give"]]);
const waits: number[] = [];
const begin = performance.now();
const loop = performance.eventLoopUtilization();
const cpu = process.cpuUsage();
await Promise.all(Array.from({ length: writers }, write));
const used = process.cpuUsage(cpu);
const active = performance.eventLoopUtilization(loop).active;
const took = (performance.now() - begin) / 1000;
const events = waits.length * 2;
waits.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    writers,
    events,
    eventsPerSecond: Math.round(events / took),
    mainThreadMicrosPerEvent: Number(((active * 1000) / events).toFixed(2)),
    cpuMicrosPerEvent: Number(((used.user + used.system) / events).toFixed(2)),
    durableMsP50: waits[Math.floor(events / 4)],
    durableMsP99: waits[Math.floor((events / 2) * 0.99)],
    rssMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
  }),
);
await recorder.close();
state.remove();

async function write(): Promise<void> {
  const session = recorder.open(newIdentity());
  await session.record(OPENED);
  await session.record(STATEMENT);
  const end = performance.now() + seconds * 1000;
  for (let now = performance.now(); now < end; now = performance.now()) {
    await session.record(execute(2));
    waits.push(performance.now() - now);
    session.output(output);
    session.note(finished(2));
    if (!session.writable) await session.drained();
  }
  await session.close("done");
}
