// A real PostgreSQL of a test's own: TLS, and users for every way to log in.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { initCluster, startPostgres } from "#local/postgres.ts";
import { choosePlace, removePlace } from "#local/postgres-place.ts";
import { freePort } from "./net.ts";

export interface TestPostgres {
  readonly port: number;
  /** Its data directory. */
  readonly data: string;
  /** As superuser, over TLS. */
  sql(text: string, database?: string): Promise<unknown[][]>;
  /** What the server has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

export const ADMIN = "admin-of-a-test";

/**
 * @param hba lines of pg_hba.conf, before those for SCRAM over TLS
 * @param settings lines of postgresql.conf
 */
export async function startTestPostgres(
  tls: { readonly cert: string; readonly key: string },
  hba: readonly string[] = [],
  settings: readonly string[] = [],
): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "postern-pg-"));
  const place = await choosePlace(join(folder, "pg"));
  await initCluster(place, ADMIN);
  const hbaFile = join(place.data, "pg_hba.conf");
  writeFileSync(hbaFile, `${hba.join("\n")}\n${readFileSync(hbaFile, "utf8")}`);
  appendFileSync(join(place.data, "postgresql.conf"), `${["log_connections = on", ...settings].join("\n")}\n`);
  const port = await freePort();
  const logFile = join(folder, "postgres.log");
  const running = await startPostgres({ place, port, tls, logFile, careless: true });
  return {
    port,
    data: place.data,
    async sql(text, database = "postgres") {
      const client = new pg.Client({
        host: "127.0.0.1",
        port,
        user: "postgres",
        password: ADMIN,
        database,
        ssl: { rejectUnauthorized: false },
      });
      await client.connect();
      try {
        const result = await client.query({ text, rowMode: "array" });
        return (Array.isArray(result) ? result.at(-1) : result).rows;
      } finally {
        await client.end();
      }
    },
    log: () => readFileSync(logFile, "utf8"),
    async stop() {
      await running.stop();
      removePlace(join(folder, "pg"));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
