// The prompt of `postern sql`: reads commands up to a semicolon, runs them, shows the answers.
import { createInterface } from "node:readline/promises";
import type { Layout } from "./print.ts";
import type { Answer, Session } from "./session.ts";

const HELP = "End a command with a semicolon. \\x turns expanded output on and off, \\q leaves.\n";

/** @param show prints an answer. Returns when the person leaves. */
export async function prompt(
  session: Session,
  target: string,
  first: Layout,
  show: (answer: Answer, layout: Layout) => void,
): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, historySize: 500 });
  let [layout, pending, running] = [first, "", false];
  const ask = () => {
    lines.setPrompt(pending === "" ? `${target}=> ` : `${target}-> `);
    lines.prompt();
  };
  lines.on("SIGINT", () => {
    if (running) return void session.cancel().catch(() => {});
    pending = "";
    process.stdout.write("\n");
    ask();
  });
  process.stdout.write(HELP);
  ask();
  for await (const line of lines) {
    const word = line.trim();
    if (pending === "" && (word === "\\q" || word === "exit" || word === "quit")) break;
    if (pending === "" && word === "\\x") layout = layout === "expanded" ? "table" : "expanded";
    else if (pending === "" && word.startsWith("\\")) process.stdout.write(HELP);
    else if (pending !== "" || word !== "") pending += `${line}\n`;
    if (word.endsWith(";")) {
      running = true;
      show(await session.run(pending), layout);
      running = false;
      pending = "";
    }
    ask();
  }
  lines.close();
}
