// The index of sessions on AWS is built from segments in any order: what comes out has to be what reading the session from its start gives.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import { type EvidenceLine, readLine } from "#shared/evidence/line-read.ts";
import { mergeParts, partOf, type SessionPart } from "#shared/evidence/session-part.ts";
import { type SessionSummary, summarizeLine } from "#shared/evidence/summary.ts";
import { execute, finished, newIdentity, OPENED, STATEMENT } from "#test/support/evidence.ts";
import { linesOf } from "#test/support/objects.ts";

const statement = (relation: string, outcome: "permit" | "refuse" | "hold"): EvidenceEvent =>
  STATEMENT.type === "statement"
    ? {
        ...STATEMENT,
        facts: [{ kind: "select", complete: true, gaps: [], relations: [{ relation, actions: ["read"] }] }],
        decision: { ...STATEMENT.decision, outcome },
      }
    : STATEMENT;

const middle = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("public.patients", "public.claims", "audit.log"),
      fc.constantFrom("permit", "refuse", "hold"),
    )
    .map(([relation, outcome]) => statement(relation, outcome as "permit")),
  fc.nat(9).map((ref) => execute(ref)),
  fc.nat(9).map((rows) => finished(2, rows)),
  fc.constant<EvidenceEvent>({ type: "refused", ref: null, code: "policy", sqlstate: "42501", why: "no" }),
);
const end = fc.constantFrom<EvidenceEvent[]>(
  [],
  [{ type: "session.closed", reason: "done", statements: 1, rows: 1, bytes: 1 }],
  [{ type: "session.recovered", reason: "died" }],
);

/** A session's segments, each some number of times, in any order. */
const sessions = fc
  .tuple(fc.array(middle, { minLength: 1, maxLength: 20 }), end, fc.array(fc.nat(21), { maxLength: 6 }))
  .chain(([events, last, cuts]) => {
    const all = [OPENED, ...events, ...last];
    const ends = [...new Set([...cuts.filter((cut) => cut >= 1 && cut < all.length), all.length])].sort(
      (a, b) => a - b,
    );
    const indexes = ends.map((_, i) => i);
    return fc.record({
      events: fc.constant(all),
      ends: fc.constant(ends),
      order: fc
        .tuple(
          fc.shuffledSubarray(indexes, { minLength: indexes.length }),
          fc.array(fc.constantFrom(...indexes), { maxLength: 4 }),
        )
        .chain(([once, again]) => fc.shuffledSubarray([...once, ...again], { minLength: once.length + again.length })),
    });
  });

describe("parts of a session", () => {
  it("add up to what its lines say in their order, whatever the order and the repetitions", () => {
    fc.assert(
      fc.property(sessions, ({ events, ends, order }) => {
        const lines = linesOf(newIdentity(), events, Date.UTC(2026, 10, 20)).map(
          (text) => readLine(text) as EvidenceLine,
        );
        const expected = lines.reduce<SessionSummary | null>(summarizeLine, null);
        const parts = ends.map((last, i) => partOf(lines.slice(ends[i - 1] ?? 0, last)) as SessionPart);
        const given = order.map((i) => parts[i] as SessionPart);
        const all = given.reduce((known, part) => mergeParts(known, part));
        expect(all).toEqual({ summary: expected, ranges: [[1, events.length]] });
        for (const part of given) expect(mergeParts(all, part)).toBe(all);
      }),
    );
  });

  it("that overlap are refused: adding them up would count twice", () => {
    const lines = linesOf(newIdentity(), [OPENED, STATEMENT, finished(2), finished(2)], 0).map(
      (text) => readLine(text) as EvidenceLine,
    );
    const [one, two] = [partOf(lines.slice(0, 3)), partOf(lines.slice(2))] as SessionPart[];
    expect(() => mergeParts(one as SessionPart, two as SessionPart)).toThrow("in common");
    expect(partOf([])).toBeNull();
  });
});
