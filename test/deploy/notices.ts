// What AWS's own services tell EventBridge, and the stand-ins do not: that a task has stopped; that there is a new object in a bucket that is elsewhere.
// Nobody but AWS may say such a thing, to MiniStack neither: so the deployed rules are asked whether they want it, and their queues get it.
import {
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ACCOUNT, REGION } from "../aws/ministack.ts";

/** @returns how many rules wanted it */
export type Tell = (source: string, type: string, detail: object) => Promise<number>;

/** The deployed rules, with the queues that they feed. */
export async function openNotices(client: { readonly endpoint: string }): Promise<Tell> {
  const events = new EventBridgeClient(client);
  const queues = new SQSClient(client);
  const { Rules = [] } = await events.send(new ListRulesCommand({}));
  const wanted = Rules.filter(({ EventPattern }) => EventPattern !== undefined);
  const rules = await Promise.all(
    wanted.map(async ({ Name, EventPattern }) => {
      const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: Name }));
      const fed = Targets.map(({ Arn = "" }) => Arn).filter((arn) => arn.startsWith("arn:aws:sqs:"));
      return { EventPattern, fed };
    }),
  );
  return async (source, type, detail) => {
    const event = { id: crypto.randomUUID(), source, "detail-type": type, account: ACCOUNT, region: REGION };
    const Event = JSON.stringify({ version: "0", ...event, time: new Date().toISOString(), resources: [], detail });
    let told = 0;
    for (const { EventPattern, fed } of rules) {
      const { Result } = await events.send(new TestEventPatternCommand({ EventPattern, Event }));
      if (Result !== true) continue;
      for (const arn of fed) {
        const QueueUrl = `${client.endpoint}/${ACCOUNT}/${arn.split(":").at(-1)}`;
        await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: Event }));
        told++;
      }
    }
    return told;
  };
}

const EVERY_MS = 500;

/** Looks what is new in a bucket, and tells of it. @returns how to end it */
export function tellOfObjects(tell: Tell, s3: S3Client, bucket: string): () => Promise<void> {
  const told = new Set<string>();
  const look = async () => {
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket }))
      for (const { Key = "" } of page.Contents ?? []) {
        if (told.has(Key)) continue;
        await tell("aws.s3", "Object Created", { bucket: { name: bucket }, object: { key: Key } });
        told.add(Key);
      }
  };
  let over = false;
  const looking = (async () => {
    while (!over) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  return async () => {
    over = true;
    await looking;
  };
}
