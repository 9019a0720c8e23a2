// Whatever comes, in whatever order and at whatever time: the requester never counts, nobody counts twice, what was denied, cancelled or late
// never runs, and what was approved runs once.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apply } from "#shared/approval/apply.ts";
import { type ApprovalEvent, answers, asked, nextDue, open, step } from "#shared/approval/machine.ts";
import { samePerson } from "#shared/approval/quorum.ts";
import type { ApprovalRules, ApprovalState, Approver, GroupRules } from "#shared/approval/types.ts";
import { answer, human, MINUTE, opened, request, START, storeOfOne } from "#test/support/approvals.ts";

const GROUPS = ["dba", "privacy", "security"];
const NAMES = ["engineer", "Engineer", "boss", "ada", "bob", "cyd", "dee", "eve"];

const groupRules: fc.Arbitrary<GroupRules> = fc.record(
  {
    quorum: fc.constantFrom(1, 1, 1, 2, 3),
    channels: fc.constant(["console"] as const),
    timeoutMinutes: fc.integer({ min: 5, max: 30 }),
    escalation: fc.record({ afterMinutes: fc.integer({ min: 1, max: 10 }), to: fc.constantFrom(...GROUPS) }),
  },
  { requiredKeys: ["quorum", "channels", "timeoutMinutes"] },
);
const rules: fc.Arbitrary<ApprovalRules> = fc.record({
  needed: fc.uniqueArray(fc.constantFrom(...GROUPS), { minLength: 1 }),
  groups: fc.record({ dba: groupRules, privacy: groupRules, security: groupRules }),
  onceMinutes: fc.integer({ min: 1, max: 10 }),
  windowMinutes: fc.constantFrom(0, 5),
});

/** Some share a subject or an address with another name: they are one person. */
const approver: fc.Arbitrary<Approver> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    groups: fc.subarray(GROUPS),
    kind: fc.constantFrom("person", "person", "person", "person", "workload", "agent"),
    alias: fc.constantFrom(...NAMES),
    by: fc.constantFrom("subject", "email", "nothing", "nothing"),
  })
  .map(({ name, groups, kind, alias, by }) => ({
    ...human(name, ...groups),
    kind: kind as Approver["kind"],
    ...(by === "subject" ? { subject: alias } : {}),
    ...(by === "email" ? { email: `${alias.toUpperCase()}@example.org` } : {}),
  }));

/** Any time: ordinary, long ago, far ahead, back and forth. */
const at = fc.oneof(
  { weight: 16, arbitrary: fc.integer({ min: 0, max: 4 }).map((minutes) => START + minutes * MINUTE) },
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 40 }).map((minutes) => START + minutes * MINUTE) },
  fc.constantFrom(0, -1, START - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);
const DIGEST = request().digest;
const event: fc.Arbitrary<ApprovalEvent> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        at,
        by: approver,
        decision: fc.constantFrom(...Array(12).fill("approve"), "deny"),
      })
      .map(({ at, by, decision }) => ({
        at,
        type: "answer" as const,
        answer: answer(by, { decision: decision as "approve" | "deny" }),
      })),
  },
  fc.record({ at, type: fc.constant("time" as const) }),
  {
    weight: 2,
    arbitrary: fc.record({
      at,
      type: fc.constant("spend" as const),
      digest: fc.constantFrom(DIGEST, "0".repeat(64)),
      session: fc.constantFrom("a", "b"),
    }),
  },
  fc.record({ at, type: fc.constant("cancel" as const), by: fc.constant("engineer"), why: fc.constant("gone") }),
);
const orders = fc.record({
  rules,
  actsFor: fc.constantFrom(undefined, "boss"),
  events: fc.array(event, { maxLength: 25 }),
});

function begin({ rules, actsFor }: { rules: ApprovalRules; actsFor: string | undefined }): ApprovalState {
  const requester = { ...request().requester, ...(actsFor === undefined ? {} : { actsFor }) };
  return open(request({ rules, requester }), [], START).state;
}

/** Hall's theorem says whether the places can be given away, without giving any away. */
function enough(state: ApprovalState, people: readonly Approver[]): boolean {
  const { needed, groups } = state.request.rules;
  const standIn = new Map(state.history.flatMap((c) => (c.type === "escalated" ? [[c.group, c.to] as const] : [])));
  for (let set = 1; set < 1 << needed.length; set++) {
    const chosen = needed.filter((_, i) => (set >> i) & 1);
    const from = chosen.flatMap((group) => [group, standIn.get(group) ?? group]);
    const can = people.filter((person) => person.groups.some((group) => from.includes(group))).length;
    if (can < chosen.reduce((sum, group) => sum + (groups[group]?.quorum ?? 0), 0)) return false;
  }
  return true;
}

/** All that may give the requester away, said here once more: the name, the subject, the address, and whom an agent asks for. */
function looksLikeRequester({ name, subject, email }: Approver, { requester }: ApprovalState["request"]): boolean {
  const marks = [name.toLowerCase(), subject, email?.split("@")[0]?.toLowerCase()];
  return marks.includes("engineer") || (requester.actsFor === "boss" && name === "boss");
}

function checkHistory(state: ApprovalState): void {
  const { history, request } = state;
  const types = history.map((change) => change.type);
  const given = answers(state);
  const agreed = given.filter((one) => one.decision === "approve").map((one) => one.by);
  for (const [i, one] of given.entries()) {
    expect(one.by.kind).toBe("person");
    expect(looksLikeRequester(one.by, request)).toBe(false);
    for (const other of given.slice(0, i)) expect(samePerson(one.by, other.by)).toBe(false);
  }
  for (let i = 1; i < history.length; i++)
    expect(history[i]?.at).toBeGreaterThanOrEqual(history[i - 1]?.at ?? Number.NaN);
  const finals = types.filter((type) => ["denied", "expired", "cancelled", "spent"].includes(type));
  expect(finals.length).toBeLessThanOrEqual(1);
  if (finals.length === 1) expect(types.indexOf(finals[0] as "spent")).toBe(types.length - 1);
  const approvals = history.filter((change) => change.type === "approved");
  expect(approvals.length).toBeLessThanOrEqual(1);
  for (const approved of approvals) {
    expect(enough(state, agreed)).toBe(true);
    const names = approved.counted.map((one) => one.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe(request.rules.needed.reduce((n, g) => n + (request.rules.groups[g]?.quorum ?? 0), 0));
    for (const { name, group } of approved.counted) {
      const person = agreed.find((by) => by.name === name);
      const from = [group, ...history.flatMap((c) => (c.type === "escalated" && c.group === group ? [c.to] : []))];
      expect(person?.groups.some((one) => from.includes(one))).toBe(true);
    }
    const shortest = Math.min(...request.rules.needed.map((g) => request.rules.groups[g]?.timeoutMinutes ?? 0));
    expect(approved.at).toBeLessThan(START + shortest * MINUTE);
  }
  if (types.includes("spent")) {
    expect(approvals).toHaveLength(1);
    expect(history.at(-1)?.at).toBeLessThan(approvals[0]?.validUntil ?? 0);
  }
  // And the other way round: who is not approved lacks somebody.
  if (state.status === "open") expect(enough(state, agreed)).toBe(false);
}

describe("a request", () => {
  test("keeps to its rules, whatever comes in whatever order at whatever time", () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(orders, (order) => {
        let state = begin(order);
        for (const event of order.events) {
          const done = step(state, event);
          // History is only added to, and what is final is final.
          expect(done.state.history.slice(0, state.history.length)).toEqual(state.history);
          if (!["open", "approved"].includes(state.status)) expect(done.changes).toEqual([]);
          if (event.type === "spend" && done.state.status === "spent" && state.status !== "spent")
            expect([state.status, event.digest]).toEqual(["approved", DIGEST]);
          state = done.state;
          checkHistory(state);
        }
        reached.add(state.status);
        for (const { type } of state.history) reached.add(type);
      }),
      { numRuns: 10_000 },
    );
    // What was tried did reach all there is.
    for (const status of ["open", "approved", "denied", "expired", "cancelled", "spent", "escalated"])
      expect(reached).toContain(status);
  });

  test("does nothing the second time", () => {
    fc.assert(
      fc.property(orders, ({ events, ...order }) => {
        let state = begin(order);
        for (const event of events) {
          state = step(state, event).state;
          if (event.type !== "time") expect(step(state, event).state.status).toBe(state.status);
          expect(step(state, { ...event, at: START }).changes).toEqual([]);
        }
      }),
    );
  });

  test("is always due at some time while it is not final, and then something happens", () => {
    fc.assert(
      fc.property(orders, (order) => {
        let state = begin(order);
        for (const event of order.events) state = step(state, event).state;
        for (let due = nextDue(state), i = 0; due !== null; due = nextDue(state), i++) {
          expect(i).toBeLessThan(GROUPS.length + 2);
          const woken = step(state, { type: "time", at: due });
          expect(woken.changes.length).toBeGreaterThan(0);
          state = woken.state;
        }
        expect(["denied", "expired", "cancelled", "spent"]).toContain(state.status);
      }),
    );
  });

  test("refuses times that are no numbers", () => {
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => step(opened(), { type: "time", at })).toThrow(RangeError);
  });

  test("asks nobody whom its rules do not name", () => {
    fc.assert(
      fc.property(orders, (order) => {
        let state = begin(order);
        for (const event of order.events) state = step(state, event).state;
        for (const group of asked(state)) expect(Object.keys(state.request.rules.groups)).toContain(group);
      }),
    );
  });
});

describe("calls at the same time", () => {
  test("spend one approval once, and count one person once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 6 }), fc.boolean(), async (s, callers, second) => {
        const state = step(opened(), { type: "answer", at: START + 1, answer: answer(human("ada", "dba")) }).state;
        const store = storeOfOne(state, () => s.schedule(Promise.resolve()));
        const spends = Array.from({ length: callers }, (_, i) =>
          apply(store, "x", { type: "spend", at: START + 2, digest: DIGEST, session: `s${i}` }),
        );
        const cancelled = second
          ? apply(store, "x", { type: "cancel", at: START + 2, by: "engineer", why: "gone" })
          : null;
        const [done] = await Promise.all([Promise.all(spends), cancelled, s.waitIdle()]);
        const spent = done.filter((one) => one?.changes.some((change) => change.type === "spent"));
        const end = await Promise.all([store.get("x"), s.waitIdle()]);
        expect(spent.length).toBe(end[0]?.status === "spent" ? 1 : 0);
        if (!second) expect(spent.length).toBe(1);
      }),
      { numRuns: 100 },
    );
  });

  test("of one person who answers many times count once; of two people each", async () => {
    const twoNeeded: ApprovalRules = {
      needed: ["dba"],
      groups: { dba: { quorum: 2, channels: ["console"], timeoutMinutes: 60 } },
      onceMinutes: 15,
      windowMinutes: 0,
    };
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom("ada", "bob"), { minLength: 2, maxLength: 6 }),
        async (s, names) => {
          const store = storeOfOne(opened({ rules: twoNeeded }), () => s.schedule(Promise.resolve()));
          const all = names.map((name) =>
            apply(store, "x", { type: "answer", at: START + 1, answer: answer(human(name, "dba")) }),
          );
          const [done] = await Promise.all([Promise.all(all), s.waitIdle()]);
          const taken = done.filter((one) => one?.refused === undefined).length;
          expect(taken).toBe(new Set(names).size);
          const [end] = await Promise.all([store.get("x"), s.waitIdle()]);
          expect(end?.status).toBe(new Set(names).size === 2 ? "approved" : "open");
        },
      ),
      { numRuns: 100 },
    );
  });
});
