// Everything in AWS. On this machine is only what may be gone with it: recordings that wait a few seconds for their object.
import { hostname } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SFNClient } from "@aws-sdk/client-sfn";
import { settler } from "#functions/adapters/aws.ts";
import { awsTimes } from "#functions/adapters/clients.ts";
import { DynamoApprovals } from "#functions/adapters/dynamo-approvals.ts";
import { openDynamoJournal } from "#functions/adapters/dynamo-journal.ts";
import { dynamoWrappedKeys } from "#functions/adapters/dynamo-wrapped-keys.ts";
import { kmsDataKeys } from "#functions/adapters/kms-data-keys.ts";
import { S3Store } from "#functions/adapters/s3-store.ts";
import type { AwsConfig } from "../config.ts";
import { openRecorder, type Recorder } from "../recorder/recorder.ts";
import { openAwsApprovals } from "./aws-approvals.ts";
import { checkAws, checkFleet, told } from "./aws-check.ts";
import { DynamoFleetTable } from "./aws-fleet-table.ts";
import { openDynamoRevocations } from "./aws-revocations.ts";
import { readSecretKey } from "./aws-secrets.ts";
import { type Home, type HomeOptions, StartRefused } from "./home.ts";
import { newId } from "./ids.ts";
import type { HmacKey } from "./local-hmac-keys.ts";
import { openLocalSpool } from "./local-spool.ts";
import { sealBlock } from "./node-cipher.ts";
import { nodeSha256, nodeVerifyEd25519 } from "./node-crypto.ts";
import { compress, decompress } from "./node-zstd.ts";
import { watchRevocations } from "./revocations.ts";

/** A command waits for its journal item: what does not answer soon is asked again. */
const JOURNAL = { attemptMs: 1500, attempts: 3 };
/** Some tens of milliseconds each: with 32 hundreds of objects a second. Each is below 5 MB, and most of them are small. */
const OBJECTS_AT_A_TIME = 32;
const OBJECTS = { attemptMs: 10_000, attempts: 3 };
/** The gate itself asks ten times: somebody waits. */
const ASKED_AGAIN = { attemptMs: 3000, attempts: 1 };
/** A login waits for its place. */
const FLEET = { attemptMs: 1500, attempts: 3 };
const OTHERS = { attemptMs: 3000, attempts: 3 };

/** @throws StartRefused with a line for everything that is missing, or the error of what could not be opened */
export async function openAwsHome(options: HomeOptions, aws: AwsConfig): Promise<Home> {
  const { config, clock, onProblem } = options;
  const among = config.fleet !== undefined && "table" in config.fleet ? config.fleet : undefined;
  const clients = {
    s3: new S3Client(awsTimes(OBJECTS)),
    dynamo: new DynamoDBClient(awsTimes(OTHERS)),
    kms: new KMSClient(awsTimes(OTHERS)),
    lambda: new LambdaClient(awsTimes(OTHERS)),
  };
  const secrets = new SecretsManagerClient(awsTimes(OTHERS));
  const keys: { pseudonyms?: HmacKey; subjects?: HmacKey; fleet?: HmacKey } = {};
  const read = (name: keyof typeof keys, setting: string, id: string) =>
    told(setting, id, async () => {
      keys[name] = await readSecretKey(secrets, id);
      return null;
    });
  const found = await Promise.all([
    checkAws(aws, clients),
    read("pseudonyms", "aws.secrets.pseudonyms", aws.secrets.pseudonyms),
    read("subjects", "aws.secrets.subjects", aws.secrets.subjects),
    ...(among === undefined
      ? []
      : [
          told("fleet.table", among.table, () => checkFleet(among.table, clients.dynamo)),
          read("fleet", "fleet.secret", among.secret),
        ]),
  ]);
  const problems = found.flat().filter((line) => line !== null);
  const { pseudonyms, subjects } = keys;
  if (problems.length > 0 || pseudonyms === undefined || subjects === undefined) throw new StartRefused(problems);

  const place = config.taskMetadata === undefined ? null : await placeOf(config.taskMetadata);
  const evidence = await openAwsRecorder(options, aws, clients, aws.task ?? place?.task ?? hostname());
  try {
    return {
      evidence,
      // Of a ledger that others write.
      witnesses: null,
      pseudonyms,
      subjects,
      fleet:
        among === undefined || keys.fleet === undefined
          ? undefined
          : {
              table: new DynamoFleetTable(new DynamoDBClient(awsTimes(FLEET)), among.table),
              key: keys.fleet,
              listen: among.listen,
              host: place?.address ?? among.listen.host,
            },
      revocations: await watchRevocations(openDynamoRevocations(aws.tables.revocations), clock.now),
      policies: policiesIn(aws.approvals.table),
      approvals: openAwsApprovals({
        ...aws.approvals,
        proxy: newId(clock.now()),
        now: clock.now,
        onProblem: (problem) => onProblem("approvals", problem),
        dynamo: clients.dynamo,
        lambda: new LambdaClient(awsTimes(ASKED_AGAIN)),
        settle: settler(new SFNClient(awsTimes(OTHERS))),
      }),
    };
  } catch (error) {
    await evidence.close();
    throw error;
  }
}

/** With a client of its own: what is asked every second or two waits for no more than an answer to it. */
function policiesIn(table: string): Home["policies"] {
  const client = new DynamoDBClient(awsTimes(OTHERS));
  return Object.assign(new DynamoApprovals(client, table), { close: () => client.destroy() });
}

/** The ledger is written by the function seal-ledger, from the objects that come into the bucket. */
async function openAwsRecorder(
  { config, clock, onProblem }: HomeOptions,
  { bucket, retentionDays, tables, keys }: AwsConfig,
  { s3, dynamo, kms }: { readonly s3: S3Client; readonly dynamo: DynamoDBClient; readonly kms: KMSClient },
  task: string,
): Promise<Recorder> {
  const journal = await openDynamoJournal({
    client: new DynamoDBClient(awsTimes(JOURNAL)),
    table: tables.journal,
    task,
    now: clock.now,
  });
  try {
    return await openRecorder({
      clock,
      onProblem: (problem) => onProblem("evidence", problem),
      journal,
      store: new S3Store({ client: s3, bucket, retentionDays, now: clock.now }),
      spool: await openLocalSpool(join(config.state, "spool")),
      signer: null,
      places: OBJECTS_AT_A_TIME,
      sha256: nodeSha256,
      verifyEd25519: nodeVerifyEd25519,
      compress,
      decompress,
      sealing: {
        dataKeys: kmsDataKeys(kms, keys.sealed),
        wrappedKeys: dynamoWrappedKeys(dynamo, tables.sealedKeys),
        sealBlock,
      },
    });
  } catch (error) {
    await journal.close();
    throw error;
  }
}

interface Place {
  /** The id of the ECS task, which is in the event that says that it has stopped. */
  readonly task: string;
  /** Its private address, at which others of its security group reach it. */
  readonly address: string | undefined;
}

/** @param metadata address of the task's metadata */
async function placeOf(metadata: string): Promise<Place> {
  const answer = await fetch(`${metadata}/task`, { signal: AbortSignal.timeout(5000) });
  const { TaskARN, Containers } = (await answer.json()) as TaskMetadata;
  const task = TaskARN?.split("/").at(-1);
  if (task === undefined || task === "") throw new Error("the container's metadata names no task");
  const addresses = (Containers ?? [])
    .flatMap(({ Networks = [] }) => Networks)
    .flatMap((one) => one.IPv4Addresses ?? []);
  return { task, address: addresses[0] };
}

/** Version 4, as far as it is looked at. */
interface TaskMetadata {
  readonly TaskARN?: string;
  readonly Containers?: readonly { readonly Networks?: readonly { readonly IPv4Addresses?: readonly string[] }[] }[];
}
