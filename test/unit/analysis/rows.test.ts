// Whose rows a result shows: which result column holds the key of the rows behind each other column, and where it must not be said.
import { beforeAll, expect, test } from "vitest";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";
import { clinicCatalog } from "#test/support/clinic-catalog.ts";

let snapshot: CatalogSnapshot;
let analyse: Analyse;
beforeAll(async () => {
  snapshot = await clinicCatalog();
  analyse = await analyser(snapshot, DECLARED);
});

const DECLARED = new Map([
  ["public.touch", "nothing"],
  ["audit.record_change", "nothing"],
] as const);
const KEYS = ["patient_id", "id"];

/** For every result column with data of people: where the keys of its rows stand, `?` when that cannot be told. */
function told(sql: string): string {
  const { facts } = analyse(sql).statements.at(-1)!;
  expect(facts.gaps, sql).toEqual([]);
  const { outputs, rows = [] } = facts;
  return outputs!
    .filter((output) => output.sources.some(({ column }) => !KEYS.includes(column)))
    .map((output) => {
      const keys = (output.rows ?? []).map((at) => {
        const { relations, shown } = rows[at]!;
        const key = relations[0] === "public.patients" ? "id" : "patient_id";
        return relations.length === 0 || shown[key] === undefined ? "?" : outputs![shown[key]]!.name;
      });
      return `${output.name}:${keys.length === 0 ? "?" : [...new Set(keys)].sort().join("+")}`;
    })
    .join(" ");
}

test.each([
  ["SELECT id, full_name FROM patients", "full_name:id"],
  ["SELECT full_name FROM patients", "full_name:?"],
  ["SELECT id::text AS k, full_name FROM patients", "full_name:k"],
  ["SELECT id::int8::varchar AS k, full_name FROM patients", "full_name:k"],
  ["SELECT id::varchar(1) AS k, full_name FROM patients", "full_name:?"],
  ["SELECT id::numeric AS k, full_name FROM patients", "full_name:?"],
  ["SELECT id::text || '' AS k, full_name FROM patients", "full_name:?"],
  ["SELECT k, full_name FROM (SELECT id::text AS k, full_name FROM patients) s", "full_name:k"],
  [
    "SELECT patient_id, e.reason, d.kind FROM encounters e FULL JOIN devices d USING (patient_id)",
    "reason:patient_id kind:patient_id",
  ],
  [
    "SELECT patient_id AS k, e.reason, d.kind, l.test FROM encounters e FULL JOIN devices d USING (patient_id) FULL JOIN lab_results l USING (patient_id)",
    "reason:k kind:k test:k",
  ],
  [
    "SELECT max(patient_id) AS k, string_agg(d.kind, '') AS a FROM encounters e FULL JOIN devices d USING (patient_id)",
    "a:?",
  ],
  ["SELECT p.id AS k, upper(full_name) AS u FROM patients p", "u:k"],
  [
    "SELECT e.patient_id, p.full_name, e.reason FROM encounters e JOIN patients p ON p.id = e.patient_id",
    "full_name:patient_id reason:patient_id",
  ],
  [
    "SELECT e.patient_id, p.full_name FROM encounters e, patients p WHERE e.patient_id = p.id AND e.id > 3",
    "full_name:patient_id",
  ],
  [
    "SELECT e.patient_id, p.full_name FROM encounters e, patients p WHERE e.patient_id = p.id OR e.id > 3",
    "full_name:?",
  ],
  ["SELECT e.patient_id, p.full_name FROM encounters e, patients p WHERE NOT (e.patient_id = p.id)", "full_name:?"],
  ["SELECT a.id, b.full_name FROM patients a, patients b", "full_name:?"],
  [
    "SELECT a.id, a.full_name, b.full_name AS other FROM patients a JOIN patients b ON b.id = a.id",
    "full_name:id other:id",
  ],
  // What an outer join may leave out: its own columns are there only where the condition held ...
  [
    "SELECT e.patient_id, p.full_name FROM encounters e LEFT JOIN patients p ON p.id = e.patient_id",
    "full_name:patient_id",
  ],
  // ... and the key of the side that may be missing is NULL where it did not.
  ["SELECT p.id, e.reason FROM encounters e LEFT JOIN patients p ON p.id = e.patient_id", "reason:id"],
  ["SELECT p.id, e.reason FROM encounters e RIGHT JOIN patients p ON p.id = e.patient_id", "reason:id"],
  ["SELECT p.id, e.reason FROM encounters e FULL JOIN patients p ON p.id = e.patient_id", "reason:id"],
  // Neither of the two is what may be missing: of rows without a partner the condition says nothing.
  [
    "SELECT p.id, e.reason FROM encounters e CROSS JOIN patients p LEFT JOIN devices d ON p.id = e.patient_id",
    "reason:?",
  ],
  [
    "SELECT p.id, e.reason FROM (encounters e CROSS JOIN patients p) LEFT JOIN devices d ON d.patient_id = e.patient_id AND d.patient_id = p.id",
    "reason:?",
  ],
  [
    "SELECT p.id, d.kind FROM (encounters e CROSS JOIN patients p) LEFT JOIN devices d ON d.patient_id = e.patient_id AND d.patient_id = p.id",
    "kind:id",
  ],
  [
    "SELECT patient_id, e.reason, d.kind FROM encounters e JOIN devices d USING (patient_id)",
    "reason:patient_id kind:patient_id",
  ],
  ["SELECT patient_id, string_agg(reason, ',') AS all FROM encounters GROUP BY patient_id", "all:patient_id"],
  ["SELECT patient_id, string_agg(reason, ',') OVER () AS all FROM encounters", "all:?"],
  ["SELECT patient_id, lag(reason) OVER (ORDER BY id) AS before FROM encounters", "before:?"],
  ["SELECT max(patient_id) AS patient_id, max(reason) AS r FROM encounters", "r:?"],
  [
    "SELECT p.id, (SELECT string_agg(d.code, ',') FROM diagnoses d WHERE d.patient_id = p.id) AS codes FROM patients p",
    "codes:id",
  ],
  ["SELECT p.id, (SELECT string_agg(d.code, ',') FROM diagnoses d) AS codes FROM patients p", "codes:?"],
  [
    "SELECT p.id, x.code FROM patients p, LATERAL (SELECT code FROM diagnoses d WHERE d.patient_id = p.id LIMIT 1) x",
    "code:id",
  ],
  [
    "SELECT p.id, e.reason FROM patients p, encounters e WHERE NOT EXISTS (SELECT 1 WHERE p.id = e.patient_id)",
    "reason:?",
  ],
  ["WITH c AS (SELECT id, full_name FROM patients) SELECT * FROM c", "full_name:id"],
  ["WITH c AS (SELECT id, full_name FROM patients) SELECT a.id, b.full_name FROM c a, c b", "full_name:?"],
  [
    "WITH c AS (SELECT p.full_name, e.patient_id FROM encounters e JOIN patients p ON p.id = e.patient_id) SELECT * FROM c",
    "full_name:patient_id",
  ],
  ["SELECT id, full_name FROM patients UNION ALL SELECT 1, 'x'", "full_name:?"],
  ["SELECT id, full_name FROM patients UNION SELECT id, mrn FROM patients", "full_name:?"],
  ["SELECT id, mrn FROM patient_directory", "mrn:id"],
  ["SELECT a.id, b.mrn FROM patient_directory a, patient_directory b", "mrn:?"],
  ["SELECT patient_id, test FROM lab_results", "test:patient_id"],
  ["UPDATE patients SET note = 'x' WHERE id = 3 RETURNING id, full_name", "full_name:id"],
  [
    "DELETE FROM encounters e USING patients p WHERE p.id = e.patient_id AND p.mrn = 'x' RETURNING p.id, e.reason",
    "reason:id",
  ],
  ["UPDATE encounters SET patient_id = 4 RETURNING new.patient_id, old.reason", "reason:?"],
  ["COPY patients (id, full_name) TO STDOUT", "full_name:id"],
  ["SELECT CASE WHEN true THEN a.id ELSE b.id END AS id, a.full_name FROM patients a, patients b", "full_name:?"],
])("%s", (sql, keys) => {
  expect(told(sql)).toBe(keys);
});

test("a = of somebody's own equates nothing", async () => {
  const own = { schema: "scratch", name: "=", left: 23, right: 23, function: 0 };
  analyse = await analyser({ ...snapshot, operators: [...(snapshot.operators ?? []), own] });
  expect(told("SELECT e.patient_id, p.full_name FROM encounters e JOIN patients p ON p.id = e.patient_id")).toBe(
    "full_name:?",
  );
});
