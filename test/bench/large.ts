// Large results over a route: how long until the last row is there, for the ways in which people fetch many rows.
import { spawn } from "node:child_process";
import pg from "pg";
import { environment } from "#test/support/settings.ts";
import { libpq, type Route } from "./route.ts";

export type Way = "stream" | "psql" | "copy";

/** Seconds from sending the command to its end. @throws when not exactly `rows` rows came */
export async function fetchAll(route: Route, way: Way, table: string, rows: number): Promise<number> {
  const started = performance.now();
  const came = await WAYS[way](route, table);
  if (came !== rows) throw new Error(`${way} over ${route.name} of ${table}: ${came} rows instead of ${rows}`);
  return (performance.now() - started) / 1000;
}

const WAYS: Readonly<Record<Way, (route: Route, table: string) => Promise<number>>> = {
  stream: (route, table) => stream(route, `SELECT * FROM ${table}`),
  psql: (route, table) => psql(route, ["-A", "-t", "-c", `SELECT * FROM ${table}`]),
  copy: (route, table) => psql(route, ["-c", `COPY ${table} TO STDOUT`]),
};

/** node-postgres, one row event at a time, nothing kept. */
async function stream(route: Route, sql: string): Promise<number> {
  const { host, port, database, user, password } = route;
  // The bench makes its own certificates: what it measures is encryption, not trust.
  const client = new pg.Client({ host, port, database, user, password, ssl: { rejectUnauthorized: false } });
  await client.connect();
  try {
    let rows = 0;
    await new Promise<void>((resolve, reject) => {
      const query = client.query(new pg.Query(sql, []));
      query.on("row", () => rows++);
      query.on("end", () => resolve());
      query.on("error", reject);
    });
    return rows;
  } finally {
    await client.end();
  }
}

/** psql writes lines; they are counted and thrown away. */
function psql(route: Route, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const env = { ...environment(), ...libpq(route) };
    let lines = 0;
    let complaint = "";
    const child = spawn("psql", ["-X", "-v", "ON_ERROR_STOP=1", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.on("close", (code) =>
      code === 0 ? resolve(lines) : reject(new Error(`psql over ${route.name} failed:\n${complaint}`)),
    );
  });
}
