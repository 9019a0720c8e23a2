// A request in words, for whoever is asked: the same on every channel. No markup: each channel writes its own.
import type { GlassState } from "./break-glass.ts";
import { asked } from "./machine.ts";
import type { AnswerRefusal, ApprovalChange, ApprovalRequest, ApprovalState, Requester } from "./types.ts";

/** A label and what it says. */
export type Line = readonly [label: string, text: string];

export function title({ request }: ApprovalState): string {
  return `${requesterText(request.requester)} asks to ${request.what} at ${request.target}`;
}

/** What an approver needs to know, the statement left out. */
export function lines(state: ApprovalState): readonly Line[] {
  const { request } = state;
  const { rules } = request;
  const needed = rules.needed.map((group) => `${rules.groups[group]?.quorum ?? "?"} of ${group}`).join(" and ");
  const all: readonly Line[] = [
    ["Request", request.id],
    ["Who", requesterText(request.requester)],
    ["Purpose", request.purpose ?? "not stated"],
    ["Rows", rowsText(request)],
    ["PHI", request.classes.length === 0 ? "none" : request.classes.join(", ")],
    ["Needs", needed],
    ["Asked", asked(state).join(", ")],
    ["Until", new Date(state.until).toISOString()],
    ["Similar", similarText(state)],
  ];
  return all.filter(([, text]) => text !== "");
}

function requesterText({ name, kind, actsFor }: Requester): string {
  if (actsFor !== undefined) return `${name} (${kind}) for ${actsFor}`;
  return kind === "person" ? name : `${name} (${kind})`;
}

function rowsText({ hasWhere, estimatedRows }: ApprovalRequest): string {
  const where = hasWhere === false ? "no WHERE: every row" : hasWhere === true ? "those of its WHERE" : "";
  const estimate = estimatedRows === undefined ? "" : `about ${Math.round(estimatedRows)} by the planner`;
  return [where, estimate].filter((part) => part !== "").join(", ");
}

function similarText({ similar }: ApprovalState): string {
  return similar.map(({ requester, status, id }) => `${requester}: ${status} (${id})`).join("; ");
}

/** How it ended, or that it has not. */
export function outcome(state: ApprovalState): string {
  return state.history.map(changeText).findLast((text) => text !== "") ?? "open";
}

function changeText(change: ApprovalChange): string {
  switch (change.type) {
    case "approved":
      return change.through === undefined
        ? `approved by ${change.counted.map(({ name, group }) => `${name} (${group})`).join(", ")}`
        : `let through by ${change.through.kind} ${change.through.id}`;
    case "denied":
      return `denied by ${change.by}`;
    case "expired":
      return "expired";
    case "cancelled":
      return `cancelled by ${change.by}`;
    case "spent":
      return "approved, and run";
    default:
      return "";
  }
}

/** Channels that could not be reached, in words for the one who waits. */
export function troubles(state: ApprovalState): readonly string[] {
  return state.history.flatMap((change) =>
    change.type === "notification-failed"
      ? [`${change.group} was not reached by ${change.channel}: ${change.why}`]
      : [],
  );
}

const REFUSALS: Readonly<Record<AnswerRefusal, string>> = {
  requester: "nobody approves what they asked for themselves",
  "not-a-person": "only people can answer",
  "not-a-member": "you are not in a group that is asked",
  "answered-already": "you have answered already",
  expired: "the request has expired",
  "decided-already": "the request is decided already",
  revoked: "you have been offboarded",
  "requester-revoked": "whoever asked has been offboarded: the request is taken back",
  "unknown-request": "there is no such request",
};

export function refusalText(refused: AnswerRefusal): string {
  return REFUSALS[refused];
}

export function glassTitle({ glass }: GlassState): string {
  return `${glass.by.name} broke the glass at ${glass.target}`;
}

export function glassLines({ glass, until, reviewDue }: GlassState): readonly Line[] {
  return [
    ["Break-glass", glass.id],
    ["Who", glass.by.name],
    ["Reason", glass.reason],
    ["Until", new Date(until).toISOString()],
    ["Review", `by somebody of ${Object.keys(glass.reviewers).join(", ")}, due ${new Date(reviewDue).toISOString()}`],
  ];
}
