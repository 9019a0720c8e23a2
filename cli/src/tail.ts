// postern tail: events as they become durable.
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import type { JournalReader } from "#proxy/adapters/local-journal-read.ts";
import { readAnnouncement } from "#shared/evidence/announce.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { describe } from "./evidence/describe.ts";
import { print, withEvidence } from "./evidence/home.ts";
import { Problem } from "./problem.ts";

interface Options {
  readonly json?: true;
  readonly once?: true;
  readonly lines: string;
}

const POLL_MS = 200;

export function registerTail(program: Command): void {
  program
    .command("tail")
    .description("follow events of all sessions as they are recorded")
    .option("--json", "the lines as they are kept, one JSON object each")
    .option("--once", "stop after what is there now")
    .option("--lines <count>", "begin with so many earlier events", "10")
    .action((options: Options) =>
      withEvidence(async (evidence) => {
        const reader = evidence.follow();
        try {
          await follow(reader, options);
        } finally {
          await reader.close();
        }
      }),
    );
}

async function follow(reader: JournalReader, options: Options): Promise<void> {
  const count = Number(options.lines);
  if (!Number.isSafeInteger(count) || count < 0) throw new Problem("--lines takes a number from 0 on", 2);
  const earlier: string[] = [];
  for await (const text of events(reader)) {
    earlier.push(text);
    if (earlier.length > count) earlier.shift();
  }
  for (const text of earlier) await show(text, options);
  if (options.once) return;

  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  while (!stop.signal.aborted) {
    for await (const text of events(reader)) await show(text, options);
    await pause(POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

async function* events(reader: JournalReader): AsyncGenerator<string> {
  for await (const text of reader.more()) if (readAnnouncement(text) === null) yield text;
}

async function show(text: string, options: Options): Promise<void> {
  if (options.json) return print(text);
  const line = readLine(text);
  if (line === null) return;
  const at = new Date(line.time).toISOString().slice(11, 23);
  await print(`${at}  ${line.session.slice(-8)}  ${(line.user ?? "-").padEnd(12)}  ${describe(line)[0] ?? ""}`);
}
