-- Sequelize 6 with node-postgres.
-- Captured on the wire, over models of the clinic. Keys are constants, values of patients are looked up when the test runs.
-- as: engineer

-- simple
SET client_min_messages TO warning;SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE;

WITH ranges AS (  SELECT pg_range.rngtypid, pg_type.typname AS rngtypname,         pg_type.typarray AS rngtyparray, pg_range.rngsubtype    FROM pg_range LEFT OUTER JOIN pg_type ON pg_type.oid = pg_range.rngtypid)SELECT pg_type.typname, pg_type.typtype, pg_type.oid, pg_type.typarray,       ranges.rngtypname, ranges.rngtypid, ranges.rngtyparray  FROM pg_type LEFT OUTER JOIN ranges ON pg_type.oid = ranges.rngsubtype WHERE (pg_type.typtype IN('b', 'e'));

SELECT 1+1 AS result;

SELECT "id", "name", "floor", "opens", "closes" FROM "departments" AS "Department";

SELECT "id", "name", "floor", "opens", "closes" FROM "departments" AS "Department" WHERE "Department"."id" = 1;

SELECT count(*) AS "count" FROM "departments" AS "Department";

SELECT "id", "name", "floor", "opens", "closes" FROM "departments" AS "Department" ORDER BY "Department"."name" LIMIT 5 OFFSET 2;

SELECT "Clinician"."id", "Clinician"."given_name" AS "givenName", "Clinician"."family_name" AS "familyName", "Clinician"."specialty", "Clinician"."active", "Clinician"."hired_on" AS "hiredOn", "Clinician"."department_id" AS "departmentId", "department"."id" AS "department.id", "department"."name" AS "department.name", "department"."floor" AS "department.floor", "department"."opens" AS "department.opens", "department"."closes" AS "department.closes" FROM "clinicians" AS "Clinician" LEFT OUTER JOIN "departments" AS "department" ON "Clinician"."department_id" = "department"."id" ORDER BY "Clinician"."id" LIMIT 10;

SELECT "Department".*, "staff"."id" AS "staff.id", "staff"."given_name" AS "staff.givenName", "staff"."family_name" AS "staff.familyName", "staff"."specialty" AS "staff.specialty", "staff"."active" AS "staff.active", "staff"."hired_on" AS "staff.hiredOn", "staff"."department_id" AS "staff.departmentId" FROM (SELECT "Department"."id", "Department"."name", "Department"."floor", "Department"."opens", "Department"."closes" FROM "departments" AS "Department" ORDER BY "Department"."id" LIMIT 3) AS "Department" LEFT OUTER JOIN "clinicians" AS "staff" ON "Department"."id" = "staff"."department_id" AND "staff"."active" = true ORDER BY "Department"."id";

SELECT "specialty", count(*) AS "count" FROM "clinicians" AS "Clinician" GROUP BY "specialty";

SELECT "specialty", COUNT("id") AS "n" FROM "clinicians" AS "Clinician" GROUP BY "specialty" ORDER BY n DESC, "Clinician"."specialty" ASC;

SELECT "id", "given_name" AS "givenName", "family_name" AS "familyName", "specialty", "active", "hired_on" AS "hiredOn", "department_id" AS "departmentId" FROM "clinicians" AS "Clinician" WHERE ("Clinician"."active" = true OR "Clinician"."family_name" ILIKE 'a%') AND "Clinician"."specialty" IN ('Cardiology', 'Oncology') ORDER BY "Clinician"."id";

-- masked: mrn, familyName
SELECT "id", "mrn", "family_name" AS "familyName", "sex", "allergies", "primary_clinician_id" AS "primaryClinicianId" FROM "patients" AS "Patient" ORDER BY "Patient"."id" LIMIT 10;

-- as: nurse
SELECT "id", "mrn", "family_name" AS "familyName", "sex", "allergies", "primary_clinician_id" AS "primaryClinicianId" FROM "patients" AS "Patient" WHERE "Patient"."allergies" @> ARRAY['peanut']::TEXT[] ORDER BY "Patient"."id" LIMIT 5;

SELECT "Patient".*, "encounters"."id" AS "encounters.id" FROM (SELECT "Patient"."id" FROM "patients" AS "Patient" WHERE ( SELECT "patient_id" FROM "encounters" AS "encounters" WHERE ("encounters"."kind" = 'emergency' AND "encounters"."patient_id" = "Patient"."id") LIMIT 1 ) IS NOT NULL ORDER BY "Patient"."id" LIMIT 5) AS "Patient" INNER JOIN "encounters" AS "encounters" ON "Patient"."id" = "encounters"."patient_id" AND "encounters"."kind" = 'emergency' ORDER BY "Patient"."id";

-- masked: patient.mrn, patient.familyName
SELECT "Encounter"."id", "Encounter"."patient_id" AS "patientId", "Encounter"."department_id" AS "departmentId", "Encounter"."kind", "Encounter"."admitted_at" AS "admittedAt", "Encounter"."vitals", "patient"."id" AS "patient.id", "patient"."mrn" AS "patient.mrn", "patient"."family_name" AS "patient.familyName", "patient"."sex" AS "patient.sex", "patient"."allergies" AS "patient.allergies", "patient"."primary_clinician_id" AS "patient.primaryClinicianId", "department"."id" AS "department.id", "department"."name" AS "department.name", "department"."floor" AS "department.floor", "department"."opens" AS "department.opens", "department"."closes" AS "department.closes" FROM "encounters" AS "Encounter" LEFT OUTER JOIN "patients" AS "patient" ON "Encounter"."patient_id" = "patient"."id" LEFT OUTER JOIN "departments" AS "department" ON "Encounter"."department_id" = "department"."id" WHERE "Encounter"."admitted_at" BETWEEN '2026-01-01 00:00:00.000 +00:00' AND '2026-01-03 00:00:00.000 +00:00' ORDER BY "Encounter"."id" ASC LIMIT 10;

SELECT min("admitted_at") AS "min" FROM "encounters" AS "Encounter";

SELECT "id" FROM "encounters" AS "Encounter" WHERE CAST(("Encounter"."vitals"#>>'{pulse}') AS DOUBLE PRECISION) > 100 ORDER BY "Encounter"."id" LIMIT 5;

SELECT name FROM departments WHERE id = 1;

-- bind: '1'
SELECT name FROM departments WHERE id = $1;

SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type LIKE '%TABLE' AND table_name != 'spatial_ref_sys';

SELECT pk.constraint_type as "Constraint",c.column_name as "Field", c.column_default as "Default",c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE  cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'departments' AND c.table_schema = 'public';

SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'departments' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;

SELECT DISTINCT tc.constraint_name as constraint_name, tc.constraint_schema as constraint_schema, tc.constraint_catalog as constraint_catalog, tc.table_name as table_name,tc.table_schema as table_schema,tc.table_catalog as table_catalog,tc.initially_deferred as initially_deferred,tc.is_deferrable as is_deferrable,kcu.column_name as column_name,ccu.table_schema  AS referenced_table_schema,ccu.table_catalog  AS referenced_table_catalog,ccu.table_name  AS referenced_table_name,ccu.column_name AS referenced_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE constraint_type = 'FOREIGN KEY' AND tc.table_name = 'encounters' AND tc.table_catalog = 'clinic';

SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'departments';

START TRANSACTION;

-- undo
-- bind: '900', 'Ward', '1', '08:00', '17:00'
INSERT INTO "departments" ("id","name","floor","opens","closes") VALUES ($1,$2,$3,$4,$5) RETURNING "id","name","floor","opens","closes";

-- undo
INSERT INTO "departments" ("id","name","floor","opens","closes") VALUES (900,'W1',1,'08:00','17:00'),(1,'W2',1,'08:00','17:00') ON CONFLICT ("id") DO UPDATE SET "floor"=EXCLUDED."floor" RETURNING "id","name","floor","opens","closes";

-- undo
-- bind: '1', 'W', '2', '08:00', '17:00'
INSERT INTO "departments" ("id","name","floor","opens","closes") VALUES ($1,$2,$3,$4,$5) ON CONFLICT ("id") DO UPDATE SET "id"=EXCLUDED."id","name"=EXCLUDED."name","floor"=EXCLUDED."floor","opens"=EXCLUDED."opens","closes"=EXCLUDED."closes" RETURNING "id","name","floor","opens","closes";

-- undo
-- bind: '4', '1'
UPDATE "departments" SET "floor"=$1 WHERE "id" = $2 RETURNING "id","name","floor","opens","closes";

-- undo
UPDATE "departments" SET "floor"="floor"+ 1 WHERE "id" = 1 RETURNING *;
