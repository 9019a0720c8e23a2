-- Prisma 7.10 (query compiler, @prisma/adapter-pg): client queries and changes; introspection by its schema engine.
-- Captured on the wire, over models of the clinic. Keys are constants, values of patients are looked up when the test runs.
-- as: engineer

-- bind: '1'
-- masked: mrn, givenName, familyName, birthDate, phone, portalId, insurance
SELECT "t0"."id", "t0"."mrn", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."birth_date" AS "birthDate", "t0"."sex"::text, "t0"."phone", "t0"."portal_id" AS "portalId", "t0"."languages", "t0"."allergies", "t0"."insurance", "t0"."primary_clinician_id" AS "primaryClinicianId", "t0"."created_at" AS "createdAt" FROM "public"."patients" AS "t0" ORDER BY "t0"."id" ASC LIMIT $1;

SELECT "t0"."id", "t0"."name", "t0"."floor", "t0"."opens", "t0"."closes" FROM "public"."departments" AS "t0";

-- bind: '1', '1'
SELECT "t0"."id", "t0"."name", "t0"."floor", "t0"."opens", "t0"."closes" FROM "public"."departments" AS "t0" WHERE ("t0"."id" = $1 AND 1=1) LIMIT $2;

-- bind: '5', '2'
SELECT "t0"."id", "t0"."name", "t0"."floor", "t0"."opens", "t0"."closes" FROM "public"."departments" AS "t0" ORDER BY "t0"."name" ASC LIMIT $1 OFFSET $2;

-- bind: '0'
SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."departments"."id" FROM "public"."departments" WHERE 1=1 OFFSET $1) AS "sub";

-- bind: '2', 'care'
SELECT "t0"."id", "t0"."name", "t0"."floor", "t0"."opens", "t0"."closes" FROM "public"."departments" AS "t0" WHERE ("t0"."floor" >= $1 AND "t0"."name" ILIKE ('%' || $2 || '%'));

-- bind: '1', '2', '1'
SELECT "t0"."id", "t0"."name", "t0"."floor", "t0"."opens", "t0"."closes" FROM "public"."departments" AS "t0" WHERE (NOT "t0"."floor" IN ($1,$2)) ORDER BY "t0"."floor" DESC, "t0"."id" ASC LIMIT $3;

-- bind: '1', '10'
SELECT "t0"."id", "t0"."npi", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."specialty", "t0"."department_id" AS "departmentId", "t0"."supervisor_id" AS "supervisorId", "t0"."hired_on" AS "hiredOn", "t0"."active", "Clinician_department"."__prisma_data__" AS "department" FROM "public"."clinicians" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'name', "t1"."name", 'floor', "t1"."floor", 'opens', "t1"."opens", 'closes', "t1"."closes") AS "__prisma_data__" FROM "public"."departments" AS "t1" WHERE "t0"."department_id" = "t1"."id" LIMIT $1) AS "Clinician_department" ON true ORDER BY "t0"."id" ASC LIMIT $2;

-- bind: '1', 'true', '10'
SELECT "t0"."id", "t0"."family_name" AS "familyName", "t0"."department_id" AS "departmentId", "Clinician_department"."__prisma_data__" AS "department" FROM "public"."clinicians" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('name', "t1"."name") AS "__prisma_data__" FROM "public"."departments" AS "t1" WHERE "t0"."department_id" = "t1"."id" LIMIT $1) AS "Clinician_department" ON true WHERE "t0"."active" = $2 ORDER BY "t0"."family_name" ASC LIMIT $3;

-- bind: 'Cardiology', 'Oncology', 'A'
SELECT "t0"."id", "t0"."npi", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."specialty", "t0"."department_id" AS "departmentId", "t0"."supervisor_id" AS "supervisorId", "t0"."hired_on" AS "hiredOn", "t0"."active" FROM "public"."clinicians" AS "t0" WHERE ("t0"."specialty" IN ($1,$2) AND ("t0"."family_name"::text LIKE ($3 || '%') OR "t0"."supervisor_id" IS NULL)) ORDER BY "t0"."id" ASC;

-- bind: '20', '10', '1'
SELECT "public"."clinicians"."id", "public"."clinicians"."npi", "public"."clinicians"."given_name", "public"."clinicians"."family_name", "public"."clinicians"."specialty", "public"."clinicians"."department_id", "public"."clinicians"."supervisor_id", "public"."clinicians"."hired_on", "public"."clinicians"."active" FROM "public"."clinicians" WHERE "public"."clinicians"."id" >= (SELECT "public"."clinicians"."id" FROM "public"."clinicians" WHERE ("public"."clinicians"."id") = ($1)) ORDER BY "public"."clinicians"."id" ASC LIMIT $2 OFFSET $3;

-- bind: '1', '0'
SELECT COUNT(*) AS "_count$_all", MIN("public"."clinicians"."hired_on") AS "_min$hired_on", "public"."clinicians"."specialty" FROM "public"."clinicians" WHERE 1=1 GROUP BY "public"."clinicians"."specialty" HAVING COUNT("public"."clinicians"."id") > $1 ORDER BY "public"."clinicians"."specialty" ASC OFFSET $2;

-- bind: '2', '5'
SELECT "t0"."id", "t0"."npi", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."specialty", "t0"."department_id" AS "departmentId", "t0"."supervisor_id" AS "supervisorId", "t0"."hired_on" AS "hiredOn", "t0"."active" FROM "public"."clinicians" AS "t0" LEFT JOIN "public"."departments" AS "j1" ON ("j1"."id") = ("t0"."department_id") WHERE ("j1"."floor" = $1 AND ("j1"."id" IS NOT NULL)) ORDER BY "t0"."id" ASC LIMIT $2;

-- bind: '5'
SELECT "t0"."id", "t0"."npi", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."specialty", "t0"."department_id" AS "departmentId", "t0"."supervisor_id" AS "supervisorId", "t0"."hired_on" AS "hiredOn", "t0"."active", JSONB_BUILD_OBJECT('patients', COALESCE("t1"."_aggr_count_patients", 0)) AS "_count" FROM "public"."clinicians" AS "t0" LEFT JOIN LATERAL (SELECT COUNT(*) AS "_aggr_count_patients" FROM "public"."patients" AS "t2" WHERE "t0"."id" = "t2"."primary_clinician_id") AS "t1" ON true ORDER BY "t0"."id" ASC LIMIT $1;

-- bind: 'female', '5'
SELECT "t0"."id", "t0"."npi", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."specialty", "t0"."department_id" AS "departmentId", "t0"."supervisor_id" AS "supervisorId", "t0"."hired_on" AS "hiredOn", "t0"."active" FROM "public"."clinicians" AS "t0" WHERE EXISTS(SELECT "t1"."primary_clinician_id" FROM "public"."patients" AS "t1" WHERE ("t1"."sex" = CAST($1::text AS "public"."sex") AND ("t0"."id") = ("t1"."primary_clinician_id") AND "t1"."primary_clinician_id" IS NOT NULL)) ORDER BY "t0"."id" ASC LIMIT $2;

-- bind: '5'
SELECT "t0"."id", "t0"."npi", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."specialty", "t0"."department_id" AS "departmentId", "t0"."supervisor_id" AS "supervisorId", "t0"."hired_on" AS "hiredOn", "t0"."active" FROM "public"."clinicians" AS "t0" WHERE NOT EXISTS(SELECT "t1"."supervisor_id" FROM "public"."clinicians" AS "t1" WHERE (1=1 AND ("t0"."id") = ("t1"."supervisor_id") AND "t1"."supervisor_id" IS NOT NULL)) ORDER BY "t0"."id" ASC LIMIT $1;

-- bind: '0', '5'
SELECT "t0"."id", "t0"."npi", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."specialty", "t0"."department_id" AS "departmentId", "t0"."supervisor_id" AS "supervisorId", "t0"."hired_on" AS "hiredOn", "t0"."active" FROM "public"."clinicians" AS "t0" LEFT JOIN (SELECT "public"."patients"."primary_clinician_id", COUNT(*) AS "orderby_aggregator" FROM "public"."patients" WHERE 1=1 GROUP BY "public"."patients"."primary_clinician_id") AS "orderby_1_Patient" ON ("t0"."id" = "orderby_1_Patient"."primary_clinician_id") ORDER BY COALESCE("orderby_1_Patient"."orderby_aggregator", $1) DESC LIMIT $2;

SELECT DISTINCT ON ("t0"."specialty") "t0"."id", "t0"."specialty" FROM "public"."clinicians" AS "t0" ORDER BY "t0"."specialty" ASC;

-- bind: '7', '1'
-- masked: mrn, givenName, familyName, birthDate, phone, portalId, insurance
SELECT "t0"."id", "t0"."mrn", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."birth_date" AS "birthDate", "t0"."sex"::text, "t0"."phone", "t0"."portal_id" AS "portalId", "t0"."languages", "t0"."allergies", "t0"."insurance", "t0"."primary_clinician_id" AS "primaryClinicianId", "t0"."created_at" AS "createdAt" FROM "public"."patients" AS "t0" WHERE ("t0"."id" = $1 AND 1=1) LIMIT $2;

-- as: nurse
-- bind: (SELECT mrn FROM patients ORDER BY id LIMIT 1), '1'
-- masked: portalId, insurance
SELECT "t0"."id", "t0"."mrn", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."birth_date" AS "birthDate", "t0"."sex"::text, "t0"."phone", "t0"."portal_id" AS "portalId", "t0"."languages", "t0"."allergies", "t0"."insurance", "t0"."primary_clinician_id" AS "primaryClinicianId", "t0"."created_at" AS "createdAt" FROM "public"."patients" AS "t0" WHERE ("t0"."mrn" = $1 AND 1=1) LIMIT $2;

-- bind: '1', '1', '3', '7', '1'
-- masked: mrn, givenName, familyName, birthDate, phone, portalId, insurance
SELECT "t0"."id", "t0"."mrn", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."birth_date" AS "birthDate", "t0"."sex"::text, "t0"."phone", "t0"."portal_id" AS "portalId", "t0"."languages", "t0"."allergies", "t0"."insurance", "t0"."primary_clinician_id" AS "primaryClinicianId", "t0"."created_at" AS "createdAt", "Patient_clinician"."__prisma_data__" AS "clinician", "Patient_encounters"."__prisma_data__" AS "encounters" FROM "public"."patients" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'npi', "t1"."npi", 'givenName', "t1"."given_name", 'familyName', "t1"."family_name", 'specialty', "t1"."specialty", 'departmentId', "t1"."department_id", 'supervisorId', "t1"."supervisor_id", 'hiredOn', "t1"."hired_on", 'active', "t1"."active") AS "__prisma_data__" FROM "public"."clinicians" AS "t1" WHERE "t0"."primary_clinician_id" = "t1"."id" LIMIT $1) AS "Patient_clinician" ON true LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t4"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t3"."id", 'patientId', "t3"."patient_id", 'clinicianId', "t3"."clinician_id", 'departmentId', "t3"."department_id", 'kind', "t3"."kind", 'admittedAt', "t3"."admitted_at", 'dischargedAt', "t3"."discharged_at", 'reason', "t3"."reason", 'vitals', "t3"."vitals", 'departmentId', "t3"."department_id", 'department', "Encounter_department"."__prisma_data__") AS "__prisma_data__", "t3"."id", "t3"."department_id" FROM (SELECT "t2".* FROM "public"."encounters" AS "t2" WHERE "t0"."id" = "t2"."patient_id" /* root select */) AS "t3" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t6"."id", 'name', "t6"."name", 'floor', "t6"."floor", 'opens', "t6"."opens", 'closes', "t6"."closes") AS "__prisma_data__" FROM "public"."departments" AS "t6" WHERE "t3"."department_id" = "t6"."id" LIMIT $2) AS "Encounter_department" ON true /* inner select */) AS "t4" ORDER BY "t4"."id" ASC LIMIT $3 /* middle select */) AS "t5" /* outer select */) AS "Patient_encounters" ON true WHERE ("t0"."id" = $4 AND 1=1) LIMIT $5;

-- bind: '{"peanut"}', '5'
SELECT "t0"."id", "t0"."allergies" FROM "public"."patients" AS "t0" WHERE "t0"."allergies" @> $1 ORDER BY "t0"."id" ASC LIMIT $2;

-- bind: '{"es","fr"}', 'male', '5'
SELECT "t0"."id", "t0"."languages" FROM "public"."patients" AS "t0" WHERE ("t0"."languages" && $1 AND "t0"."sex" = CAST($2::text AS "public"."sex")) ORDER BY "t0"."id" ASC LIMIT $3;

-- bind: 'emergency', '2026-01-01 00:00:00', '5'
SELECT "t0"."id" FROM "public"."patients" AS "t0" WHERE EXISTS(SELECT "t1"."patient_id" FROM "public"."encounters" AS "t1" WHERE ("t1"."kind" = CAST($1::text AS "public"."encounter_kind") AND "t1"."admitted_at" >= $2 AND ("t0"."id") = ("t1"."patient_id") AND "t1"."patient_id" IS NOT NULL)) ORDER BY "t0"."id" ASC LIMIT $3;

-- bind: 'female', '0'
SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."patients"."id" FROM "public"."patients" WHERE "public"."patients"."sex" = CAST($1::text AS "public"."sex") OFFSET $2) AS "sub";

-- bind: '0'
SELECT COUNT(*) AS "_count$_all", "public"."patients"."sex"::text FROM "public"."patients" WHERE 1=1 GROUP BY "public"."patients"."sex" ORDER BY "public"."patients"."sex" ASC OFFSET $1;

-- as: privacy
-- bind: '1', '1', '2026-01-01 00:00:00', '2026-01-03 00:00:00', '10'
SELECT "t0"."id", "t0"."patient_id" AS "patientId", "t0"."clinician_id" AS "clinicianId", "t0"."department_id" AS "departmentId", "t0"."kind"::text, "t0"."admitted_at" AS "admittedAt", "t0"."discharged_at" AS "dischargedAt", "t0"."reason", "t0"."vitals", "Encounter_patient"."__prisma_data__" AS "patient", "Encounter_clinician"."__prisma_data__" AS "clinician" FROM "public"."encounters" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'mrn', "t1"."mrn", 'givenName', "t1"."given_name", 'familyName', "t1"."family_name", 'birthDate', "t1"."birth_date", 'sex', "t1"."sex", 'phone', "t1"."phone", 'portalId', "t1"."portal_id", 'languages', "t1"."languages", 'allergies', "t1"."allergies", 'insurance', "t1"."insurance", 'primaryClinicianId', "t1"."primary_clinician_id", 'createdAt', "t1"."created_at") AS "__prisma_data__" FROM "public"."patients" AS "t1" WHERE "t0"."patient_id" = "t1"."id" LIMIT $1) AS "Encounter_patient" ON true LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('familyName', "t2"."family_name") AS "__prisma_data__" FROM "public"."clinicians" AS "t2" WHERE "t0"."clinician_id" = "t2"."id" LIMIT $2) AS "Encounter_clinician" ON true WHERE ("t0"."admitted_at" >= $3 AND "t0"."admitted_at" < $4) ORDER BY "t0"."admitted_at" DESC, "t0"."id" ASC LIMIT $5;

-- bind: '0'
SELECT COUNT(*) AS "_count$_all", MIN("admitted_at") AS "_min$admitted_at", MAX("admitted_at") AS "_max$admitted_at" FROM (SELECT "public"."encounters"."id", "public"."encounters"."admitted_at" FROM "public"."encounters" WHERE 1=1 OFFSET $1) AS "sub";

-- bind: '0'
SELECT COUNT("public"."encounters"."id") AS "_count$id", "public"."encounters"."kind"::text, "public"."encounters"."department_id" FROM "public"."encounters" WHERE 1=1 GROUP BY "public"."encounters"."kind", "public"."encounters"."department_id" ORDER BY "public"."encounters"."kind" ASC, "public"."encounters"."department_id" ASC OFFSET $1;

-- bind: 'pulse', '100', 'pulse', 'number', '5'
SELECT "t0"."id", "t0"."vitals" FROM "public"."encounters" AS "t0" WHERE (("t0"."vitals"#>ARRAY[$1]::text[])::jsonb > $2 AND JSONB_TYPEOF(("t0"."vitals"#>ARRAY[$3]::text[])::jsonb) = $4) ORDER BY "t0"."id" ASC LIMIT $5;

-- bind: 'pain', '5'
SELECT "t0"."id", "t0"."patient_id" AS "patientId", "t0"."clinician_id" AS "clinicianId", "t0"."department_id" AS "departmentId", "t0"."kind"::text, "t0"."admitted_at" AS "admittedAt", "t0"."discharged_at" AS "dischargedAt", "t0"."reason", "t0"."vitals" FROM "public"."encounters" AS "t0" WHERE ("t0"."discharged_at" IS NULL AND "t0"."reason"::text LIKE ('%' || $1 || '%')) ORDER BY "t0"."id" ASC LIMIT $2;

-- bind: '0'
SELECT SUM("billed") AS "_sum$billed", SUM("paid") AS "_sum$paid", AVG("billed") AS "_avg$billed" FROM (SELECT "billing"."claims"."billed", "billing"."claims"."paid" FROM "billing"."claims" WHERE 1=1 OFFSET $1) AS "sub";

-- bind: '0'
SELECT SUM("billing"."claims"."billed") AS "_sum$billed", "billing"."claims"."payer" FROM "billing"."claims" WHERE 1=1 GROUP BY "billing"."claims"."payer" ORDER BY SUM("billing"."claims"."billed") DESC OFFSET $1;

-- bind: '50', '5'
SELECT "t0"."id", "t0"."encounter_id" AS "encounterId", "t0"."patient_id" AS "patientId", "t0"."payer", "t0"."billed", "t0"."paid", "t0"."submitted_on" AS "submittedOn" FROM "billing"."claims" AS "t0" WHERE "t0"."paid" < $1 ORDER BY "t0"."id" ASC LIMIT $2;

-- bind: '10'
SELECT "t0"."drug", "t0"."strength", "t0"."form", "t0"."schedule", "t0"."unit_price" AS "unitPrice" FROM "public"."formulary" AS "t0" WHERE "t0"."unit_price" <= $1 ORDER BY "t0"."drug" ASC;

-- bind: '2', '3'
SELECT "t0"."id", "t0"."name", "t0"."floor", "t0"."opens", "t0"."closes", "Department_clinicians"."__prisma_data__" AS "clinicians" FROM "public"."departments" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'npi', "t2"."npi", 'givenName', "t2"."given_name", 'familyName', "t2"."family_name", 'specialty', "t2"."specialty", 'departmentId', "t2"."department_id", 'supervisorId', "t2"."supervisor_id", 'hiredOn', "t2"."hired_on", 'active', "t2"."active") AS "__prisma_data__", "t2"."id" FROM (SELECT "t1".* FROM "public"."clinicians" AS "t1" WHERE "t0"."id" = "t1"."department_id" /* root select */) AS "t2" /* inner select */) AS "t3" ORDER BY "t3"."id" ASC LIMIT $1 /* middle select */) AS "t4" /* outer select */) AS "Department_clinicians" ON true ORDER BY "t0"."id" ASC LIMIT $2;

-- bind: '1', '2', '3'
-- masked: mrn, givenName, familyName, birthDate, phone, portalId, insurance
SELECT "t0"."id", "t0"."mrn", "t0"."given_name" AS "givenName", "t0"."family_name" AS "familyName", "t0"."birth_date" AS "birthDate", "t0"."sex"::text, "t0"."phone", "t0"."portal_id" AS "portalId", "t0"."languages", "t0"."allergies", "t0"."insurance", "t0"."primary_clinician_id" AS "primaryClinicianId", "t0"."created_at" AS "createdAt", "Patient_clinician"."__prisma_data__" AS "clinician", "Patient_encounters"."__prisma_data__" AS "encounters" FROM "public"."patients" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'npi', "t1"."npi", 'givenName', "t1"."given_name", 'familyName', "t1"."family_name", 'specialty', "t1"."specialty", 'departmentId', "t1"."department_id", 'supervisorId', "t1"."supervisor_id", 'hiredOn', "t1"."hired_on", 'active', "t1"."active") AS "__prisma_data__" FROM "public"."clinicians" AS "t1" WHERE "t0"."primary_clinician_id" = "t1"."id" LIMIT $1) AS "Patient_clinician" ON true LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t4"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t3"."id", 'patientId', "t3"."patient_id", 'clinicianId', "t3"."clinician_id", 'departmentId', "t3"."department_id", 'kind', "t3"."kind", 'admittedAt', "t3"."admitted_at", 'dischargedAt', "t3"."discharged_at", 'reason', "t3"."reason", 'vitals', "t3"."vitals") AS "__prisma_data__", "t3"."id" FROM (SELECT "t2".* FROM "public"."encounters" AS "t2" WHERE "t0"."id" = "t2"."patient_id" /* root select */) AS "t3" /* inner select */) AS "t4" ORDER BY "t4"."id" ASC LIMIT $2 /* middle select */) AS "t5" /* outer select */) AS "Patient_encounters" ON true ORDER BY "t0"."id" ASC LIMIT $3;

-- bind: '2', '3'
SELECT "t0"."id", "Patient_encounters"."__prisma_data__" AS "encounters" FROM "public"."patients" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'kind', "t2"."kind") AS "__prisma_data__", "t2"."id" FROM (SELECT "t1".* FROM "public"."encounters" AS "t1" WHERE "t0"."id" = "t1"."patient_id" /* root select */) AS "t2" /* inner select */) AS "t3" ORDER BY "t3"."id" ASC LIMIT $1 /* middle select */) AS "t4" /* outer select */) AS "Patient_encounters" ON true ORDER BY "t0"."id" ASC LIMIT $2;

-- bind: '2'
SELECT id, name FROM departments WHERE floor = $1 ORDER BY id;

SELECT 1;

SET application_name = 'app';

-- undo
-- bind: '900', 'Ward', '1', '08:00:00', '08:00:00'
INSERT INTO "public"."departments" ("id","name","floor","opens","closes") VALUES ($1,$2,$3,$4,$5) RETURNING "public"."departments"."id", "public"."departments"."name", "public"."departments"."floor", "public"."departments"."opens", "public"."departments"."closes";

-- undo
-- bind: '900', 'W900', '1', '08:00:00', '08:00:00', '901', 'W901', '1', '08:00:00', '08:00:00'
INSERT INTO "public"."departments" ("id","name","floor","opens","closes") VALUES ($1,$2,$3,$4,$5), ($6,$7,$8,$9,$10);

-- undo
-- bind: '1', 'W', '1', '08:00:00', '08:00:00'
INSERT INTO "public"."departments" ("id","name","floor","opens","closes") VALUES ($1,$2,$3,$4,$5) ON CONFLICT DO NOTHING;

-- undo
-- bind: '1', '1'
UPDATE "public"."departments" SET "floor" = ("public"."departments"."floor" + $1) WHERE ("public"."departments"."id" = $2 AND 1=1) RETURNING "public"."departments"."id", "public"."departments"."name", "public"."departments"."floor", "public"."departments"."opens", "public"."departments"."closes";

-- undo
-- bind: '3', '1'
UPDATE "public"."departments" SET "floor" = $1 WHERE "public"."departments"."floor" > $2;

-- undo
-- bind: '1', 'W', '1', '08:00:00', '08:00:00', '5', '1'
INSERT INTO "public"."departments" ("id","name","floor","opens","closes") VALUES ($1,$2,$3,$4,$5) ON CONFLICT ("id") DO UPDATE SET "floor" = $6 WHERE ("public"."departments"."id" = $7 AND 1=1) RETURNING "public"."departments"."id", "public"."departments"."name", "public"."departments"."floor", "public"."departments"."opens", "public"."departments"."closes";

-- bind: 'public'
SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = $1), version(), current_setting('server_version_num')::integer as numeric_version;

-- bind: '{"billing","public"}'
SELECT namespace.nspname as namespace_name
FROM pg_namespace as namespace
WHERE namespace.nspname = ANY ( $1 )
ORDER BY namespace_name;

-- bind: '{"billing","public"}'
SELECT
  tbl.relname AS table_name,
  namespace.nspname as namespace,
  (tbl.relhassubclass and tbl.relkind = 'p') as is_partition,
  (tbl.relhassubclass and tbl.relkind = 'r') as has_subclass,
  tbl.relrowsecurity as has_row_level_security,
  reloptions,
  obj_description(tbl.oid, 'pg_class') as description
FROM pg_class AS tbl
INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace
WHERE
  ( -- (relkind = 'r' and relispartition = 't') matches partition table "duplicates"
    (tbl.relkind = 'r' AND tbl.relispartition = 'f')
      OR -- when it's a partition
    tbl.relkind = 'p'
  )
  AND namespace.nspname = ANY ( $1 )
ORDER BY namespace, table_name;

-- bind: '{"billing","public"}'
SELECT
    schemainfo.nspname AS namespace,
    tableinfo.relname AS table_name,
	constr.conname AS constraint_name,
	constr.contype AS constraint_type,
	pg_get_constraintdef(constr.oid) AS constraint_definition,
	constr.condeferrable AS is_deferrable,
	constr.condeferred AS is_deferred
FROM pg_constraint constr
JOIN pg_class AS tableinfo
	ON tableinfo.oid = constr.conrelid
JOIN pg_namespace AS schemainfo
	ON schemainfo.oid = tableinfo.relnamespace
WHERE schemainfo.nspname = ANY ( $1 )
	AND contype NOT IN ('p', 'u', 'f')
ORDER BY namespace, table_name, constr.contype, constraint_name;

-- bind: '{"billing","public"}'
SELECT
    views.viewname AS view_name,
    views.definition AS view_sql,
    views.schemaname AS namespace,
    obj_description(class.oid, 'pg_class') AS description
FROM pg_catalog.pg_views views
INNER JOIN pg_catalog.pg_namespace ns ON views.schemaname = ns.nspname
INNER JOIN pg_catalog.pg_class class ON class.relnamespace = ns.oid AND class.relname = views.viewname
WHERE schemaname = ANY ( $1 );

-- bind: '{"billing","public"}'
SELECT
                t.typname AS name,
                e.enumlabel AS value,
                n.nspname AS namespace,
                obj_description(t.oid, 'pg_type') AS description
            FROM pg_type t
            JOIN pg_enum e ON t.oid = e.enumtypid
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE n.nspname = ANY ( $1 )
            ORDER BY e.enumsortorder;

-- bind: '{"billing","public"}'
SELECT
                t.typname AS name,
                n.nspname AS namespace
            FROM pg_type t
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE n.nspname = ANY ( $1 )
              AND t.typtype = 'b' -- only base types
              AND t.typinput::regproc::text <> 'array_in' -- exclude array types;

-- bind: '{"billing","public"}'
SELECT
                oid.namespace,
                info.table_name,
                info.column_name,
                format_type(att.atttypid, att.atttypmod) as formatted_type,
                info.numeric_precision,
                info.numeric_scale,
                info.numeric_precision_radix,
                info.datetime_precision,
                info.data_type,
                info.udt_schema as type_schema_name,
                info.udt_name as full_data_type,
                pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default,
                info.is_nullable,
                info.is_identity,
                info.character_maximum_length,
                col_description(att.attrelid, ordinal_position) AS description
            FROM information_schema.columns info
            JOIN pg_attribute att ON att.attname = info.column_name
            JOIN (
                 SELECT pg_class.oid, relname, pg_namespace.nspname as namespace
                 FROM pg_class
                 JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace
                 AND pg_namespace.nspname = ANY ( $1 )
                 WHERE reltype > 0
                ) as oid on oid.oid = att.attrelid
                  AND relname = info.table_name
                  AND namespace = info.table_schema
            LEFT OUTER JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum AND table_schema = namespace
            WHERE table_schema = ANY ( $1 )
            ORDER BY namespace, table_name, ordinal_position;

-- bind: '{"billing","public"}'
SELECT
                con.oid         AS "con_id",
                att2.attname    AS "child_column",
                cl.relname      AS "parent_table",
                att.attname     AS "parent_column",
                con.confdeltype,
                con.confupdtype,
                rel_ns.nspname  AS "referenced_schema_name",
                conname         AS constraint_name,
                child,
                parent,
                table_name,
                namespace,
                condeferrable,
                condeferred
            FROM (SELECT
                        ns.nspname AS "namespace",
                        unnest(con1.conkey)                AS "parent",
                        unnest(con1.confkey)                AS "child",
                        cl.relname                          AS table_name,
                        ns.nspname                          AS schema_name,
                        generate_subscripts(con1.conkey, 1) AS colidx,
                        con1.oid,
                        con1.confrelid,
                        con1.conrelid,
                        con1.conname,
                        con1.confdeltype,
                        con1.confupdtype,
                        con1.condeferrable                  AS condeferrable,
                        con1.condeferred                    AS condeferred
                FROM pg_class cl
                        join pg_constraint con1 on con1.conrelid = cl.oid
                        join pg_namespace ns on cl.relnamespace = ns.oid
                WHERE
                    ns.nspname = ANY ( $1 )
                    and con1.contype = 'f'
                ORDER BY colidx
                ) con
                    JOIN pg_attribute att on att.attrelid = con.confrelid and att.attnum = con.child
                    JOIN pg_class cl on cl.oid = con.confrelid
                    JOIN pg_attribute att2 on att2.attrelid = con.conrelid and att2.attnum = con.parent
                    JOIN pg_class rel_cl on con.confrelid = rel_cl.oid
                    JOIN pg_namespace rel_ns on rel_cl.relnamespace = rel_ns.oid
            ORDER BY namespace, table_name, constraint_name, con_id, con.colidx;

-- bind: '{"billing","public"}'
WITH rawindex AS (
    SELECT
        indrelid,
        indexrelid,
        indisunique,
        indisprimary,
        indpred,
        unnest(indkey) AS indkeyid,
        generate_subscripts(indkey, 1) AS indkeyidx,
        unnest(indclass) AS indclass,
        unnest(indoption) AS indoption
    FROM pg_index -- https://www.postgresql.org/docs/current/catalog-pg-index.html
    WHERE
        NOT indisexclusion -- filter out exclusion constraints
)
SELECT
    schemainfo.nspname AS namespace,
    indexinfo.relname AS index_name,
    tableinfo.relname AS table_name,
    columninfo.attname AS column_name,
    rawindex.indisunique AS is_unique,
    rawindex.indisprimary AS is_primary_key,
    rawindex.indkeyidx AS column_index,
    opclass.opcname AS opclass,
    opclass.opcdefault AS opcdefault,
    indexaccess.amname AS index_algo,
    CASE rawindex.indoption & 1
        WHEN 1 THEN 'DESC'
        ELSE 'ASC' END
        AS column_order,
    CASE rawindex.indoption & 2
        WHEN 2 THEN true
        ELSE false END
        AS nulls_first,
    pc.condeferrable AS condeferrable,
    pc.condeferred AS condeferred,
    pg_get_expr(rawindex.indpred, rawindex.indrelid) AS predicate
FROM
    rawindex
    INNER JOIN pg_class AS tableinfo ON tableinfo.oid = rawindex.indrelid
    INNER JOIN pg_class AS indexinfo ON indexinfo.oid = rawindex.indexrelid
    INNER JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace
    LEFT JOIN pg_attribute AS columninfo
        ON columninfo.attrelid = tableinfo.oid AND columninfo.attnum = rawindex.indkeyid
    INNER JOIN pg_am AS indexaccess ON indexaccess.oid = indexinfo.relam
    LEFT JOIN pg_opclass AS opclass -- left join because crdb has no opclasses
        ON opclass.oid = rawindex.indclass
    LEFT JOIN pg_constraint pc ON rawindex.indexrelid = pc.conindid AND pc.contype <> 'f'
WHERE schemainfo.nspname = ANY ( $1 )
ORDER BY namespace, table_name, index_name, column_index;

-- bind: '{"billing","public"}'
SELECT p.proname AS name, n.nspname as namespace,
                CASE WHEN l.lanname = 'internal' THEN p.prosrc
                     ELSE pg_get_functiondef(p.oid)
                     END as definition
            FROM pg_proc p
            LEFT JOIN pg_namespace n ON p.pronamespace = n.oid
            LEFT JOIN pg_language l ON p.prolang = l.oid
            WHERE n.nspname = ANY ( $1 );

SELECT
    ext.extname AS extension_name,
    ext.extversion AS extension_version,
    ext.extrelocatable AS extension_relocatable,
    pn.nspname AS extension_schema
FROM pg_extension ext
INNER JOIN pg_namespace pn ON ext.extnamespace = pn.oid
ORDER BY ext.extname ASC;

-- bind: '{"billing","public"}'
SELECT
                  sequence_name,
                  sequence_schema AS namespace,
                  start_value::INT8,
                  minimum_value::INT8 AS min_value,
                  maximum_value::INT8 AS max_value,
                  increment::INT8 AS increment_by,
                  (CASE cycle_option WHEN 'yes' THEN TRUE ELSE FALSE END) AS cycle,
                  0::INT8 AS cache_size
              FROM information_schema.sequences
              WHERE sequence_schema = ANY ( $1 )
              ORDER BY sequence_name;
