// Whatever happens to a review in whatever order: nobody attests who is involved, it is attested once, and what is overdue is said once for each time that it is due.
import fc from "fast-check";
import { expect, it } from "vitest";
import { isRequester } from "#shared/approval/quorum.ts";
import { type ReviewEvent, stepReview, untold } from "#shared/review/machine.ts";
import { DAY } from "#shared/review/period.ts";
import type { ReviewState } from "#shared/review/types.ts";
import { human, START } from "#test/support/approvals.ts";
import { principal, reviewOf, summary } from "#test/support/reviews.ts";

const NAMES = ["pia", "paul", "nora", "ada", "engineer"];
const groups = fc.constantFrom<readonly string[]>(["privacy"], ["privacy", "dba"], ["dba"], []);
const person = fc
  .record({
    name: fc.constantFrom(...NAMES, "PIA", "Paul"),
    groups,
    kind: fc.constantFrom("person" as const, "agent" as const),
  })
  .map(({ name, groups: of, kind }) => ({ ...human(name, ...of), kind }));
const who = fc
  .record({ name: fc.constantFrom(...NAMES), acts: fc.boolean() })
  .map(({ name, acts }) => (acts ? principal("copilot", { kind: "agent", actsFor: name }) : principal(name)));
const at = fc.integer({ min: 0, max: 60 * 24 }).map((hours) => START + hours * (DAY / 24));
const told = { group: fc.constantFrom("privacy"), channel: fc.constantFrom("email" as const, "console" as const) };
const event: fc.Arbitrary<ReviewEvent> = fc.oneof(
  fc.record({ type: fc.constant("time" as const), at }),
  fc.record({
    type: fc.constant("attest" as const),
    at,
    by: person,
    findings: fc.constantFrom("", " ", "nothing unusual"),
    concern: fc.boolean(),
  }),
  fc.record({ type: fc.constant("notified" as const), at, ...told }),
  fc.record({ type: fc.constant("notification-failed" as const), at, ...told, why: fc.constant("no answer") }),
);

it("holds in every order of events", () => {
  const runs = { attested: 0, refused: 0, overdue: 0 };
  fc.assert(
    fc.property(fc.array(who, { minLength: 1, maxLength: 4 }), fc.array(event, { maxLength: 30 }), (people, events) => {
      const first = reviewOf(people.map((one, i) => summary(`s${i}`, one)));
      let state: ReviewState = first;
      for (const one of events) {
        const done = stepReview(state, one);
        expect(done.state.history).toEqual([...state.history, ...done.changes]);
        if (done.refused !== undefined) runs.refused += 1;
        state = done.state;
      }
      const { history, review } = state;
      expect(review).toBe(first.review);
      expect(history.every((change, i) => change.at >= (history[i - 1]?.at ?? 0))).toBe(true);
      const attested = history.filter((change) => change.type === "attested");
      expect(attested.length).toBeLessThanOrEqual(1);
      for (const { by, findings, late, at: when } of attested) {
        runs.attested += 1;
        expect(by.kind).toBe("person");
        expect(by.groups).toContain("privacy");
        expect(review.sample.some((one) => isRequester(by, one.who))).toBe(false);
        expect(findings.trim()).not.toBe("");
        expect(late).toBe(when > review.dueAt);
        expect(untold(state)).toEqual([]);
      }
      const ends = attested[0] === undefined ? history.length : history.indexOf(attested[0]);
      const times = history.flatMap((change, i) => (change.type === "overdue" ? [{ i, at: change.at }] : []));
      const rounds = times.map((one) => Math.floor((one.at - review.dueAt - 1) / review.againMs));
      runs.overdue += rounds.length;
      expect(new Set(rounds).size).toBe(rounds.length);
      expect(rounds.every((round) => round >= 0)).toBe(true);
      expect(times.every((one) => one.i < ends)).toBe(true);
      // It was said, if anything happened after it was due and before somebody attested.
      const looked = history.slice(0, ends).some((change) => change.at > review.dueAt);
      expect(rounds.length > 0).toBe(looked || attested.some((one) => one.late));
    }),
    { numRuns: 400 },
  );
  // The laws above were put to the test.
  expect(Math.min(runs.attested, runs.refused, runs.overdue)).toBeGreaterThan(20);
});
