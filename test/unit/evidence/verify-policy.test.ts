// Policies that came into force by a push: as they should, and each way in which they must not.
import { expect, test } from "vitest";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import type { ApprovalChange, Approver } from "#shared/approval/types.ts";
import type { EvidenceEvent, PushSummary, SessionIdentity } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { PolicyWalk } from "#shared/evidence/verify-policy.ts";
import { BadEvidence } from "#shared/evidence/verify-types.ts";
import { pushDigest } from "#shared/policy/push/digest.ts";
import { answer, human, MINUTE } from "#test/support/approvals.ts";
import { ENGINEER } from "#test/support/evidence.ts";

type InForce = EvidenceEvent & { readonly type: "policy.in_force" };

const AT = 1000 * MINUTE;
const [BEFORE, AFTER] = ["1".repeat(64), "2".repeat(64)];
const LOG: SessionIdentity = { session: "G1", target: "gateway", protocol: "postern", principal: null };
const SESSION: SessionIdentity = { session: "S1", target: "clinic", protocol: "postgres", principal: ENGINEER };
const [ADA, PIA, PAT] = [human("ada", "dba"), human("pia", "privacy"), human("pat", "privacy")];

const group = (quorum: number) => `{ quorum: ${quorum}, channels: [console], timeoutMinutes: 60 }`;
const approvals = (quorum: number, change = "policyChange: { authors: [dba], groups: [privacy] }") => `
groups: { dba: ${group(1)}, officers: ${group(1)}, privacy: ${group(quorum)} }
grants: { once: { validMinutes: 15 } }
${change}
`;

const PUSH: PushSummary = {
  ...{ id: "p1", previous: BEFORE, by: "ada", approvedBy: ["pia"], reason: "ticket 9", from: AT, since: AT },
};
const digestOf = (version: string, push = PUSH) => pushDigest({ ...push, version }, (t) => nodeSha256.text(t, "hex"));
const says = (by: Approver, decision: "approve" | "deny" = "approve"): ApprovalChange => ({
  type: "answered",
  at: AT - MINUTE,
  answer: answer(by, { decision }),
});
const approved = (...names: string[]): ApprovalChange & { type: "approved" } => ({
  type: "approved",
  at: AT - MINUTE,
  counted: names.map((name) => ({ group: "privacy", name })),
  validUntil: AT + 60 * MINUTE,
});
const OPENED: ApprovalChange = { type: "opened", at: AT - 2 * MINUTE };
const SPENT: ApprovalChange = { type: "spent", at: AT, session: "G1" };
const AGREED: readonly ApprovalChange[] = [OPENED, says(PIA), approved("pia"), SPENT];

interface Told {
  readonly changes?: readonly ApprovalChange[];
  readonly push?: Partial<PushSummary>;
  /** What people were asked about, and what came into force. */
  readonly asked?: string;
  readonly version?: string;
  /** approvals.yaml of the policy before; null when its files are not kept. */
  readonly before?: string | null;
  readonly requester?: string;
  /** When the newest line of all was written. */
  readonly latest?: number;
  readonly decided?: { readonly version: string; readonly time: number };
}

/** The gateway's own log, then a session. */
function walk(told: Told = {}, whole = true): string[] {
  const { changes = AGREED, before = approvals(1), version = AFTER, requester = "ada" } = told;
  const push = { ...PUSH, ...told.push };
  const digest = told.asked ?? digestOf(version, push);
  const start: InForce = {
    ...{ type: "policy.in_force", version: BEFORE, previous: null },
    ...(before === null ? {} : { files: { "approvals.yaml": before } }),
  };
  const about = { id: "p1", digest, factsDigest: digest, requester, target: "gateway", status: "spent" } as const;
  const log: [number, EvidenceEvent][] = [
    [0, start],
    ...changes.map((change): [number, EvidenceEvent] => [AT, { type: "approval.changed", ...about, change }]),
    [AT, { type: "policy.in_force", version, previous: BEFORE, push }],
    [told.latest ?? AT + 5 * MINUTE, { type: "revocation.entered", identity: "x", by: "root", reason: "left" }],
  ];
  const { version: by, time } = told.decided ?? { version, time: AT };
  const decision = { outcome: "permit", policies: [], why: "", version: by, reveal: [] } as const;
  const statement: EvidenceEvent = {
    ...{ type: "statement", phase: "query", text: "select 1", fingerprint: "f", facts: [], decision },
  };
  const policies = new PolicyWalk(nodeSha256);
  for (const [identity, events] of [
    [LOG, log],
    [SESSION, [[time, statement] as const]],
  ] as const) {
    const writer = new LineWriter(identity);
    for (const [i, [at, event]] of events.entries()) {
      const line = readLine(writer.write(event, i + 1, at, "prev"));
      if (line === null) throw new Error("a line was not read");
      policies.saw(line, { key: identity.session, seq: i + 1 });
    }
  }
  return policies.check(whole);
}

test("what others agreed to is in force", () => {
  expect(walk()).toEqual([]);
  // The same again, where a gateway was started with it days later.
  expect(walk({ push: { since: AT - MINUTE / 2 } })).toEqual([]);
  const two = [OPENED, says(PIA), says(PAT), approved("pia", "pat"), SPENT];
  expect(walk({ changes: two, before: approvals(2), push: { approvedBy: ["pia", "pat"] } })).toEqual([]);
  const escalated: ApprovalChange = { type: "escalated", at: AT, group: "privacy", to: "officers" };
  const officer = human("olga", "officers");
  const stoodIn = [OPENED, escalated, says(officer), approved("olga"), SPENT];
  expect(walk({ changes: stoodIn, push: { approvedBy: ["olga"] } })).toEqual([]);
});

test.each<[string, Told]>([
  ["was not approved", { changes: [OPENED] }],
  ["was not left standing", { changes: [...AGREED, { type: "cancelled", at: AT, by: "ada", why: "no" }] }],
  ["was not left standing", { changes: [...AGREED, { type: "expired", at: AT }] }],
  ["is not what request p1 asks for", { asked: digestOf("3".repeat(64)) }],
  ["is not what request p1 asks for", { asked: digestOf(AFTER), push: { from: AT - MINUTE } }],
  ["is not what request p1 asks for", { asked: digestOf(AFTER), push: { reason: "another" } }],
  ["is not what request p1 asks for", { asked: digestOf(AFTER), push: { previous: "3".repeat(64) } }],
  ["lacks the approval of privacy", { before: approvals(2) }],
  ["lacks the approval of privacy", { changes: [OPENED, says(human("pia", "nurse")), approved("pia"), SPENT] }],
  ["lacks the approval of anybody", { before: approvals(1, "") }],
  ["lacks the approval of anybody", { before: "nonsense" }],
  ["somebody is counted who did not agree", { changes: [OPENED, says(PIA), approved("pia", "pat"), SPENT] }],
  ["somebody is counted who did not agree", { changes: [OPENED, says(PIA), approved(), SPENT] }],
  [
    "was agreed to by whoever made it",
    { changes: [OPENED, says(PIA), says({ ...ADA, name: "ADA" }), approved("pia"), SPENT] },
  ],
  ["was agreed to by whoever made it", { requester: "bea" }],
  [
    "by one person twice",
    { changes: [OPENED, says(PIA), says({ ...PIA, name: "pia2" }), approved("pia"), SPENT], before: approvals(1) },
  ],
  ["by one person twice, or by none", { changes: [OPENED, says({ ...PIA, kind: "agent" }), approved("pia"), SPENT] }],
  ["names others than those who agreed", { push: { approvedBy: ["pia", "pat"] } }],
  ["was approved later", { changes: [OPENED, says(PIA), { ...approved("pia"), at: AT + 3 * MINUTE }] }],
  ["was approved later", { push: { since: AT + 3 * MINUTE } }],
  ["had expired", { changes: [OPENED, says(PIA), { ...approved("pia"), validUntil: AT - 3 * MINUTE }, SPENT] }],
  ["its time had not come", { push: { from: AT + 3 * MINUTE } }],
  ["nobody asked for policy", { changes: [] }],
  ["came into force later", { decided: { version: AFTER, time: AT - 3 * MINUTE } }],
])("it is found when it %s (%#)", (what, told) => {
  let found: unknown;
  try {
    walk(told);
  } catch (error) {
    found = error;
  }
  expect(found).toBeInstanceOf(BadEvidence);
  expect((found as BadEvidence).message).toContain(what);
  const place = what === "came into force later" ? { key: "S1", seq: 1 } : { key: "G1" };
  expect((found as BadEvidence).place).toMatchObject(place);
});

test("what cannot be told is said: logs that are behind or were not read, files that are not kept, versions of nowhere", () => {
  const unread = [expect.stringContaining("the log of request p1")];
  expect(walk({ changes: [] }, false)).toEqual(unread);
  for (const changes of [[], [OPENED, says(PIA)]]) expect(walk({ changes, latest: AT + 1000 })).toEqual(unread);
  expect(walk({ before: null })).toEqual([expect.stringContaining("who had to agree")]);
  const nowhere = { version: "3".repeat(64), time: AT };
  expect(walk({ decided: nowhere })).toEqual([expect.stringContaining("no event says that it was in force")]);
  expect(walk({ decided: nowhere }, false)).toEqual([]);
});
