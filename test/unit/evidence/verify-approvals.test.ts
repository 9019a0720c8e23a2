// The lines of a command that ran by an approval: as they should be, and each way in which they must not be.
import { describe, expect, test } from "vitest";
import type { Answer } from "#shared/approval/types.ts";
import type { ApprovalUse, EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { ApprovalWalk } from "#shared/evidence/verify-approvals.ts";
import { ENGINEER, execute, STATEMENT } from "#test/support/evidence.ts";

const DIGEST = "ab".repeat(32);
const at = 1_000_000;
const person = (name: string, ...groups: string[]) => ({
  name,
  issuer: ENGINEER.issuer,
  subject: `s-${name}`,
  groups,
});
const agreed = (by: ReturnType<typeof person>): ApprovalUse["answers"][number] => ({
  ...by,
  decision: "approve",
  channel: "console",
  authentication: "oidc",
  at,
});

const USE: ApprovalUse = {
  id: "r1",
  digest: DIGEST,
  requester: { name: ENGINEER.name, issuer: ENGINEER.issuer, subject: ENGINEER.subject },
  needed: [{ group: "dba", quorum: 2 }],
  escalated: [{ group: "dba", to: "privacy" }],
  answers: [agreed(person("anna", "dba")), agreed(person("ben", "privacy"))],
  approvedAt: at,
  validUntil: at + 900_000,
};

const HELD: EvidenceEvent = {
  ...(STATEMENT as EvidenceEvent & { type: "statement" }),
  decision: { outcome: "hold", policies: ["p"], why: "asks", version: "v", reveal: [] },
};
const requested = (digest = DIGEST): EvidenceEvent => ({
  type: "approval.requested",
  ref: 1,
  id: "r1",
  digest,
  mode: "wait",
  needed: ["dba"],
  until: at,
  joined: false,
});
const run = (use: ApprovalUse = USE): EvidenceEvent => ({
  ...(execute(1) as EvidenceEvent & { type: "execute" }),
  phase: "query",
  approval: use,
});
const changed = (name: string): EvidenceEvent => {
  const answer: Answer = {
    by: { kind: "person", ...person(name, "dba") },
    decision: "approve",
    reason: "fine",
    channel: "console",
    authentication: "oidc",
  };
  const change = { type: "answered", at, answer } as const;
  return {
    type: "approval.changed",
    id: "r1",
    digest: DIGEST,
    requester: "engineer",
    target: "clinic",
    status: "open",
    change,
  };
};

const SESSION: SessionIdentity = { session: "S1", target: "clinic", protocol: "postgres", principal: ENGINEER };

/** Writes and reads lines, as verification gets them. */
function walk(events: readonly EvidenceEvent[], time = at + 1000, identity = SESSION): ApprovalWalk {
  const approvals = new ApprovalWalk();
  const writer = new LineWriter(identity);
  for (const [i, event] of events.entries()) {
    const line = readLine(writer.write(event, i + 1, time, "prev"));
    if (line === null) throw new Error("no line");
    expect(line.event).toEqual(event);
    approvals.saw(line, { key: "k", seq: i + 1 });
  }
  return approvals;
}

describe("a command that ran by an approval", () => {
  test("is sound when it was asked for, agreed to by others, and ran in time", () => {
    const approvals = walk([HELD, requested(), changed("anna"), changed("ben"), run()]);
    expect(approvals.runs).toBe(1);
    expect(approvals.check(true)).toEqual([]);
  });

  test("is sound in part when the rest was not read, and that is said", () => {
    expect(walk([HELD, run()]).check(false)).toEqual([
      "request r1 was made in a session that was not read",
      expect.stringContaining("the log of request r1 was not read"),
    ]);
  });

  test("may go on with the same portal", () => {
    const more: EvidenceEvent = { ...(run() as EvidenceEvent & { type: "execute" }), continues: true };
    expect(walk([HELD, requested(), run(), more]).runs).toBe(1);
    expect(() => walk([HELD, requested(), more])).toThrow("has let nothing run in this session");
  });

  test.each<[string, readonly EvidenceEvent[], string]>([
    ["another digest", [HELD, requested("cd".repeat(32)), run()], "its digest is another"],
    ["nobody who asked", [HELD, run()], "nobody asked"],
    [
      "too few people",
      [HELD, requested(), run({ ...USE, answers: USE.answers.slice(1) })],
      "lacks the approval of dba",
    ],
    ["people of no such group", [HELD, requested(), run({ ...USE, escalated: [] })], "lacks the approval of dba"],
    ["groups that nobody needs", [HELD, requested(), run({ ...USE, needed: [] })], "lacks the approval of anybody"],
    [
      "one person twice",
      [HELD, requested(), run({ ...USE, answers: [agreed(person("anna", "dba")), agreed(person("Anna", "dba"))] })],
      "twice by the same person",
    ],
    [
      "the asker's own word",
      [HELD, requested(), run({ ...USE, answers: [...USE.answers, agreed(person("engineer", "dba"))] })],
      "by whoever made it",
    ],
    [
      "a no among the answers",
      [HELD, requested(), run({ ...USE, answers: USE.answers.map((a) => ({ ...a, decision: "deny" })) })],
      "was denied",
    ],
    [
      "an asker who is somebody else",
      [HELD, requested(), run({ ...USE, requester: { ...USE.requester, name: "nurse" } })],
      "was made by nurse",
    ],
    ["an approval that had expired", [HELD, requested(), run({ ...USE, validUntil: at - 100_000 })], "had expired"],
    [
      "an approval that came later",
      [HELD, requested(), run({ ...USE, approvedAt: at + 100_000 })],
      "approved after it ran",
    ],
    ["an approval that was used before", [HELD, requested(), run(), run()], "has let a command run before"],
    [
      "an answer that the log does not know",
      [HELD, requested(), changed("anna"), run()],
      "does not know an answer by ben",
    ],
    [
      "a request that was taken back",
      [
        HELD,
        requested(),
        { ...changed("anna"), change: { type: "cancelled", at, by: "engineer", why: "x" } } as EvidenceEvent,
        run(),
      ],
      "was cancelled",
    ],
  ])("is not with %s", (_what, events, words) => {
    expect(() => walk(events).check(true)).toThrow(words);
  });

  test("is not without one", () => {
    expect(() => walk([HELD, execute(1)])).toThrow("held by policy, and runs here without an approval");
    const prepared: EvidenceEvent = { ...(execute(1) as EvidenceEvent & { type: "execute" }), phase: "prepare" };
    expect(walk([HELD, prepared]).runs).toBe(0);
  });
});
