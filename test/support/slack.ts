// What Slack sends, in the format of its documentation, and signed as it signs: an independent signer, with a secret of the tests.
import { createHmac } from "node:crypto";
import type { HttpEvent } from "#functions/adapters/http-api.ts";

export const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
export const TEAM = "T9TK3CUKW";
export const APP = "A0APPROVE1";

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export function blockActions(request: string, action: string, user = "UA8RXUSPL") {
  return {
    type: "block_actions",
    team: { id: TEAM, domain: "example" },
    user: { id: user, username: "dba", name: "dba", team_id: TEAM },
    api_app_id: APP,
    token: "9s8d9as89d8as9d8as989",
    container: {
      type: "message",
      message_ts: "1548261231.000200",
      channel_id: "C0DBA0000",
      is_ephemeral: false,
    },
    trigger_id: "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
    channel: { id: "C0DBA0000", name: "dba-approvals" },
    message: {
      bot_id: "BAH5CA16Z",
      type: "message",
      text: "engineer asks ...",
      user: "UAJ2RU415",
      ts: "1548261231.000200",
    },
    state: { values: {} },
    response_url: "https://hooks.slack.com/actions/AABA1ABCD/1232321423432/D09sSasdasdAS9091209",
    actions: [
      {
        action_id: action,
        block_id: "=qXel",
        text: { type: "plain_text", text: "Approve", emoji: false },
        value: request,
        type: "button",
        action_ts: "1548426417.840180",
      },
    ],
  };
}

/** https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload */
export function viewSubmission(
  request: string,
  said: { readonly decision?: string; readonly reason?: string; readonly window?: string },
  user = "UA8RXUSPL",
) {
  const { decision = "approve", reason = "checked with the ward", window } = said;
  return {
    type: "view_submission",
    team: { id: TEAM, domain: "example" },
    user: { id: user, username: "dba", name: "dba", team_id: TEAM },
    api_app_id: APP,
    token: "9s8d9as89d8as9d8as989",
    trigger_id: "12466734323.1395872398",
    view: {
      id: "VNHU13V36",
      type: "modal",
      title: { type: "plain_text", text: "Answer", emoji: false },
      submit: { type: "plain_text", text: "Send", emoji: false },
      blocks: [],
      private_metadata: request,
      callback_id: "postern_answer",
      state: {
        values: {
          decision: {
            decision: {
              type: "radio_buttons",
              selected_option: { text: { type: "plain_text", text: "x" }, value: decision },
            },
          },
          reason: { reason: { type: "plain_text_input", value: reason } },
          window: {
            window: {
              type: "static_select",
              selected_option: window === undefined ? null : { text: {}, value: window },
            },
          },
        },
      },
      hash: "156663117.cd33ad1f",
    },
    response_urls: [],
  };
}

export interface Signing {
  readonly secret?: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

/** The request as API Gateway passes it on. */
export function slackEvent(payload: unknown, { secret = SECRET, timestamp }: Signing): HttpEvent {
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  return http("POST", "/slack", body, {
    "content-type": "application/x-www-form-urlencoded",
    "x-slack-request-timestamp": String(timestamp),
    "x-slack-signature": `v0=${signature}`,
  });
}

export function http(method: string, rawPath: string, body?: string, headers: Record<string, string> = {}): HttpEvent {
  return {
    rawPath,
    headers,
    requestContext: { http: { method, sourceIp: "192.0.2.1" } },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
  };
}
