// The analysis against PostgreSQL itself: what people send is complete, and agrees with the server on columns, names and dependencies;
// what was tried to get around such gateways is seen.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { takeSnapshot } from "#proxy/protocols/postgres/catalog.ts";
import type { Facts } from "#shared/facts.ts";
import { OracleSession } from "#test/oracles/session.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";
import { type ClinicDatabase, startClinicDatabase } from "#test/support/clinic-database.ts";
import { randomSelect } from "#test/support/random-select.ts";

const corpus = (name: string): string => readFileSync(new URL(`../corpus/analysis/${name}`, import.meta.url), "utf8");
const statementsOf = (text: string): string[] =>
  text
    .replace(/^--.*$/gm, "")
    .split(/;\n/)
    .map((sql) => sql.trim())
    .filter((sql) => sql !== "");

let clinic: ClinicDatabase;
let analyse: Analyse;
let withTriggers: Analyse;

beforeAll(async () => {
  clinic = await startClinicDatabase();
  analyse = await analyser(clinic.snapshot);
  withTriggers = await analyser(
    clinic.snapshot,
    new Map([
      ["public.touch", "nothing"],
      ["audit.record_change", "nothing"],
    ]),
  );
});
afterAll(() => clinic?.stop());

const only = (sql: string): Facts => {
  const { statements } = analyse(sql);
  expect(statements).toHaveLength(1);
  return statements[0]!.facts;
};

/** `relation.column` that a view of the statement depends on; the whole row has an empty column. Null when no view can be made of it. */
async function dependencies(sql: string): Promise<Map<string, Set<string>> | null> {
  await clinic.query("BEGIN");
  try {
    await clinic.query(`CREATE TEMP VIEW oracle AS ${sql}`);
    const rows = await clinic.query(`SELECT n.nspname || '.' || c.relname, a.attname
      FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
      JOIN pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
      WHERE r.ev_class = 'oracle'::regclass AND c.oid <> r.ev_class AND c.relkind <> 'c'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')`);
    const found = new Map<string, Set<string>>();
    for (const [relation, column] of rows) {
      const columns = found.get(relation!) ?? new Set<string>();
      if (column !== null && column !== undefined) columns.add(column);
      found.set(relation!, columns);
    }
    return found;
  } catch {
    return null;
  } finally {
    await clinic.query("ROLLBACK");
  }
}

/** What the server depends on and the facts do not say is read. */
async function missing(sql: string, facts: Facts): Promise<string[]> {
  const needed = (await dependencies(sql)) ?? new Map<string, Set<string>>();
  return [...needed].flatMap(([relation, columns]) => {
    const fact = facts.relations.find((f) => f.relation === relation);
    if (fact === undefined) return [relation];
    if (fact.columns.includes("*")) return [];
    return [...columns].filter((column) => !fact.columns.includes(column)).map((column) => `${relation}.${column}`);
  });
}

describe("everyday statements", () => {
  const statements = statementsOf(corpus("everyday.sql"));

  test.for(statements)("%s", async (sql) => {
    const facts = only(sql);
    expect(facts.gaps).toEqual([]);
    const runnable = sql.replace(/\$\d+/g, "NULL");
    expect(facts.outputs?.map((o) => o.name)).toEqual(await clinic.columns(runnable));
    // A regclass constant is a dependency of the view, though nothing of the table is read.
    if (!sql.includes("'patients'::regclass")) expect(await missing(runnable, facts)).toEqual([]);
  });
});

describe("locks, columns and dependencies are as the facts say", () => {
  let session: OracleSession;
  beforeAll(async () => {
    session = await OracleSession.open(clinic.place, clinic.snapshot);
  });
  afterAll(() => session?.close());

  test.for(statementsOf(corpus("everyday.sql")).filter((sql) => !/\$\d/.test(sql)))("%s", async (sql) => {
    const outcome = await session.step(sql);
    expect(outcome).toMatchObject({ ran: true, disagreements: [] });
  });

  // In this order: later ones use what earlier ones have made.
  test.for(statementsOf(corpus("definitions.sql")))("%s", async (sql) => {
    const outcome = await session.step(sql);
    expect(outcome).toMatchObject({ ran: true, disagreements: [], facts: { gaps: [] } });
  });
});

test("a snapshot over an earlier one is the same as a fresh one", async () => {
  expect(await takeSnapshot(clinic.query, "clinic", clinic.snapshot)).toEqual(
    await takeSnapshot(clinic.query, "clinic"),
  );
});

test("psql's own questions about the catalog are complete, and named as the server names them", async () => {
  const statements = statementsOf(corpus("psql.sql"));
  expect(statements.length).toBeGreaterThan(150);
  const incomplete: string[] = [];
  for (const sql of statements) {
    const facts = only(sql);
    if (facts.complete) expect(facts.outputs?.map((o) => o.name)).toEqual(await clinic.columns(sql));
    else incomplete.push(...facts.gaps.map((gap) => gap.what));
  }
  // Credentials of other servers: \dRs+ and \deu+ ask for them.
  expect([...new Set(incomplete)].sort()).toEqual([
    "pg_catalog.pg_subscription.subconninfo",
    "pg_catalog.pg_user_mappings.umoptions",
  ]);
});

describe("attempts to get a column past the analysis", () => {
  const cases = [...corpus("bypass.sql").matchAll(/^-- (shows|flows|uses|refused)\n([\s\S]*?);\n(?=\n|--|$)/gm)].map(
    (m) => [m[1]!, m[2]!] as const,
  );
  const isSsn = (ref: { relation: string; column: string }): boolean =>
    ref.relation === "public.patients" && (ref.column === "ssn" || ref.column === "*");

  test("there are many", () => expect(cases.length).toBeGreaterThan(200));

  test.for(cases)("%s: %s", ([what, sql]) => {
    const all = withTriggers(sql).statements.map((s) => s.facts);
    if (all.some((facts) => !facts.complete)) return;
    const shown = (all.at(-1)?.outputs ?? []).some((o) => o.reveals === undefined && o.sources.some(isSsn));
    const flows = all.some((facts) => facts.flows.some((flow) => flow.from.some(isSsn)));
    const uses = all.some((facts) => facts.influence.some(isSsn));
    expect({ shows: shown, flows, uses, refused: false }[what]).toBe(true);
  });

  test("most are followed, not just given up on", () => {
    const followed = cases.filter(([what]) => what !== "refused");
    const complete = followed.filter(([, sql]) => withTriggers(sql).statements.every((s) => s.facts.complete));
    expect(followed.length - complete.length).toBeLessThanOrEqual(4);
  });
});

test("random queries read at least what a view of them depends on, and are named as the server names them", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(randomSelect, async (sql) => {
      const needed = await dependencies(sql);
      // The server takes only some of them; the others prove nothing.
      if (needed === null) return;
      compared++;
      const facts = only(sql);
      expect(facts.gaps).toEqual([]);
      expect(await missing(sql, facts)).toEqual([]);
      expect(facts.outputs?.map((o) => o.name)).toEqual(await clinic.columns(`SELECT * FROM (${sql}) q LIMIT 0`));
    }),
    { numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(100);
});

describe("what a primary key tells apart", () => {
  const grouped = (sql: string) =>
    only(sql)
      .influence.filter(({ use }) => use === "group")
      .map(({ relation, column }) => `${relation.replace("public.", "")}.${column}`)
      .sort();

  test.each([
    "SELECT p.id, p.ssn, count(e.id) FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id GROUP BY p.id, p.ssn",
    "SELECT p.id, p.ssn FROM patients p GROUP BY 1, 2",
    "SELECT id, ssn, birth_date FROM patients GROUP BY birth_date, ssn, id",
    "SELECT DISTINCT p.* FROM patients p JOIN encounters e ON e.patient_id = p.id",
    "SELECT DISTINCT * FROM patients",
    "SELECT DISTINCT x.b, x.a FROM patients AS x (a, b)",
    "SELECT DISTINCT p.id, p.full_name FROM encounters e LEFT JOIN patients p ON p.id = e.patient_id",
  ])("shapes groups alone: %s", (sql) => {
    expect(grouped(sql)).toEqual(["patients.id"]);
  });

  test("over partitions it is the whole key", () => {
    expect(grouped("SELECT DISTINCT id, collected_on, value FROM lab_results_2024")).not.toContain(
      "lab_results_2024.value",
    );
    expect(grouped("SELECT DISTINCT id, value FROM lab_results_2024")).toContain("lab_results_2024.value");
  });

  test.each([
    ["another row of the same table", "SELECT a.id, b.ssn FROM patients a, patients b GROUP BY a.id, b.ssn"],
    [
      "the same sub-select twice",
      "WITH c AS (SELECT id, ssn FROM patients) SELECT 1 FROM c a, c b GROUP BY a.id, b.ssn",
    ],
    ["a sub-select", "SELECT x.id, x.ssn FROM (SELECT id, ssn FROM patients) x GROUP BY x.id, x.ssn"],
    ["sets with the key and without", "SELECT id, ssn FROM patients GROUP BY GROUPING SETS ((id), (ssn))"],
    ["sets with the key and without", "SELECT id, ssn FROM patients GROUP BY id, ROLLUP (ssn)"],
    ["no key", "SELECT DISTINCT ssn, birth_date FROM patients"],
    ["part of the column", "SELECT id, left(ssn, 1) FROM patients GROUP BY id, left(ssn, 1)"],
    ["an outer row", "SELECT (SELECT count(*) FROM encounters e GROUP BY e.id, p.ssn) FROM patients p"],
    [
      "rows of other tables too",
      "SELECT id, ssn FROM (SELECT id, ssn FROM patients UNION ALL SELECT 1, 'x') x GROUP BY id, ssn",
    ],
    [
      "a column of a lateral row",
      "SELECT p.id, x.ssn FROM patients p LEFT JOIN LATERAL (SELECT p.ssn) x ON p.id > 3 GROUP BY p.id, x.ssn",
    ],
  ])("does not for %s: %s", (_, sql) => {
    expect(grouped(sql)).toContain("patients.ssn");
  });

  test("does not over tables that inherit", () => {
    expect(grouped("SELECT id, summary FROM outreach GROUP BY id, summary")).toContain("outreach.summary");
    expect(grouped("SELECT id, summary FROM outreach_calls GROUP BY id, summary")).toEqual([
      "outreach.id",
      "outreach_calls.id",
    ]);
  });
});
