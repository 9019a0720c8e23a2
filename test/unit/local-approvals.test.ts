// Approvals of the local home: what the gateway sees of what other processes write, and what the time does.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { MessengerFailure } from "#functions/notify/messenger.ts";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import {
  type LocalApprovalsOptions,
  openLocalApprovals,
  type RunningApprovals,
} from "#proxy/adapters/local-approvals.ts";
import { apply } from "#shared/approval/apply.ts";
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalNews } from "#shared/approval/store.ts";
import type { ApprovalChange, ApprovalState, GroupRules } from "#shared/approval/types.ts";
import { troubles } from "#shared/approval/words.ts";
import { answer, human, MINUTE, RULES, request, START } from "#test/support/approvals.ts";
import { temporaryState } from "#test/support/evidence.ts";

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

const by = (approver = human("ada", "dba"), at = START + 1) =>
  ({ type: "answer", at, answer: answer(approver) }) as const;

describe("approvals of the local home", () => {
  it("tell what another process answers, once for each change", async () => {
    const { approvals, other } = home();
    const opened = await approvals.open(request());
    expect(opened.status).toBe("open");
    const seen = watching(approvals, request().id);
    await vi.waitFor(() => expect(seen.types()).toContain("notified"));
    await apply(other, request().id, by());
    await vi.waitFor(() => expect(seen.last()?.status).toBe("approved"));
    expect(seen.types().filter((type) => !type.startsWith("notif"))).toEqual(["opened", "answered", "approved"]);
    expect(await approvals.spend(request().id, "0".repeat(64), "s")).toBe("refused");
    expect(await approvals.spend(request().id, request().digest, "s")).toBe("spent");
    expect(await approvals.spend(request().id, request().digest, "s")).toBe("refused");
    await vi.waitFor(() => expect(seen.types().at(-1)).toBe("spent"));
  });

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

  it("give the same request for the same id, and an approved one for the same digest", async () => {
    const { approvals, other } = home();
    await approvals.open(request());
    expect((await approvals.open({ ...request(), what: "something else" })).request.what).toBe(request().what);
    const b = { ...request(), id: "01k0000000000000000000000b" };
    // A client that comes back, after a restart say, finds the request that it has.
    expect((await approvals.open(b)).request.id).toBe(request().id);
    expect((await approvals.open({ ...b, mode: "retry" })).request.id).toBe(request().id);
    await apply(other, request().id, by());
    const d = { ...request(), id: "01k0000000000000000000000d" };
    expect(await approvals.open(d)).toMatchObject({ status: "approved", request: { id: request().id } });
    await approvals.spend(request().id, request().digest, "s");
    expect((await approvals.open(d)).request.id).toBe(d.id);
    expect(
      (await approvals.open({ ...d, id: "01k0000000000000000000000e", digest: "e".repeat(64) })).similar,
    ).toHaveLength(2);
  });

  it("let through what a window covers", async () => {
    const { approvals, other, clock } = home();
    await approvals.open(request());
    await apply(other, request().id, {
      type: "answer",
      at: START,
      answer: answer(human("ada", "dba"), { windowMinutes: 30 }),
    });
    const next = { ...request(), id: "01k0000000000000000000000b", digest: "e".repeat(64) };
    const opened = await approvals.open(next);
    expect(opened.status).toBe("approved");
    expect(opened.history.at(-1)).toMatchObject({ through: { kind: "window", id: request().id } });
    expect(await approvals.spend(next.id, next.digest, "s")).toBe("spent");
    clock.now = START + 30 * MINUTE;
    const late = { ...next, id: "01k0000000000000000000000c", digest: "c".repeat(64) };
    expect((await approvals.open(late)).status).toBe("open");
  });

  it("cancel for good", async () => {
    const { approvals, other } = home();
    await approvals.open(request());
    expect((await approvals.cancel(request().id, "engineer", "the client has gone")).status).toBe("cancelled");
    expect((await apply(other, request().id, by()))?.refused).toBe("decided-already");
    await expect(approvals.cancel("none", "engineer", "gone")).rejects.toThrow("no such request");
  });

  it("feed evidence with everything at least once, until it is taken, over a restart", async () => {
    const { approvals, reopen, other, problems } = home();
    await approvals.open(request());
    await other.report({ at: START, type: "callback-refused", why: "stale", channel: "slack" });
    approvals.feed(() => Promise.reject(new Error("the journal is down")));
    await vi.waitFor(() => expect(problems).toContain("news of approvals could not be recorded"));
    await approvals.close();
    await apply(other, request().id, by());
    const news: ApprovalNews[] = [];
    const types = () => news.flatMap((one) => ("changes" in one ? one.changes.map((c) => c.type) : [one.incident.why]));
    reopen().feed(async (one) => void news.push(one));
    await vi.waitFor(() =>
      expect(types()).toEqual(expect.arrayContaining(["opened", "answered", "approved", "stale"])),
    );
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(types().filter((type) => type === "approved")).toHaveLength(1);
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
