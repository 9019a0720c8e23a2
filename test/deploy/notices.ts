// What ECS tells EventBridge, and the stand-in does not: that a task has stopped. Nobody but AWS may say such a thing, to MiniStack neither: so the
// deployed rules are asked whether they want it, and their queues get it.
import {
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
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
