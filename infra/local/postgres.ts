// Starts and stops an embedded PostgreSQL: TCP on loopback alone, TLS and SCRAM alone.
import { execFile, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Pem } from "./certificates.ts";
import { endWithUs } from "./children.ts";
import { giveTo, type Place, runAs } from "./postgres-place.ts";

export interface PostgresOptions {
  readonly place: Place;
  readonly port: number;
  readonly tls: Pem;
  readonly logFile: string;
  /** For tests: what happens after a power failure does not matter. */
  readonly careless?: boolean;
  /** Connections that it takes; 200 when left out. */
  readonly connections?: number;
}

export interface RunningPostgres {
  readonly pid: number;
  stop(): Promise<void>;
}

const HBA = "hostssl all all 127.0.0.1/32 scram-sha-256\nhostssl all all ::1/128 scram-sha-256\n";

const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  ssl: "on",
  ssl_cert_file: "server.pem",
  ssl_key_file: "server.key",
  ssl_min_protocol_version: "TLSv1.2",
  password_encryption: "scram-sha-256",
  max_connections: "200",
  timezone: "UTC",
  log_timezone: "UTC",
  // The gateway writes session and principal into application_name (%a): this log and the evidence can be laid side by side.
  log_line_prefix: "%m [%p] %u@%d %a ",
  // Nobody replicates a demonstration, and a load without write-ahead log is fast.
  wal_level: "minimal",
  max_wal_senders: "0",
} as const;

/** Makes an empty cluster with one superuser, `postgres`, unless there is one. */
export async function initCluster(place: Place, password: string): Promise<void> {
  if (existsSync(join(place.data, "PG_VERSION"))) return;
  const passwordFile = join(dirname(place.data), "initdb-password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(passwordFile);
  giveTo(place.data);
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const args = ["-D", place.data, "--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256", ...locale];
  try {
    await promisify(execFile)(place.binaries.initdb, [...args, "--no-sync", "--no-instructions"], {
      ...runAs,
      cwd: place.data,
    });
  } finally {
    rmSync(passwordFile);
  }
  writeFileSync(join(place.data, "pg_hba.conf"), HBA);
}

/** The process number in postmaster.pid when a PostgreSQL runs on this folder, and whether it accepts connections (its line 8). */
function postmaster(data: string): { readonly pid: number; readonly ready: boolean } | null {
  const lines = readIfThere(join(data, "postmaster.pid")).split("\n");
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && alive(pid, data) ? { pid, ready: lines[7]?.trim() === "ready" } : null;
}

/** Empty when there is no such file: PostgreSQL takes its own away as it ends. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function alive(pid: number, data: string): boolean {
  try {
    // The number may be another program's by now: PostgreSQL is the one that works in its data directory.
    if (process.platform === "linux") return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Stops what an earlier home left running on this folder, if anything: fast shutdown, then immediate. */
export async function stopPostgres(data: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    const running = postmaster(data);
    if (running === null) return;
    try {
      process.kill(running.pid, signal);
    } catch {
      // It ended by itself in the meantime.
      return;
    }
    for (let waited = 0; waited < 10_000 && postmaster(data) !== null; waited += 25) await sleep(25);
  }
}

/** @throws when it does not start; the reason is in the log file */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { place, port, tls, logFile } = options;
  const { data } = place;
  await stopPostgres(data);
  for (const [name, text] of [
    ["server.pem", tls.cert],
    ["server.key", tls.key],
  ] as const) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    giveTo(join(data, name));
  }
  const settings = {
    ...SETTINGS,
    port: String(port),
    ...(options.careless ? { fsync: "off" } : {}),
    ...(options.connections === undefined ? {} : { max_connections: String(options.connections) }),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = openSync(logFile, "a");
  // Its own process group: Ctrl-C reaches this program alone, which then stops things in their order.
  const child = spawn(place.binaries.postgres, ["-D", data, ...args], {
    ...runAs,
    cwd: data,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  endWithUs(child, "SIGINT");
  let failed: Error | null = null;
  child.once("error", (error) => {
    failed = error;
  });
  const ended = () => failed !== null || child.exitCode !== null || child.signalCode !== null;
  while (postmaster(data)?.ready !== true) {
    if (ended()) throw failed ?? new Error(`PostgreSQL did not start; see ${logFile}`);
    await sleep(20);
  }
  child.unref();
  return { pid: child.pid as number, stop: () => stopPostgres(data) };
}
