// A gateway as a process, whose home is AWS in a stand-in, with a way there that goes wrong for one service at a time; and a real PostgreSQL behind it.
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import pg from "pg";
import { vi } from "vitest";
import { S3Store } from "#functions/adapters/s3-store.ts";
import { ensureCertificates } from "#local/certificates.ts";
import { type FaultyWay, startFaultyWay } from "#test/support/faulty.ts";
import { type Gateway, prepareGateway } from "#test/support/gateway.ts";
import { startTestPostgres, type TestPostgres } from "#test/support/postgres.ts";
import { type Cloud, startCloud } from "./cloud.ts";
import { createTable, REGION } from "./ministack.ts";

/** Of the target, and of the secret that the gateway has it from. */
export const PASSWORD = "of-the-gateway";
export const BUCKET = "evidence";

export interface AwsGateway {
  readonly cloud: Cloud;
  readonly way: FaultyWay;
  readonly server: TestPostgres;
  readonly gateway: Gateway;
  /** Ends the gateway's process. @returns its exit code */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
  /** Starts it anew. */
  start(): Promise<void>;
  readonly folder: string;
  /** The gateway's configuration file. */
  readonly file: string;
  /** The section `aws` of it. */
  readonly aws: Awaited<ReturnType<typeof makeCloud>>["aws"];
  /** ARN of the secret with the target's password. */
  readonly credential: string;
  /** Where its evidence is; not by the way that goes wrong. */
  readonly store: S3Store;
  /** Logs in through the gateway. */
  connected(name?: string, groups?: readonly string[]): Promise<pg.Client>;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * @param files of the policy bundle that the gateway and the functions are deployed with
 * @param more of its configuration
 */
export async function startAwsGateway(files: Readonly<Record<string, string>>, more: object = {}): Promise<AwsGateway> {
  const folder = mkdtempSync(join(tmpdir(), "postern-aws-gateway-"));
  mkdirSync(join(folder, "policy"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "policy", name), text);
  const cloud = await startCloud([], new Set(), join(folder, "policy"));
  const way = await startFaultyWay(Number(new URL(String(cloud.client.endpoint)).port), 20_000);
  // The stand-in does not have this one: it finds nothing.
  way.stub = ({ service }) => (service === "ComprehendMedical" ? { Entities: [] } : null);
  const certificates = await ensureCertificates(folder);
  const pem = { cert: readFileSync(certificates.certFile, "utf8"), key: readFileSync(certificates.keyFile, "utf8") };
  const server = await startTestPostgres(pem);
  await server.sql(`CREATE ROLE postern_gateway LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
  await server.sql("CREATE DATABASE clinic OWNER postern_gateway");
  const { aws, secret, store } = await makeCloud(cloud);
  const credential = await secret("clinic", { username: "postern_gateway", password: PASSWORD });
  const tls = await secret("tls", pem);
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL: way.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  }))
    vi.stubEnv(name, value);
  const gateway = await prepareGateway({
    folder,
    certificates,
    policy: join(folder, "policy"),
    target: { name: "clinic", port: server.port, password: "not used" },
  });
  const file = join(folder, "proxy.json");
  const { targets, issuers, ...rest } = JSON.parse(readFileSync(file, "utf8"));
  targets.clinic.credential = { type: "secret", id: credential };
  // Functions in the stand-in know one issuer: the cloud's.
  const both = [
    ...issuers,
    { ...issuers[0], issuer: cloud.issuer.url, jwksUri: cloud.issuer.jwksUri, caFile: cloud.certificates.caFile },
  ];
  const own = { limits: { graceSeconds: 1 }, targets, issuers: both, tls: { secret: tls }, aws };
  writeFileSync(file, JSON.stringify({ ...rest, ...own, ...more }));
  let child = await gateway.start();
  const ca = readFileSync(certificates.caFile, "utf8");
  return {
    cloud,
    way,
    server,
    gateway,
    async end(signal) {
      const exit = once(child, "exit");
      child.kill(signal);
      return (await exit)[0];
    },
    async start() {
      child = await gateway.start();
    },
    folder,
    file,
    aws,
    credential,
    store,
    async connected(name = "engineer", groups = []) {
      const client = new pg.Client({
        host: "localhost",
        port: gateway.port,
        user: name,
        database: "clinic",
        password: cloud.issuer.token(name, { groups }),
        ssl: { ca },
      });
      client.on("error", () => {});
      await client.connect();
      return client;
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${gateway.admin}/metrics`)).text(),
    async stop() {
      child.kill("SIGKILL");
      await gateway.close();
      await server.stop();
      await way.close();
      await cloud.stop();
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the stacks make, and what operators fill in. */
async function makeCloud(cloud: Cloud) {
  const client = cloud.client as object;
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
  const dynamo = new DynamoDBClient(client);
  await createTable(dynamo, "journal", { task: "S", sequence: "N" });
  await createTable(dynamo, "sealed-keys", { session: "S" });
  const key = await new KMSClient(client).send(new CreateKeyCommand({}));
  const secrets = new SecretsManagerClient(client);
  const secret = async (Name: string, value: object) =>
    (await secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }))).ARN ?? "";
  const hmac = { version: 1, key: "k".repeat(64) };
  const aws = {
    bucket: BUCKET,
    tables: { journal: "journal", revocations: "revocations", sealedKeys: "sealed-keys" },
    keys: { sealed: key.KeyMetadata?.Arn ?? "" },
    secrets: { pseudonyms: await secret("pseudonyms", hmac), subjects: await secret("subjects", hmac) },
    approvals: { table: "approvals", requestFunction: "approval-request" },
    task: "task-1",
  };
  const store = new S3Store({ client: s3, bucket: BUCKET, retentionDays: 2192, now: Date.now });
  return { aws, secret, store };
}
