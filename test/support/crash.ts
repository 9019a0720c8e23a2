// Kills a process at a random instant and looks at what it left. The process says on its standard output, line by line, what it knows
// to be durable; whoever tests with it decides what a line means.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Killed {
  /** Lines that were complete when the process died. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/**
 * Runs a TypeScript program and kills it with SIGKILL.
 * @param afterMs how long after it was started, or after its first line
 * @param onLine called with each line as it comes
 */
export async function runAndKill(
  program: string,
  args: readonly string[],
  afterMs: number,
  since: "start" | "first line" = "first line",
  onLine: (line: string) => void = () => undefined,
): Promise<Killed> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  let stderr = "";
  child.stderr.on("data", (bytes) => {
    stderr += bytes;
  });
  if (since === "start") setTimeout(() => kill(child), afterMs);
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    if (lines.length === 0 && since === "first line") setTimeout(() => kill(child), afterMs);
    lines.push(line);
    onLine(line);
  });
  await Promise.all([once(child, "exit"), once(reader, "close")]);
  // What was written without its newline when the process died is no line.
  if (child.signalCode !== "SIGKILL") throw new Error(`the program ended by itself: ${stderr}`);
  return { lines, stderr };
}

function kill(child: ChildProcess): void {
  child.kill("SIGKILL");
}
