// The PostgreSQL that is measured, with the settings of the local home, and the bench's tables.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import pg from "pg";
import type { Certificates } from "#local/certificates.ts";
import { initCluster, startPostgres } from "#local/postgres.ts";
import { choosePlace, removePlace } from "#local/postgres-place.ts";
import { freePort } from "#test/support/net.ts";
import { environment } from "#test/support/settings.ts";
import { libpq, type Route } from "./route.ts";

/** The role that all routes use at the database, and the database. */
export const ROLE = { user: "bench", password: "bench-only" } as const;
export const DATABASE = "bench";
/** The superuser. */
export const ADMIN = { user: "postgres", password: "admin-only", database: "postgres" } as const;

export interface Size {
  /** pgbench's scale: 100 000 accounts each. */
  readonly scale: number;
  /** Rows of each large table; 0 for none. */
  readonly rows: number;
}

export interface BenchDatabase {
  readonly route: Route;
  readonly logFile: string;
  stop(): Promise<void>;
}

/** @param folder an empty folder that other users may traverse */
export async function startBenchDatabase(
  folder: string,
  certificates: Certificates,
  size: Size,
  connections = 200,
): Promise<BenchDatabase> {
  const port = await freePort();
  const logFile = join(folder, "postgres.log");
  const place = await choosePlace(join(folder, "pg"));
  await initCluster(place, ADMIN.password);
  const server = await startPostgres({ place, port, tls: certificates.postgres, logFile, connections });
  const route: Route = { name: "direct", host: "127.0.0.1", port, database: DATABASE, ...ROLE };
  await runSql({ ...route, ...ADMIN }, [
    `CREATE ROLE ${ROLE.user} LOGIN PASSWORD '${ROLE.password}'`,
    `CREATE DATABASE ${DATABASE} OWNER ${ROLE.user}`,
  ]);
  await fill(route, size);
  const stop = async () => {
    await server.stop();
    removePlace(join(folder, "pg"));
  };
  return { route, logFile, stop };
}

/** Runs statements over a route, one after the other. */
export async function runSql(route: Route, statements: readonly string[]): Promise<void> {
  const { host, port, database, user, password } = route;
  const client = new pg.Client({ host, port, database, user, password, ssl: { rejectUnauthorized: false } });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** pgbench's own tables, and two equal large ones: `people` holds PHI by the bench's policy, `people_open` does not. */
async function fill(route: Route, size: Size): Promise<void> {
  const env = { ...environment(), ...libpq(route) };
  execFileSync("pgbench", ["--initialize", "--quiet", `--scale=${size.scale}`], { env, stdio: "ignore" });
  if (size.rows === 0) return;
  await runSql(route, [
    `CREATE TABLE people AS ${PEOPLE.replace("$1", String(size.rows))}`,
    "CREATE TABLE people_open AS SELECT * FROM people",
    "VACUUM ANALYZE people, people_open",
  ]);
}

/** Seven columns of the kinds that a patient table has; all of them made up by arithmetic. */
const PEOPLE = `SELECT i AS id, 'Person Number ' || i AS name,
  lpad((i % 900)::text, 3, '1') || '-' || lpad((i % 90)::text, 2, '2') || '-' || lpad((i % 10000)::text, 4, '0') AS ssn,
  date '1930-01-01' + i % 30000 AS born, 'City ' || i % 500 AS city, (i % 1000) / 10.0 AS score,
  timestamptz '2020-01-01 00:00+00' + i * interval '1 minute' AS seen
  FROM generate_series(1, $1) AS i`;
