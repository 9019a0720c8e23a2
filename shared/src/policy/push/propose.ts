// May this be proposed, and what is asked of those who have to agree?
import { rulesFor } from "../../approval/rules.ts";
import type { ApprovalRequest, Approver } from "../../approval/types.ts";
import type { LoadedBundle } from "../bundle.ts";
import { type Change, changesBetween, changeWords } from "./changes.ts";
import { pushDigest } from "./digest.ts";
import type { PolicyFiles, Push } from "./types.ts";

const MINUTE = 60_000;
/** How long after both the approval and its time a push can still come into force: gateways may be down. */
const LATE_MINUTES = 24 * 60;
const MOST_DAYS = 366;
const SHOWN = 20_000;

/** Where requests for pushes are: not at a target. */
export const POLICY_PLACE = "gateway";

export type PushRefusal =
  | "not-offered"
  | "not-a-person"
  | "not-an-author"
  | "no-reason"
  | "bad-time"
  | "superseded"
  | "no-change";

export interface PushWish {
  readonly id: string;
  readonly by: Approver;
  readonly reason: string;
  readonly from: number;
  /** The version that whoever proposes it saw in force. */
  readonly previous: string;
  readonly files: PolicyFiles;
}

export interface Proposal {
  readonly push: Push;
  readonly request: ApprovalRequest;
  readonly changes: readonly Change[];
}

/**
 * By the rules of the policy in force: a push cannot choose who agrees to it.
 * @param sha256 hex of the UTF-8 of a text
 */
export function propose(
  before: LoadedBundle,
  after: LoadedBundle,
  wish: PushWish,
  now: number,
  sha256: (text: string) => string,
): Proposal | PushRefusal {
  const refused = refusal(before, after, wish, now);
  if (refused !== null) return refused;
  const changes = changesBetween(before, after);
  const push: Push = { ...wish, version: after.version, createdAt: now };
  return { push, changes, request: requestFor(before, push, changes, now, sha256) };
}

function refusal(before: LoadedBundle, after: LoadedBundle, wish: PushWish, now: number): PushRefusal | null {
  const rules = before.approvals?.policyChange;
  if (rules === undefined) return "not-offered";
  if (wish.by.kind !== "person") return "not-a-person";
  if (!rules.authors.some((group) => wish.by.groups.includes(group))) return "not-an-author";
  if (wish.reason.trim() === "") return "no-reason";
  if (!Number.isFinite(wish.from) || wish.from > now + MOST_DAYS * 24 * 60 * MINUTE) return "bad-time";
  if (wish.previous !== before.version) return "superseded";
  return after.version === before.version ? "no-change" : null;
}

function requestFor(
  before: LoadedBundle,
  push: Push,
  changes: readonly Change[],
  now: number,
  sha256: (text: string) => string,
): ApprovalRequest {
  const { id, by, from, previous, version, reason } = push;
  const { kind, name, issuer, subject, email } = by;
  const digest = pushDigest({ ...push, by: name }, sha256);
  const when = from <= now ? "as soon as it is agreed" : `from ${new Date(from).toISOString()}`;
  const count = (effect: Change["effect"]) => changes.filter((change) => change.effect === effect).length;
  const rules = rulesFor(before.approvals, before.approvals?.policyChange?.groups ?? []);
  const statement = changeWords(changes).join("\n");
  return {
    id,
    session: "policy",
    target: POLICY_PLACE,
    requester: { kind, name, issuer, subject, ...(email === undefined ? {} : { email }) },
    digest,
    facts: digest,
    mode: "retry",
    rules: { ...rules, onceMinutes: Math.ceil(Math.max(0, from - now) / MINUTE) + LATE_MINUTES, windowMinutes: 0 },
    what: `put policy ${version.slice(0, 12)} in force ${when}, in place of ${previous.slice(0, 12)} (${count("weaker")} weaker, ${count("stronger")} stronger, ${count("other")} other changes)`,
    statement: statement.length > SHOWN ? `${statement.slice(0, SHOWN)} ...` : statement,
    hasWhere: null,
    classes: [],
    purpose: reason,
    policies: [],
    version: previous,
    createdAt: now,
  };
}

const REFUSALS: Readonly<Record<PushRefusal, string>> = {
  "not-offered": "the policy in force says nobody who may agree to another (policyChange in approvals.yaml)",
  "not-a-person": "only people can propose a policy",
  "not-an-author": "you are in no group that may propose a policy",
  "no-reason": "a reason is needed",
  "bad-time": "that is no time, or more than a year from now",
  superseded: "another policy is in force by now: look at the difference again",
  "no-change": "that is the policy in force",
};

export function pushRefusalText(refused: PushRefusal): string {
  return REFUSALS[refused];
}
