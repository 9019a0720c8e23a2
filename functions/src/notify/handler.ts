// The Lambda that tells people, for the state machine.
import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { dynamoStore, readSecrets, settler } from "../adapters/aws.ts";
import { postJson } from "../adapters/fetch-json.ts";
import type { Invoke } from "../middleware.ts";
import { workflowSettings } from "../settings.ts";
import { emailMessenger, type SendMail } from "./email.ts";
import { type Notified, notify } from "./notify.ts";
import { slackMessenger } from "./slack.ts";

export const handler: Invoke<Notified> = notify(async () => {
  const { table, secret, slack, mailFrom } = workflowSettings();
  const { slackBotToken } = await readSecrets(secret);
  const headers = { authorization: `Bearer ${slackBotToken}` };
  return {
    store: dynamoStore(table),
    messengers: {
      slack:
        slackBotToken === ""
          ? null
          : slackMessenger((method, body) => postJson(`${slack.api}/${method}`, headers, body)),
      email: mailFrom === "" ? null : emailMessenger(ses(mailFrom)),
    },
    settle: settler(),
    now: Date.now,
  };
});

function ses(from: string): SendMail {
  const client = new SESv2Client();
  return async ({ to, subject, text }) => {
    await client.send(
      new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text } } } },
      }),
    );
  };
}
