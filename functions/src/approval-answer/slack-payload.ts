// What Slack sends when somebody presses a button or submits a form (docs.slack.dev/reference/interaction-payloads).
import { z } from "zod";
import { ACTIONS, FORM } from "#shared/approval/slack-names.ts";

export interface SlackAnswer {
  /** Slack's ids of the person and their workspace. Names are not looked at: anybody can choose theirs. */
  readonly user: string;
  readonly team: string;
  readonly app: string;
  readonly request: string;
  readonly decision: "approve" | "deny";
  readonly reason: string;
  readonly windowMinutes?: number;
  /** Where Slack takes an answer for this person alone; a form is answered in the response. */
  readonly responseUrl: string | null;
}

/** `form`: the person wants to say more. `nothing`: a button that only opens a link, a form that was closed. */
export type SlackPayload =
  | { readonly type: "answer"; readonly answer: SlackAnswer }
  | {
      readonly type: "form";
      readonly trigger: string;
      readonly request: string;
      readonly app: string;
      readonly team: string;
    }
  | { readonly type: "nothing" };

const id = z.string().regex(/^[0-9a-z]{26}$/);
const who = {
  user: z.object({ id: z.string().min(1), team_id: z.string().optional() }),
  /** Null when the app is installed for an organisation. */
  team: z.object({ id: z.string() }).nullable(),
  api_app_id: z.string(),
};

const blockActions = z.object({
  type: z.literal("block_actions"),
  ...who,
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).length(1),
});

const viewSubmission = z.object({
  type: z.literal("view_submission"),
  ...who,
  view: z.object({
    callback_id: z.string(),
    private_metadata: id,
    state: z.object({
      values: z.record(
        z.string(),
        z.record(
          z.string(),
          z.object({
            value: z.string().nullish(),
            selected_option: z.object({ value: z.string() }).nullish(),
          }),
        ),
      ),
    }),
  }),
});

const other = z.object({ type: z.enum(["view_closed", "message_action", "shortcut"]) });
const schema = z.union([blockActions, viewSubmission, other]);

/** @param body `payload=` and JSON, URL-encoded, as Slack posts it. @returns null when it is nothing that Slack sends */
export function readPayload(body: string): SlackPayload | null {
  const text = new URLSearchParams(body).get("payload");
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) return null;
  const payload = parsed.data;
  if (payload.type === "block_actions") return pressed(payload);
  return payload.type === "view_submission" ? submitted(payload) : { type: "nothing" };
}

function pressed(payload: z.infer<typeof blockActions>): SlackPayload | null {
  const action = payload.actions[0];
  if (action === undefined) return null;
  const { action_id: name } = action;
  if (name !== ACTIONS.approve && name !== ACTIONS.deny && name !== ACTIONS.more) return { type: "nothing" };
  const request = id.safeParse(action.value);
  if (!request.success) return null;
  const from = { app: payload.api_app_id, team: payload.user.team_id ?? payload.team?.id ?? "" };
  if (name === ACTIONS.more) {
    if (payload.trigger_id === undefined) return null;
    return { type: "form", trigger: payload.trigger_id, request: request.data, ...from };
  }
  return {
    type: "answer",
    answer: {
      ...from,
      user: payload.user.id,
      request: request.data,
      decision: name === ACTIONS.approve ? "approve" : "deny",
      reason: "by a button, without a reason",
      responseUrl: payload.response_url ?? null,
    },
  };
}

function submitted({ view, user, team, api_app_id: app }: z.infer<typeof viewSubmission>): SlackPayload | null {
  if (view.callback_id !== FORM.callback) return { type: "nothing" };
  const { values } = view.state;
  const decision = values[FORM.decision]?.[FORM.decision]?.selected_option?.value;
  const reason = values[FORM.reason]?.[FORM.reason]?.value ?? "";
  const minutes = Number(values[FORM.window]?.[FORM.window]?.selected_option?.value ?? "0");
  if ((decision !== "approve" && decision !== "deny") || !(minutes >= 0)) return null;
  return {
    type: "answer",
    answer: {
      user: user.id,
      team: user.team_id ?? team?.id ?? "",
      app,
      request: view.private_metadata,
      decision,
      reason,
      ...(minutes > 0 ? { windowMinutes: minutes } : {}),
      responseUrl: null,
    },
  };
}
