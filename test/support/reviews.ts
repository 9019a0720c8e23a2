// Sessions and reviews, for tests of activity reviews.

import { nodeSha256 } from "#functions/adapters/node-crypto.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import type { Principal } from "#shared/identity.ts";
import { DAY, reviewId } from "#shared/review/period.ts";
import { choose, totalsOf } from "#shared/review/sample.ts";
import type { ReviewState } from "#shared/review/types.ts";
import { human, RULES, START } from "./approvals.ts";
import { ENGINEER } from "./evidence.ts";

export const WEEK = { from: START - 8 * DAY, until: START - DAY };
export const HEAD = { size: 7, root: "5a".repeat(32) };

export function principal(name: string, more: Partial<Principal> = {}): Principal {
  const { kind, issuer, subject, email } = human(name);
  return { ...ENGINEER, kind, name, issuer, subject, ...(email === undefined ? {} : { email }), ...more };
}

export function summary(session: string, who: Principal | null, more: Partial<SessionSummary> = {}): SessionSummary {
  return {
    session,
    target: "clinic",
    protocol: "postgres",
    principal: who,
    opened: WEEK.from + 1000,
    closed: WEEK.from + 2000,
    ending: "terminated by the client",
    statements: 2,
    refusals: 0,
    rows: 3,
    bytes: 10,
    relations: [],
    decisions: ["permit"],
    seq: 4,
    ...more,
  };
}

/** A review of these sessions, opened at START. */
export function reviewOf(found: readonly SessionSummary[], more: Partial<ReviewState["review"]> = {}): ReviewState {
  const { privacy } = RULES.groups;
  return {
    review: {
      id: reviewId(WEEK),
      ...WEEK,
      openedBy: "postern",
      head: HEAD,
      totals: totalsOf(found, WEEK),
      sample: choose(found, WEEK, HEAD, 2, nodeSha256),
      sampleSize: 2,
      reviewers: privacy === undefined ? {} : { privacy },
      dueAt: START + 7 * DAY,
      againMs: 7 * DAY,
      ...more,
    },
    history: [{ type: "opened", at: START }],
  };
}
