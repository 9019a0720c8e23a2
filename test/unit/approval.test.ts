// The rules of approvals by example: who may answer, what lets a request through, and what a break-glass asks for afterwards.
import { describe, expect, test } from "vitest";
import {
  type BreakGlass,
  breakGlass,
  covers,
  type GlassState,
  isActive,
  stepGlass,
} from "#shared/approval/break-glass.ts";
import { type ApprovalEvent, asked, nextDue, step } from "#shared/approval/machine.ts";
import { rulesFor } from "#shared/approval/rules.ts";
import { standing } from "#shared/approval/standing.ts";
import type { ApprovalState, Approver, GroupRules } from "#shared/approval/types.ts";
import { readApprovals } from "#shared/policy/approvals-file.ts";
import { answer, human, MINUTE, opened, RULES, request, START } from "#test/support/approvals.ts";

const ada = human("ada", "dba");
const pia = human("pia", "privacy");
const both = human("bea", "dba", "privacy");
const approve = (by: Approver, at = START + 1, more = {}): ApprovalEvent => ({
  type: "answer",
  at,
  answer: answer(by, more),
});
const having = (state: ApprovalState, ...events: ApprovalEvent[]) => events.reduce((s, e) => step(s, e).state, state);

describe("who may answer", () => {
  test.each([
    ["the requester", human("engineer", "dba"), "requester"],
    ["the requester under another name", { ...human("root", "dba"), email: "Engineer@Example.org" }, "requester"],
    ["somebody of no group", human("nurse", "nurse"), "not-a-member"],
    ["somebody who may stand in, but not yet", pia, "not-a-member"],
    ["an administrator", human("admin", "admin", "root"), "not-a-member"],
    ["a workload of the group", { ...human("ci", "dba"), kind: "workload" as const }, "not-a-person"],
  ])("not %s", (_, by, why) => {
    const done = step(opened(), approve(by));
    expect([done.refused, done.changes]).toEqual([why, []]);
  });

  test("the person for whom an agent asks is the requester too", () => {
    const requester = {
      ...human("copilot"),
      kind: "agent" as const,
      subject: "copilot",
      actsFor: "ada",
      email: "x@y.z",
    };
    expect(step(opened({ requester }), approve(ada)).refused).toBe("requester");
    expect(step(opened({ requester }), approve(human("abe", "dba"))).state.status).toBe("approved");
  });

  test("after a no, an end or the time nobody", () => {
    const denied = having(opened(), approve(ada, START + 1, { decision: "deny" }));
    expect(step(denied, approve(human("abe", "dba"))).refused).toBe("decided-already");
    expect(step(opened(), approve(ada, START + 60 * MINUTE)).refused).toBe("expired");
    expect(step(opened(), approve(ada, START + 60 * MINUTE - 1)).refused).toBeUndefined();
  });
});

describe("several groups", () => {
  const rules = { ...RULES, needed: ["dba", "privacy"] };

  test("must all agree, and one person counts for one of them", () => {
    const one = step(opened({ rules }), approve(both));
    expect(one.state.status).toBe("open");
    expect(step(one.state, approve(both)).refused).toBe("answered-already");
    const two = step(one.state, approve(ada));
    expect(two.changes.at(-1)).toMatchObject({
      type: "approved",
      counted: expect.arrayContaining([
        { group: "privacy", name: "bea" },
        { group: "dba", name: "ada" },
      ]),
    });
  });

  test("end at the shortest of their times", () => {
    expect(opened({ rules }).until).toBe(START + 60 * MINUTE);
  });
});

describe("escalation", () => {
  test("lets another group stand in, when it is due and people are lacking", () => {
    expect(nextDue(opened())).toBe(START + 20 * MINUTE);
    const due = step(opened(), { type: "time", at: START + 20 * MINUTE });
    expect(due.changes).toEqual([{ type: "escalated", at: START + 20 * MINUTE, group: "dba", to: "privacy" }]);
    expect(due.effects).toEqual([
      { type: "ask", group: "privacy" },
      { type: "wake", at: START + 60 * MINUTE },
    ]);
    expect(asked(due.state)).toEqual(["dba", "privacy"]);
    expect(having(due.state, approve(pia)).status).toBe("approved");
  });
});

describe("an approval", () => {
  test("is used once, for exactly the digest, in time", () => {
    const approved = having(opened(), approve(ada));
    const spend = (digest: string, at: number) =>
      step(approved, { type: "spend", digest, session: "s", at }).state.status;
    expect(spend(request().digest, START + 2)).toBe("spent");
    expect(spend("e".repeat(64), START + 2)).toBe("approved");
    expect(spend(request().digest, START + 1 + 15 * MINUTE)).toBe("expired");
    expect(having(approved, { type: "cancel", at: START + 2, by: "engineer", why: "gone" }).status).toBe("cancelled");
  });

  test("concludes once", () => {
    const done = step(opened(), approve(ada));
    expect(done.effects).toEqual([{ type: "conclude" }, { type: "wake", at: START + 1 + 15 * MINUTE }]);
    const spent = step(done.state, { type: "spend", digest: request().digest, session: "s", at: START + 2 });
    expect(spent.effects).toEqual([]);
  });
});

describe("a window", () => {
  const window = (minutes: number) => having(opened(), approve(ada, START, { windowMinutes: minutes }));
  const next = request({ id: "01k0000000000000000000000b", digest: "e".repeat(64) });

  test("covers the same facts of the same requester at the same target, for its time", () => {
    const by = [window(10)];
    expect(standing(next, by, [], START + 1)).toEqual({
      through: { kind: "window", id: request().id },
      until: START + 10 * MINUTE,
    });
    expect(standing(next, by, [], START + 10 * MINUTE)).toBeNull();
    for (const other of [
      { facts: "0".repeat(64) },
      { target: "billing" },
      { requester: { ...request().requester, name: "eve" } },
      { requester: { ...request().requester, actsFor: "eve" } },
      { rules: { ...RULES, needed: ["dba", "privacy"] } },
      { rules: { ...RULES, groups: { ...RULES.groups, dba: { ...(RULES.groups.dba as GroupRules), quorum: 2 } } } },
    ])
      expect(standing({ ...next, ...other }, by, [], START + 1)).toBeNull();
  });

  test("is no longer than the rules allow, and not there at all unless all who agreed said so", () => {
    expect(standing(next, [window(10_000)], [], START)?.until).toBe(START + 60 * MINUTE);
    expect(standing(next, [window(0)], [], START)).toBeNull();
    const rules = { ...RULES, needed: ["dba", "privacy"] };
    const half = having(opened({ rules }), approve(ada, START, { windowMinutes: 10 }), approve(pia));
    expect(half.status).toBe("approved");
    expect(standing({ ...next, rules }, [half], [], START + 2)).toBeNull();
  });

  test("lets a request through at once, and no longer than it lasts", () => {
    const through = { kind: "window", id: request().id } as const;
    const done = step(opened(), { type: "let-through", at: START + 1, through, until: START + MINUTE });
    expect(done.state).toMatchObject({ status: "approved", until: START + MINUTE });
    expect(done.changes).toMatchObject([{ type: "approved", counted: [], through }]);
    const late = step(opened(), { type: "let-through", at: START + MINUTE, through, until: START + MINUTE });
    expect(late.changes).toEqual([]);
  });
});

const APPROVALS = readApprovals(`groups:
  dba: { quorum: 1, channels: [console], timeoutMinutes: 10 }
  privacy: { quorum: 1, channels: [console], timeoutMinutes: 10 }
grants: { once: { validMinutes: 15 } }
breakGlass: { groups: [nurse], maxMinutes: 30, review: { groups: [privacy], withinHours: 24 } }`).value;
const nurse = human("nora", "nurse");
const wish = (more: Partial<BreakGlass> = {}) => ({
  id: "g",
  target: "clinic",
  by: nurse,
  reason: "cardiac arrest in bed 4",
  minutes: 30,
  ...more,
});
const broken = breakGlass(APPROVALS, wish(), START) as GlassState;
const HOUR = 60 * MINUTE;

describe("break-glass", () => {
  test.each([
    ["an agent", { by: { ...nurse, kind: "agent" as const } }, "not-a-person"],
    ["somebody who is not named", { by: ada }, "not-a-member"],
    ["nobody without a reason", { reason: " " }, "no-reason"],
    ["nobody for too long", { minutes: 31 }, "bad-time"],
    ["nobody for no time", { minutes: Number.NaN }, "bad-time"],
  ])("not for %s", (_, more, why) => {
    expect(breakGlass(APPROVALS, wish(more), START)).toBe(why);
  });

  test("is not there unless policy offers it", () => {
    expect(breakGlass(null, wish(), START)).toBe("not-offered");
  });

  test("covers the person's own commands at its target, while it lasts", () => {
    const { groups: _, ...requester } = nurse;
    const own = request({ requester });
    expect(covers(broken, own, START)).toBe(true);
    expect(standing(own, [], [broken], START)).toEqual({
      through: { kind: "break-glass", id: "g" },
      until: START + 30 * MINUTE,
    });
    expect(covers(broken, own, START + 30 * MINUTE)).toBe(false);
    expect(covers(broken, { ...own, target: "billing" }, START)).toBe(false);
    expect(covers(broken, request(), START)).toBe(false);
    expect(covers(broken, { ...own, requester: { ...requester, kind: "agent", actsFor: "nora" } }, START)).toBe(false);
    const ended = stepGlass(broken, { type: "end", at: START + 1, by: "nora" }).state;
    expect(covers(ended, own, START + 2)).toBe(false);
  });

  const review = (by: Approver, at: number, reason = "justified by the chart") =>
    stepGlass(broken, { type: "review", at, by, justified: true, reason });

  test("is reviewed by somebody else, once, with a reason", () => {
    expect(review({ ...nurse, groups: ["privacy"] }, START).refused).toBe("own-glass");
    expect(review(ada, START).refused).toBe("not-a-member");
    expect(review(pia, START, "").refused).toBe("no-reason");
    const done = review(pia, START + 1);
    expect(done.changes).toMatchObject([{ type: "reviewed", late: false }]);
    expect(isActive(done.state, START + 2)).toBe(false);
    const again = stepGlass(done.state, { type: "review", at: START + 2, by: pia, justified: false, reason: "no" });
    expect(again.refused).toBe("reviewed-already");
  });

  test("a review that does not come is reported once, and still wanted", () => {
    expect(stepGlass(broken, { type: "time", at: START + 24 * HOUR }).changes).toEqual([]);
    const overdue = stepGlass(broken, { type: "time", at: START + 24 * HOUR + 1 });
    expect(overdue.changes).toMatchObject([{ type: "overdue" }]);
    expect(stepGlass(overdue.state, { type: "time", at: START + 99 * HOUR }).changes).toEqual([]);
    expect(review(pia, START + 25 * HOUR).changes).toMatchObject([
      { type: "overdue" },
      { type: "reviewed", late: true },
    ]);
  });
});

describe("rules of a request", () => {
  test("are the groups that are needed, and who may stand in", () => {
    expect(rulesFor(APPROVALS, ["dba"])).toMatchObject({ needed: ["dba"], onceMinutes: 15, windowMinutes: 0 });
    expect(() => rulesFor(APPROVALS, ["nobody"])).toThrow();
    expect(() => rulesFor(APPROVALS, ["toString"])).toThrow();
    expect(() => rulesFor(APPROVALS, [])).toThrow();
    expect(() => rulesFor(null, ["dba"])).toThrow();
  });
});
