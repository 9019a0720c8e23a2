// postern replay SESSION: what the client saw, at the pace at which it came.
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import type { EvidenceLine } from "#shared/evidence/line-read.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import { formatTime, print, withEvidence } from "./evidence/home.ts";
import { Problem } from "./problem.ts";
import { BackendReader } from "./replay/backend.ts";
import { waitBefore } from "./replay/pace.ts";
import { Screen } from "./replay/screen.ts";
import { type Step, steps } from "./replay/steps.ts";
import { cellText } from "./replay/values.ts";

interface Options {
  readonly speed: string;
  /** False for `--no-wait`. */
  readonly wait: boolean;
  readonly json?: true;
}

export function registerReplay(program: Command): void {
  program
    .command("replay")
    .argument("<session>", "a session's id, the start of it, or `last`")
    .description("replay what the client saw")
    .option("--speed <factor>", "so many times as fast", "1")
    .option("--no-wait", "all at once")
    .option("--json", "one JSON object per line, all at once")
    .action((name: string, options: Options) =>
      withEvidence(async (evidence) => {
        const speed = Number(options.speed);
        if (!(speed > 0)) throw new Problem("--speed takes a number greater than 0", 2);
        const so = await evidence.find(name);
        if (options.json) await replayJson(steps(evidence, so));
        else await replay(evidence, so, options.wait ? speed : Number.POSITIVE_INFINITY);
      }),
    );
}

async function replay(evidence: LocalEvidence, so: SessionSummary, speed: number): Promise<void> {
  const screen = new Screen(print);
  const texts = new Map<number, string>();
  const prompt = `${so.target}=> `;
  await print(`-- session ${so.session} of ${so.principal?.name ?? "the gateway"}, ${formatTime(so.opened)}`);
  let last = so.opened;
  for await (const step of steps(evidence, so)) {
    const wait = waitBefore(last, step.time, speed);
    if (wait > 0) await pause(wait);
    last = Math.max(last, step.time);
    if (step.type === "output") await screen.output(step.chunk.bytes);
    else await showEvent(screen, step.line, texts, prompt);
  }
  await screen.end();
}

/** Statements where they were run; what was prepared is shown when it runs. */
async function showEvent(
  screen: Screen,
  { seq, event }: EvidenceLine,
  texts: Map<number, string>,
  prompt: string,
): Promise<void> {
  if (event.type === "statement") {
    texts.set(seq, event.text);
    if (event.phase === "query" || event.decision.outcome !== "permit") await screen.statement(seq, prompt, event.text);
  } else if (event.type === "execute" && event.phase !== "prepare") {
    await screen.statement(event.ref, prompt, texts.get(event.ref) ?? `(event ${event.ref})`);
  } else if (event.type === "session.closed" || event.type === "session.recovered") {
    await screen.line(`-- ${event.type === "session.closed" ? "closed" : "closed by recovery"}: ${event.reason}`);
  }
}

async function replayJson(all: AsyncIterable<Step>): Promise<void> {
  const reader = new BackendReader();
  let columns: readonly { readonly name: string; readonly type: number; readonly binary: boolean }[] = [];
  for await (const step of all) {
    if (step.type === "event") {
      await print(JSON.stringify({ time: step.time, seq: step.line.seq, event: step.line.event }));
      continue;
    }
    const { time, seq, bytes } = step.chunk;
    for (const message of reader.push(bytes)) {
      if (message.type === "columns") columns = message.columns;
      if (message.type === "row") {
        const cells = message.cells.map((cell, i) => cellText(cell, columns[i]));
        await print(JSON.stringify({ time, seq, row: cells }));
      } else if (message.type === "copy")
        await print(JSON.stringify({ time, seq, copy: message.bytes.toString("utf8") }));
      else await print(JSON.stringify({ time, seq, output: message }));
    }
  }
}
