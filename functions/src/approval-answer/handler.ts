// The Lambda behind the HTTP API: the only way in for what people say.
import { randomBytes } from "node:crypto";
import { newId } from "#shared/ids.ts";
import { dynamoStore, readSecrets, revocationsIn, type Secrets, settler, starter } from "../adapters/aws.ts";
import { getJson, postJson } from "../adapters/fetch-json.ts";
import type { HttpResponse } from "../adapters/http-api.ts";
import { policyPlace } from "../adapters/policy-place.ts";
import { tokenVerifier } from "../adapters/token.ts";
import type { Invoke } from "../middleware.ts";
import { settings, type WorkflowSettings, workflowSettings } from "../settings.ts";
import { approvalAnswer } from "./answer.ts";
import { scimDirectory, slackAddress } from "./people.ts";
import { form } from "./slack-form.ts";
import type { SlackParts } from "./take.ts";

export const handler: Invoke<HttpResponse> = approvalAnswer(async () => {
  const set = workflowSettings();
  const secrets = await readSecrets(set.secret);
  const start = starter(set.workflow);
  const store = dynamoStore(set.table);
  return {
    store,
    slack: secrets.slackSigningSecret === "" ? null : slackParts(set, secrets),
    verify: tokenVerifier(set),
    policy: policyPlace(store, settings().policy),
    startGlass: (glass, seconds) => start(`glass-${glass}`, { glass, seconds }),
    startRequest: (id, seconds) => start(id, { id, seconds }),
    settle: settler(),
    revoked: revocationsIn(set.revocations),
    reviewSource: null,
    newId: () => newId(Date.now(), randomBytes(16)),
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
