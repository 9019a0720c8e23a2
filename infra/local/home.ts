// The same parts as in the cloud, composed on one machine: database, identity provider, gateway. A demonstration and a development machine.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import type { RunFile } from "#shared/home.ts";
import { ensureCertificates } from "./certificates.ts";
import { startDatabase } from "./database.ts";
import { LOCK, takeLock } from "./lock.ts";
import { CLIENT_ID, SCOPE } from "./oidc/configuration.ts";
import { IDENTITIES } from "./oidc/identities.ts";
import { startProvider } from "./oidc/serve.ts";
import { readRun, stopOrphans } from "./orphans.ts";
import { type Ports, takenPorts } from "./ports.ts";
import { removePlace } from "./postgres-place.ts";
import { type ProxyOptions, type RunningProxy, startProxy } from "./proxy.ts";
import { childEnvironment, PROJECT } from "./settings.ts";
import { openState, type State } from "./state.ts";

export interface HomeOptions {
  /** The state directory. */
  readonly state: string;
  readonly ports: Ports;
  /** Forget everything first: data, keys, evidence. */
  readonly fresh?: boolean;
  /** Folder of the policy bundle; the project's own when left out. */
  readonly policy?: string;
  /** For tests: no data needs to survive a power failure. */
  readonly careless?: boolean;
  readonly graceSeconds?: number;
  readonly comprehendMedical?: object;
  /** File with the witnesses of the ledger. */
  readonly witnesses?: string;
  progress?(line: string): void;
}

export interface LocalHome {
  readonly state: State;
  readonly run: RunFile;
  /** Resolves when the gateway ends by itself. */
  readonly broken: Promise<void>;
  /** Stops in the order in which nothing is lost. Once. */
  stop(): Promise<void>;
  /** Kills the gateway and starts it again. */
  restartProxy(): Promise<void>;
}

/** A home that cannot be started, for reasons that somebody can remove. */
export class CannotStart extends Error {
  override readonly name = "CannotStart";
}

/** A state directory says what it is, so that --fresh never deletes another. */
const SIGN = "ABOUT";
const ABOUT = "State of Postern's local home: made by `npm start`, deleted by `npm start -- --fresh`.\n";

/** Takes a state directory for this process alone. @returns what gives it back */
function enter(root: string): () => void {
  const ours = existsSync(join(root, SIGN));
  if (existsSync(root) && !ours && readdirSync(root).length > 0)
    throw new CannotStart(
      `${root} is not empty, and no state directory of a local home; name another by POSTERN_STATE`,
    );
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, SIGN), ABOUT);
  const leave = takeLock(root);
  if (leave === null)
    throw new CannotStart(`a home runs on ${root} already (process ${readRun(root)?.pid ?? "unknown"})`);
  return leave;
}

function empty(root: string): void {
  removePlace(join(root, "pg"));
  const kept = [SIGN, LOCK];
  for (const name of readdirSync(root))
    if (!kept.includes(name)) rmSync(join(root, name), { recursive: true, force: true });
}

/** The demo's contractor has left: revoked from the start, as an operator would do it. */
async function offboardContractor(state: State): Promise<void> {
  if (existsSync(join(state.root, "index.db"))) return;
  const args = [join(PROJECT, "cli/src/main.ts"), "revoke", "contractor", "--reason", "the contract has ended"];
  await promisify(execFile)(process.execPath, args, { env: childEnvironment({ POSTERN_STATE: state.root }) });
}

function describeRun(options: HomeOptions, issuer: string, ca: string, proxyPid: number): RunFile {
  const { ports, policy = POLICY } = options;
  const at = (port: number) => ({ host: "127.0.0.1", port });
  return {
    pid: process.pid,
    proxyPid,
    started: new Date().toISOString(),
    gateway: at(ports.gateway),
    admin: at(ports.admin),
    database: at(ports.database),
    issuer,
    clientId: CLIENT_ID,
    scope: SCOPE,
    ca,
    targets: Object.keys(parse(readFileSync(join(policy, "targets.yaml"), "utf8"))),
    identities: IDENTITIES.map(({ groups: _, ...identity }) => identity),
  };
}

const POLICY = join(PROJECT, "policy");

/** A gateway that can be killed and started again; `broken` resolves when it ends though nobody here ended it. */
async function keepProxy(state: State, options: ProxyOptions) {
  let current: RunningProxy;
  let ending = false;
  let tell = () => {};
  const broken = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const begin = async () => {
    current = await startProxy(state, options);
    ending = false;
    void current.ended.then(() => ending || tell());
  };
  await begin();
  return {
    broken,
    get pid() {
      return current.pid;
    },
    get warnings() {
      return current.warnings;
    },
    stop: () => {
      ending = true;
      return current.stop();
    },
    restart: async () => {
      ending = true;
      await current.kill();
      await begin();
    },
  };
}

/** @throws CannotStart, or whatever kept a part from starting; then nothing is left running */
export async function startHome(options: HomeOptions): Promise<LocalHome> {
  const { ports, progress = () => {}, fresh = false, careless = false, policy = POLICY } = options;
  const leave = enter(options.state);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
    rmSync(join(options.state, "run.json"), { force: true });
    leave();
  };
  try {
    await stopOrphans(options.state);
    if (fresh) empty(options.state);
    const state = openState(options.state);
    const taken = await takenPorts(ports);
    if (taken.length > 0)
      throw new CannotStart(`${taken.join("\n")}\nStop it, or take other ports with --port <number>.`);
    const certificates = await ensureCertificates(state.keys);
    const database = { port: ports.database, tls: certificates.postgres, careless, progress };
    started.push(await startDatabase(state, database));
    await offboardContractor(state);
    const pem = { cert: readFileSync(certificates.certFile, "utf8"), key: readFileSync(certificates.keyFile, "utf8") };
    const provider = await startProvider(state, ports.issuer, pem);
    started.push(provider);
    progress("starting the gateway");
    const proxyOptions = {
      ports,
      certificates,
      policy,
      issuer: provider.issuer,
      ...(options.graceSeconds === undefined ? {} : { graceSeconds: options.graceSeconds }),
      ...(options.comprehendMedical === undefined ? {} : { comprehendMedical: options.comprehendMedical }),
      ...(options.witnesses === undefined ? {} : { witnesses: options.witnesses }),
    };
    const proxy = await keepProxy(state, proxyOptions);
    started.push(proxy);
    for (const warning of proxy.warnings) progress(`warning: ${warning}`);
    const run = describeRun(options, provider.issuer, certificates.caFile, proxy.pid);
    const write = () => writeFileSync(state.run, `${JSON.stringify({ ...run, proxyPid: proxy.pid }, null, 2)}\n`);
    write();
    const restartProxy = async () => {
      await proxy.restart();
      write();
    };
    return { state, run, broken: proxy.broken, stop, restartProxy };
  } catch (error) {
    await stop();
    throw error;
  }
}
