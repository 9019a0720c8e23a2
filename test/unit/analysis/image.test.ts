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
    [
      "MERGE INTO ONLY devices AS d USING patients AS p JOIN encounters e ON e.patient_id = p.id ON d.patient_id = CASE WHEN e.id > 1 THEN p.id END WHEN MATCHED AND d.kind = 'a' THEN DO NOTHING WHEN MATCHED THEN DELETE",
      `${HEAD("d")} ONLY devices AS d JOIN patients AS p JOIN encounters e ON e.patient_id = p.id ON d.patient_id = CASE WHEN e.id > 1 THEN p.id END WHERE CASE WHEN ( d.kind = 'a' ) THEN false WHEN true THEN true END FOR UPDATE OF "d"`,
    ],
    [
      "MERGE INTO devices USING (SELECT 1 AS id) v ON devices.id = v.id WHEN MATCHED THEN UPDATE SET kind = CASE WHEN true THEN 'a' END WHEN NOT MATCHED BY SOURCE AND kind IS NULL THEN DELETE RETURNING CASE WHEN true THEN 1 END",
      `${HEAD("devices")} devices LEFT JOIN ( (SELECT 1 AS id) v CROSS JOIN (SELECT true) AS "postern: met" ("postern: met")) ON devices.id = v.id WHERE CASE WHEN "postern: met"."postern: met" THEN CASE WHEN true THEN true END ELSE (SELECT CASE WHEN ( kind IS NULL ) THEN true END FROM (SELECT "devices".*) AS "devices") END FOR NO KEY UPDATE OF "devices"`,
    ],
    ["MERGE INTO devices d USING patients p ON false WHEN NOT MATCHED THEN INSERT (id) VALUES (p.id)", ""],
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
  [
    "MERGE INTO devices USING patients p ON p.id = patient_id AND random() > 1 WHEN MATCHED THEN DELETE",
    "a function that may change something",
  ],
  [
    "WITH a AS (DELETE FROM devices RETURNING 1) MERGE INTO devices USING patients p ON p.id = patient_id WHEN MATCHED THEN DELETE",
    "a WITH that writes",
  ],
  ["MERGE INTO devices USING devices ON true WHEN MATCHED THEN DELETE", "source and target of one name"],
  [
    "MERGE INTO devices d USING patients p JOIN encounters AS d ON true ON true WHEN MATCHED THEN DELETE",
    "source and target of one name",
  ],
  [
    "MERGE INTO devices d USING patients p ON p.id = d.patient_id WHEN NOT MATCHED BY SOURCE AND d.* IS NULL THEN DELETE",
    "NOT MATCHED BY SOURCE with a condition on the row as a whole",
  ],
  [
    "MERGE INTO patient_directory d USING patients p ON false WHEN NOT MATCHED THEN DO NOTHING WHEN MATCHED THEN DELETE",
    "no table of its own",
  ],
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

test.each([
  [
    "MERGE INTO devices d USING patients p ON d.patient_id = p.id WHEN NOT MATCHED AND p.sex = 'F' THEN DO NOTHING WHEN NOT MATCHED BY TARGET THEN INSERT (kind, id) VALUES (',', p.id + 1)",
    `SELECT "key".*, EXISTS (SELECT FROM ONLY "public"."devices" AS "there" WHERE "there"."id" = "key"."id") FROM ( SELECT CASE WHEN ( p.sex = 'F' ) THEN NULL WHEN true THEN ( p.id + 1 )::"pg_catalog"."int4" END FROM patients p WHERE NOT EXISTS (SELECT FROM devices d WHERE d.patient_id = p.id ) AND CASE WHEN ( p.sex = 'F' ) THEN false WHEN true THEN true END ) AS "key" ("id")`,
  ],
  [
    "MERGE INTO devices d USING patients p ON false WHEN NOT MATCHED THEN INSERT (kind) VALUES ('')",
    "of the rows that it inserts: a default gives the key",
  ],
  [
    "MERGE INTO devices d USING patients p ON false WHEN NOT MATCHED THEN INSERT DEFAULT VALUES",
    "of the rows that it inserts: a default gives the key",
  ],
  [
    "MERGE INTO devices d USING patients p ON false WHEN NOT MATCHED AND p.id = 1 THEN INSERT (id) VALUES (p.id) WHEN NOT MATCHED THEN INSERT (id) VALUES (DEFAULT)",
    "of the rows that it inserts: a default gives the key",
  ],
  [
    "MERGE INTO devices d USING patients p ON false WHEN NOT MATCHED THEN INSERT (id) VALUES ((random() * 9)::int)",
    "of the rows that it inserts: a function that may change something",
  ],
])("keys of rows that are inserted by %s", (text, expected) => {
  const { keys, why } = analyse(text).statements[0]?.images?.[0]?.inserts ?? {};
  expect(keys ? fill(keys, text) : why).toBe(expected);
});

test("several statements have none", () => {
  expect(analyse("DELETE FROM devices; DELETE FROM patients").statements.map((s) => s.images)).toEqual([
    undefined,
    undefined,
  ]);
});
