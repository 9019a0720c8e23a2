// The same by email, as plain text. Its link shows a page; who answers does so signed in, by the command line.
import type { ApprovalState } from "#shared/approval/types.ts";
import { type Line, lines, outcome, title } from "#shared/approval/words.ts";
import { announcement } from "./announcement.ts";
import { type Messenger, MessengerFailure } from "./messenger.ts";

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Sends one; rejects when it was not taken. */
export type SendMail = (mail: Mail) => Promise<void>;

export function emailMessenger(send: SendMail): Messenger {
  const sending = async (to: string | undefined, subject: string, text: string): Promise<string | undefined> => {
    if (to === undefined) throw new MessengerFailure("no address is named for the group");
    await send({ to, subject: oneLine(subject), text }).catch((error: Error) => {
      // Names of the service's errors, never their texts: those repeat addresses.
      throw new MessengerFailure(
        `the mail was not taken: ${/^[A-Za-z]{1,60}$/.test(error.name) ? error.name : "Error"}`,
      );
    });
    return to;
  };
  return {
    ask: (state, group) => sending(group.email, title(state), question(state)),
    async conclude(state, ref) {
      await sending(ref, `Ended: ${title(state)}`, `${title(state)}\n\nEnded: ${outcome(state)}\n`);
    },
    announce: (state, group, overdue) => {
      const { heading, lines: all, commands } = announcement(state, overdue);
      const answer = commands.map((command) => `  ${command}\n`).join("");
      return sending(group.email, heading, `${table(all)}\n\nReview it, signed in:\n${answer}`);
    },
  };
}

function question(state: ApprovalState): string {
  const { id, statement } = state.request;
  return `${title(state)}

${statement}

${table(lines(state))}

Answer, signed in:
  postern approve ${id} --reason WHY
  postern deny ${id} --reason WHY
`;
}

function table(all: readonly Line[]): string {
  return all.map(([label, text]) => `${`${label}:`.padEnd(13)}${text}`).join("\n");
}

/** A subject is one line of visible characters. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, " ").slice(0, 200);
}
