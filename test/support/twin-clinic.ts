// Two demo clinics that differ in masked values alone, and a gateway in front of each, for non-interference: whoever may not see those
// values gets the same bytes from both.
//
// The second PostgreSQL is a copy of the first one's files, so that OIDs and statistics are the same; then both rewrite the same rows, one of
// them with other values, in the same order and of the same size. Row order, page counts and plans agree, and what differs is the values.
import type { ChildProcess } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import postgres from "postgres";
import { ensureCertificates } from "#local/certificates.ts";
import { loadClinic } from "#local/clinic/load.ts";
import { initCluster, type RunningPostgres, startPostgres } from "#local/postgres.ts";
import { choosePlace, giveTo, removePlace } from "#local/postgres-place.ts";
import { type Gateway, prepareGateway } from "./gateway.ts";
import { freePort } from "./net.ts";
import { ROOT } from "./project.ts";
import { OTHER_VALUES } from "./twin-values.ts";
import { password, startup, WireClient } from "./wire-client.ts";

export interface TwinOptions {
  /** Folder of the policy bundle; the project's own when left out. */
  readonly policy?: string;
  readonly patients?: number;
  /** By table and column, the other values: SQL expressions over the row. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Twin {
  /** Of the gateway and of PostgreSQL itself. */
  readonly port: number;
  readonly databasePort: number;
  readonly gateway: Gateway;
  /** Of one of the demo's identities (`engineer`), whose group has its name. */
  token(identity: string): string;
  /** Through the gateway. The caller ends it. */
  client(identity: string, more?: pg.ClientConfig): Promise<pg.Client>;
  /** Past the gateway, as the superuser. The caller ends it. */
  direct(): Promise<pg.Client>;
  /** Logged in through the gateway, or past it as the gateway's role: for raw bytes. The caller closes it. */
  wire(identity: string): Promise<WireClient>;
  directWire(): Promise<WireClient>;
  /** Kills the gateway and starts it again, with options of Node. */
  restart(node: readonly string[]): Promise<void>;
}

export interface Twins {
  readonly sides: readonly [Twin, Twin];
  /** Objects made since both started have OIDs above this one. */
  readonly lastOid: number;
  stop(): Promise<void>;
}

const ADMIN = "admin-of-a-test";
const SECRET = "the-gateways-own";
const SEED = 20_261_124;
/** Who is what, when it is not a person. */
const KINDS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "ci-deploy": { kind: "workload" },
  copilot: { kind: "agent", preferred_username: "engineer", act: { sub: "copilot" } },
};

const SETTINGS = `
autovacuum = off
fsync = off
shared_buffers = 32MB
max_parallel_workers_per_gather = 0
jit = off
`;
/** Tests that want raw bytes log in past the gateway without further ado. */
const HBA = "hostnossl all postern_gateway 127.0.0.1/32 trust\n";

interface Keys {
  readonly certificates: Awaited<ReturnType<typeof ensureCertificates>>;
  readonly ca: string;
  readonly pseudonym: Buffer;
}

export async function startTwins(options: TwinOptions = {}): Promise<Twins> {
  const folder = mkdtempSync(join(tmpdir(), "postern-twins-"));
  chmodSync(folder, 0o755);
  const certificates = await ensureCertificates(folder);
  const keys = { certificates, ca: readFileSync(certificates.caFile, "utf8"), pseudonym: Buffer.alloc(32, 7) };
  const [one, other] = [join(folder, "one"), join(folder, "other")];
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
    for (const side of [one, other]) removePlace(join(side, "pg"));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await makeClinic(one, keys, options.patients ?? 200);
    cpSync(join(one, "pg"), prepared(other), { recursive: true });
    chmodSync(join(other, "pg"), 0o700);
    giveTo(join(other, "pg"));
    const servers = await Promise.all([one, other].map((side) => startServer(side, keys)));
    for (const server of servers) stops.push(() => server.running.stop());
    const values = options.values ?? OTHER_VALUES;
    const oids = await Promise.all(servers.map((server, i) => rewrite(server.port, values, i === 1)));
    const policy = options.policy ?? join(ROOT, "policy");
    const sides = await Promise.all(
      [one, other].map((side, i) => startSide(side, keys, policy, servers[i]?.port ?? 0, stops)),
    );
    return { sides: sides as [Twin, Twin], lastOid: Math.max(...oids), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The folder of a side, and in it where its database's files are to be. */
function prepared(side: string): string {
  mkdirSync(side, { recursive: true });
  chmodSync(side, 0o755);
  return join(side, "pg");
}

const superuser = (port: number, database: string): pg.ClientConfig => ({
  host: "127.0.0.1",
  port,
  user: "postgres",
  password: ADMIN,
  database,
  ssl: { rejectUnauthorized: false },
});

async function startServer(side: string, keys: Keys): Promise<{ port: number; running: RunningPostgres }> {
  const port = await freePort();
  const options = { place: await choosePlace(join(side, "pg")), port, tls: keys.certificates.postgres, careless: true };
  return { port, running: await startPostgres({ ...options, logFile: join(side, "postgres.log") }) };
}

/** Makes the first clinic, and leaves its server stopped. */
async function makeClinic(side: string, keys: Keys, patients: number): Promise<void> {
  const place = await choosePlace(prepared(side));
  await initCluster(place, ADMIN);
  appendFileSync(join(place.data, "postgresql.conf"), SETTINGS);
  const hba = join(place.data, "pg_hba.conf");
  writeFileSync(hba, HBA + readFileSync(hba, "utf8"));
  const { port, running } = await startServer(side, keys);
  try {
    const client = new pg.Client(superuser(port, "postgres"));
    await client.connect();
    await client.query(`CREATE ROLE postern_gateway LOGIN PASSWORD '${SECRET}'`);
    await client.query("CREATE DATABASE clinic");
    await client.end();
    const { host, user, password } = superuser(port, "clinic") as { host: string; user: string; password: string };
    const options = { host, port, user, password, ssl: { rejectUnauthorized: false }, max: 1, onnotice: () => {} };
    const sql = postgres({ ...options, database: "clinic" });
    await loadClinic(sql, { seed: SEED, patients });
    await sql.end();
  } finally {
    await running.stop();
  }
}

/** Writes every row of the tables anew, with other values or with its own; then all is packed in that order. @returns an OID that none is above */
async function rewrite(port: number, tables: NonNullable<TwinOptions["values"]>, change: boolean): Promise<number> {
  const client = new pg.Client(superuser(port, "clinic"));
  await client.connect();
  try {
    // No trigger runs: they would write into audit.row_changes.
    await client.query("SET session_replication_role = replica");
    for (const [table, columns] of Object.entries(tables)) {
      const set = Object.entries(columns).map(([column, value]) => `${column} = ${change ? value : column}`);
      await client.query(`UPDATE ${table} SET ${set.join(", ")}`);
    }
    for (const view of ["diagnosis_counts", "patient_risk"]) await client.query(`REFRESH MATERIALIZED VIEW ${view}`);
    await client.query("VACUUM FULL");
    await client.query("VACUUM");
    const made = await client.query("CREATE TEMP TABLE last (); SELECT 'last'::regclass::oid::int AS oid");
    return (made as unknown as pg.QueryResult[])[1]?.rows[0].oid;
  } finally {
    await client.end();
  }
}

async function startSide(
  side: string,
  keys: Keys,
  policy: string,
  databasePort: number,
  stops: (() => Promise<void>)[],
): Promise<Twin> {
  const gateway = await prepareGateway({
    folder: side,
    certificates: keys.certificates,
    policy,
    target: { name: "clinic", port: databasePort, password: SECRET },
  });
  stops.push(() => gateway.close());
  // Pseudonyms are the same for the same value on both sides.
  mkdirSync(join(gateway.state, "keys"), { recursive: true, mode: 0o700 });
  writeFileSync(join(gateway.state, "keys/pseudonym.key"), keys.pseudonym, { mode: 0o600 });
  let child = await gateway.start();
  stops.push(() => ended(child));
  const token = (identity: string) => gateway.token(identity, { groups: [identity], ...KINDS[identity] });
  const connected = async (config: pg.ClientConfig) => {
    const client = new pg.Client(config);
    await client.connect();
    return client;
  };
  return {
    port: gateway.port,
    databasePort,
    gateway,
    token,
    client: (identity, more = {}) =>
      connected({
        host: "localhost",
        port: gateway.port,
        user: identity,
        password: token(identity),
        database: "clinic",
        ssl: { ca: keys.ca },
        ...more,
      }),
    direct: () => connected(superuser(databasePort, "clinic")),
    wire: (identity) => loggedIn(gateway.port, identity, { ca: keys.ca, token: token(identity) }),
    directWire: () => loggedIn(databasePort, "postern_gateway"),
    async restart(node) {
      await ended(child);
      child = await gateway.start(node);
    },
  };
}

/** A connection after its first ReadyForQuery. @throws with what the server says */
async function loggedIn(port: number, user: string, secured?: { ca: string; token: string }): Promise<WireClient> {
  const client = await WireClient.connect(port);
  if (secured !== undefined) await client.requestTls(secured.ca);
  client.send(startup({ user, database: "clinic" }));
  if (secured !== undefined) client.send(password(secured.token));
  const messages = await client.until("Z");
  const last = messages.at(-1);
  if (last?.type === "Z") return client;
  client.close();
  throw new Error(`no login for ${user}: ${last?.body.toString() ?? "closed"}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exit;
}
