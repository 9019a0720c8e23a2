// The gateway as a process of its own, with its configuration file.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Certificates } from "./certificates.ts";
import { endWithUs } from "./children.ts";
import { AUDIENCE, SCOPE } from "./oidc/configuration.ts";
import type { Ports } from "./ports.ts";
import { childEnvironment, PROJECT } from "./settings.ts";
import type { State } from "./state.ts";

export interface ProxyOptions {
  readonly ports: Ports;
  readonly issuer: string;
  readonly certificates: Certificates;
  /** Folder of the policy bundle. */
  readonly policy: string;
  readonly graceSeconds?: number;
  /** The proxy's configuration of that name. */
  readonly comprehendMedical?: object;
  /** File with the witnesses of the ledger. */
  readonly witnesses?: string;
}

export interface RunningProxy {
  readonly pid: number;
  /** What its log warned of while it started. */
  readonly warnings: readonly string[];
  /** Resolves when the process ends, whoever ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL: as if the machine had failed. */
  kill(): Promise<void>;
}

const READY_MS = 30_000;
const GRACE_SECONDS = 5;

function configure(
  state: State,
  { ports, issuer, certificates, policy, graceSeconds, comprehendMedical, witnesses }: ProxyOptions,
): void {
  const { caFile, certFile, keyFile } = certificates;
  const config = {
    listen: { host: "127.0.0.1", port: ports.gateway },
    admin: { host: "127.0.0.1", port: ports.admin },
    policy,
    state: state.root,
    tls: { cert: certFile, key: keyFile },
    issuers: [{ issuer, audience: AUDIENCE, jwksUri: `${issuer}/jwks`, caFile }],
    oauth: { configuration: `${issuer}/.well-known/openid-configuration`, scope: `openid ${SCOPE}` },
    limits: { graceSeconds: graceSeconds ?? GRACE_SECONDS },
    targets: {
      clinic: {
        host: "127.0.0.1",
        port: ports.database,
        caFile,
        serverName: "localhost",
        credential: join(state.credentials, "clinic"),
      },
    },
    ...(comprehendMedical === undefined ? {} : { comprehendMedical }),
    ...(witnesses === undefined ? {} : { witnesses }),
  };
  writeFileSync(state.proxyConfig, `${JSON.stringify(config, null, 2)}\n`);
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}

const isOver = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

function warningsIn(log: string): string[] {
  const lines = log.split("\n").filter((line) => line.startsWith('{"time"') && line.includes('"level":"warn"'));
  return lines.map((line) => {
    const { time: _, level: __, what, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const more = Object.entries(fields).filter(([, value]) => value !== "");
    return `${what}${more.map(([name, value]) => `; ${name.replaceAll("_", " ")}: ${value}`).join("")}`;
  });
}

/** @throws with what the gateway said, when it does not become ready */
export async function startProxy(state: State, options: ProxyOptions): Promise<RunningProxy> {
  configure(state, options);
  const logFile = join(state.log, "proxy.log");
  const log = openSync(logFile, "a");
  const from = readFileSync(logFile).length;
  const main = join(PROJECT, "fargate-proxy/src/main.ts");
  // Its own process group: Ctrl-C reaches the home alone, which then stops things in their order.
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main], {
    env: childEnvironment({ POSTERN_CONFIG: state.proxyConfig }),
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  endWithUs(child, "SIGTERM");
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    if (!isOver(child)) child.kill(signal);
    await ended;
  };
  for (const until = Date.now() + READY_MS; !(await isReady(options.ports.admin)); ) {
    const over = isOver(child);
    if (over || Date.now() > until) {
      await end("SIGKILL");
      const said = readFileSync(logFile, "utf8").slice(from).trim();
      throw new Error(`the gateway ${over ? "did not start" : "did not become ready"}:\n${said || `see ${logFile}`}`);
    }
    await sleep(50);
  }
  const stop = async () => {
    const late = setTimeout(() => child.kill("SIGKILL"), ((options.graceSeconds ?? GRACE_SECONDS) + 15) * 1000);
    await end("SIGTERM");
    clearTimeout(late);
  };
  const warnings = warningsIn(readFileSync(logFile, "utf8").slice(from));
  return { pid: child.pid as number, warnings, ended, stop, kill: () => end("SIGKILL") };
}
