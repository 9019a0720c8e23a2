// Programs that a home starts in process groups of their own: nobody else would end them if this process ended early.
import type { ChildProcess } from "node:child_process";

/** Has the program told to end when this process exits, unless it has ended before. */
export function endWithUs(child: ChildProcess, signal: NodeJS.Signals): void {
  const tell = () => void child.kill(signal);
  process.on("exit", tell);
  child.once("exit", () => process.off("exit", tell));
}
