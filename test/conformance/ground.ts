// Where the conformance suite takes place: a small demo clinic, the real gateway before it, and a way to run a client program against
// either.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { ensureCertificates } from "#local/certificates.ts";
import { loadClinic } from "#local/clinic/load.ts";
import { initCluster, startPostgres } from "#local/postgres.ts";
import { choosePlace, removePlace } from "#local/postgres-place.ts";
import { type Gateway, prepareGateway } from "#test/support/gateway.ts";
import { freePort } from "#test/support/net.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

const HERE = join(ROOT, "test/conformance");
/** Kept between runs, and gone with node_modules. */
const CACHE = join(ROOT, "node_modules/.cache/conformance");
const ROLE = "postern_gateway";
/** Enough for pages of results; the suite reads the first 25. */
const PATIENTS = 300;

/** Where a client program connects to, and as whom. */
export interface Route {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface Ground {
  /** Straight to the database, as the gateway's own role. */
  readonly direct: Route;
  /** Through the gateway, as a person of this name and group. */
  through(identity: string): Route;
  run(client: Client, route: Route, part: Part): Promise<Outcome>;
  /** The gateway's folder. */
  readonly state: string;
  stop(): Promise<void>;
}

/** `held N`: delete prescriptions from this number on, which needs approvals. */
export type Part = "all" | "phi" | `held ${number}`;

export interface Client {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** What a client program printed: a value for every step, in order. */
export type Outcome = ReadonlyMap<string, unknown>;

const java = `${CACHE}/java/classes:${CACHE}/java/lib/*`;
const python = `${CACHE}/python/bin/python`;

const jdbcCommand = (program: string): Client["command"] => [
  "java",
  "-Dfile.encoding=UTF-8",
  "-Dstdout.encoding=UTF-8",
  "-XX:TieredStopAtLevel=1",
  "-cp",
  java,
  program,
];

export const CLIENTS: readonly Client[] = [
  { name: "psql", command: [process.execPath, "clients/psql.ts"] },
  { name: "node-postgres", command: [process.execPath, "clients/pg.ts"] },
  { name: "postgres.js", command: [process.execPath, "clients/postgres-js.ts"] },
  { name: "psycopg", command: [python, "clients/psycopg_client.py"] },
  { name: "asyncpg", command: [python, "clients/asyncpg_client.py"] },
  { name: "SQLAlchemy", command: [python, "clients/sqlalchemy_client.py"] },
  { name: "pgjdbc", command: jdbcCommand("Jdbc") },
  { name: "pgx", command: [`${CACHE}/pgx`] },
];

/** Programs whose commands wait for approvals. */
export const HELD_CLIENTS: readonly Client[] = [
  { name: "psql", command: [process.execPath, "clients/held-psql.ts"] },
  { name: "psycopg", command: [python, "clients/held_psycopg.py"] },
  { name: "pgjdbc", command: jdbcCommand("HeldJdbc") },
];

/** @throws when a client cannot be had, with what its installer said */
export function installClients(): void {
  const { status, stdout, stderr } = spawnSync("bash", [join(HERE, "setup.sh"), CACHE], { encoding: "utf8" });
  if (status !== 0) throw new Error(`setup.sh ended with ${status}\n${stdout}${stderr}`);
}

export async function startGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), "postern-conformance-"));
  chmodSync(folder, 0o755);
  for (const name of ["keys", "gateway"]) mkdirSync(join(folder, name));
  const certificates = await ensureCertificates(join(folder, "keys"));
  const place = await choosePlace(join(folder, "pg"));
  const [port, admin, password] = [await freePort(), "admin of a test", "role of a test"];
  await initCluster(place, admin);
  const logFile = join(folder, "postgres.log");
  const server = await startPostgres({ place, port, tls: certificates.postgres, logFile, careless: true });
  await fill(port, admin, password);
  const gateway = await prepareGateway({
    folder: join(folder, "gateway"),
    certificates,
    policy: join(ROOT, "policy"),
    target: { name: "clinic", port, password },
  });
  const clear = async () => {
    await gateway.close();
    await server.stop();
    removePlace(join(folder, "pg"));
    rmSync(folder, { recursive: true, force: true });
  };
  const child = await gateway.start().catch(async (error) => {
    await clear();
    throw error;
  });
  return {
    direct: { port, user: ROLE, password },
    state: gateway.state,
    through: (identity) => route(gateway, identity),
    run: (client, to, part) => runClient(client, to, part, certificates.caFile),
    stop() {
      child.kill();
      return clear();
    },
  };
}

function route(gateway: Gateway, identity: string): Route {
  return { port: gateway.port, user: identity, password: gateway.token(identity, { groups: [identity] }) };
}

async function fill(port: number, admin: string, password: string): Promise<void> {
  const options = {
    host: "127.0.0.1",
    port,
    user: "postgres",
    password: admin,
    max: 1,
    ssl: { rejectUnauthorized: false },
    onnotice: () => undefined,
  };
  const server = postgres({ ...options, database: "postgres" });
  await server`CREATE DATABASE clinic`;
  await server.unsafe(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${password}'`);
  await server.end();
  const clinic = postgres({ ...options, database: "clinic" });
  await loadClinic(clinic, { seed: 7, patients: PATIENTS });
  await clinic.end();
}

/** No step takes long; a client that waits for ever has failed. */
const PATIENCE = 120_000;

async function runClient({ name, command }: Client, to: Route, part: Part, caFile: string): Promise<Outcome> {
  const [program, ...args] = command;
  const env = {
    ...environment(),
    PGHOST: "127.0.0.1",
    PGPORT: String(to.port),
    PGUSER: to.user,
    PGPASSWORD: to.password,
    PGDATABASE: "clinic",
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: caFile,
    PGTZ: "UTC",
    TZ: "UTC",
    CONFORMANCE_PART: part,
    CONFORMANCE_CACHE: CACHE,
    CONFORMANCE_SQL: join(HERE, "sql"),
  };
  const child = spawn(program, args, { cwd: HERE, env, stdio: ["ignore", "pipe", "pipe"], timeout: PATIENCE });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    err += text;
  });
  const code = await new Promise((resolve, reject) =>
    child.on("error", reject).on("close", (c, signal) => resolve(c ?? signal)),
  );
  if (code !== 0) throw new Error(`${name} ended with ${code} after ${out.split("\n").at(-2)}\n${err.slice(-4000)}`);
  return outcome(out);
}

function outcome(text: string): Outcome {
  const steps = text.split("\n").filter((line) => line !== "");
  return new Map(steps.map((line) => JSON.parse(line)).map(({ step, value }) => [step, value]));
}
