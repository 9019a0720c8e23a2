import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { ENGINEER, execute, finished, OPENED, STATEMENT } from "#test/support/evidence.ts";

const identity: SessionIdentity = {
  session: "01JD8Y5Q7ZK3V9N2M4P6R8T0WX",
  target: "clinic",
  protocol: "postgres",
  principal: ENGINEER,
};
const PREV = "x".repeat(43);

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom('"', "\\", "\n", "\0", "\ud800", "}", "é", "𝒳"),
);
const count = fc.nat();
const decision = fc.record({
  outcome: fc.constantFrom("permit" as const, "refuse" as const, "hold" as const),
  policies: fc.array(text),
  why: text,
  version: text,
  reveal: fc.array(text),
});
const source = fc.record({ address: text, port: count });
const masks = fc.array(
  fc.record({
    column: text,
    classes: fc.array(text),
    mask: fc.constantFrom("redact" as const, "clear" as const),
    masked: count,
    clear: count,
  }),
);
const facts = fc.array(
  fc.record({
    kind: fc.constantFrom("select" as const, "update" as const, "other" as const),
    complete: fc.boolean(),
    gaps: fc.array(text),
    relations: fc.array(
      fc.record({ relation: text, actions: fc.array(fc.constantFrom("read" as const, "write" as const)) }),
    ),
  }),
);
const type = <T extends string>(name: T) => fc.constant(name);
const event: fc.Arbitrary<EvidenceEvent> = fc.oneof(
  fc.record({
    type: type("session.opened"),
    source,
    application: text,
    tls: text,
    authentication: text,
    credential: text,
  }),
  fc.record({ type: type("session.refused"), source, claimed: text, code: text, why: text }),
  fc.record({
    type: type("statement"),
    phase: fc.constantFrom("query" as const, "prepare" as const),
    text,
    fingerprint: text,
    facts,
    decision,
  }),
  fc.record({
    type: type("execute"),
    phase: fc.constantFrom("query" as const, "execute" as const, "prepare" as const),
    ref: count,
    decision: fc.option(decision),
    binds: count,
  }),
  fc.record({
    type: type("finished"),
    ref: count,
    tag: text,
    rows: count,
    bytes: count,
    sqlstate: text,
    micros: count,
    masks,
  }),
  fc.record({ type: type("refused"), ref: fc.option(count), code: text, sqlstate: text, why: text }),
  fc.record({ type: type("violation"), code: text, why: text }),
  fc.record({ type: type("session.closed"), reason: text, statements: count, rows: count, bytes: count }),
  fc.record({ type: type("session.recovered"), reason: text }),
  fc.record({ type: type("policy.in_force"), version: text, previous: fc.option(text) }),
  fc.record({ type: type("credential.renewed"), credential: text }),
  fc.record({
    type: type("activity-review.changed"),
    id: text,
    since: count,
    until: count,
    head: fc.record({ size: count, root: text }),
    totals: fc.record({
      sessions: count,
      statements: count,
      rows: count,
      refusals: count,
      noteworthy: count,
      refusedLogins: count,
    }),
    sample: fc.array(text),
    dueAt: count,
    change: fc.oneof(
      fc.record({ type: type("overdue"), at: count }),
      fc.record({
        type: type("attested"),
        at: count,
        by: fc.record({
          kind: fc.constant("person" as const),
          name: text,
          issuer: text,
          subject: text,
          groups: fc.array(text),
        }),
        findings: text,
        concern: fc.boolean(),
        late: fc.boolean(),
      }),
    ),
  }),
  fc.record({ type: type("revocation.entered"), identity: text, by: text, reason: text }),
);

describe("lines", () => {
  it("give every event back, whatever is in it, in one line of valid UTF-8", () => {
    fc.assert(
      fc.property(event, fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 0, max: 4e12 }), (given, seq, time) => {
        const line = new LineWriter(identity).write(given, seq, time, PREV);
        expect(line).not.toContain("\n");
        expect(line.isWellFormed()).toBe(true);
        const read = readLine(line);
        expect(read).toMatchObject({
          session: identity.session,
          target: "clinic",
          user: "engineer",
          seq,
          time,
          prev: PREV,
        });
        // No SQLSTATE is read as that of success: it means the same.
        const fine = given.type === "finished" && given.sqlstate === "" ? { ...given, sqlstate: "00000" } : given;
        expect(read?.event).toEqual(fine);
      }),
      { numRuns: 300 },
    );
  });

  it("name the principal on the first line, and only there", () => {
    const writer = new LineWriter(identity);
    expect(readLine(writer.write(OPENED, 1, 1, PREV))?.opening).toEqual({ protocol: "postgres", principal: ENGINEER });
    expect(readLine(writer.write(STATEMENT, 2, 1, PREV))?.opening).toBeUndefined();
  });

  it("carry what OCSF asks of their class", () => {
    const writer = new LineWriter(identity);
    for (const given of [OPENED, STATEMENT, execute(2), finished(2)]) {
      const line = JSON.parse(writer.write(given, 3, 1_763_700_000_000, PREV));
      expect(line.type_uid).toBe(line.class_uid * 100 + line.activity_id);
      expect(Math.floor(line.class_uid / 1000)).toBe(line.category_uid);
      expect(line).toMatchObject({
        time: 1_763_700_000_000,
        metadata: { version: "1.6.0", product: { name: "Postern" } },
      });
      expect(line.severity_id).toBeTypeOf("number");
      expect(line.actor.user.name).toBe("engineer");
    }
  });

  it("of a command say whether it failed", () => {
    const writer = new LineWriter(identity);
    const status = (sqlstate: string) =>
      JSON.parse(writer.write({ ...finished(2), sqlstate } as EvidenceEvent, 3, 1, PREV)).status_id;
    expect([status("00000"), status(""), status("22012")]).toEqual([undefined, undefined, 2]);
  });

  it("of a plain run take less than a kilobyte for the pair", () => {
    const writer = new LineWriter(identity);
    const pair =
      writer.write(execute(2), 999, 1_763_700_000_000, PREV) + writer.write(finished(2), 1000, 1_763_700_000_000, PREV);
    expect(pair.length).toBeLessThan(1000);
  });

  it("that are none are told from those that are", () => {
    for (const bad of ["", "{}", "null", "[]", '{"postern":null}', '{"time":1,"postern":{"session":"s"}}', "no json"])
      expect(readLine(bad)).toBeNull();
  });
});
