// Is everything there that the gateway needs in AWS, and is it what it has to be? Asked once, before anything listens.
import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DescribeKeyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { GetFunctionConfigurationCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectLockConfigurationCommand, type S3Client } from "@aws-sdk/client-s3";
import type { AwsConfig } from "../config.ts";
import { SecretUnreadable } from "./aws-secrets.ts";

export interface AwsClients {
  readonly s3: S3Client;
  readonly dynamo: DynamoDBClient;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
}

/** By the name of the setting. */
const TABLE_KEYS = { journal: "task, sequence", revocations: "name", sealedKeys: "session" } as const;
const APPROVALS_KEY = "key";
const FLEET_KEY = "key";

/** @returns one line for each thing that is missing or of another kind; nothing when all is well */
export async function checkAws(aws: AwsConfig, clients: AwsClients): Promise<string[]> {
  const tables = Object.entries(TABLE_KEYS).map(
    ([name, keys]) => [`aws.tables.${name}`, aws.tables[name as keyof typeof TABLE_KEYS], keys] as const,
  );
  const found = await Promise.all([
    told("aws.bucket", aws.bucket, () => checkBucket(clients.s3, aws.bucket)),
    ...[...tables, ["aws.approvals.table", aws.approvals.table, APPROVALS_KEY] as const].map(([setting, table, keys]) =>
      told(setting, table, () => checkTable(clients.dynamo, table, keys)),
    ),
    told("aws.keys.sealed", aws.keys.sealed, () => checkSealing(clients.kms, aws.keys.sealed)),
    told("aws.approvals.requestFunction", aws.approvals.requestFunction, async () => {
      const FunctionName = aws.approvals.requestFunction;
      await clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      return null;
    }),
  ]);
  return found.filter((line) => line !== null);
}

/** A line for one setting: what `check` says of it, or that it could not be looked at. */
export async function told(setting: string, name: string, check: () => Promise<string | null>): Promise<string | null> {
  try {
    const problem = await check();
    return problem === null ? null : `${setting}: ${name} ${problem}`;
  } catch (error) {
    const why = error instanceof SecretUnreadable ? error.message : error instanceof Error ? error.name : "unknown";
    return `${setting}: ${name} cannot be used (${why})`;
  }
}

/** @returns what is wrong with the table of gateways; null when nothing is */
export function checkFleet(table: string, dynamo: DynamoDBClient): Promise<string | null> {
  return checkTable(dynamo, table, FLEET_KEY);
}

async function checkBucket(client: S3Client, bucket: string): Promise<string | null> {
  const { ObjectLockConfiguration: lock } = await client
    .send(new GetObjectLockConfigurationCommand({ Bucket: bucket }))
    .catch((error: Error) => {
      if (error.name === "ObjectLockConfigurationNotFoundError") return { ObjectLockConfiguration: undefined };
      throw error;
    });
  return lock?.ObjectLockEnabled === "Enabled" ? null : "has no Object Lock: what is written there could be deleted";
}

async function checkTable(client: DynamoDBClient, table: string, keys: string): Promise<string | null> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  const there = (Table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName).join(", ");
  if (there !== keys) return `has the key (${there}), and should have (${keys})`;
  return Table?.TableStatus === "ACTIVE" ? null : `is ${Table?.TableStatus}`;
}

async function checkSealing(client: KMSClient, key: string): Promise<string | null> {
  const { KeyMetadata: known } = await client.send(new DescribeKeyCommand({ KeyId: key }));
  if (known?.KeySpec !== "SYMMETRIC_DEFAULT") return `is a key of kind ${known?.KeySpec}, and should be symmetric`;
  return known.KeyState === "Enabled" ? null : `is ${known.KeyState}`;
}
