import { describe, expect, test } from "vitest";
import { UNCLASSIFIED } from "#shared/policy/types.ts";
import { ALL, bundleOf, load, parts } from "#test/support/bundles.ts";

const { catalog } = bundleOf(ALL);
const of = (relation: string, column: string) => catalog.classesOf("clinic", { relation, column });

describe("the classes of a column", () => {
  test.each([
    ["as listed", "public.patients", "ssn", ["ssn"]],
    ["none, when it is declared so", "public.patients", "id", []],
    ["unclassified, when the table holds PHI and nobody listed it", "public.patients", "nickname", [UNCLASSIFIED]],
    ["none, in a table that is declared to hold nothing", "public.drugs", "anything", []],
    ["none, in a schema that is declared to hold nothing", "scratch.mine", "anything", []],
    ["unclassified, in a table that nobody listed", "public.patients_copy", "ssn", [UNCLASSIFIED]],
    ["unclassified, in a schema that nobody listed", "other.drugs", "x", [UNCLASSIFIED]],
    ["those of what is behind a view: none of its own", "public.directory", "ssn", []],
    ["those of its family, by prefix", "public.parts_2024", "owner", ["name"]],
    ["those of its own name, before any prefix", "public.parts_public", "owner", []],
    ["none, in the server's catalogs", "pg_catalog.pg_class", "relname", []],
    ["unclassified, where the server repeats values", "pg_catalog.pg_stats", "most_common_vals", [UNCLASSIFIED]],
    ["unclassified, where the server repeats statements", "pg_catalog.pg_stat_activity", "query", [UNCLASSIFIED]],
    ["none, beside those", "pg_catalog.pg_stat_activity", "pid", []],
    ["those of what flowed in, for temporary relations", "pg_temp.mine", "x", []],
  ])("are %s", (_, relation, column, expected) => {
    expect(of(relation, column)).toEqual(expected);
  });

  test("of a whole row are all, and whatever may have come into the table since", () => {
    expect(of("public.patients", "*")).toEqual(["ssn", "name", UNCLASSIFIED]);
    expect(of("public.drugs", "*")).toEqual([]);
    expect(of("pg_catalog.pg_stat_activity", "*")).toEqual([UNCLASSIFIED]);
  });
});

test("a relation holds PHI unless somebody said that it does not", () => {
  expect(catalog.holdsPhi("clinic", "public.patients")).toBe(true);
  expect(catalog.holdsPhi("clinic", "public.unheard_of")).toBe(true);
  expect(catalog.holdsPhi("clinic", "public.drugs")).toBe(false);
  expect(catalog.holdsPhi("clinic", "pg_catalog.pg_class")).toBe(false);
  expect(catalog.holdsPhi("clinic", "pg_catalog.pg_stats")).toBe(true);
});

test("a target that is declared to hold nothing is not protected, whatever its tables are called", () => {
  const loaded = load({ ...parts(ALL), "catalog.yaml": "classes: {}\ntargets: { clinic: none }\n" });
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  expect(loaded.catalog.protects("clinic")).toBe(false);
  expect(loaded.catalog.classesOf("clinic", { relation: "public.patients", column: "ssn" })).toEqual([]);
  expect(catalog.protects("clinic")).toBe(true);
});

test("knows whose record a row is, and what the team vouches for", () => {
  expect(catalog.subjectOf("clinic", "public.patients")).toEqual({ column: "id", domain: "person" });
  expect(catalog.subjectOf("clinic", "public.drugs")).toBeNull();
  expect(catalog.declaredFunction("clinic", "public.vouched")).toEqual({ reveals: "nothing", reason: "counts" });
  expect(catalog.declaredFunction("clinic", "public.other")).toBeNull();
});
