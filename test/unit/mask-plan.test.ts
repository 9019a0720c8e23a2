import { describe, expect, test } from "vitest";
import type { Facts, OutputFact } from "#shared/facts.ts";
import { planStatement } from "#shared/masking/plan.ts";
import type { MaskName } from "#shared/masking/types.ts";
import type { PolicyCatalog } from "#shared/policy/types.ts";
import { facts } from "#test/support/fake-gate.ts";

const MASKS: Record<string, MaskName> = { ssn: "last4", name: "initial", born: "year", key: "null", note: "scan" };

const catalog: PolicyCatalog = {
  classes: new Map(
    Object.entries(MASKS).map(([name, mask]) => [name, { name, identifier: "A", mask, detectors: ["phone"] }]),
  ),
  classesOf(_target, { relation, column }) {
    if (relation !== "public.patients") return [];
    if (column === "*") return [...Object.keys(MASKS), "unclassified"];
    if (column === "both") return ["ssn", "name"];
    return column in MASKS ? [column] : column === "id" ? [] : ["unclassified"];
  },
  holdsPhi: (_target, relation) => relation === "public.patients",
  protects: (target) => target === "clinic",
  isDerived: () => false,
  pathsOf: () => null,
  recordFormats: () => [],
  subjectOf: () => ({ column: "id", domain: "person" }),
  declaredFunction: () => null,
  outOfStep: () => [],
  without: () => catalog,
};

const from = (...columns: string[]) => columns.map((column) => ({ relation: "public.patients", column }));
const direct = (column: string): OutputFact => ({ name: "out", sources: from(column), direct: true });
const derived = (...columns: string[]): OutputFact => ({ name: "out", sources: from(...columns), direct: false });

function maskOf(output: OutputFact, reveal: string[] = []) {
  const plan = planStatement(facts({ outputs: [output] }), catalog, "clinic", new Set(reveal));
  if (plan.type !== "columns") throw new Error(plan.type);
  return plan.columns[0]!;
}

describe("a plan", () => {
  test.each([
    ["a direct column keeps its class's mask", direct("ssn"), [], "last4"],
    ["a column without a class is clear", direct("id"), [], "clear"],
    [
      "a column of another relation is clear",
      { ...direct("ssn"), sources: [{ relation: "public.x", column: "ssn" }] },
      [],
      "clear",
    ],
    ["a revealed class is clear", direct("ssn"), ["ssn"], "clear"],
    ["a column nobody classified is redacted", direct("new"), [], "redact"],
    ["and can be revealed to nobody", direct("new"), ["unclassified"], "redact"],
    ["what derives from a partial mask is redacted", derived("ssn"), [], "redact"],
    ["what derives from `scan` is redacted", derived("note"), [], "redact"],
    ["`null` is the strictest", derived("ssn", "key"), [], "null"],
    ["one class of two revealed does not clear the other", derived("ssn", "born"), ["ssn"], "redact"],
    ["all of them revealed do", derived("ssn", "born"), ["ssn", "born"], "clear"],
    ["two masks on one column redact it", direct("both"), [], "redact"],
    ["the one that is left of two keeps its form", direct("both"), ["name"], "last4"],
    [
      "what also flows into a shown column has a word in it",
      { ...direct("ssn"), sources: from("ssn", "born") },
      [],
      "redact",
    ],
    ["though not when its mask is the same", { ...direct("ssn"), sources: from("ssn", "ssn") }, [], "last4"],
    ["a whole row has no mask of its own", { ...direct("*"), direct: true }, [], "null"],
    ["what reveals nothing is clear", { ...derived("ssn"), reveals: "nothing" }, [], "clear"],
    ["a constant is clear", derived(), [], "clear"],
  ] as [string, OutputFact, string[], string][])("%s", (_what, output, reveal, mask) => {
    expect(maskOf(output, reveal).mask).toBe(mask);
  });

  test("names the classes that are hidden, or those that are shown", () => {
    expect(maskOf(derived("ssn", "born"), ["ssn"]).classes).toEqual(["born"]);
    expect(maskOf(derived("ssn", "born"), ["ssn", "born"]).classes).toEqual(["ssn", "born"]);
    expect(maskOf(direct("note")).detectors).toEqual(["phone"]);
  });

  test("says where people's names flow, hidden or shown", () => {
    expect(maskOf(direct("ssn")).names).toBe(true);
    expect(maskOf(derived("ssn"), ["ssn"]).names).toBe(true);
    expect(maskOf(direct("id")).names).toBe(false);
  });

  const gap = { complete: false, gaps: [{ reason: "opaque function", what: "public.f" }] };
  test.each([
    ["no rows", {}, "none"],
    ["a gap where rows may come", { ...gap, kind: "select" }, "refuse"],
    ["a gap though outputs are given", { ...gap, outputs: [direct("id")] }, "refuse"],
    ["a gap in what answers without rows", { ...gap, kind: "do" }, "none"],
  ] as [string, Partial<Facts>, string][])("for %s is %s", (_what, more, type) => {
    const plan = planStatement(facts({ outputs: null, ...more }), catalog, "clinic", new Set());
    expect(plan.type).toBe(type);
  });

  test("leaves targets alone that hold no PHI", () => {
    expect(planStatement(facts({ outputs: null, ...gap }), catalog, "other", new Set())).toEqual({ type: "clear" });
  });
});
