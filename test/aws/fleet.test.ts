// Three gateways behind a balancer whose home is a stand-in for AWS: one bucket, one set of tables, tasks of their own.
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, expect, vi } from "vitest";
import { openKmsSigner } from "#functions/adapters/kms-signer.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { runPostern } from "#test/support/approving.ts";
import type { FleetHome, TestFleet } from "#test/support/fleet.ts";
import { fleetStory } from "#test/support/fleet-story.ts";
import { type Cloud, startCloud } from "./cloud.ts";
import { createTable, REGION } from "./ministack.ts";

const BUCKET = "evidence";
const LEDGER = "ledger.example.org";

let cloud: Cloud;
let verifierKey = "";
let auditor = "";
let killed = "";
afterAll(async () => {
  await cloud?.stop();
  vi.unstubAllEnvs();
});

async function open(folder: string): Promise<FleetHome> {
  cloud = await startCloud([], new Set());
  auditor = join(folder, "auditor");
  const client = cloud.client as object;
  await new S3Client({ ...client, forcePathStyle: true }).send(
    new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }),
  );
  const dynamo = new DynamoDBClient(client);
  await createTable(dynamo, "journal", { task: "S", sequence: "N" });
  await createTable(dynamo, "sealed-keys", { session: "S" });
  await createTable(dynamo, "fleet", { key: "S" });
  await createTable(dynamo, "ledger", { key: "S", sort: "N" });
  const kms = new KMSClient(client);
  const sealed = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn;
  const made = await kms.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" }));
  const key = made.KeyMetadata?.Arn ?? "";
  verifierKey = (await openKmsSigner({ client: kms, key, name: LEDGER, sha256: nodeSha256 })).verifierKey;
  const secrets = new SecretsManagerClient(client);
  const secret = async (Name: string) => {
    const SecretString = JSON.stringify({ version: 1, key: "k".repeat(64) });
    return (await secrets.send(new CreateSecretCommand({ Name, SecretString }))).ARN ?? "";
  };
  const own = { pseudonyms: await secret("pseudonyms"), subjects: await secret("subjects") };
  const fleet = { listen: { port: 0 }, table: "fleet", secret: await secret("fleet") };
  const environment = {
    AWS_ENDPOINT_URL: String(cloud.client.endpoint),
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    POSTERN_JOURNAL_TABLE: "journal",
    POSTERN_LEDGER_TABLE: "ledger",
    POSTERN_LEDGER: LEDGER,
    POSTERN_LEDGER_KEY: key,
    POSTERN_BUCKET: BUCKET,
    POSTERN_RETENTION_DAYS: "2192",
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  return {
    configuration: (number) => ({
      aws: {
        bucket: BUCKET,
        tables: { journal: "journal", revocations: "revocations", sealedKeys: "sealed-keys" },
        keys: { sealed },
        secrets: own,
        approvals: { table: "approvals", requestFunction: "approval-request" },
        task: `task-${number}`,
      },
      fleet,
    }),
    approvals: cloud.store,
    revoke: (name) => cloud.revoke(name),
  };
}

const postern = async (...args: string[]) => {
  const { out, err } = await runPostern(args, {
    POSTERN_STATE: auditor,
    POSTERN_STORE: `s3://${BUCKET}`,
    POSTERN_VERIFIER_KEY: verifierKey,
  });
  return { out, err };
};

fleetStory(
  open,
  // As the event says that ECS gives when a task has stopped: nobody has to start it again.
  async (_fleet, session) => {
    const { handler } = await import("#functions/recover-session/handler.ts");
    await handler({ task: "task-1" } as never);
    killed = session;
  },
  async (fleet: TestFleet) => {
    for (const at of [0, 2]) await fleet.stopGently(at);
    const { handler } = await import("#functions/seal-ledger/handler.ts");
    expect(await handler({ list: "" })).toMatchObject({ next: null });
    const { out, err } = await postern("verify", "--json");
    expect(err).toBe("");
    const report = JSON.parse(out);
    expect(report).toMatchObject({ ok: true, bad: null, open: [] });
    expect(report.recovered).toContain(killed);
    expect((await postern("show", killed)).out).toContain("closed by recovery");
  },
);
