// What a deployment needs to be there before (docs/deploy.md): a database, a certificate, names of secrets; and the deployment, synthesized from them.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import pg from "pg";
import { type Certificates, ensureCertificates } from "#local/certificates.ts";
import { startDatabase } from "#local/database.ts";
import { removePlace } from "#local/postgres-place.ts";
import { openState } from "#local/state.ts";
import { putClinic } from "#test/support/clinic-template.ts";
import { freePort } from "#test/support/net.ts";
import { ROOT } from "#test/support/project.ts";
import { ACCOUNT, REGION } from "../aws/ministack.ts";
import { type Assembly, synthesize } from "./assembly.ts";

export const LEDGER = "postern.example.org/ledger";

/** What changes from one deployment to the next. */
export interface Wanted {
  readonly graceSeconds: number;
  readonly sessions: number;
  /** Changes a file of the policy bundle. */
  policy(file: string, text: string): string;
}

export interface Ground {
  readonly root: string;
  readonly certificates: Certificates;
  /** Folder of the authority that signed them. */
  readonly keys: string;
  /** Secrets that are the team's, by name: AWS adds six letters to it. A name that ends in six letters is a whole one too, in the stand-in. */
  readonly secrets: Readonly<Record<string, object>>;
  /** The authority, as PEM. */
  readonly ca: string;
  /** The database itself, as its superuser. */
  readonly direct: pg.Client;
  synthesize(wanted: Wanted): Promise<Assembly>;
  stop(): Promise<void>;
}

const CERTIFICATE = "postern-tlspem";
const CREDENTIAL = "postern-clinic";
const arnOf = (secret: string) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${secret}`;

export async function prepareGround(): Promise<Ground> {
  const root = mkdtempSync(join(tmpdir(), "postern-deploy-"));
  chmodSync(root, 0o755);
  await putClinic(root);
  const state = openState(root);
  const certificates = await ensureCertificates(state.keys);
  const port = await freePort();
  const database = await startDatabase(state, { port, tls: certificates.postgres, careless: true, progress: () => {} });
  const read = (file: string) => readFileSync(file, "utf8");
  const direct = new pg.Client({
    host: "localhost",
    port,
    database: "clinic",
    user: "postgres",
    password: read(join(state.credentials, "postgres")),
    ssl: { ca: read(certificates.caFile) },
  });
  direct.on("error", () => {});
  await direct.connect();
  let deployments = 0;
  return {
    root,
    certificates,
    keys: state.keys,
    secrets: {
      [CERTIFICATE]: { cert: read(certificates.certFile), key: read(certificates.keyFile) },
      [CREDENTIAL]: { username: "postern_gateway", password: read(join(state.credentials, "clinic")) },
    },
    ca: read(certificates.caFile),
    direct,
    async synthesize(wanted) {
      const at = join(root, `deployment-${++deployments}`);
      mkdirSync(join(at, "policy"), { recursive: true });
      const ca = relative(ROOT, certificates.caFile);
      const clinic = { host: "localhost", port, ca, credential: { secret: arnOf(CREDENTIAL) } };
      return synthesize(settingsIn(at, wanted, clinic), join(at, "assembly"));
    },
    async stop() {
      await direct.end();
      await database.stop();
      removePlace(join(root, "pg"));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The sample `minimal`, with a target that is there. @returns the file of settings */
function settingsIn(at: string, { graceSeconds, sessions, policy }: Wanted, clinic: object): string {
  for (const file of ["access.cedar", "catalog.yaml", "targets.yaml", "approvals.yaml", "tests.yaml"])
    writeFileSync(join(at, "policy", file), policy(file, readFileSync(join(ROOT, "policy", file), "utf8")));
  const sample = JSON.parse(readFileSync(join(ROOT, "infra/samples/minimal.json"), "utf8"));
  const file = join(at, "settings.json");
  const settings = {
    ...sample,
    ledger: LEDGER,
    policy: relative(ROOT, join(at, "policy")),
    targets: { clinic },
    proxy: { certificate: arnOf(CERTIFICATE), graceSeconds, sessions },
  };
  writeFileSync(file, JSON.stringify(settings));
  return file;
}
