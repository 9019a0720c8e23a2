// Whatever the facts: nothing runs that no policy permits, nothing runs that one forbids, and more facts never permit more.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Facts } from "#shared/facts.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import { problemLine } from "#shared/policy/problems.ts";
import { ALL, ask, bundleOf, CATALOG, factsOf, load, parts, person } from "#test/support/bundles.ts";

const relation = fc.constantFrom(
  "public.patients",
  "public.drugs",
  "public.parts_1",
  "scratch.t",
  "other.t",
  "pg_temp.t",
);
const column = fc.constantFrom("id", "ssn", "full_name", "nickname", "*");
const ref = fc.record({ relation, column });
const action = fc.constantFrom("read", "write", "delete", "define", "grant", "export", "execute");
const facts: fc.Arbitrary<Facts> = fc
  .record({
    kind: fc.constantFrom("select", "insert", "update", "delete", "define", "do", "copy-out", "grant", "other"),
    complete: fc.boolean(),
    gaps: fc.array(fc.record({ reason: fc.constant("dynamic"), what: fc.constantFrom("a", "b") }), { maxLength: 2 }),
    relations: fc.array(
      fc.record({
        relation,
        actions: fc.uniqueArray(action, { maxLength: 3 }),
        columns: fc.array(column, { maxLength: 2 }),
        system: fc.constant(false),
      }),
      { maxLength: 3 },
    ),
    influence: fc.array(fc.record({ relation, column, use: fc.constantFrom("equality", "range", "order") }), {
      maxLength: 2,
    }),
    functions: fc.array(
      fc.record({
        name: fc.constantFrom("public.vouched", "public.dark"),
        standing: fc.constantFrom("opaque", "analysed"),
      }),
      { maxLength: 2 },
    ),
    outputs: fc.option(
      fc.array(fc.record({ name: fc.constant("o"), sources: fc.array(ref, { maxLength: 2 }), direct: fc.boolean() }), {
        maxLength: 3,
      }),
    ),
    flows: fc.array(fc.record({ into: ref, from: fc.array(ref, { maxLength: 2 }) }), { maxLength: 2 }),
    hasWhere: fc.boolean(),
  })
  .map((f) => factsOf(f as Partial<Facts>));

const ada = person("staff");
const everything = createEvaluator(bundleOf(ALL));
const nothing = createEvaluator(bundleOf('@id("never") permit (principal in Group::"nobody", action, resource);'));
const halves = createEvaluator(
  bundleOf(
    `${ALL}@id("no-patients") forbid (principal, action == Action::"read", resource == Relation::"clinic/public.patients");`,
  ),
);

/** Does the statement need anybody's permission? */
function asks(f: Facts): boolean {
  const classed = (r: string, c: string) =>
    bundleOf(ALL).catalog.classesOf("clinic", { relation: r, column: c }).length > 0;
  return (
    f.kind !== "select" ||
    !f.complete ||
    f.gaps.length > 0 ||
    f.relations.some((r) => r.actions.length > 0) ||
    f.influence.some((i) => classed(i.relation, i.column)) ||
    f.functions.some((x) => x.standing === "opaque" && x.name !== "public.vouched") ||
    f.flows.length > 0
  );
}

describe("decisions", () => {
  test("default deny: what asks for anything is refused when nothing is permitted", () => {
    fc.assert(
      fc.property(facts, (f) => {
        const decision = nothing(ask(ada, [f]));
        expect(decision.outcome).toBe(asks(f) ? "refuse" : "permit");
        expect(decision.reveal).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("forbid wins, and more statements never permit more", () => {
    fc.assert(
      fc.property(facts, facts, (f, g) => {
        const patients = (x: Facts) =>
          x.relations.some((r) => r.relation === "public.patients" && r.actions.includes("read"));
        const both = halves(ask(ada, [f, g]));
        if (patients(f) || patients(g)) expect(both.outcome).toBe("refuse");
        if (halves(ask(ada, [f])).outcome === "refuse") expect(both.outcome).toBe("refuse");
        if (everything(ask(ada, [f])).outcome === "refuse") expect(halves(ask(ada, [f])).outcome).toBe("refuse");
      }),
      { numRuns: 300 },
    );
  });

  test("no policy opens what is closed in every bundle", () => {
    fc.assert(
      fc.property(facts, (f) => {
        const decision = everything(ask(ada, [f]));
        if (!f.complete || f.gaps.length > 0) expect(decision.outcome).toBe("refuse");
        expect(decision.reveal).not.toContain("unclassified");
        if (decision.outcome === "refuse")
          expect(decision.policies.every((id) => id.startsWith("postern-"))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("an answer that is remembered is the answer that is given", () => {
    fc.assert(
      fc.property(facts, (f) => {
        expect(halves(ask(ada, [f]))).toEqual(halves(ask({ ...ada }, [f])));
      }),
      { numRuns: 100 },
    );
  });
});

describe("a key that nobody knows", () => {
  const lines = CATALOG.split("\n");
  const inMaps = lines.flatMap((line, i) =>
    /^ *[\w*]+:$/.test(line) && /^( {2}clinic| {8}patients| {6}public\.vouched|targets|classes)/.test(line) ? [i] : [],
  );

  test("or a class that does not exist, is found at its line, wherever it stands", () => {
    fc.assert(
      fc.property(fc.constantFrom(...inMaps), fc.stringMatching(/^z[a-z]{3,8}$/), (at, word) => {
        const indent = /^ */.exec(lines[at + 1] ?? "")?.[0] ?? "";
        const text = [...lines.slice(0, at + 1), `${indent}${word}: ${word}`, ...lines.slice(at + 1)].join("\n");
        const loaded = load({ ...parts(ALL), "catalog.yaml": text });
        const found = "problems" in loaded ? loaded.problems.map(problemLine) : [];
        expect(found).toContainEqual(expect.stringMatching(new RegExp(`^catalog\\.yaml:${at + 2}: `)));
      }),
      { numRuns: 50 },
    );
  });
});
