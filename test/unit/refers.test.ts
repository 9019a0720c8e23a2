// What EXECUTE and FETCH are filled in with: the facts of what they name, as far as it is shown.
import { describe, expect, test } from "vitest";
import { withReferred } from "#proxy/gate/refers.ts";
import type { Judgement } from "#proxy/protocol.ts";
import type { Facts, OutputFact, SessionEffect } from "#shared/facts.ts";
import { analysis, facts } from "#test/support/fake-gate.ts";

const source = (relation: string, column: string) => ({ relation: `public.${relation}`, column });
const output = (name: string, ...sources: OutputFact["sources"][number][]): OutputFact => ({
  name,
  sources,
  direct: false,
});

/** A statement that shows an id, and reads a name as well. */
const prepared = (more: Partial<Facts> = {}): Facts =>
  facts({
    relations: [{ relation: "public.people", actions: ["read"], columns: ["id", "name"], system: false }],
    outputs: [output("id", source("people", "id"))],
    ...more,
  });

/** What `EXPLAIN EXECUTE q` shows, `q` being that statement. */
function plan(target: Facts, own: Partial<Facts> = {}): readonly OutputFact[] | null | undefined {
  const explain = facts({
    kind: "explain",
    outputs: [output("QUERY PLAN")],
    refers: { kind: "prepared", name: "q" },
    ...own,
  });
  const judgement = { text: "", ref: 1, held: false, analysis: analysis(target) };
  return withReferred(analysis(explain), () => judgement).statements[0]?.facts.outputs;
}

describe("the plan of a prepared statement", () => {
  const all = [output("QUERY PLAN", source("people", "id"), source("people", "id"), source("people", "name"))];

  test("shows nothing of what is read", () => {
    expect(plan(prepared())).toEqual([output("QUERY PLAN")]);
    expect(plan(prepared({ functions: [{ name: "pg_catalog.lower", standing: "harmless" }] }))).toEqual([
      output("QUERY PLAN"),
    ]);
  });

  test("shows all that is read when a function in SQL is called, which the planner runs when it calls itself IMMUTABLE", () => {
    expect(plan(prepared({ functions: [{ name: "public.first_name", standing: "analysed" }] }))).toEqual(all);
  });

  test("shows all that is read when it is measured", () => {
    expect(plan(prepared(), { refers: { kind: "prepared", name: "q", measured: true } })).toEqual(all);
  });

  test("shows what parameters show", () => {
    const own = output("QUERY PLAN", source("staff", "name"));
    const measured = plan(prepared({ relations: [], outputs: [] }), {
      outputs: [own],
      refers: { kind: "prepared", name: "q", measured: true },
    });
    expect(measured).toEqual([own]);
  });
});

describe("in one command string", () => {
  const judgement = { text: "", ref: 1, held: false, analysis: analysis(prepared()) };
  const completes = (earlier: SessionEffect, kind: "prepared" | "cursor", named: Judgement = judgement) => {
    const before = { facts: facts(), effects: [earlier] };
    const [own] = analysis(facts({ outputs: null, refers: { kind, name: "q" } })).statements;
    const filled = withReferred({ ...analysis(), statements: [before, own!] }, () => named);
    return filled.statements[1]?.facts.complete;
  };

  test("what was prepared is not known any more once names have moved, nor a cursor that calls functions in SQL", () => {
    const calling = analysis(prepared({ functions: [{ name: "public.first_name", standing: "analysed" }] }));
    const path: SessionEffect = { type: "search_path" };
    expect(completes({ type: "deallocate", name: "other" }, "prepared")).toBe(true);
    expect(completes(path, "prepared")).toBe(false);
    expect(completes(path, "cursor")).toBe(true);
    expect(completes(path, "cursor", { ...judgement, analysis: calling })).toBe(false);
  });

  test("nothing is known behind an EXECUTE that moves names", () => {
    const [moving] = analysis(prepared()).statements;
    const target = { ...analysis(), statements: [{ ...moving!, effects: [{ type: "search_path" as const }] }] };
    const both = analysis(facts({ outputs: null, refers: { kind: "prepared", name: "q" } }), prepared());
    const filled = withReferred(both, () => ({ ...judgement, analysis: target }));
    expect(filled.statements.map((s) => s.facts.complete)).toEqual([true, false]);
  });
});
