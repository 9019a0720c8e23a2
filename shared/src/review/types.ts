// An activity review (45 CFR 164.308(a)(1)(ii)(D)): somebody looks at a sample of the sessions of a period, and says so. Plain JSON: what the stores keep.
// Times are milliseconds since the epoch.
import type { Approver, Channel, GroupRules, Requester } from "../approval/types.ts";

/** From one time to another, which is not in it any more. */
export interface Period {
  readonly from: number;
  readonly until: number;
}

/** Of the ledger. */
export interface Head {
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

/** Why a session is in the sample. */
export type Chosen = "random" | "noteworthy";

export interface Sampled {
  readonly session: string;
  readonly target: string;
  readonly opened: number;
  readonly who: Requester;
  readonly why: readonly Chosen[];
}

/** What there was in the period, as far as it was known when the review was opened. */
export interface Totals {
  readonly sessions: number;
  readonly statements: number;
  readonly rows: number;
  readonly refusals: number;
  /** Sessions with a refusal, a command that needed other people, or no end of their own. */
  readonly noteworthy: number;
  /** Logins that did not become a session. */
  readonly refusedLogins: number;
}

export interface Review extends Period {
  /** Names the period, so that a review of it is opened once. */
  readonly id: string;
  /** `postern`, or the name of whoever did not want to wait. */
  readonly openedBy: string;
  /** The ledger's head when it was opened: what the sample follows from. */
  readonly head: Head;
  readonly totals: Totals;
  readonly sample: readonly Sampled[];
  /** How many of each kind were to be chosen. */
  readonly sampleSize: number;
  /** Groups whose people are asked, with how to reach them; as approvals.yaml said when it was opened. */
  readonly reviewers: Readonly<Record<string, GroupRules>>;
  readonly dueAt: number;
  /** While nobody attests, it is said again after so long. */
  readonly againMs: number;
}

export type ReviewChange = { readonly at: number } & (
  | { readonly type: "opened" }
  | { readonly type: "notified"; readonly group: string; readonly channel: Channel; readonly ref?: string }
  | { readonly type: "notification-failed"; readonly group: string; readonly channel: Channel; readonly why: string }
  /** Nobody has attested in time. Somebody still has to. */
  | { readonly type: "overdue" }
  | {
      readonly type: "attested";
      readonly by: Approver;
      /** In words: what they looked at and found. */
      readonly findings: string;
      /** Something needs to be followed up. */
      readonly concern: boolean;
      readonly late: boolean;
    }
);

export interface ReviewState {
  readonly review: Review;
  readonly history: readonly ReviewChange[];
}
