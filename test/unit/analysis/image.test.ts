// How the rows that a write concerns would be read: the statement's own words, or a reason why not.
import { beforeAll, describe, expect, test } from "vitest";
import { normalize } from "#shared/analysis/sql/normalize.ts";
import { fill } from "#shared/analysis/sql/words.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";
import { clinicCatalog } from "#test/support/clinic-catalog.ts";

let analyse: Analyse;
beforeAll(async () => {
  analyse = await analyser(await clinicCatalog());
}, 60_000);

function read(text: string, like = text): string {
  const [image] = analyse(like).statements[0]?.images ?? [];
  if (image === undefined) return "none";
  return image.before === null ? `no: ${image.why}` : fill(image.before, text);
}
const HEAD = (alias: string) => `SELECT "${alias}".tableoid, "${alias}".ctid, "${alias}".* FROM`;

describe("an image is read", () => {
  test.each([
    [
      "UPDATE patients SET note = 'a' WHERE id = 1",
      `${HEAD("patients")} patients WHERE id = 1 FOR NO KEY UPDATE OF "patients"`,
    ],
    [
      'UPDATE "patients" AS "P p" SET note = (SELECT 1 FROM devices WHERE true)',
      `${HEAD("P p")} "patients" AS "P p" FOR NO KEY UPDATE OF "P p"`,
    ],
    [
      "DELETE FROM ONLY public.patients p USING encounters e, devices WHERE e.patient_id = p.id;",
      `${HEAD("p")} ONLY public.patients p , encounters e, devices WHERE e.patient_id = p.id FOR UPDATE OF "p"`,
    ],
    [
      "UPDATE patients SET note = NULL, languages = '{}' WHERE sex IS DISTINCT FROM 'F' RETURNING id, CASE WHEN true THEN 1 END",
      `${HEAD("patients")} patients WHERE sex IS DISTINCT FROM 'F' FOR NO KEY UPDATE OF "patients"`,
    ],
    [
      "UPDATE patients SET active = sex IS DISTINCT FROM 'F' FROM devices d WHERE d.patient_id = patients.id".replace(
        "active",
        "note",
      ),
      `${HEAD("patients")} patients , devices d WHERE d.patient_id = patients.id FOR NO KEY UPDATE OF "patients"`,
    ],
    [
      "WITH update AS (SELECT 1) DELETE FROM devices",
      `WITH update AS (SELECT 1) ${HEAD("devices")} devices FOR UPDATE OF "devices"`,
    ],
    [
      "/* DELETE */ DELETE /* x */ FROM devices /* WHERE */ WHERE id /* > */ > 1 -- RETURNING",
      `${HEAD("devices")} devices WHERE id /* > */ > 1 FOR UPDATE OF "devices"`,
    ],
    ["UPDATE patients AS set SET note = set.sex", `${HEAD("set")} patients AS set FOR NO KEY UPDATE OF "set"`],
    [
      "INSERT INTO devices (id, kind) VALUES (1, DEFAULT), ((2), 'a')",
      `VALUES ( ( 1 )::"pg_catalog"."int4" ) , ( ( (2) )::"pg_catalog"."int4" )`,
    ],
    ["TRUNCATE ONLY devices", 'SELECT tableoid, ctid, * FROM ONLY "devices"'],
    ["SELECT 1", "none"],
  ])("%s", (text, expected) => expect(read(text)).toBe(expected === undefined ? "" : expected));

  test("of a statement that differs from a known one in literals alone", () => {
    const [one, other] = [
      "'a' WHERE mrn = 'x' || $$y$$ AND id IN (1, 2)",
      "$q$b c$q$ WHERE mrn = E'\\'' || 'zz' AND id IN (77, 1000000)",
    ];
    const texts = [one, other].map((end) => `UPDATE patients SET note = ${end}`);
    expect(normalize(texts[0] as string)).toBe(normalize(texts[1] as string));
    expect(read(texts[1] as string, texts[0])).toBe(read(texts[1] as string));
  });
});

test.each([
  ["UPDATE patients SET note = '' WHERE random() > 1", "a function that may change something"],
  ["WITH a AS (DELETE FROM devices RETURNING 1) UPDATE patients SET note = ''", "a WITH that writes"],
  ["DELETE FROM patients WHERE CURRENT OF c", "WHERE CURRENT OF"],
  ["MERGE INTO devices USING patients p ON p.id = patient_id WHEN MATCHED THEN DELETE", "MERGE"],
  [
    "INSERT INTO devices (id) VALUES (1) ON CONFLICT ON CONSTRAINT devices_pkey DO UPDATE SET kind = ''",
    "rows in conflict are not found by columns",
  ],
  [
    "INSERT INTO devices (id) VALUES (1) ON CONFLICT (lower(kind)) DO UPDATE SET kind = ''",
    "rows in conflict are not found by columns",
  ],
  [
    "INSERT INTO devices (kind) VALUES ('a') ON CONFLICT (id) DO UPDATE SET kind = ''",
    "the statement does not say the values that may be in conflict",
  ],
  ["INSERT INTO devices (id) VALUES (DEFAULT) ON CONFLICT (id) DO UPDATE SET kind = ''", "a default gives the key"],
  [
    "INSERT INTO devices (id) VALUES (random()::int) ON CONFLICT (id) DO UPDATE SET kind = ''",
    "a function that may change something",
  ],
  [
    "INSERT INTO devices (id) SELECT (random() * id)::int FROM patients ON CONFLICT (id) DO UPDATE SET kind = ''",
    "a function that may change something",
  ],
  ["DELETE FROM patient_directory", "no table of its own"],
])("no image is read of %s", (text, why) => expect(read(text)).toBe(`no: ${why}`));

test("several statements have none", () => {
  expect(analyse("DELETE FROM devices; DELETE FROM patients").statements.map((s) => s.images)).toEqual([
    undefined,
    undefined,
  ]);
});
