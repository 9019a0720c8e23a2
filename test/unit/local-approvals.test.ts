// Approvals of the local home: what the gateway sees of what other processes write, and what the time does.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { nodeSha256 } from "#functions/adapters/node-crypto.ts";
import { MessengerFailure } from "#functions/notify/messenger.ts";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { type LocalApprovalsOptions, openLocalApprovals } from "#proxy/adapters/local-approvals.ts";
import type { RunningApprovals } from "#proxy/ports/approvals.ts";
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalChange, ApprovalState, GroupRules } from "#shared/approval/types.ts";
import { troubles } from "#shared/approval/words.ts";
import { readApprovals } from "#shared/policy/approvals-file.ts";
import { DAY } from "#shared/review/period.ts";
import { human, MINUTE, RULES, request, START } from "#test/support/approvals.ts";
import { temporaryState } from "#test/support/evidence.ts";
import { HEAD, principal, summary } from "#test/support/reviews.ts";

const state = temporaryState();
afterAll(() => state.remove());

const running: RunningApprovals[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

let files = 0;
function home(more: Partial<LocalApprovalsOptions> = {}) {
  const path = more.path ?? join(state.path, `approvals-${++files}.db`);
  const clock = { now: START };
  const problems: string[] = [];
  const open = () => {
    const approvals = openLocalApprovals({
      path,
      now: () => clock.now,
      onProblem: (problem) => problems.push(problem),
      everyMs: 10,
      ...more,
    });
    running.push(approvals);
    return approvals;
  };
  /** What another process sees of it. */
  const other = new LocalApprovalStore(path);
  return { approvals: open(), reopen: open, other, clock, problems, path };
}

function watching(approvals: RunningApprovals, id: string) {
  const changes: ApprovalChange[] = [];
  let last: ApprovalState | null = null;
  const stop = approvals.watch(id, (now, more) => {
    last = now;
    changes.push(...more);
  });
  return { types: () => changes.map((change) => change.type), last: () => last, stop };
}

describe("approvals of the local home", () => {
  it("ask on the channels that exist, and on the console where there is none, without a word of the others", async () => {
    const { approvals, other } = home();
    const { dba, privacy } = RULES.groups as Record<string, GroupRules>;
    const rules = {
      ...RULES,
      needed: ["dba", "privacy"],
      groups: { dba: dba!, privacy: { ...privacy!, channels: ["email" as const] } },
    };
    await approvals.open(request({ rules }));
    const told = ["dba", "privacy"].map((group) => ({ type: "notified", at: START, group, channel: "console" }));
    await vi.waitFor(async () => expect((await other.get(request().id))?.history).toHaveLength(3));
    expect((await other.get(request().id))?.history.slice(1)).toEqual(told);
  });

  it("say which channel fails, and go on with the others", async () => {
    const fails = () => Promise.reject(new MessengerFailure("Slack does not answer"));
    const { approvals, other } = home({ messengers: { slack: { ask: fails, conclude: fails, announce: fails } } });
    await approvals.open(request());
    await vi.waitFor(async () => expect(troubles((await other.get(request().id)) as ApprovalState)).toHaveLength(1));
    const kept = (await other.get(request().id)) as ApprovalState;
    expect(troubles(kept)).toEqual(["dba was not reached by slack: Slack does not answer"]);
    expect(kept.history).toContainEqual({ type: "notified", at: START, group: "dba", channel: "console" });
  });

  it("escalate and expire when it is due, after a restart too", async () => {
    const { approvals, reopen, other, clock } = home();
    await approvals.open(request());
    await approvals.close();
    clock.now = START + 20 * MINUTE;
    const again = reopen();
    const seen = watching(again, request().id);
    await vi.waitFor(() => expect(seen.types()).toContain("escalated"));
    await vi.waitFor(async () =>
      expect((await other.get(request().id))?.history).toContainEqual(
        expect.objectContaining({ type: "notified", group: "privacy", channel: "console" }),
      ),
    );
    clock.now = START + 60 * MINUTE;
    await vi.waitFor(() => expect(seen.last()?.status).toBe("expired"));
    expect(await again.spend(request().id, request().digest, "s")).toBe("refused");
  });

  it("announce a break-glass, let its person through, and report a review that does not come", async () => {
    const { approvals, other, clock } = home();
    const nora = human("nora", "nurse");
    const glass: GlassState = {
      glass: {
        id: "01k0000000000000000000000g",
        target: "clinic",
        by: nora,
        reason: "cardiac arrest",
        minutes: 30,
        reviewers: { privacy: { ...RULES.groups.privacy!, channels: ["console"] } },
        withinHours: 24,
      },
      history: [{ type: "opened", at: START }],
      until: START + 30 * MINUTE,
      reviewDue: START + 24 * 60 * MINUTE,
    };
    await other.createGlass(glass);
    const { groups: _, ...requester } = nora;
    expect((await approvals.open(request({ requester }))).history.at(-1)).toMatchObject({
      type: "approved",
      through: { kind: "break-glass", id: glass.glass.id },
    });
    const types = async () => (await other.getGlass(glass.glass.id))?.history.map((change) => change.type);
    await vi.waitFor(async () => expect(await types()).toEqual(["opened", "notified"]));
    clock.now = glass.reviewDue + 1;
    await vi.waitFor(async () => expect(await types()).toContain("overdue"));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await types())?.filter((type) => type === "overdue")).toHaveLength(1);
  });

  it("open the activity review of the last week when it is due, tell of it, and report it when nobody attests", async () => {
    const problems = { left: 1 };
    const source = {
      sessions: async () => [summary("s1", principal("engineer"), { opened: START - 3 * DAY })],
      head: async () => {
        problems.left -= 1;
        if (problems.left >= 0) throw new Error("not yet");
        return HEAD;
      },
      sha256: nodeSha256,
    };
    const approvals = readApprovals(`groups:
  privacy: { quorum: 1, channels: [email], email: p@example.org, timeoutMinutes: 10 }
grants: { once: { validMinutes: 15 } }
activityReview: { groups: [privacy], everyDays: 7, sample: 2, withinDays: 7 }`).value;
    const { other, clock, problems: said } = home({ reviews: { source, approvals: () => approvals } });
    const types = async () => (await other.getReview("20261123-7d"))?.history.map((change) => change.type);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await types()).toBeUndefined();
    clock.now = START + MINUTE;
    await vi.waitFor(() => expect(said).toContain("activity reviews cannot be looked at"));
    clock.now = START + 61 * MINUTE;
    await vi.waitFor(async () => expect(await types()).toEqual(["opened", "notified"]));
    clock.now = START + 9 * DAY;
    await vi.waitFor(async () => expect(await types()).toEqual(["opened", "notified", "overdue", "notified"]));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await types()).toHaveLength(4);
  });

  it("are not available once their tables are gone", async () => {
    const { approvals, clock, path, other } = home();
    expect(approvals.available).toBe(true);
    other.close();
    await approvals.close();
    expect(approvals.available).toBe(false);
    rmSync(path);
    clock.now += 1;
    await expect(approvals.open(request())).rejects.toThrow();
  });
});
