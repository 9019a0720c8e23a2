// What follows the evidence, in a stand-in for AWS: the bucket tells EventBridge, EventBridge the queues, the queues the functions, as they are bundled.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { S3Store } from "#functions/adapters/s3-store.ts";
import { ACCOUNT, bundle, clientOf, createTable, REGION, startMiniStack } from "./ministack.ts";

export const LEDGER = "ledger.example.org";
const BUCKET = "evidence";
const RETENTION_DAYS = 2192;
const RECEIVES = 3;
const NAMES = ["seal-ledger", "index-segment", "recover-session"] as const;
type Name = (typeof NAMES)[number];

export interface EvidenceCloud {
  /** What clients of the stand-in are made with. */
  readonly client: ReturnType<typeof clientOf>;
  readonly dynamo: DynamoDBClient;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly store: S3Store;
  /** ARN of the key of the ledger. */
  readonly key: string;
  /** @throws with what the function said, when it failed */
  invoke(name: Name, event: object): Promise<unknown>;
  send(name: Name, body: string): Promise<void>;
  /** How many messages were put aside. */
  dead(name: Name): Promise<number>;
  /** A table of its own with the keys of one of ours. */
  table(keys: Record<string, "S" | "N">): Promise<string>;
  stop(): void;
}

export async function startEvidenceCloud(): Promise<EvidenceCloud> {
  const ministack = await startMiniStack();
  const scratch = mkdtempSync(join(tmpdir(), "postern-aws-"));
  const client = clientOf(ministack.endpoint);
  const dynamo = new DynamoDBClient(client);
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  const kms = new KMSClient(client);
  const sqs = new SQSClient(client);
  const lambda = new LambdaClient({ ...client, maxAttempts: 1 });
  await createTable(dynamo, "ledger", { key: "S", sort: "N" });
  await createTable(dynamo, "index", { key: "S", sort: "S" });
  await createTable(dynamo, "journal", { task: "S", sequence: "N" });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: BUCKET,
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  );
  const made = await kms.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" }));
  const key = made.KeyMetadata?.Arn ?? "";
  const settings = {
    AWS_ENDPOINT_URL: ministack.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    POSTERN_BUCKET: BUCKET,
    POSTERN_RETENTION_DAYS: String(RETENTION_DAYS),
    POSTERN_LEDGER_TABLE: "ledger",
    POSTERN_LEDGER: LEDGER,
    POSTERN_LEDGER_KEY: key,
    POSTERN_INDEX_TABLE: "index",
    POSTERN_JOURNAL_TABLE: "journal",
  };
  const events = new EventBridgeClient(client);
  const queues = new Map<string, string>();
  for (const name of NAMES) {
    const { queue, dead } = await makeQueue(sqs, name);
    queues.set(name, queue).set(`${name}-dead`, dead);
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: `arn:aws:iam::${ACCOUNT}:role/none`,
        Timeout: 60,
        Code: { ZipFile: await bundle(name, scratch, ministack.python) },
        Environment: { Variables: settings },
      }),
    );
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: name,
        EventSourceArn: arnOf(name),
        BatchSize: name === "recover-session" ? 1 : 10,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      }),
    );
    await events.send(new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(patternOf(name)) }));
    await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: "queue", Arn: arnOf(name) }] }));
  }
  let tables = 0;
  return {
    client,
    dynamo,
    s3,
    kms,
    key,
    store: new S3Store({ client: s3, bucket: BUCKET, retentionDays: RETENTION_DAYS, now: Date.now }),
    async invoke(name, event) {
      const done = await lambda.send(
        new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) }),
      );
      const text = Buffer.from(done.Payload ?? []).toString("utf8");
      if (done.FunctionError !== undefined) throw new Error(text);
      return JSON.parse(text);
    },
    async send(name, body) {
      await sqs.send(new SendMessageCommand({ QueueUrl: queues.get(name), MessageBody: body }));
    },
    async dead(name) {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: queues.get(`${name}-dead`),
          AttributeNames: ["ApproximateNumberOfMessages"],
        }),
      );
      return Number(Attributes?.ApproximateNumberOfMessages);
    },
    async table(keys) {
      const name = `table-${++tables}`;
      await createTable(dynamo, name, keys);
      return name;
    },
    stop() {
      ministack.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

function arnOf(queue: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${queue}`;
}

async function makeQueue(sqs: SQSClient, name: Name): Promise<{ readonly queue: string; readonly dead: string }> {
  const dead = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-dead` }));
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf(`${name}-dead`), maxReceiveCount: RECEIVES });
  const queue = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { RedrivePolicy, VisibilityTimeout: "2" } }),
  );
  return { queue: queue.QueueUrl ?? "", dead: dead.QueueUrl ?? "" };
}

function patternOf(name: Name): object {
  if (name === "recover-session") return { source: ["aws.ecs"], "detail-type": ["ECS Task State Change"] };
  const lanes = name === "seal-ledger" ? ["events/", "recordings/", "sealed/"] : ["events/"];
  const object = { key: lanes.map((prefix) => ({ prefix })) };
  return { source: ["aws.s3"], "detail-type": ["Object Created"], detail: { bucket: { name: [BUCKET] }, object } };
}
