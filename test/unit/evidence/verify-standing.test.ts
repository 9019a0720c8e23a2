// Runs that were let through by a window or a break-glass: as they should be, and each way in which they must not be.
import { describe, expect, test } from "vitest";
import type { GlassChange } from "#shared/approval/break-glass.ts";
import type { ApprovalChange, Approver } from "#shared/approval/types.ts";
import type { ApprovalUse, EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { ApprovalWalk } from "#shared/evidence/verify-approvals.ts";
import { ENGINEER, execute } from "#test/support/evidence.ts";

const MINUTE = 60_000;
const at = 100 * MINUTE;
const [digest, factsDigest] = ["ab".repeat(32), "fa".repeat(32)];
const SESSION: SessionIdentity = { session: "S1", target: "clinic", protocol: "postgres", principal: ENGINEER };
const LOG: SessionIdentity = { session: "G1", target: "gateway", protocol: "postern", principal: null };

const USE: ApprovalUse = {
  id: "r2",
  digest,
  factsDigest,
  requester: { name: ENGINEER.name, issuer: ENGINEER.issuer, subject: ENGINEER.subject },
  needed: [{ group: "dba", quorum: 1 }],
  escalated: [],
  answers: [],
  approvedAt: at,
  validUntil: at + 15 * MINUTE,
  through: { kind: "window", id: "r1" },
};
const GLASS = { ...USE, through: { kind: "break-glass", id: "g1" } } as const;

const person = (name: string): Approver => ({
  kind: "person",
  name,
  issuer: ENGINEER.issuer,
  subject: `s-${name}`,
  groups: ["dba"],
});
const answered = (name: string, windowMinutes = 30): ApprovalChange => ({
  type: "answered",
  at: at - 10 * MINUTE,
  answer: {
    by: person(name),
    decision: "approve",
    reason: "clean-up",
    channel: "console",
    authentication: "oidc",
    windowMinutes,
  },
});
const approved = (more: Partial<ApprovalChange & { type: "approved" }> = {}): ApprovalChange => ({
  type: "approved",
  at: at - 10 * MINUTE,
  counted: [{ group: "dba", name: "anna" }],
  validUntil: at,
  windowUntil: at + 20 * MINUTE,
  ...more,
});
const WINDOW: readonly ApprovalChange[] = [answered("anna"), approved()];

const windowLog = (changes: readonly ApprovalChange[], more: Record<string, unknown> = {}): EvidenceEvent[] =>
  changes.map((change) => ({
    type: "approval.changed",
    id: "r1",
    digest: "cd".repeat(32),
    factsDigest,
    requester: ENGINEER.name,
    target: "clinic",
    status: "approved",
    change,
    ...more,
  }));
const OPENED: GlassChange = { type: "opened", at: at - MINUTE };
const glassLog = (changes: readonly GlassChange[], more: Record<string, unknown> = {}): EvidenceEvent[] =>
  changes.map((change) => ({
    type: "break-glass.changed",
    id: "g1",
    target: "clinic",
    by: ENGINEER.name,
    reason: "outage",
    until: at + 5 * MINUTE,
    change,
    ...more,
  }));

/** The run's session and the gateway's own, as verification gets them. @param later than the run, the last line of all */
function walk(use: ApprovalUse, log: readonly EvidenceEvent[], later = 5 * MINUTE): ApprovalWalk {
  const approvals = new ApprovalWalk();
  const requested: EvidenceEvent = {
    type: "approval.requested",
    ref: 1,
    id: use.id,
    digest: use.digest,
    mode: "wait",
    needed: ["dba"],
    until: at,
    joined: false,
  };
  const run: EvidenceEvent = { ...(execute(1) as EvidenceEvent & { type: "execute" }), phase: "query", approval: use };
  const own: EvidenceEvent = { type: "policy.in_force", version: "v", previous: null };
  for (const [identity, events, time] of [
    [SESSION, [requested, run], at + 1000],
    [LOG, [own, ...log, own], at + 1000 + later],
  ] as const) {
    const writer = new LineWriter(identity);
    for (const [i, event] of events.entries()) {
      const line = readLine(writer.write(event, i + 1, time, "prev"));
      expect(line?.event).toEqual(event);
      if (line !== null) approvals.saw(line, { key: "k", seq: i + 1 });
    }
  }
  return approvals;
}

const own = (notes: readonly string[]) => notes.filter((note) => !note.startsWith("the log of request r2"));

describe("a run through a window", () => {
  test("is sound when others opened one for the same person, target and facts, and it was open", () => {
    expect(own(walk(USE, windowLog(WINDOW)).check(true))).toEqual([]);
    // Written twice, as happens when one gateway takes over from another.
    expect(own(walk(USE, windowLog([...WINDOW, ...WINDOW])).check(true))).toEqual([]);
    // Taken back afterwards.
    const cancelled: ApprovalChange = { type: "cancelled", at: at + MINUTE, by: "engineer", why: "done" };
    expect(own(walk(USE, windowLog([...WINDOW, cancelled])).check(true))).toEqual([]);
  });

  test.each<[string, ApprovalUse, readonly EvidenceEvent[], string]>([
    ["that nobody recorded", USE, [], "the window of request r1 is not in the log"],
    [
      "of a request that opened none",
      USE,
      windowLog([answered("anna"), approved({ windowUntil: 0 })]),
      "which was over",
    ],
    [
      "of a request that was denied",
      USE,
      windowLog([{ type: "denied", at, by: "anna", reason: "no" }]),
      "which opened none",
    ],
    ["of another person", USE, windowLog(WINDOW, { requester: "nurse" }), "which is for nurse"],
    ["at another target", USE, windowLog(WINDOW, { target: "billing" }), "which is for billing"],
    ["for other facts", USE, windowLog(WINDOW, { factsDigest: "00".repeat(32) }), "which is for other facts"],
    [
      "for facts that the run does not name",
      { ...USE, factsDigest: "" },
      windowLog(WINDOW),
      "which is for other facts",
    ],
    ["that was over", USE, windowLog([answered("anna"), approved({ windowUntil: at })]), "which was over"],
    ["that was not open yet", { ...USE, approvedAt: at - 11 * MINUTE }, windowLog(WINDOW), "which was not open yet"],
    [
      "that was taken back",
      USE,
      windowLog([...WINDOW, { type: "cancelled", at: at - 5 * MINUTE, by: "engineer", why: "done" }]),
      "which was taken back",
    ],
    ["that nobody opened", USE, windowLog([approved({ counted: [] })]), "which nobody opened"],
    ["to which somebody did not agree", USE, windowLog([answered("ben"), approved()]), "to which anna did not agree"],
    [
      "that its user opened",
      USE,
      windowLog([answered("Engineer"), approved({ counted: [{ group: "dba", name: "Engineer" }] })]),
      "which whoever uses it opened",
    ],
    ["that is longer than was agreed", USE, windowLog([answered("anna", 15), approved()]), "longer than was agreed"],
  ])("is not by one %s", (_, use, log, words) => {
    expect(() => walk(use, log).check(true)).toThrow(words);
  });

  test("waits for a log that may be behind, or was not read, and says so", () => {
    const note = "the log of the window of request r1 was not read";
    expect(walk(USE, [], 1000).check(true)).toContain(note);
    expect(walk(USE, []).check(false)).toContain(note);
  });
});

describe("a run through a break-glass", () => {
  test("is sound when the same person broke it at this target, and it was not over", () => {
    expect(own(walk(GLASS, glassLog([OPENED])).check(true))).toEqual([]);
    const reviewed: GlassChange = {
      type: "reviewed",
      at: at + MINUTE,
      by: person("pia"),
      justified: true,
      reason: "yes",
      late: false,
    };
    expect(own(walk(GLASS, glassLog([OPENED, reviewed])).check(true))).toEqual([]);
  });

  const agent: ApprovalUse = { ...GLASS, requester: { ...USE.requester, actsFor: "engineer" } };
  test.each<[string, ApprovalUse, readonly EvidenceEvent[], string]>([
    ["that nobody recorded", GLASS, windowLog(WINDOW), "break-glass g1 is not in the log"],
    ["of another person", GLASS, glassLog([OPENED], { by: "nurse" }), "which nurse broke"],
    ["for the person whom an agent acts for", agent, glassLog([OPENED]), "which engineer broke"],
    ["at another target", GLASS, glassLog([OPENED], { target: "billing" }), "which is for billing"],
    ["that was over", GLASS, glassLog([OPENED], { until: at }), "whose time was over"],
    ["that had ended", GLASS, glassLog([OPENED, { type: "ended", at: at - 2 * MINUTE, by: "engineer" }]), "had ended"],
    ["that was broken later", GLASS, glassLog([{ type: "opened", at: at + 2 * MINUTE }]), "which was not broken yet"],
    ["of which only the end is known", GLASS, glassLog([{ type: "overdue", at }]), "which nobody broke"],
  ])("is not by one %s", (_, use, log, words) => {
    expect(() => walk(use, log).check(true)).toThrow(words);
  });
});
