// A whole local home for a test: database, issuer and gateway on free ports, in a folder that goes away.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import pg from "pg";
import { tokenFor } from "#cli/tokens.ts";
import { type HomeOptions, type LocalHome, startHome } from "#local/home.ts";
import { randomPorts } from "#local/ports.ts";
import { removePlace } from "#local/postgres-place.ts";
import { putClinic } from "./clinic-template.ts";

export interface TestHome extends LocalHome {
  /** A token from the home's own issuer. */
  token(identity: string): Promise<string>;
  /** Connected through the gateway. The caller ends it. */
  client(identity: string, more?: pg.ClientConfig): Promise<pg.Client>;
  /** Connected to the database itself, as its superuser or as the gateway's role. The caller ends it. */
  direct(as?: "postgres" | "postern_gateway"): Promise<pg.Client>;
}

/** @param policy folder of another policy bundle than the project's */
export async function startTestHome(policy?: string, more: Partial<HomeOptions> = {}): Promise<TestHome> {
  const root = mkdtempSync(join(tmpdir(), "postern-home-"));
  chmodSync(root, 0o755);
  // A state directory that was left half made looks like this: the home takes it as its own.
  writeFileSync(join(root, "ABOUT"), "A test's.\n");
  await putClinic(root);
  const options = { state: root, ports: await randomPorts(), careless: true, graceSeconds: 1, ...more };
  const home = await startHome({ ...options, ...(policy === undefined ? {} : { policy }) });
  const { run, state } = home;
  const ca = readFileSync(run.ca, "utf8");
  setDefaultCACertificates([...getCACertificates("default"), ca]);
  const token = (identity: string) => tokenFor({ ...run, state: root, authority: ca }, identity);
  const connected = async (config: pg.ClientConfig) => {
    const client = new pg.Client({ host: "localhost", database: "clinic", ssl: { ca }, ...config });
    await client.connect();
    return client;
  };
  return {
    ...home,
    token,
    client: async (identity, more = {}) =>
      connected({ port: run.gateway.port, user: identity, password: await token(identity), ...more }),
    direct: (as = "postgres") =>
      connected({
        port: run.database.port,
        user: as,
        password: readFileSync(join(state.credentials, as === "postgres" ? "postgres" : "clinic"), "utf8"),
      }),
    async stop() {
      await home.stop();
      removePlace(join(root, "pg"));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
