// How keys are asked for that a SELECT does not show: its own words, and nothing where they could not be trusted.
import { beforeAll, expect, test } from "vitest";
import { fill } from "#shared/analysis/sql/words.ts";
import type { KeyQueryTemplate } from "#shared/facts.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";
import { clinicCatalog } from "#test/support/clinic-catalog.ts";

let analyse: Analyse;
let without: Analyse;
beforeAll(async () => {
  const snapshot = await clinicCatalog();
  analyse = await analyser(snapshot, new Map(), new Set(["id", "patient_id"]));
  without = await analyser(snapshot);
});

const templateOf = (sql: string): KeyQueryTemplate | undefined => analyse(sql).statements[0]?.keyQuery;

/** The statement as it is run when `?` is asked for, and what can be asked for. */
function asked(sql: string): readonly [string, ...string[]] | null {
  const template = templateOf(sql);
  if (template === undefined) return null;
  const { head, rest, columns } = template;
  const keys = columns.flatMap((row) => Object.values(row).map((key) => key.sql));
  return [fill([...head, ", ?", ...rest], sql), ...keys];
}

test.each([
  ["SELECT full_name FROM patients", ["SELECT full_name , ? FROM patients", '"patients"."id"']],
  [
    "/* all */ SELECT p.full_name, e.reason FROM patients p JOIN encounters e ON e.patient_id = p.id WHERE e.id > 3; --",
    [
      "SELECT p.full_name, e.reason , ? FROM patients p JOIN encounters e ON e.patient_id = p.id WHERE e.id > 3",
      '"p"."id"',
      '"e"."id"',
      '"e"."patient_id"',
    ],
  ],
  [
    "SELECT a.id IS DISTINCT FROM b.id, a.full_name FROM patients a, patients b",
    ["SELECT a.id IS DISTINCT FROM b.id, a.full_name , ? FROM patients a, patients b", '"a"."id"', '"b"."id"'],
  ],
  [
    'WITH s AS (SELECT id AS "K", full_name FROM patients) SELECT full_name FROM s',
    ['WITH s AS (SELECT id AS "K", full_name FROM patients) SELECT full_name , ? FROM s', '"s"."K"'],
  ],
  [
    "SELECT (SELECT e.reason FROM encounters e WHERE e.patient_id = p.id AND e.id = 1) FROM patients p",
    [
      "SELECT (SELECT e.reason FROM encounters e WHERE e.patient_id = p.id AND e.id = 1) , ? FROM patients p",
      '"p"."id"',
    ],
  ],
])("%s", (sql, expected) => {
  expect(asked(sql)).toEqual(expected);
});

test.each([
  "SELECT id, full_name FROM patients",
  "SELECT 1",
  "SELECT full_name AS from FROM patients",
  "SELECT full_name FROM patients OFFSET 3",
  "SELECT full_name FROM patients ORDER BY id FETCH FIRST 3 ROWS WITH TIES",
  "SELECT full_name FROM patients LIMIT (SELECT 3)",
  "SELECT full_name FROM patients FOR SHARE",
  "SELECT DISTINCT ON (sex) full_name FROM patients",
  "SELECT max(full_name) FROM patients",
  "SELECT full_name FROM patients ORDER BY count(*) OVER (ORDER BY id)",
  "SELECT full_name FROM patients GROUP BY full_name",
  "SELECT full_name FROM patients WHERE random() < 1",
  "SELECT full_name FROM patients WHERE birth_date < clock_timestamp()",
  "SELECT full_name FROM patients, (SELECT 1 LIMIT 1) s",
  "SELECT full_name FROM patients WHERE id IN (SELECT id FROM patients UNION (SELECT 1 LIMIT 1))",
  "SELECT full_name FROM patients p, LATERAL (SELECT string_agg(e.reason, '') r FROM encounters e) s WHERE s.r = 'x'",
  "SELECT full_name FROM patients TABLESAMPLE system (5)",
  "SELECT full_name FROM patients, pg_class",
  "SELECT full_name FROM patients UNION SELECT reason FROM encounters",
  "TABLE patients",
  "SELECT s.full_name FROM (SELECT full_name FROM patients) s",
  "SELECT p.full_name FROM patients p; SELECT 1",
  "DECLARE c CURSOR FOR SELECT full_name FROM patients",
])("nothing of %s", (sql) => {
  expect(asked(sql)).toBeNull();
});

test("says what LIMIT is, and of DISTINCT that there may be more rows", () => {
  const sql = "SELECT DISTINCT full_name FROM patients WHERE id > 5 LIMIT 20;";
  const { limit, distinct } = templateOf(sql)!;
  expect([fill(limit!, sql), distinct]).toEqual(["20", true]);
  const bound = "SELECT full_name FROM patients LIMIT $1";
  expect(fill(templateOf(bound)!.limit!, bound)).toBe("$1");
});

test("costs nothing where nobody asks for keys", () => {
  expect(without("SELECT full_name FROM patients").statements[0]).not.toHaveProperty("keyQuery");
});

test("the relation whose column it is, whatever it is called there", () => {
  const { columns } = templateOf("SELECT q.c FROM patients AS q (a, b, c)")!;
  expect(columns).toEqual([{ id: { sql: '"q"."a"', of: { relation: "public.patients", column: "id" } } }]);
});
