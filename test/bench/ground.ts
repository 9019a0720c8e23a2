// The ground that all routes share: one PostgreSQL with the bench's tables, its own authority, and pgbouncer in front of it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Certificates, ensureCertificates } from "#local/certificates.ts";
import { startBouncer } from "./bouncer.ts";
import { type Size, startBenchDatabase } from "./database.ts";
import type { Route } from "./route.ts";

export interface Ground {
  readonly folder: string;
  readonly direct: Route;
  readonly pgbouncer: Route;
  readonly certificates: Certificates;
  stop(): Promise<void>;
}

/** @param folder an empty folder that other users may traverse: PostgreSQL and pgbouncer never run as root */
export async function prepareGround(folder: string, size: Size): Promise<Ground> {
  const keys = join(folder, "keys");
  mkdirSync(keys);
  const certificates = await ensureCertificates(keys);
  const database = await startBenchDatabase(folder, certificates, size);
  const bouncer = await startBouncer(folder, certificates, database.route);
  const stop = async () => {
    bouncer.process.kill("SIGTERM");
    await database.stop();
  };
  return { folder, direct: database.route, pgbouncer: bouncer.route, certificates, stop };
}
