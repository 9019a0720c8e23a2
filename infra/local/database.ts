// The protected database of the local home: an embedded PostgreSQL with the demo clinic in it.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import type { Pem } from "./certificates.ts";
import { DEMO_CLINIC } from "./clinic/clinic.ts";
import { CLINIC_FOLDER, loadClinic } from "./clinic/load.ts";
import { initCluster, type RunningPostgres, startPostgres } from "./postgres.ts";
import { choosePlace } from "./postgres-place.ts";
import type { State } from "./state.ts";

export interface DatabaseOptions {
  readonly port: number;
  readonly tls: Pem;
  readonly careless?: boolean;
  progress(line: string): void;
}

/** Hash of what the clinic is made by: schema, generator, words. */
export function clinicVersion(): string {
  const folder = fileURLToPath(CLINIC_FOLDER);
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

/** A password of 256 random bits, made once and kept where only the owner reads it. */
function keptPassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

async function fill(port: number, admin: string, gateway: string): Promise<number> {
  // The certificate is for the gateway's benefit; here we talk to the process we have just started.
  const options = {
    host: "127.0.0.1",
    port,
    user: "postgres",
    password: admin,
    ssl: { rejectUnauthorized: false },
    max: 1,
  };
  const quiet = { ...options, onnotice: () => {} };
  const server = postgres({ ...quiet, database: "postgres" });
  await server`DROP DATABASE IF EXISTS clinic`;
  await server`DROP ROLE IF EXISTS postern_gateway`;
  await server`CREATE DATABASE clinic`;
  await server.unsafe(
    `CREATE ROLE postern_gateway LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '${gateway}'`,
  );
  await server.end();
  const clinic = postgres({ ...quiet, database: "clinic" });
  const counts = await loadClinic(clinic, DEMO_CLINIC);
  await clinic.end();
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Starts PostgreSQL; makes cluster and clinic first if they are not there, or were left half made. */
export async function startDatabase(state: State, options: DatabaseOptions): Promise<RunningPostgres> {
  const { port, tls, careless = false, progress } = options;
  const place = await choosePlace(state.pg);
  const admin = keptPassword(join(state.credentials, "postgres"));
  const gateway = keptPassword(join(state.credentials, "clinic"));
  const marker = join(state.root, "clinic.json");
  if (!existsSync(join(place.data, "PG_VERSION"))) {
    rmSync(marker, { force: true });
    progress("making a PostgreSQL cluster");
    await initCluster(place, admin);
  }
  const running = await startPostgres({ place, port, tls, careless, logFile: join(state.log, "postgres.log") });
  try {
    const version = clinicVersion();
    if (!existsSync(marker)) {
      progress("loading the demo clinic");
      const rows = await fill(port, admin, gateway);
      writeFileSync(marker, `${JSON.stringify({ version, rows })}\n`);
      progress(`loaded ${rows.toLocaleString("en")} rows about patients who do not exist`);
    } else if (JSON.parse(readFileSync(marker, "utf8")).version !== version) {
      progress("the demo clinic has changed since it was loaded: start with --fresh to have the new one");
    }
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}
