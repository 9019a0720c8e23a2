// One run of PostgreSQL's own pgbench over a route, and what it says.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment } from "#test/support/settings.ts";
import { libpq, type Route } from "./route.ts";
import { cpuSeconds } from "./usage.ts";

export interface Workload {
  readonly script: "select-only" | "tpcb-like";
  readonly protocol: "simple" | "extended" | "prepared";
  readonly clients: number;
}

export interface Run {
  /** Transactions a second, without the time that connecting took. */
  readonly tps: number;
  /** Microseconds of one transaction. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of the gateway's CPU for one transaction; null on the direct route. */
  readonly cpu: number | null;
}

/** Every 20th transaction is logged at many clients: enough for a p99, and the log costs nothing. */
const SAMPLED_ABOVE = 4;
const SAMPLE = "0.05";

/** @throws when pgbench fails or any transaction does: a bench of errors is no bench */
export async function pgbench(route: Route, load: Workload, seconds: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "postern-pgbench-"));
  try {
    const before = route.pid === undefined ? 0 : cpuSeconds(route.pid);
    const text = await execute(route, [...options(load, seconds), `--log-prefix=${join(folder, "log")}`]);
    const spent = route.pid === undefined ? null : cpuSeconds(route.pid) - before;
    const done = numberIn(text, /number of transactions actually processed: (\d+)/);
    if (numberIn(text, /number of failed transactions: (\d+)/) > 0 || done === 0)
      throw new Error(`pgbench over ${route.name}: transactions failed\n${text}`);
    const times = latencies(folder);
    return {
      tps: numberIn(text, /tps = ([\d.]+) \(without initial connection time\)/),
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      cpu: spent === null ? null : (spent / done) * 1e6,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function options(load: Workload, seconds: number): string[] {
  const sample = load.clients > SAMPLED_ABOVE ? [`--sampling-rate=${SAMPLE}`] : [];
  return [
    "--no-vacuum",
    `--builtin=${load.script}`,
    `--protocol=${load.protocol}`,
    `--client=${load.clients}`,
    "--jobs=1",
    `--time=${seconds}`,
    "--log",
    ...sample,
  ];
}

function execute(route: Route, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...environment(), ...libpq(route) };
    execFile("pgbench", args, { env, maxBuffer: 8 << 20 }, (error, out, err) =>
      error === null ? resolve(out) : reject(new Error(`pgbench over ${route.name} failed:\n${err}${out}`)),
    );
  });
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`pgbench did not say ${pattern.source}:\n${text}`);
  return Number(found);
}

/** Microseconds of each logged transaction, ascending: the third field of pgbench's log. */
function latencies(folder: string): number[] {
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"));
  const times = lines.filter((line) => line !== "").map((line) => Number(line.split(" ")[2]));
  return times.sort((a, b) => a - b);
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
