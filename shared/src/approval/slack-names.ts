// Names in the messages and forms that `notify` sends to Slack, which `approval-answer` finds again in what comes back.

export const ACTIONS = { approve: "postern_approve", deny: "postern_deny", more: "postern_more" } as const;

/** The form: its callback id, and the ids of its blocks, which are those of their elements too. */
export const FORM = {
  callback: "postern_answer",
  decision: "decision",
  reason: "reason",
  window: "window",
} as const;
