// What a home left behind when it was killed: its database and its gateway go on running, and hold its ports and files.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunFile, runFileSchema } from "#shared/home.ts";
import { stopPostgres } from "./postgres.ts";

/** What run.json says; null when there is none that can be read. */
export function readRun(root: string): RunFile | null {
  try {
    return runFileSchema.parse(JSON.parse(readFileSync(join(root, "run.json"), "utf8")));
  } catch {
    return null;
  }
}

/** Whether a process lives, and still is the program that it was: numbers are used again. */
function isAlive(pid: number, program: string): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program);
  } catch {
    return false;
  }
}

const PATIENCE_MS = 10_000;

/** Ends what an earlier home on this state left running. Nobody else may be using it: the caller holds its lock. */
export async function stopOrphans(root: string): Promise<void> {
  const proxy = readRun(root)?.proxyPid;
  const main = "fargate-proxy/src/main.ts";
  if (proxy !== undefined && isAlive(proxy, main)) {
    process.kill(proxy, "SIGTERM");
    for (let waited = 0; waited < PATIENCE_MS && isAlive(proxy, main); waited += 50) await sleep(50);
  }
  const data = join(root, "pg");
  if (existsSync(data)) await stopPostgres(realpathSync(data));
}
