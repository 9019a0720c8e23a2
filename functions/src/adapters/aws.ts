// The AWS services that the functions of the approval workflow share. Clients are made once for each process.
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ExecutionAlreadyExists, SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { z } from "zod";
import type { ApprovalState } from "#shared/approval/types.ts";
import { awsTimes } from "./clients.ts";
import { DynamoApprovals } from "./dynamo-approvals.ts";

/** Of each attempt: whoever calls these functions waits for 20 s at most. */
const TIMES = awsTimes({ attemptMs: 3000, attempts: 3 });

export function dynamoStore(table: string): DynamoApprovals {
  return new DynamoApprovals(new DynamoDBClient(TIMES), table);
}

const secretSchema = z.object({
  slackSigningSecret: z.string().default(""),
  slackBotToken: z.string().default(""),
  directoryToken: z.string().default(""),
});
export type Secrets = z.infer<typeof secretSchema>;

/** @param arn of the secret; without one there are no credentials */
export async function readSecrets(arn: string): Promise<Secrets> {
  if (arn === "") return secretSchema.parse({});
  const found = await new SecretsManagerClient(TIMES).send(new GetSecretValueCommand({ SecretId: arn }));
  return secretSchema.parse(JSON.parse(found.SecretString ?? "{}"));
}

/**
 * Whether one of these names has been offboarded, as the table says at this moment: one item for each, by `name`. Rejects when it cannot be told.
 * @param table without one nobody has been
 */
export function revocationsIn(table: string): (names: readonly string[]) => Promise<boolean> {
  if (table === "") return async () => false;
  const client = new DynamoDBClient(TIMES);
  return async (names) => {
    const found = await Promise.all(
      names.map((name) =>
        client.send(new GetItemCommand({ TableName: table, Key: { name: { S: name } }, ConsistentRead: true })),
      ),
    );
    return found.some(({ Item }) => Item !== undefined);
  };
}

/** Starts the state machine under a name, which makes a second start of the same none. */
export function starter(stateMachineArn: string): (name: string, input: object) => Promise<void> {
  const client = new SFNClient(TIMES);
  return async (name, input) => {
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  };
}

/** Ends the task that waits for an answer. It may be over already; the workflow looks at the request again when its time comes. */
export function settler(client = new SFNClient(TIMES)): (taskToken: string, state: ApprovalState) => Promise<void> {
  return async (taskToken, { status }) => {
    try {
      await client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ status }) }));
    } catch (error) {
      console.warn(JSON.stringify({ level: "warn", message: "the task was not ended", error: (error as Error).name }));
    }
  };
}
