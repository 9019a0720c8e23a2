// A review in words, for whoever is asked: the same on every channel.
import type { Line } from "../approval/words.ts";
import type { ReviewRefusal } from "./machine.ts";
import type { ReviewState } from "./types.ts";

export function reviewTitle({ review }: ReviewState): string {
  return `Activity review of ${day(review.from)} to ${day(review.until)}`;
}

export function reviewLines({ review }: ReviewState): readonly Line[] {
  const { totals, sample, head, reviewers } = review;
  return [
    ["Review", review.id],
    ["Period", `${new Date(review.from).toISOString()} to ${new Date(review.until).toISOString()}`],
    ["Sessions", `${totals.sessions}, of these ${totals.noteworthy} noteworthy`],
    ["Commands", `${totals.statements}, ${totals.rows} rows, ${totals.refusals} refused`],
    ["Logins", `${totals.refusedLogins} refused`],
    ["Sample", `${sample.length} sessions, chosen by the ledger's head ${head.size} ${head.root.slice(0, 16)}`],
    ["Who", `somebody of ${Object.keys(reviewers).join(", ")} who is not in the sample`],
    ["Due", new Date(review.dueAt).toISOString()],
  ];
}

function day(time: number): string {
  const text = new Date(time).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : `${text.slice(0, 16)}Z`;
}

const REFUSALS: Readonly<Record<ReviewRefusal, string>> = {
  "not-a-person": "only people can attest",
  "not-a-member": "you are not in a group that is asked",
  "in-the-sample": "you are in the sample: somebody else has to look at it",
  "no-findings": "say in words what you looked at and found",
  "attested-already": "it was attested already",
  "unknown-review": "there is no such review",
};

export function reviewRefusalText(refused: ReviewRefusal): string {
  return REFUSALS[refused];
}
