// The ground that all routes share: one PostgreSQL with the bench's tables, one certificate, and pgbouncer in front of it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";
import { startBouncer } from "./bouncer.ts";
import { fill, type Size, startDatabase } from "./database.ts";
import type { Route } from "./route.ts";
import type { Certificate } from "./servant.ts";

export interface Ground {
  readonly folder: string;
  readonly direct: Route;
  readonly pgbouncer: Route;
  readonly certificate: Certificate;
  stop(): Promise<void>;
}

/** @param folder an empty folder that other users may traverse: PostgreSQL and pgbouncer never run as root */
export async function prepareGround(folder: string, size: Size): Promise<Ground> {
  const certificate = await makeCertificate(folder);
  const database = await startDatabase(folder, certificate);
  await fill(database.route, size);
  const bouncer = await startBouncer(folder, certificate, database.route);
  const stop = async () => {
    bouncer.process.kill("SIGTERM");
    await database.stop();
  };
  return { folder, direct: database.route, pgbouncer: bouncer.route, certificate, stop };
}

async function makeCertificate(folder: string): Promise<Certificate> {
  const made = await generate([{ name: "commonName", value: "localhost" }], { keyType: "ec", algorithm: "sha256" });
  const paths = { cert: join(folder, "tls.pem"), key: join(folder, "tls.key") };
  writeFileSync(paths.cert, made.cert);
  writeFileSync(paths.key, made.private, { mode: 0o600 });
  return paths;
}
