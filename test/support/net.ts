// Ports and processes of tests: every server listens on a port that was free a moment ago, and is waited for, never slept for.
import type { ChildProcess } from "node:child_process";
import { connect, createServer } from "node:net";

/** @returns a loopback port that nothing listens on */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = address !== null && typeof address === "object" ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when something listens on the port. @throws when the process ends before, or the time is up */
export async function listening(port: number, child: ChildProcess, milliseconds = 20_000): Promise<void> {
  const until = Date.now() + milliseconds;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${child.spawnfile} does not listen on port ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => resolve(false));
  });
}
