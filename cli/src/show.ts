// postern show SESSION: its events, readable, or the lines as they are kept.
import type { Command } from "commander";
import { describe } from "./evidence/describe.ts";
import { formatTime, print, withEvidence } from "./evidence/home.ts";

export function registerShow(program: Command): void {
  program
    .command("show")
    .argument("<session>", "a session's id, the start of it, or `last`")
    .description("show the events of a session")
    .option("--json", "the lines as they are kept, one JSON object each")
    .action((name: string, options: { readonly json?: true }) =>
      withEvidence(async (evidence) => {
        const so = await evidence.find(name);
        if (!options.json) await print(`session ${so.session}, begun ${formatTime(so.opened)}`);
        for await (const { text, line } of evidence.lines(so)) {
          if (options.json) await print(text);
          else await printEvent(describe(line), line.seq, line.time);
        }
      }),
    );
}

async function printEvent(words: readonly string[], seq: number, time: number): Promise<void> {
  const [first = "", ...details] = words;
  const at = new Date(time).toISOString().slice(11, 23);
  await print(`${String(seq).padStart(6)}  ${at}  ${indent(first)}`);
  for (const detail of details) await print(`${" ".repeat(31)}${indent(detail)}`);
}

/** A statement of several lines stays in its column. */
function indent(text: string): string {
  return text.replaceAll("\n", `\n${" ".repeat(31)}`);
}
