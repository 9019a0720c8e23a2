// What every home's approvals have to keep to, towards the gateway. Times are real ones: what is at work may be in another process.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RunningApprovals } from "#proxy/ports/approvals.ts";
import { apply } from "#shared/approval/apply.ts";
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalNews, ApprovalStore } from "#shared/approval/store.ts";
import type {
  ApprovalChange,
  ApprovalRequest,
  ApprovalRules,
  ApprovalState,
  Approver,
  GroupRules,
} from "#shared/approval/types.ts";
import { answer, human, MINUTE, request } from "#test/support/approvals.ts";

const RULES: ApprovalRules = {
  needed: ["dba"],
  groups: { dba: { quorum: 1, channels: ["console"], timeoutMinutes: 10 } },
  onceMinutes: 5,
  windowMinutes: 60,
};

let requests = 0;
/** Nothing of it is any other's. */
export function freshRequest(more: Partial<ApprovalRequest> = {}): ApprovalRequest {
  const number = String(++requests);
  return request({
    id: `01n${number.padStart(23, "0")}`,
    digest: number.padStart(64, "c"),
    facts: number.padStart(64, "e"),
    rules: RULES,
    createdAt: Date.now(),
    ...more,
  });
}

/** How somebody of another process answers. */
export function answering(store: ApprovalStore, by: Approver = human("ada", "dba")) {
  return (id: string, more: Parameters<typeof answer>[1] = {}) =>
    apply(store, id, { type: "answer", at: Date.now(), answer: answer(by, more) });
}

export function watching(approvals: RunningApprovals, id: string) {
  const changes: ApprovalChange[] = [];
  let last: ApprovalState | null = null;
  const stop = approvals.watch(id, (now, more) => {
    last = now;
    changes.push(...more);
  });
  return { types: () => changes.map((change) => change.type), last: () => last, stop };
}

/** Collects what evidence is made of. */
export function feeding(approvals: RunningApprovals, take: (one: ApprovalNews) => Promise<void> = async () => {}) {
  const news: ApprovalNews[] = [];
  const stop = approvals.feed(async (one) => {
    await take(one);
    news.push(one);
  });
  return {
    stop,
    /** Of this request, or this break-glass, in order. */
    of: (id: string) =>
      news.flatMap((one) => {
        if (one.type === "request" && one.state.request.id === id) return one.changes.map((c) => c.type);
        return one.type === "break-glass" && one.state.glass.id === id ? one.changes.map((c) => c.type) : [];
      }),
    incidents: () => news.flatMap((one) => (one.type === "incident" ? [one.incident] : [])),
  };
}

export interface ApprovalsGround {
  /** A gateway's approvals; those that are open at the same time share what is kept. The contract closes them. */
  open(): RunningApprovals;
  /** What another process sees of it. */
  store(): ApprovalStore;
}

/** @param patienceMs within which a change is seen */
export function approvalsContract(name: string, ground: ApprovalsGround, patienceMs: number): void {
  const soon = { timeout: patienceMs, interval: 50 };
  const running: RunningApprovals[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) await one.close();
  });
  const start = () => {
    const approvals = ground.open();
    running.push(approvals);
    return approvals;
  };

  describe(`approvals: ${name}`, { timeout: 6 * patienceMs }, () => {
    it("tell what another process answers, once for each change, and let exactly this run once", async () => {
      const approvals = start();
      const wanted = freshRequest();
      expect((await approvals.open(wanted)).status).toBe("open");
      const seen = watching(approvals, wanted.id);
      await vi.waitFor(() => expect(seen.types()).toContain("notified"), soon);
      await answering(ground.store())(wanted.id);
      await vi.waitFor(() => expect(seen.last()?.status).toBe("approved"), soon);
      expect(seen.types()).toEqual(["opened", "notified", "answered", "approved"]);
      expect(await approvals.spend(wanted.id, "0".repeat(64), "s")).toBe("refused");
      expect(await approvals.spend(wanted.id, wanted.digest, "s")).toBe("spent");
      expect(await approvals.spend(wanted.id, wanted.digest, "s")).toBe("refused");
      await vi.waitFor(() => expect(seen.types().at(-1)).toBe("spent"), soon);
      seen.stop();
    });

    it("tell whoever comes later all there is, and nobody who has left", async () => {
      const approvals = start();
      const wanted = freshRequest();
      await approvals.open(wanted);
      const first = watching(approvals, wanted.id);
      await vi.waitFor(() => expect(first.types()).toContain("notified"), soon);
      first.stop();
      const second = watching(start(), wanted.id);
      await vi.waitFor(() => expect(second.types()).toEqual(["opened", "notified"]), soon);
      await answering(ground.store())(wanted.id, { decision: "deny" });
      await vi.waitFor(() => expect(second.last()?.status).toBe("denied"), soon);
      expect(first.types()).toEqual(["opened", "notified"]);
      expect(await approvals.spend(wanted.id, wanted.digest, "s")).toBe("refused");
    });

    it("let one of several gateways take an approval", async () => {
      const gateways = [start(), start(), start()];
      const wanted = freshRequest();
      await gateways[0]?.open(wanted);
      await answering(ground.store())(wanted.id);
      const race = Array.from({ length: 9 }, (_, i) => gateways[i % 3]?.spend(wanted.id, wanted.digest, `s${i}`));
      expect((await Promise.all(race)).filter((one) => one === "spent")).toHaveLength(1);
    });

    it("ask anew where policy has come to ask for more people than the request there is", async () => {
      const approvals = start();
      const wanted = freshRequest();
      await approvals.open(wanted);
      await answering(ground.store())(wanted.id);
      const dba = RULES.groups.dba as GroupRules;
      for (const rules of [
        { ...RULES, needed: ["dba", "privacy"], groups: { dba, privacy: dba } },
        { ...RULES, groups: { dba: { ...dba, quorum: 2 } } },
      ]) {
        const more = freshRequest({ digest: wanted.digest, rules });
        expect(await approvals.open(more)).toMatchObject({ status: "open", request: { id: more.id } });
      }
    });

    it("give the same request for the same id, and the one there is for the same digest", async () => {
      const approvals = start();
      const wanted = freshRequest();
      await approvals.open(wanted);
      expect((await approvals.open({ ...wanted, what: "something else" })).request.what).toBe(wanted.what);
      // A client that comes back, after a restart say, finds the request that it has.
      const again = () => freshRequest({ digest: wanted.digest, facts: wanted.facts });
      expect((await approvals.open(again())).request.id).toBe(wanted.id);
      expect((await start().open({ ...again(), mode: "retry" })).request.id).toBe(wanted.id);
      await answering(ground.store())(wanted.id);
      expect(await approvals.open(again())).toMatchObject({ status: "approved", request: { id: wanted.id } });
      await approvals.spend(wanted.id, wanted.digest, "s");
      const anew = again();
      expect(await approvals.open(anew)).toMatchObject({ status: "open", request: { id: anew.id } });
      const alike = await approvals.open(freshRequest({ facts: wanted.facts }));
      expect(alike.similar.map(({ id }) => id)).toEqual([anew.id, wanted.id]);
    });

    it("let through what a window covers", async () => {
      const approvals = start();
      const wanted = freshRequest();
      await approvals.open(wanted);
      await answering(ground.store())(wanted.id, { windowMinutes: 30 });
      const next = freshRequest({ facts: wanted.facts });
      const through = { kind: "window", id: wanted.id };
      expect((await approvals.open(next)).history.at(-1)).toMatchObject({ type: "approved", through });
      expect(await approvals.spend(next.id, next.digest, "s")).toBe("spent");
      expect((await approvals.open(freshRequest())).status).toBe("open");
    });

    it("let through whose glass is broken, until it is reviewed", async () => {
      const approvals = start();
      const nora = human("nora", "nurse");
      const glass = brokenBy(nora);
      const news = feeding(approvals);
      await ground.store().createGlass(glass);
      const { groups: _, ...requester } = nora;
      const wanted = freshRequest({ requester });
      const through = { kind: "break-glass", id: glass.glass.id };
      expect((await approvals.open(wanted)).history.at(-1)).toMatchObject({ type: "approved", through });
      await vi.waitFor(() => expect(news.of(glass.glass.id)).toContain("opened"), soon);
    });

    it("cancel for good, and leave what is final as it is", async () => {
      const approvals = start();
      const wanted = freshRequest();
      await approvals.open(wanted);
      expect((await approvals.cancel(wanted.id, "engineer", "the client has gone")).status).toBe("cancelled");
      expect((await answering(ground.store())(wanted.id))?.refused).toBe("decided-already");
      expect((await approvals.cancel(wanted.id, "engineer", "again")).history.at(-1)).toMatchObject({
        why: "the client has gone",
      });
      await expect(approvals.cancel("none", "engineer", "gone")).rejects.toThrow("no such request");
    });

    it("feed evidence with everything, until it is taken, over a restart", async () => {
      const first = start();
      const wanted = freshRequest();
      await first.open(wanted);
      let tried = 0;
      const refused = feeding(first, () => {
        tried++;
        return Promise.reject(new Error("the journal is down"));
      });
      await vi.waitFor(() => expect(tried).toBeGreaterThan(1), soon);
      await first.close();
      expect(refused.of(wanted.id)).toEqual([]);
      await answering(ground.store())(wanted.id);
      const incident = { at: Date.now(), type: "callback-refused", why: wanted.id, channel: "slack" } as const;
      await ground.store().report(incident);
      const second = start();
      const news = feeding(second);
      const answered = () => expect(news.of(wanted.id)).toEqual(["opened", "notified", "answered", "approved"]);
      await vi.waitFor(answered, soon);
      await vi.waitFor(() => expect(news.incidents()).toContainEqual(incident), soon);
      await second.spend(wanted.id, wanted.digest, "s");
      await vi.waitFor(() => expect(news.of(wanted.id).at(-1)).toBe("spent"), soon);
      await second.close();
      const third = feeding(start());
      const last = freshRequest();
      await running.at(-1)?.open(last);
      await vi.waitFor(() => expect(third.of(last.id)).toContain("opened"), soon);
      expect(third.of(wanted.id)).toEqual([]);
      expect(news.of(wanted.id)).toHaveLength(5);
    });

    it("tell who waits, though the evidence takes its time", async () => {
      const approvals = start();
      let release = () => {};
      const stuck = new Promise<void>((resolve) => {
        release = resolve;
      });
      const news = feeding(approvals, () => stuck);
      const wanted = freshRequest();
      await approvals.open(wanted);
      const seen = watching(approvals, wanted.id);
      await vi.waitFor(() => expect(seen.types()).toContain("notified"), soon);
      await answering(ground.store())(wanted.id);
      await vi.waitFor(() => expect(seen.last()?.status).toBe("approved"), soon);
      expect(news.of(wanted.id)).toEqual([]);
      release();
      await vi.waitFor(() => expect(news.of(wanted.id)).toContain("approved"), soon);
    });

    it("are available while they can be read, and never once they are closed", async () => {
      const approvals = start();
      expect(approvals.available).toBe(true);
      await approvals.close();
      expect(approvals.available).toBe(false);
    });
  });
}

function brokenBy(by: Approver): GlassState {
  const at = Date.now();
  return {
    glass: {
      id: `01g${String(++requests).padStart(23, "0")}`,
      target: "clinic",
      by,
      reason: "cardiac arrest",
      minutes: 30,
      reviewers: { privacy: { quorum: 1, channels: ["console"], timeoutMinutes: 10 } },
      withinHours: 24,
    },
    history: [{ type: "opened", at }],
    until: at + 30 * MINUTE,
    reviewDue: at + 24 * 60 * MINUTE,
  };
}
