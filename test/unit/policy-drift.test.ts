// Where a target has grown away from catalog.yaml: it is found, and what cannot be believed any more is masked whole.
import { describe, expect, test } from "vitest";
import type { CatalogSnapshot, SnapshotRelation } from "#shared/catalog.ts";
import { planStatement } from "#shared/masking/plan.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import { UNCLASSIFIED } from "#shared/policy/types.ts";
import { ALL, ask, bundleOf, person, reads } from "#test/support/bundles.ts";
import { SNAPSHOT } from "#test/support/masking.ts";

const bundle = bundleOf(ALL);
const { catalog } = bundle;

function relation(name: string, columns: string[], more: Partial<SnapshotRelation> = {}): SnapshotRelation {
  const [schema = "", own = ""] = name.split(".");
  const numbered = columns.map((column, i) => ({ name: column, number: i + 1, type: 25, generated: false }));
  return { ...SNAPSHOT.relations[0]!, schema, name: own, columns: numbered, ...more };
}

const PATIENTS = relation("public.patients", ["id", "ssn", "full_name", "maiden_name"]);
const OTHERS = [
  relation("public.parts_2024", ["id", "owner"]),
  relation("public.parts_public", ["id"]),
  relation("public.directory", ["ssn"], { kind: "view" }),
  relation("public.drugs", ["id"]),
];
const snapshotOf = (...relations: SnapshotRelation[]): CatalogSnapshot => ({ ...SNAPSHOT, relations });
const drift = (...relations: SnapshotRelation[]) => catalog.drift(snapshotOf(...relations));
const masked = (...relations: SnapshotRelation[]) => catalog.outOfStep(snapshotOf(...relations));

describe("a target that is as catalog.yaml says", () => {
  test("has not drifted, whatever the server's own schemas and others' indexes hold", () => {
    const system = relation("pg_catalog.pg_new", ["x"]);
    const index = relation("public.patients_pkey", ["id"], { kind: "index" });
    expect(drift(PATIENTS, ...OTHERS, system, index, relation("scratch.mine", ["x"]))).toEqual([]);
  });
});

describe("what is new", () => {
  test("is reported, and needs no other mask than the one it has: nobody has classified it", () => {
    const columns = ["id", "ssn", "full_name", "maiden_name", "nickname"];
    const there = [
      relation("public.patients", columns),
      ...OTHERS,
      relation("public.visits", ["id"]),
      relation("other.mine", ["x"], { kind: "view" }),
    ];
    expect(drift(...there)).toEqual([
      { kind: "new-column", relation: "public.patients", column: "nickname" },
      { kind: "new-table", relation: "public.visits" },
      { kind: "new-view", relation: "other.mine" },
    ]);
    expect(masked(...there)).toEqual([]);
    expect(catalog.classesOf("clinic", { relation: "public.patients", column: "nickname" })).toEqual([UNCLASSIFIED]);
  });
});

describe("a column that is gone", () => {
  test("is known by its place when it was renamed, and its table is masked whole", () => {
    const there = [relation("public.patients", ["id", "social", "full_name", "maiden_name", "extra"]), ...OTHERS];
    expect(drift(...there).slice(0, 1)).toEqual([
      { kind: "gone-column", relation: "public.patients", column: "ssn", classified: true, now: "social" },
    ]);
    expect(masked(...there)).toEqual(["public.patients"]);
  });

  test("without another in its place was dropped", () => {
    const columns = PATIENTS.columns.filter((column) => column.name !== "ssn");
    expect(drift({ ...PATIENTS, columns }, ...OTHERS)).toEqual([
      { kind: "gone-column", relation: "public.patients", column: "ssn", classified: true },
    ]);
  });

  test("and holds nothing protected is reported, and hides nothing", () => {
    const there = [relation("public.patients", ["key", "ssn", "full_name", "maiden_name"]), ...OTHERS];
    expect(drift(...there)[0]).toMatchObject({ column: "id", classified: false, now: "key" });
    expect(masked(...there)).toEqual([]);
  });
});

describe("a table that is gone", () => {
  test("is reported, with the one that has its columns", () => {
    const moved = relation("public.people", ["id", "ssn", "full_name", "maiden_name"]);
    expect(drift(moved, ...OTHERS)).toContainEqual({
      kind: "gone-table",
      relation: "public.patients",
      classified: true,
      now: "public.people",
    });
    expect(drift(...OTHERS)).toEqual([{ kind: "gone-table", relation: "public.patients", classified: true }]);
  });

  test("does not become readable by moving where nothing is said to be protected", () => {
    const moved = relation("scratch.people", ["id", "ssn", "full_name", "maiden_name"]);
    expect(catalog.classesOf("clinic", { relation: "scratch.people", column: "ssn" })).toEqual([]);
    expect(masked(moved, ...OTHERS)).toEqual(["scratch.people"]);
  });

  test("of a family is missed when none of the family is left", () => {
    expect(drift(PATIENTS, ...OTHERS.slice(1))).toEqual([
      { kind: "gone-table", relation: "public.parts*", classified: true },
    ]);
  });
});

test("what is listed as a view and is none is masked whole: it has values of its own", () => {
  const table = relation("public.directory", ["ssn"]);
  const there = [PATIENTS, ...OTHERS.filter((other) => other.name !== "directory"), table];
  expect(drift(...there)).toEqual([{ kind: "not-a-view", relation: "public.directory" }]);
  expect(masked(...there)).toEqual(["public.directory"]);
});

describe("a relation that is out of step", () => {
  const outOfStep = ["public.patients"];
  const read = reads("public.patients", "id");

  test("is masked in all of its columns, though policy reveals them and the catalog says that there is nothing", () => {
    const reveal = new Set(["ssn", "name"]);
    const plans = [catalog, catalog.without("clinic", outOfStep)].map((c) => planStatement(read, c, "clinic", reveal));
    expect(plans).toMatchObject([
      { columns: [{ mask: "clear" }] },
      { columns: [{ mask: "redact", classes: [UNCLASSIFIED] }] },
    ]);
    expect(
      catalog.without("other", outOfStep).classesOf("clinic", { relation: "public.patients", column: "id" }),
    ).toEqual([]);
  });

  test("is not searched either", () => {
    const search = { ...read, influence: [{ relation: "public.patients", column: "id", use: "equality" as const }] };
    const evaluate = createEvaluator(bundle);
    expect(evaluate(ask(person(), [search])).outcome).toBe("permit");
    expect(evaluate(ask(person(), [search], { outOfStep })).outcome).toBe("refuse");
  });
});
