// The Lambda behind the HTTP API: the only way in for what people say.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readApprovals } from "#shared/policy/approvals-file.ts";
import { dynamoStore, readSecrets, type Secrets, settler, starter } from "../adapters/aws.ts";
import { getJson, postJson } from "../adapters/fetch-json.ts";
import type { Invoke } from "../middleware.ts";
import { settings, type WorkflowSettings, workflowSettings } from "../settings.ts";
import { approvalAnswer } from "./answer.ts";
import type { HttpResponse } from "./http.ts";
import { scimDirectory, slackAddress } from "./people.ts";
import { form } from "./slack-form.ts";
import type { SlackParts } from "./take.ts";
import { tokenVerifier } from "./token.ts";

export const handler: Invoke<HttpResponse> = approvalAnswer(async () => {
  const set = workflowSettings();
  const secrets = await readSecrets(set.secret);
  const start = starter(set.workflow);
  const { value: approvals } = readApprovals(await readFile(join(settings().policy, "approvals.yaml"), "utf8"));
  return {
    store: dynamoStore(set.table),
    slack: secrets.slackSigningSecret === "" ? null : slackParts(set, secrets),
    verify: tokenVerifier(set),
    approvals,
    startGlass: (glass, seconds) => start(`glass-${glass}`, { glass, seconds }),
    settle: settler(),
    newId,
    now: Date.now,
  };
});

function slackParts({ slack, directory, issuer }: WorkflowSettings, secrets: Secrets): SlackParts {
  const { slackSigningSecret: signingSecret, slackBotToken, directoryToken } = secrets;
  return {
    signingSecret,
    team: slack.team,
    app: slack.app,
    address: slackAddress(getJson, slack.api, slackBotToken),
    directory: scimDirectory(getJson, directory, directoryToken, issuer),
    async openForm(trigger_id, request, windowMinutes) {
      const headers = { authorization: `Bearer ${slackBotToken}` };
      await postJson(`${slack.api}/views.open`, headers, { trigger_id, view: form(request, windowMinutes) });
    },
    async whisper(responseUrl, text) {
      // What was not counted stays not counted, whether its sender can be told or not.
      await postJson(responseUrl, {}, { response_type: "ephemeral", replace_original: false, text }).catch(() => null);
    },
  };
}

/** Sorts by time, as the gateway's own ids: 10 characters of it, and 16 at random, in Crockford's base 32. */
function newId(): string {
  const digits = "0123456789abcdefghjkmnpqrstvwxyz";
  let id = "";
  for (let rest = Date.now(), i = 0; i < 10; i++, rest = Math.floor(rest / 32)) id = digits.charAt(rest % 32) + id;
  for (const byte of randomBytes(16)) id += digits.charAt(byte % 32);
  return id;
}
