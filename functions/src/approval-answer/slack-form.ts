// The form in which an approver says more than a button can (docs.slack.dev/surfaces/modals).
import { FORM } from "#shared/approval/slack-names.ts";

const plain = (text: string) => ({ type: "plain_text", text, emoji: false });
const option = (value: string, text: string) => ({ value, text: plain(text) });

/** @param windowMinutes the longest window that policy allows; 0 when it allows none */
export function form(request: string, windowMinutes: number): object {
  const input = (block_id: string, label: string, element: object, more: object = {}) => ({
    type: "input",
    block_id,
    label: plain(label),
    element: { action_id: block_id, ...element },
    ...more,
  });
  const minutes = [15, 30, 60, 120, 240].filter((one) => one <= windowMinutes);
  const windows = [
    option("0", "This command, once"),
    ...minutes.map((one) => option(String(one), `Like it, for ${one} minutes`)),
  ];
  return {
    type: "modal",
    callback_id: FORM.callback,
    private_metadata: request,
    title: plain("Answer"),
    submit: plain("Send"),
    close: plain("Back"),
    blocks: [
      input(FORM.decision, "Decision", {
        type: "radio_buttons",
        options: [option("approve", "Approve"), option("deny", "Deny")],
      }),
      input(FORM.reason, "Reason", { type: "plain_text_input", multiline: true, max_length: 500 }),
      input(
        FORM.window,
        "For",
        { type: "static_select", options: windows, initial_option: windows[0] },
        { optional: true },
      ),
    ],
  };
}
