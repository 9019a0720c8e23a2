// The real gateway as a process of its own, for tests that bring their own PostgreSQL: start, kill, start again on the same state.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "#local/certificates.ts";
import { type Issuer, startIssuer } from "./issuer.ts";
import { freePort, listening } from "./net.ts";
import { ROOT } from "./project.ts";
import { environment } from "./settings.ts";

export interface GatewayOptions {
  /** An empty folder for configuration, state and log. */
  readonly folder: string;
  readonly certificates: Certificates;
  /** Folder of the policy bundle. */
  readonly policy: string;
  /** The one target of the bundle, where it is, and its credential. */
  readonly target: { readonly name: string; readonly port: number; readonly password: string };
  /** Options of Node for the process. */
  readonly node?: readonly string[];
  /** Sessions in all; the gateway's own limit when left out. */
  readonly sessions?: number;
}

export interface Gateway {
  readonly port: number;
  readonly admin: number;
  /** Where evidence, journal and index are. */
  readonly state: string;
  /** What the process said. */
  readonly log: string;
  /** The issuer's address. */
  readonly issuer: string;
  /** A token of this gateway's issuer. */
  token(name: string, claims?: Readonly<Record<string, unknown>>): string;
  /**
   * Starts the process; resolves when it is ready.
   * @param node options of Node for this time
   * @throws with its log when it is not
   */
  start(node?: readonly string[]): Promise<ChildProcess>;
  close(): Promise<void>;
}

const AUDIENCE = "postern";

/** Writes the configuration and starts an issuer; the process is started by `start`. */
export async function prepareGateway(options: GatewayOptions): Promise<Gateway> {
  const { folder, certificates, target } = options;
  const pem = { cert: readFileSync(certificates.certFile, "utf8"), key: readFileSync(certificates.keyFile, "utf8") };
  const issuer = await startIssuer(pem, AUDIENCE);
  const [port, admin] = [await freePort(), await freePort()];
  const state = join(folder, "state");
  const log = join(folder, "gateway.log");
  mkdirSync(state, { recursive: true });
  writeFileSync(join(folder, "credential"), target.password, { mode: 0o600 });
  writeFileSync(join(folder, "proxy.json"), JSON.stringify(configuration(options, issuer, { port, admin, state })));

  const start = async (node = options.node ?? []) => {
    const env = { ...environment(), POSTERN_CONFIG: join(folder, "proxy.json") };
    const out = openSync(log, "a");
    const child = spawn(process.execPath, [...node, "fargate-proxy/src/main.ts"], {
      cwd: ROOT,
      env,
      stdio: ["ignore", out, out],
    });
    try {
      await listening(port, child);
      await ready(admin);
    } catch (error) {
      child.kill("SIGKILL");
      throw new Error(`${error instanceof Error ? error.message : error}\n${readFileSync(log, "utf8").slice(-4000)}`);
    }
    return child;
  };
  return { port, admin, state, log, issuer: issuer.url, token: issuer.token, start, close: () => issuer.close() };
}

function configuration(
  { folder, certificates, policy, target, sessions }: GatewayOptions,
  issuer: Issuer,
  { port, admin, state }: { port: number; admin: number; state: string },
): object {
  const { caFile } = certificates;
  return {
    listen: { host: "127.0.0.1", port },
    admin: { host: "127.0.0.1", port: admin },
    policy,
    state,
    tls: { cert: certificates.certFile, key: certificates.keyFile },
    issuers: [{ issuer: issuer.url, audience: AUDIENCE, jwksUri: issuer.jwksUri, caFile }],
    ...(sessions === undefined ? {} : { limits: { sessions } }),
    targets: {
      [target.name]: { host: "localhost", port: target.port, caFile, credential: join(folder, "credential") },
    },
  };
}

/** Resolves when /readyz says so. */
async function ready(port: number, milliseconds = 20_000): Promise<void> {
  const until = Date.now() + milliseconds;
  for (let last = ""; ; ) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok === true) return;
    last = (await answer?.text().catch(() => "")) ?? last;
    if (Date.now() > until) throw new Error(`the gateway is not ready: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
