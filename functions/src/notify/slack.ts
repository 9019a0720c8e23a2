// Slack's words: Block Kit messages and the form (docs.slack.dev/block-kit). All text is plain: nothing in it can mention people or be a link.
import { ACTIONS } from "#shared/approval/slack-names.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import { type Line, lines, outcome, title } from "#shared/approval/words.ts";
import { announcement } from "./announcement.ts";
import { type Messenger, MessengerFailure } from "./messenger.ts";

/** Calls a method of Slack's Web API. @returns its JSON answer. Rejects when there is none. */
export type SlackCall = (method: string, body: object) => Promise<unknown>;

/** Slack's limits, in characters: of a header, of a section's text, of a field. */
const HEADER = 150;
const TEXT = 3000;
const FIELD = 2000;

const plain = (text: string, most: number) => ({
  type: "plain_text",
  text: text.length > most ? `${text.slice(0, most - 4)} ...` : text,
  emoji: false,
});

export function slackMessenger(call: SlackCall): Messenger {
  const post = async (channel: string | undefined, message: object) => {
    if (channel === undefined) throw new MessengerFailure("no conversation is named for the group");
    const sent = await calling(call, "chat.postMessage", { channel, ...message, unfurl_links: false });
    const { channel: where, ts } = sent;
    return typeof where === "string" && typeof ts === "string" ? `${where}:${ts}` : undefined;
  };
  return {
    ask: (state, group) => post(group.slack, question(state)),
    async conclude(state, ref) {
      const [channel, ts] = ref.split(":");
      await calling(call, "chat.update", { channel, ts, ...conclusion(state) });
    },
    announce: (state, group, overdue) => {
      const { heading, lines: all, commands } = announcement(state, overdue);
      const how = { type: "section", text: plain(`Signed in: ${commands.join("; ")}`, TEXT) };
      return post(group.slack, { text: heading, blocks: [header(heading), fields(all), how] });
    },
  };
}

export function question(state: ApprovalState): object {
  const { id } = state.request;
  const button = (action_id: string, text: string, more: object) => ({
    type: "button",
    action_id,
    text: plain(text, 75),
    value: id,
    ...more,
  });
  const confirm = {
    title: plain("Let it run?", 100),
    text: plain("It runs as soon as enough people have agreed.", 300),
    confirm: plain("Approve", 30),
    deny: plain("Not yet", 30),
  };
  return {
    text: title(state),
    blocks: [
      ...about(state),
      {
        type: "actions",
        elements: [
          button(ACTIONS.approve, "Approve", { style: "primary", confirm }),
          button(ACTIONS.deny, "Deny", { style: "danger" }),
          button(ACTIONS.more, "Answer with a reason", {}),
        ],
      },
    ],
  };
}

/** What was asked, and how it ended; nothing left to press. */
export function conclusion(state: ApprovalState): object {
  const end = outcome(state);
  return {
    text: `${title(state)}: ${end}`,
    blocks: [...about(state), { type: "section", text: plain(`Ended: ${end}`, TEXT) }],
  };
}

function about(state: ApprovalState): object[] {
  const statement = plain(state.request.statement, TEXT - 200).text;
  const preformatted = { type: "rich_text_preformatted", elements: [{ type: "text", text: statement || " " }] };
  return [header(title(state)), { type: "rich_text", elements: [preformatted] }, fields(lines(state))];
}

function header(text: string): object {
  return { type: "header", text: plain(text, HEADER) };
}

function fields(all: readonly Line[]): object {
  // Slack takes ten fields.
  return { type: "section", fields: all.slice(0, 10).map(([label, text]) => plain(`${label}: ${text}`, FIELD)) };
}

/** Slack says no in a 200: `ok: false` and a word such as `channel_not_found`. */
async function calling(call: SlackCall, method: string, body: object): Promise<Record<string, unknown>> {
  const answer = (await call(method, body).catch(() => null)) as Record<string, unknown> | null;
  if (answer === null || typeof answer !== "object") throw new MessengerFailure("Slack does not answer");
  if (answer.ok === true) return answer;
  const why =
    typeof answer.error === "string" && /^[a-z_]{1,40}$/.test(answer.error) ? answer.error : "no reason given";
  throw new MessengerFailure(`Slack refused it: ${why}`);
}
