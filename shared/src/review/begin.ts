// Opens a review, and takes steps on what a store holds.
import type { GroupRules } from "../approval/types.ts";
import type { Sha256 } from "../evidence/digest.ts";
import type { SessionFilter } from "../evidence/session-filter.ts";
import type { SessionSummary } from "../evidence/summary.ts";
import type { Approvals } from "../policy/approvals-file.ts";
import { type ReviewEvent, type ReviewStep, stepReview } from "./machine.ts";
import { DAY, reviewId } from "./period.ts";
import { choose, totalsOf } from "./sample.ts";
import type { ReviewStore } from "./store.ts";
import type { Head, Period, ReviewState } from "./types.ts";

/** What is known of sessions, and the ledger that chooses among them. */
export interface ReviewSource {
  sessions(filter: SessionFilter): Promise<readonly SessionSummary[]>;
  /** Null before there is a ledger. */
  head(): Promise<Head | null>;
  readonly sha256: Sha256;
}

/** Why no review was opened: policy has none, or there was nothing in the period. */
export type NotBegun = "not-offered" | "nothing-to-review";

/** @param by `postern`, or the name of whoever did not want to wait. @returns the one there is, if it was opened before */
export async function beginReview(
  store: ReviewStore,
  source: ReviewSource,
  approvals: Approvals | null,
  period: Period,
  by: string,
  at: number,
): Promise<ReviewState | NotBegun> {
  const rules = approvals?.activityReview;
  if (approvals === null || rules === undefined) return "not-offered";
  const id = reviewId(period);
  const before = await store.getReview(id);
  if (before !== null) return before;
  // The head first: whatever comes after it cannot be chosen to fit.
  const head = await source.head();
  const found = head === null ? [] : await source.sessions({ since: period.from, until: period.until });
  const totals = totalsOf(found, period);
  if (head === null || totals.sessions + totals.refusedLogins === 0) return "nothing-to-review";
  const review = {
    id,
    ...period,
    openedBy: by,
    head,
    totals,
    sample: choose(found, period, head, rules.sample, source.sha256),
    sampleSize: rules.sample,
    reviewers: Object.fromEntries(rules.groups.map((name) => [name, approvals.groups[name] as GroupRules])),
    dueAt: at + rules.withinDays * DAY,
    againMs: rules.withinDays * DAY,
  };
  const state: ReviewState = { review, history: [{ type: "opened", at }] };
  if (await store.createReview(state)) return state;
  return (await store.getReview(id)) ?? state;
}

/** Writers of one review are few people and a timer; whoever loses so often meets something that is broken. */
const TRIES = 50;

/** @returns the step that was written (or changed nothing); null for an unknown review. @throws when it cannot be written */
export async function applyReview(store: ReviewStore, id: string, event: ReviewEvent): Promise<ReviewStep | null> {
  for (let i = 0; i < TRIES; i++) {
    const before = await store.getReview(id);
    if (before === null) return null;
    const done = stepReview(before, event);
    if (done.changes.length === 0 || (await store.replaceReview(done.state, before.history.length))) return done;
  }
  throw new Error("the review was written by others again and again");
}
