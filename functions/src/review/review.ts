// The activity review, once a day: opens that of the last whole period, asks whoever has not been asked, and says what is overdue. Called too often, it does
// nothing.
import { z } from "zod";
import type { ApprovalStore } from "#shared/approval/store.ts";
import type { Approvals } from "#shared/policy/approvals-file.ts";
import { applyReview, beginReview, type ReviewSource } from "#shared/review/begin.ts";
import { isReviewOverdue, untold } from "#shared/review/machine.ts";
import { lastPeriod } from "#shared/review/period.ts";
import type { ReviewState } from "#shared/review/types.ts";
import { type Invoke, lambda } from "../middleware.ts";

export interface ReviewParts {
  readonly store: ApprovalStore;
  readonly source: ReviewSource;
  /** As policy says now. */
  approvals(): Promise<Approvals | null>;
  /** Has whoever was not told yet told of it (notify). Rejects when that did not work: it is tried again next time. */
  tell(id: string): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What there is: reviews that nobody has attested, and how many of them are overdue. */
export interface Reviewed {
  readonly open: number;
  readonly overdue: number;
}

/** The time, and nothing else. */
const eventSchema = z.strictObject({});

/** @param prepare called at each event: policy may have changed */
export function activityReview(prepare: () => Promise<ReviewParts>): Invoke<Reviewed> {
  return lambda<object, Reviewed>("review", eventSchema, async () => {
    const parts = await prepare();
    await open(parts);
    const left = await parts.store.unattested();
    for (const state of left) await mind(parts, state);
    return { open: left.length, overdue: left.filter((state) => isReviewOverdue(state, parts.now())).length };
  });
}

async function open({ store, source, approvals, now }: ReviewParts): Promise<void> {
  const policy = await approvals();
  const rules = policy?.activityReview;
  if (rules === undefined) return;
  await beginReview(store, source, policy, lastPeriod(rules.everyDays, now()), "postern", now());
}

async function mind({ store, tell, now }: ReviewParts, { review }: ReviewState): Promise<void> {
  const done = await applyReview(store, review.id, { type: "time", at: now() });
  if (done !== null && untold(done.state).length > 0) await tell(review.id);
}
