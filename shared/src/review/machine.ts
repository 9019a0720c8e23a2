// What becomes of an activity review. A pure state machine: time and people come in as events.
import { isRequester } from "../approval/quorum.ts";
import type { Approver, Channel } from "../approval/types.ts";
import type { ReviewChange, ReviewState } from "./types.ts";

export type ReviewEvent = { readonly at: number } & (
  | { readonly type: "time" }
  | { readonly type: "attest"; readonly by: Approver; readonly findings: string; readonly concern: boolean }
  | { readonly type: "notified"; readonly group: string; readonly channel: Channel; readonly ref?: string }
  | { readonly type: "notification-failed"; readonly group: string; readonly channel: Channel; readonly why: string }
);

export type ReviewRefusal =
  | "not-a-person"
  | "not-a-member"
  | "in-the-sample"
  | "no-findings"
  | "attested-already"
  | "unknown-review";

export interface ReviewStep {
  readonly state: ReviewState;
  readonly changes: readonly ReviewChange[];
  readonly refused?: ReviewRefusal;
}

export function stepReview(before: ReviewState, event: ReviewEvent): ReviewStep {
  if (!Number.isFinite(event.at)) throw new RangeError("a time that is no number");
  const at = Math.max(event.at, before.history.at(-1)?.at ?? 0);
  const changes: ReviewChange[] = [];
  if (isWordDue(before, at)) changes.push({ type: "overdue", at });
  const taken = take(before, event, at);
  if (typeof taken === "object") changes.push(taken);
  const state = { ...before, history: [...before.history, ...changes] };
  return { state, changes, ...(typeof taken === "string" ? { refused: taken } : {}) };
}

function take(state: ReviewState, event: ReviewEvent, at: number): ReviewChange | ReviewRefusal | undefined {
  switch (event.type) {
    case "time":
      return undefined;
    case "attest": {
      const { by, findings, concern } = event;
      const late = at > state.review.dueAt;
      return attestRefusal(state, by, findings) ?? { type: "attested", at, by, findings, concern, late };
    }
    default:
      return toldSince(state, event.group, event.channel) ? undefined : { ...event, at };
  }
}

function attestRefusal(state: ReviewState, by: Approver, findings: string): ReviewRefusal | undefined {
  const { reviewers, sample } = state.review;
  if (by.kind !== "person") return "not-a-person";
  if (!Object.keys(reviewers).some((group) => by.groups.includes(group))) return "not-a-member";
  // Nobody reviews themselves, nor what an agent did for them.
  if (sample.some(({ who }) => isRequester(by, who))) return "in-the-sample";
  if (findings.trim() === "") return "no-findings";
  return isAttested(state) ? "attested-already" : undefined;
}

export function isAttested({ history }: ReviewState): boolean {
  return history.some((change) => change.type === "attested");
}

/** It is due, and nobody has attested. */
export function isReviewOverdue(state: ReviewState, at: number): boolean {
  return at > state.review.dueAt && !isAttested(state);
}

/** It is overdue, and that has not been said since it was due, or due again. */
export function isWordDue(state: ReviewState, at: number): boolean {
  if (!isReviewOverdue(state, at)) return false;
  const { dueAt, againMs } = state.review;
  const since = dueAt + Math.floor((at - dueAt - 1) / againMs) * againMs;
  return !state.history.some((change) => change.type === "overdue" && change.at > since);
}

/** Who has not been told yet that there is something to review, or that it is overdue. */
export function untold(state: ReviewState): readonly { readonly group: string; readonly channel: Channel }[] {
  if (isAttested(state)) return [];
  return Object.entries(state.review.reviewers).flatMap(([group, { channels }]) =>
    channels.filter((channel) => !toldSince(state, group, channel)).map((channel) => ({ group, channel })),
  );
}

function toldSince({ history }: ReviewState, group: string, channel: Channel): boolean {
  const start = history.findLastIndex((change) => change.type === "opened" || change.type === "overdue");
  return history
    .slice(start)
    .some((change) => "channel" in change && change.group === group && change.channel === channel);
}
