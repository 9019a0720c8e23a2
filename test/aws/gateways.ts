// The demo clinic, and gateways in front of it whose approvals are in the cloud of a test.
import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import pg from "pg";
import { ensureCertificates } from "#local/certificates.ts";
import { startDatabase } from "#local/database.ts";
import { removePlace } from "#local/postgres-place.ts";
import { openState } from "#local/state.ts";
import { type AwsApprovalsOptions, openAwsApprovals } from "#proxy/adapters/aws-approvals.ts";
import { newId } from "#proxy/adapters/ids.ts";
import { openLocalHome } from "#proxy/adapters/local-home.ts";
import { jsonLog } from "#proxy/adapters/log.ts";
import { parseConfig } from "#proxy/config.ts";
import { type Gateway, startGateway } from "#proxy/gateway.ts";
import type { RunningApprovals } from "#proxy/ports/approvals.ts";
import { putClinic } from "#test/support/clinic-template.ts";
import { freePort } from "#test/support/net.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";
import type { Cloud } from "./cloud.ts";

/** A gateway's approvals in the cloud. */
export function approvalsIn(cloud: Cloud, more: Partial<AwsApprovalsOptions> = {}): RunningApprovals {
  return openAwsApprovals({
    table: "approvals",
    requestFunction: "approval-request",
    proxy: newId(Date.now()),
    now: Date.now,
    onProblem: () => {},
    dynamo: new DynamoDBClient(cloud.client),
    lambda: new LambdaClient(cloud.client as object),
    settle: cloud.settle,
    everyMs: 200,
    ...more,
  });
}

export interface HeldGateway {
  /** Connected through it, with what it says. The caller ends it. */
  client(identity: string): Promise<pg.Client & { readonly notices: string[] }>;
  stop(): Promise<void>;
  /** What `postern verify --json` finds in its evidence. */
  verify(): Promise<{ readonly ok: boolean; readonly checked: { readonly approved: number } }>;
}

export interface Clinic {
  /** Started (again) under a name, on what it has kept under it. */
  gateway(name: string): Promise<HeldGateway>;
  /** The database itself, as its superuser. */
  readonly direct: pg.Client;
  stop(): Promise<void>;
}

/** @param policy changes approvals.yaml */
export async function startClinic(cloud: Cloud, policy: (approvals: string) => string): Promise<Clinic> {
  const root = mkdtempSync(join(tmpdir(), "postern-held-"));
  chmodSync(root, 0o755);
  await putClinic(root);
  const state = openState(root);
  const certificates = await ensureCertificates(state.keys);
  const ca = readFileSync(certificates.caFile, "utf8");
  const port = await freePort();
  const database = await startDatabase(state, { port, tls: certificates.postgres, careless: true, progress: () => {} });
  cpSync(join(ROOT, "policy"), join(root, "policy"), { recursive: true });
  const file = join(root, "policy/approvals.yaml");
  writeFileSync(file, policy(readFileSync(file, "utf8")));

  const connected = async (options: pg.ClientConfig) => {
    const client = new pg.Client({ host: "localhost", database: "clinic", ssl: { ca }, ...options });
    const notices: string[] = [];
    client.on("error", () => {}).on("notice", (notice) => notices.push(notice.message ?? ""));
    await client.connect();
    return Object.assign(client, { notices });
  };
  const configuration = (folder: string) => ({
    listen: { port: 0 },
    admin: { port: 0 },
    policy: join(root, "policy"),
    state: folder,
    tls: { cert: certificates.certFile, key: certificates.keyFile },
    issuers: [
      {
        issuer: cloud.issuer.url,
        audience: "postern",
        jwksUri: cloud.issuer.jwksUri,
        caFile: cloud.certificates.caFile,
      },
    ],
    limits: { graceSeconds: 1 },
    targets: {
      clinic: {
        host: "127.0.0.1",
        port,
        caFile: certificates.caFile,
        serverName: "localhost",
        credential: join(state.credentials, "clinic"),
      },
    },
  });
  const running = new Set<Gateway>();
  const gateway = async (name: string): Promise<HeldGateway> => {
    const folder = join(root, name);
    mkdirSync(folder, { recursive: true });
    const config = parseConfig(join(folder, "proxy.json"), JSON.stringify(configuration(folder)));
    const log = jsonLog(() => {}, Date.now);
    const started = await startGateway(config, log, (options) =>
      openLocalHome(options, ({ now, onProblem }) => approvalsIn(cloud, { now, onProblem })),
    );
    running.add(started);
    return {
      client: (identity) =>
        connected({
          port: started.port,
          user: identity,
          password: cloud.issuer.token(identity, { groups: [identity] }),
        }),
      stop: async () => {
        running.delete(started);
        await started.stop(0);
      },
      verify: () => verified(folder),
    };
  };
  const superuser = { port, user: "postgres", password: readFileSync(join(state.credentials, "postgres"), "utf8") };
  const direct = await connected(superuser);
  return {
    gateway,
    direct,
    async stop() {
      for (const one of running) await one.stop(0);
      await direct.end();
      await database.stop();
      removePlace(join(root, "pg"));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function verified(state: string): ReturnType<HeldGateway["verify"]> {
  const env = { ...environment(), POSTERN_STATE: state };
  const args = [join(ROOT, "test/support/evidence-cli.ts"), "verify", "--json"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env }, (error, out, err) => {
      if (out === "") reject(new Error(err, { cause: error }));
      else resolve(JSON.parse(out));
    }).stdin?.end();
  });
}
