// Requests, people and a store in memory, for tests of approvals.

import type { PolicyPlace } from "#functions/adapters/policy-place.ts";
import { open } from "#shared/approval/machine.ts";
import type { ApprovalStore, Incident } from "#shared/approval/store.ts";
import type { Answer, ApprovalRequest, ApprovalRules, ApprovalState, Approver } from "#shared/approval/types.ts";
import type { Approvals } from "#shared/policy/approvals-file.ts";

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 10, 24);

/** A person of the clinic's provider. */
export function human(name: string, ...groups: string[]): Approver {
  return {
    kind: "person",
    name,
    issuer: "https://id.example.org",
    subject: name,
    email: `${name}@example.org`,
    groups,
  };
}

export const RULES: ApprovalRules = {
  needed: ["dba"],
  groups: {
    dba: {
      quorum: 1,
      channels: ["slack", "console"],
      slack: "C0DBA0000",
      timeoutMinutes: 60,
      escalation: { afterMinutes: 20, to: "privacy" },
    },
    privacy: {
      quorum: 1,
      channels: ["email", "console"],
      email: "privacy@example.org",
      timeoutMinutes: 240,
    },
  },
  onceMinutes: 15,
  windowMinutes: 60,
};

const { groups: _, ...ENGINEER } = human("engineer");

export function request(more: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    id: "01k0000000000000000000000a",
    session: "01k0000000000000000000000s",
    target: "clinic",
    requester: ENGINEER,
    digest: "d".repeat(64),
    facts: "f".repeat(64),
    mode: "wait",
    rules: RULES,
    what: "delete from public.prescriptions",
    statement: "DELETE FROM prescriptions WHERE id = $1",
    hasWhere: true,
    classes: ["clinical"],
    policies: ["engineers-correct-with-approval"],
    version: "a".repeat(64),
    createdAt: START,
    ...more,
  };
}

export const opened = (more: Partial<ApprovalRequest> = {}, at = START): ApprovalState =>
  open(request(more), [], at).state;

export function answer(by: Approver, more: Partial<Answer> = {}): Answer {
  return { by, decision: "approve", reason: "seen", channel: "console", authentication: "oidc", ...more };
}

/**
 * A store that keeps one request.
 * @param between awaited before each access, so that a test can choose who comes first
 */
export function storeOfOne(state: ApprovalState, between: () => Promise<void>): ApprovalStore {
  let kept = state;
  const reports: Incident[] = [];
  const never = () => Promise.reject(new Error("not of this store"));
  return {
    create: never,
    async get() {
      await between();
      return kept;
    },
    async replace(next, known) {
      await between();
      if (kept.history.length !== known) return false;
      kept = next;
      return true;
    },
    alive: never,
    withFacts: never,
    windows: never,
    pending: never,
    latest: never,
    createGlass: never,
    getGlass: never,
    replaceGlass: never,
    unreviewed: never,
    createReview: never,
    getReview: never,
    replaceReview: never,
    unattested: never,
    latestReviews: never,
    createPush: never,
    getPush: never,
    waitingPushes: never,
    latestPushes: never,
    endPush: never,
    policyInForce: never,
    putInForce: never,
    setTask: never,
    task: never,
    remember: never,
    report: async (incident) => void reports.push(incident),
    incidents: async () => reports,
  };
}

/** A door's policy that says this of approvals, and nothing else. */
export function policyOf(approvals: Approvals | null): PolicyPlace {
  const never = () => Promise.reject(new Error("not asked for"));
  return { approvals: async () => approvals, inForce: never, load: never };
}
