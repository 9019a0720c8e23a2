// The demo clinic's schema, without its data, in a PostgreSQL of a test's own, and a snapshot of its catalog.
import { readFileSync } from "node:fs";
import pg from "pg";
import { takeSnapshot } from "#proxy/protocols/postgres/catalog.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { startPostgres } from "./postgres.ts";

type Row = readonly (string | null)[];

export interface ClinicDatabase {
  readonly snapshot: CatalogSnapshot;
  /** Where it is, as superuser. */
  readonly place: pg.ClientConfig;
  /** Rows as text. @throws the server's error */
  query(sql: string): Promise<readonly Row[]>;
  /** Names of the columns that a statement returns. */
  columns(sql: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const SCRIPTS = ["schema.sql", "after-load.sql"].map(
  (name) => new URL(`../../infra/local/clinic/${name}`, import.meta.url),
);

export async function startClinicDatabase(): Promise<ClinicDatabase> {
  const server = await startPostgres();
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ ...server, database });
    await client.connect();
    return client;
  };
  const first = await connect(server.database);
  await first.query("CREATE ROLE postern_gateway LOGIN");
  await first.query("CREATE DATABASE clinic");
  await first.end();
  const client = await connect("clinic");
  for (const script of SCRIPTS) await client.query(readFileSync(script, "utf8"));
  const run = async (sql: string): Promise<pg.QueryArrayResult<Row & string[]>> => {
    const types = { getTypeParser: () => (text: string) => text };
    const result = await client.query({ text: sql, rowMode: "array", types: types as unknown as pg.CustomTypesConfig });
    return (Array.isArray(result) ? result.at(-1) : result) as pg.QueryArrayResult<Row & string[]>;
  };
  const query = async (sql: string): Promise<readonly Row[]> => (await run(sql)).rows;
  return {
    snapshot: await takeSnapshot(query, "clinic"),
    place: { host: server.host, port: server.port, user: server.user, password: server.password, database: "clinic" },
    query,
    columns: async (sql) => (await run(sql)).fields.map((field) => field.name),
    async stop() {
      await client.end();
      await server.stop();
    },
  };
}
