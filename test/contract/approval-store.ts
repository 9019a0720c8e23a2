// What every store of approvals has to keep to.
import { describe, expect, it } from "vitest";
import { apply, applyGlass } from "#shared/approval/apply.ts";
import type { GlassState } from "#shared/approval/break-glass.ts";
import { step } from "#shared/approval/machine.ts";
import type { ApprovalStore } from "#shared/approval/store.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import type { InForce, Push } from "#shared/policy/push/types.ts";
import { applyReview } from "#shared/review/begin.ts";
import { answer, human, MINUTE, opened, RULES, START } from "#test/support/approvals.ts";
import { principal, reviewOf, summary } from "#test/support/reviews.ts";

let count = 0;
/** ULIDs sort by time; each test has its own. */
const id = () => `01k${String(++count).padStart(23, "0")}`;
const digest = () => String(++count).padStart(64, "0");
const fresh = (more: Parameters<typeof opened>[0] = {}) =>
  opened({ id: id(), digest: digest(), facts: digest(), ...more });
const ids = (states: readonly ApprovalState[]) => states.map((state) => state.request.id);
const approved = (state: ApprovalState, windowMinutes = 0) =>
  step(state, { type: "answer", at: START + 1, answer: answer(human("ada", "dba"), { windowMinutes }) }).state;
const ended = (state: ApprovalState) =>
  step(state, { type: "cancel", at: START + 2, by: "engineer", why: "gone" }).state;

function glass(): GlassState {
  return {
    glass: {
      id: id(),
      target: "clinic",
      by: human("nora", "nurse"),
      reason: "cardiac arrest",
      minutes: 30,
      reviewers: { privacy: RULES.groups.privacy as NonNullable<(typeof RULES.groups)["privacy"]> },
      withinHours: 24,
    },
    history: [{ type: "opened", at: START }],
    until: START + 30 * MINUTE,
    reviewDue: START + 24 * 60 * MINUTE,
  };
}

/** @param reopen the same store as another process sees it */
export function approvalStoreContract(name: string, open: () => ApprovalStore, reopen: () => ApprovalStore): void {
  describe(`store of approvals: ${name}`, () => {
    it("keeps a request as it is, once for its id", async () => {
      const [store, other] = [open(), reopen()];
      const state = fresh();
      expect(await store.get(state.request.id)).toBeNull();
      expect(await store.create(state)).toBe(true);
      expect(await other.create({ ...state, until: 0 })).toBe(false);
      expect(await other.get(state.request.id)).toEqual(state);
    });

    it("lets one of several writers win, who read the same", async () => {
      const stores = [open(), reopen()];
      const state = fresh();
      await stores[0]?.create(state);
      const wins = await Promise.all(
        Array.from({ length: 8 }, (_, i) => {
          const next = step(state, { type: "cancel", at: START + i, by: `p${i}`, why: "gone" }).state;
          return stores[i % 2]?.replace(next, state.history.length);
        }),
      );
      expect(wins.filter((won) => won)).toHaveLength(1);
      const kept = await stores[1]?.get(state.request.id);
      expect(kept?.history.at(-1)).toMatchObject({ type: "cancelled", by: `p${wins.indexOf(true)}` });
    });

    it("spends one approval once, whoever asks at the same time", async () => {
      const stores = [open(), reopen()] as const;
      const state = fresh();
      await stores[0].create(approved(state));
      const done = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          apply(stores[i % 2 === 0 ? 0 : 1], state.request.id, {
            type: "spend",
            at: START + 2,
            digest: state.request.digest,
            session: `s${i}`,
          }),
        ),
      );
      expect(done.filter((one) => one?.changes.length === 1)).toHaveLength(1);
    });

    it("takes all answers that are given at the same time", async () => {
      const store = open();
      const rules = { ...RULES, groups: { dba: { quorum: 5, channels: ["console" as const], timeoutMinutes: 60 } } };
      const state = fresh({ rules });
      await store.create(state);
      await Promise.all(
        ["a", "b", "c", "d", "e"].map((one) =>
          apply(store, state.request.id, { type: "answer", at: START + 1, answer: answer(human(one, "dba")) }),
        ),
      );
      expect((await store.get(state.request.id))?.status).toBe("approved");
    });

    it("replaces nothing that is not there, and applies nothing to it", async () => {
      const store = open();
      const state = fresh();
      expect(await store.replace(state, 1)).toBe(false);
      expect(await apply(store, state.request.id, { type: "time", at: START })).toBeNull();
      expect(await store.get(state.request.id)).toBeNull();
    });

    it("finds what is alive for a digest, newest first", async () => {
      const store = open();
      const [same, facts] = [digest(), digest()];
      const all = [fresh({ digest: same, facts }), fresh({ digest: same, facts }), fresh({ digest: same, facts })];
      const [first, second, third] = all as [ApprovalState, ApprovalState, ApprovalState];
      for (const state of [...all, fresh({ facts })]) await store.create(state);
      expect(ids(await store.alive(same))).toEqual(ids([third, second, first]));
      await store.replace(approved(first), 1);
      await store.replace(ended(second), 1);
      expect(ids(await store.alive(same))).toEqual(ids([third, first]));
      expect((await store.alive(same))[1]?.status).toBe("approved");
      expect(await store.alive(digest())).toEqual([]);
      expect(await store.withFacts(facts, 9)).toHaveLength(4);
      expect(await store.withFacts(facts, 2)).toHaveLength(2);
    });

    it("finds windows by their facts, after they are used too", async () => {
      const store = open();
      const facts = digest();
      const [plain, wide] = [fresh({ facts }), fresh({ facts })];
      for (const state of [plain, wide]) await store.create(state);
      await store.replace(approved(plain), 1);
      expect(await store.windows(facts)).toEqual([]);
      await store.replace(approved(wide, 10), 1);
      const spend = { type: "spend", at: START + 2, digest: wide.request.digest, session: "s" } as const;
      await apply(store, wide.request.id, spend);
      expect(ids(await store.windows(facts))).toEqual([wide.request.id]);
    });

    it("lists what is pending, oldest first, and the latest, newest first", async () => {
      const store = open();
      const [a, b, c] = [fresh(), fresh(), fresh()];
      for (const state of [a, b, c]) await store.create(state);
      await store.replace(ended(b), 1);
      const own = (states: readonly ApprovalState[]) => ids(states).filter((one) => ids([a, b, c]).includes(one));
      expect(own(await store.pending())).toEqual(ids([a, c]));
      expect(own(await store.latest(3))).toEqual(ids([c, b, a]));
      expect(await store.latest(1)).toHaveLength(1);
    });

    it("keeps break-glass until it is reviewed", async () => {
      const [store, other] = [open(), reopen()];
      const [state, second] = [glass(), glass()];
      expect(await store.createGlass(state)).toBe(true);
      expect(await other.createGlass(state)).toBe(false);
      await store.createGlass(second);
      const own = async () =>
        (await other.unreviewed())
          .map((one) => one.glass.id)
          .filter((one) => [state, second].some((s) => s.glass.id === one));
      expect(await own()).toEqual([state.glass.id, second.glass.id]);
      const review = {
        type: "review",
        at: START + 1,
        by: human("pia", "privacy"),
        justified: true,
        reason: "yes",
      } as const;
      const done = await Promise.all([store, other].map((one) => applyGlass(one, state.glass.id, review)));
      expect(done.filter((one) => one?.refused === undefined)).toHaveLength(1);
      expect(await own()).toEqual([second.glass.id]);
      expect((await store.getGlass(state.glass.id))?.history).toHaveLength(2);
      expect(await store.replaceGlass(state, 1)).toBe(false);
      expect(await store.getGlass(id())).toBeNull();
      await applyGlass(store, second.glass.id, review);
    });

    it("keeps an activity review once, until somebody attests it, and afterwards", async () => {
      const [store, other] = [open(), reopen()];
      const [a, b] = [id(), id()].map((one) => reviewOf([summary("s1", principal("engineer"))], { id: one }));
      if (a === undefined || b === undefined) throw new Error("there are two");
      expect(await store.createReview(a)).toBe(true);
      expect(await other.createReview({ ...a, history: [] })).toBe(false);
      await other.createReview(b);
      expect(await other.getReview(a.review.id)).toEqual(a);
      const own = (found: readonly { readonly review: { readonly id: string } }[]) =>
        found.map((one) => one.review.id).filter((one) => [a.review.id, b.review.id].includes(one));
      expect(own(await other.unattested())).toEqual([a.review.id, b.review.id]);
      expect(own(await store.latestReviews(50))).toEqual([b.review.id, a.review.id]);
      expect(await store.latestReviews(1)).toHaveLength(1);
      const attest = {
        type: "attest",
        at: START + 1,
        by: human("pia", "privacy"),
        findings: "x",
        concern: false,
      } as const;
      const done = await Promise.all([store, other].map((one) => applyReview(one, a.review.id, attest)));
      expect(done.filter((one) => one?.refused === undefined)).toHaveLength(1);
      expect(own(await store.unattested())).toEqual([b.review.id]);
      expect(own(await store.latestReviews(50))).toContain(a.review.id);
      expect(await store.replaceReview(a, 1)).toBe(false);
      expect((await store.getReview(a.review.id))?.history).toHaveLength(2);
      expect(await store.getReview(id())).toBeNull();
      expect(await applyReview(store, id(), attest)).toBeNull();
      await applyReview(store, b.review.id, attest);
    });

    it("keeps pushes of policy, and lets one of several come into force in the place of the same", async () => {
      const [store, other] = [open(), reopen()];
      const before = await store.policyInForce();
      const pushes = [id(), id(), id()].map(
        (one): Push => ({
          id: one,
          version: `v-${one}`,
          previous: "p",
          from: START,
          by: human("ada", "dba"),
          reason: "ticket",
          createdAt: START,
          files: { "access.cedar": "// all of it\n".repeat(5000) },
        }),
      );
      const [a, b, c] = pushes as [Push, Push, Push];
      expect(await store.createPush(a)).toBe(true);
      expect(await other.createPush({ ...a, reason: "another" })).toBe(false);
      for (const push of [b, c]) await store.createPush(push);
      expect(await other.getPush(a.id)).toEqual(a);
      const own = (found: readonly Push[]) =>
        found.map((one) => one.id).filter((one) => pushes.some((p) => p.id === one));
      expect(own(await other.waitingPushes())).toEqual([a.id, b.id, c.id]);
      expect(own(await store.latestPushes(50))).toEqual([c.id, b.id, a.id]);
      await store.endPush(b.id);
      await store.endPush(id());
      expect(own(await other.waitingPushes())).toEqual([a.id, c.id]);
      expect(await store.getPush(b.id)).toEqual(b);

      const state = ({ id: push, version, previous, from, reason, by }: Push): InForce => ({
        ...{ push, version, previous, from, reason, since: START, by: by.name, approvedBy: ["pia"] },
      });
      const known = before?.push ?? null;
      const done = await Promise.all(pushes.map((push, i) => [store, other][i % 2]?.putInForce(state(push), known)));
      expect(done.filter((one) => one === true)).toHaveLength(1);
      const first = pushes[done.indexOf(true)] as Push;
      expect(await other.policyInForce()).toEqual(state(first));
      expect(await store.putInForce(state(c), id())).toBe(false);
      // What was given up, or was in force before, does not come (again).
      expect(await store.putInForce(state(b), first.id)).toBe(false);
      expect(await store.putInForce(state(first === c ? a : c), first.id)).toBe(true);
      expect(await other.putInForce(state(first), (first === c ? a : c).id)).toBe(false);
      expect(await other.policyInForce()).toEqual(state(first === c ? a : c));
      expect(await store.waitingPushes()).toEqual([]);
    });

    it("knows the task that waits, and a request goes on with it", async () => {
      const store = open();
      const state = fresh();
      await store.create(state);
      expect(await store.task(state.request.id)).toBeNull();
      await store.setTask(state.request.id, "one");
      await store.setTask(state.request.id, "two");
      expect(await store.replace(approved(state), 1)).toBe(true);
      expect(await store.task(state.request.id)).toBe("two");
    });

    it("remembers a word once, whoever says it", async () => {
      const word = id();
      const said = await Promise.all(
        [open(), reopen(), open()].map((store) => store.remember(word, Date.now() + MINUTE)),
      );
      expect(said.filter((fresh) => fresh)).toHaveLength(1);
      expect(await open().remember(id(), Date.now() + MINUTE)).toBe(true);
    });

    it("keeps the first incident of its kind in a minute", async () => {
      const store = open();
      const request = id();
      const incident = { at: START, type: "callback-refused", why: "stale", channel: "slack", request } as const;
      for (const at of [0, 1000, 59_999, 60_000]) await store.report({ ...incident, at: START + at });
      await store.report({ ...incident, why: "unsigned" });
      const kept = (await store.incidents(50)).filter((one) => one.request === request);
      expect(kept.map((one) => [one.at, one.why])).toHaveLength(3);
      expect(kept[0]?.at).toBe(START + 60_000);
    });
  });
}
