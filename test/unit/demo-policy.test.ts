// The demo clinic's bundle does what it says: every expectation of tests.yaml, every identity, every policy, every column.
import { beforeAll, describe, expect, test } from "vitest";
import { IDENTITIES } from "#local/oidc/identities.ts";
import { loadPolicyFolder } from "#proxy/adapters/policy-folder.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Facts, Use } from "#shared/facts.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import type { Expectation } from "#shared/policy/tests-file.ts";
import { differences, type Trial, type TrialContext, tryOut } from "#shared/policy/trial.ts";
import { UNCLASSIFIED } from "#shared/policy/types.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";
import { clinicCatalog } from "#test/support/clinic-catalog.ts";
import { ROOT } from "#test/support/project.ts";

const bundle = await loadPolicyFolder(`${ROOT}/policy`);
const { identities, expectations } = bundle.tests;
const context: TrialContext = { bundle, evaluate: createEvaluator(bundle), time: Date.UTC(2026, 10, 21, 3) };
let snapshot: CatalogSnapshot;
let analyse: Analyse;

beforeAll(async () => {
  snapshot = await clinicCatalog();
  const declared = [...bundle.catalog.declaredFunctions("clinic")].map(
    ([name, { reveals }]) => [name, reveals] as const,
  );
  analyse = await analyser(snapshot, new Map(declared));
});

function trial(as: string, sql: string | undefined, purpose?: string): Trial {
  const principal = identities.get(as);
  if (principal === undefined) throw new Error(`no identity ${as}`);
  const facts = sql === undefined ? null : analyse(sql).statements.map((s) => s.facts);
  return tryOut(context, { principal, target: "clinic", purpose }, facts);
}

test.each(expectations)("tests.yaml:$line $as $expect: $sql", (expected) => {
  expect(differences(expected, trial(expected.as, expected.sql, expected.purpose))).toEqual([]);
});

describe("the expectations", () => {
  test("know every demo identity as the provider vouches for it", () => {
    for (const { name, kind, groups, actsFor } of IDENTITIES)
      expect(identities.get(name)).toMatchObject({ name, kind, groups, ...(actsFor === undefined ? {} : { actsFor }) });
  });

  test("try every identity", () => {
    expect(new Set(expectations.map((e) => e.as))).toEqual(new Set(identities.keys()));
  });

  test("need every policy", () => {
    const used = new Set(expectations.flatMap((e) => trial(e.as, e.sql, e.purpose).decision.policies));
    const own = bundle.policies.filter((policy) => policy.line > 0).map((policy) => policy.id);
    expect(own.filter((id) => !used.has(id))).toEqual([]);
  });

  test("are found wrong when they are", () => {
    const [first] = expectations;
    if (first === undefined) throw new Error("there is no expectation");
    const result = trial("engineer", "SELECT ssn FROM patients");
    const wrong: Expectation = {
      ...first,
      expect: "refuse",
      policies: ["metadata"],
      masks: { ssn: "clear", mrn: "clear" },
    };
    expect(differences(wrong, result)).toEqual([
      "expected refuse, got permit (care-and-operations-read)",
      "expected policy metadata, got care-and-operations-read",
      "expected ssn to be clear, got redact",
      "expected mrn to be clear, got no such column",
    ]);
    expect(differences({ ...first, expect: "permit", policies: [] }, result)).toEqual([
      "expected no policy, got care-and-operations-read",
    ]);
  });
});

describe("the catalog", () => {
  const tables = () =>
    snapshot.relations.filter((r) => ["table", "partitioned"].includes(r.kind) && !/^pg_|^information/.test(r.schema));

  test("classifies every column of every table", () => {
    const unknown = tables().flatMap((r) =>
      r.columns
        .filter((c) =>
          bundle.catalog
            .classesOf("clinic", { relation: `${r.schema}.${r.name}`, column: c.name })
            .includes(UNCLASSIFIED),
        )
        .map((c) => `${r.schema}.${r.name}.${c.name}`),
    );
    expect(tables().length).toBeGreaterThan(20);
    expect(unknown).toEqual([]);
  });

  test("lists views as derived, and nothing else so", () => {
    const named = snapshot.relations.filter(
      (r) => !/^pg_|^information/.test(r.schema) && !["index", "sequence", "composite"].includes(r.kind),
    );
    const derived = named.filter((r) => bundle.catalog.isDerived("clinic", `${r.schema}.${r.name}`)).map((r) => r.name);
    expect(derived.sort()).toEqual(
      named
        .filter((r) => ["view", "matview"].includes(r.kind))
        .map((r) => r.name)
        .sort(),
    );
  });
});

describe("whoever asks, and whatever else they may", () => {
  const everyone = [...identities.values()];
  const search = (use: Use): Facts => ({
    kind: "select",
    complete: true,
    gaps: [],
    relations: [{ relation: "public.patients", actions: ["read"], columns: ["id", "ssn"], system: false }],
    influence: [{ relation: "public.patients", column: "ssn", use }],
    functions: [],
    outputs: [],
    flows: [],
    hasWhere: true,
  });

  test.each(["range", "pattern", "order", "group", "join", "condition", "other"] as const)(
    "nobody searches ssn by %s",
    (use) => {
      for (const principal of everyone)
        expect(tryOut(context, { principal, target: "clinic" }, [search(use)]).outcome).toBe("refuse");
    },
  );

  test.each(["write", "delete", "define", "grant", "export"] as const)("an agent does not %s anything", (action) => {
    const agent = {
      ...identities.get("copilot")!,
      groups: everyone.flatMap((p) => p.groups).filter((g) => g !== "offboarded"),
    };
    for (const relation of ["public.patients", "public.departments", "scratch.t", "pg_temp.t"]) {
      const facts = {
        ...search("equality"),
        influence: [],
        relations: [{ relation, actions: [action], columns: [], system: false }],
      };
      expect(tryOut(context, { principal: agent, target: "clinic" }, [facts]).decision.policies).toContain(
        "agents-change-nothing",
      );
    }
  });
});

test("catalog.yaml and the clinic's schema have not grown apart", () => {
  expect(bundle.catalog.drift(snapshot)).toEqual([]);
});
