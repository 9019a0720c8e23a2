// A real PostgreSQL of a test's own: empty, on a free loopback port, gone when the test is.
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ensureCertificates, type Pem } from "#local/certificates.ts";
import { initCluster, startPostgres as start } from "#local/postgres.ts";
import { choosePlace, removePlace } from "#local/postgres-place.ts";
import { freePort } from "./net.ts";

export interface TestPostgres {
  readonly host: string;
  readonly port: number;
  /** The superuser. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Its data directory. */
  readonly data: string;
  /** As superuser, over TLS. */
  sql(text: string, database?: string): Promise<unknown[][]>;
  /** What the server has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

const SUPERUSER = { host: "127.0.0.1", user: "postgres", password: "postgres", database: "postgres" } as const;

/**
 * Over TLS alone, with users for every way to log in.
 * @param hba lines of pg_hba.conf, before those for SCRAM over TLS
 * @param settings lines of postgresql.conf
 */
export async function startTestPostgres(
  tls: Pem,
  hba: readonly string[] = [],
  settings: readonly string[] = [],
): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "postern-pg-"));
  // Run by root, the server is another user's process, and has to get into the folder.
  chmodSync(folder, 0o755);
  const place = await choosePlace(join(folder, "pg"));
  await initCluster(place, SUPERUSER.password);
  const hbaFile = join(place.data, "pg_hba.conf");
  writeFileSync(hbaFile, `${hba.join("\n")}\n${readFileSync(hbaFile, "utf8")}`);
  appendFileSync(join(place.data, "postgresql.conf"), `${["log_connections = on", ...settings].join("\n")}\n`);
  const port = await freePort();
  const logFile = join(folder, "postgres.log");
  const running = await start({ place, port, tls, logFile, careless: true });
  return {
    ...SUPERUSER,
    port,
    data: place.data,
    async sql(text, database = SUPERUSER.database) {
      const client = new pg.Client({ ...SUPERUSER, port, database, ssl: { rejectUnauthorized: false } });
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

/** One that takes a password without TLS, too: for tests that are about something else. */
export async function startPostgres(): Promise<TestPostgres> {
  const keys = mkdtempSync(join(tmpdir(), "postern-keys-"));
  try {
    const { postgres } = await ensureCertificates(keys);
    return await startTestPostgres(postgres, ["host all all 127.0.0.1/32 scram-sha-256"]);
  } finally {
    rmSync(keys, { recursive: true });
  }
}
