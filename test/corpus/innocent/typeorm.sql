-- TypeORM with node-postgres: repositories, query builder, schema inspection.
-- Captured on the wire, over models of the clinic. Keys are constants, values of patients are looked up when the test runs.
-- as: engineer

SELECT version();

SELECT * FROM current_schema();

SELECT "Department"."id" AS "Department_id", "Department"."name" AS "Department_name", "Department"."floor" AS "Department_floor", "Department"."opens" AS "Department_opens", "Department"."closes" AS "Department_closes" FROM "departments" "Department";

-- bind: '1'
SELECT "Department"."id" AS "Department_id", "Department"."name" AS "Department_name", "Department"."floor" AS "Department_floor", "Department"."opens" AS "Department_opens", "Department"."closes" AS "Department_closes" FROM "departments" "Department" WHERE (("Department"."id" = $1)) LIMIT 1;

SELECT "Department"."id" AS "Department_id", "Department"."name" AS "Department_name", "Department"."floor" AS "Department_floor", "Department"."opens" AS "Department_opens", "Department"."closes" AS "Department_closes" FROM "departments" "Department" ORDER BY "Department"."name" ASC LIMIT 5 OFFSET 2;

SELECT COUNT(1) AS "cnt" FROM "departments" "Department";

SELECT DISTINCT "distinctAlias"."Clinician_id" AS "ids_Clinician_id", "distinctAlias"."Clinician_id" FROM (SELECT "Clinician"."id" AS "Clinician_id", "Clinician"."family_name" AS "Clinician_family_name", "Clinician"."specialty" AS "Clinician_specialty", "Clinician"."active" AS "Clinician_active", "Clinician"."hired_on" AS "Clinician_hired_on", "Clinician"."department_id" AS "Clinician_department_id", "Clinician__Clinician_department"."id" AS "Clinician__Clinician_department_id", "Clinician__Clinician_department"."name" AS "Clinician__Clinician_department_name", "Clinician__Clinician_department"."floor" AS "Clinician__Clinician_department_floor", "Clinician__Clinician_department"."opens" AS "Clinician__Clinician_department_opens", "Clinician__Clinician_department"."closes" AS "Clinician__Clinician_department_closes" FROM "clinicians" "Clinician" LEFT JOIN "departments" "Clinician__Clinician_department" ON "Clinician__Clinician_department"."id"="Clinician"."department_id") "distinctAlias" ORDER BY "distinctAlias"."Clinician_id" ASC, "Clinician_id" ASC LIMIT 10;

SELECT "Clinician"."id" AS "Clinician_id", "Clinician"."family_name" AS "Clinician_family_name", "Clinician"."specialty" AS "Clinician_specialty", "Clinician"."active" AS "Clinician_active", "Clinician"."hired_on" AS "Clinician_hired_on", "Clinician"."department_id" AS "Clinician_department_id", "Clinician__Clinician_department"."id" AS "Clinician__Clinician_department_id", "Clinician__Clinician_department"."name" AS "Clinician__Clinician_department_name", "Clinician__Clinician_department"."floor" AS "Clinician__Clinician_department_floor", "Clinician__Clinician_department"."opens" AS "Clinician__Clinician_department_opens", "Clinician__Clinician_department"."closes" AS "Clinician__Clinician_department_closes" FROM "clinicians" "Clinician" LEFT JOIN "departments" "Clinician__Clinician_department" ON "Clinician__Clinician_department"."id"="Clinician"."department_id" WHERE "Clinician"."id" IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) ORDER BY "Clinician"."id" ASC;

-- bind: 'Cardiology', 'Oncology', 'true', 'a%'
SELECT "Clinician"."id" AS "Clinician_id", "Clinician"."family_name" AS "Clinician_family_name", "Clinician"."specialty" AS "Clinician_specialty", "Clinician"."active" AS "Clinician_active", "Clinician"."hired_on" AS "Clinician_hired_on", "Clinician"."department_id" AS "Clinician_department_id" FROM "clinicians" "Clinician" WHERE (((("Clinician"."specialty" IN ($1, $2)) AND ("Clinician"."active" = $3))) OR ((("Clinician"."family_name" ILIKE $4)))) ORDER BY "Clinician"."id" ASC;

SELECT "c"."specialty" AS "s", COUNT(*) AS "n" FROM "clinicians" "c" GROUP BY "c"."specialty" ORDER BY "n" DESC, "s" ASC;

-- masked: Patient_mrn, Patient_family_name
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."family_name" AS "Patient_family_name", "Patient"."sex" AS "Patient_sex", "Patient"."allergies" AS "Patient_allergies" FROM "patients" "Patient" ORDER BY "Patient"."id" ASC LIMIT 10;

-- bind: '1', '2'
-- masked: Patient_mrn, Patient_family_name
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."family_name" AS "Patient_family_name", "Patient"."sex" AS "Patient_sex", "Patient"."allergies" AS "Patient_allergies", "Patient__Patient_encounters"."id" AS "Patient__Patient_encounters_id", "Patient__Patient_encounters"."kind" AS "Patient__Patient_encounters_kind", "Patient__Patient_encounters"."admitted_at" AS "Patient__Patient_encounters_admitted_at", "Patient__Patient_encounters"."patient_id" AS "Patient__Patient_encounters_patient_id" FROM "patients" "Patient" LEFT JOIN "encounters" "Patient__Patient_encounters" ON "Patient__Patient_encounters"."patient_id"="Patient"."id" WHERE (("Patient"."id" IN ($1, $2)));

SELECT DISTINCT "distinctAlias"."Patient_id" AS "ids_Patient_id", "distinctAlias"."Patient_id" FROM (SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."family_name" AS "Patient_family_name", "Patient"."sex" AS "Patient_sex", "Patient"."allergies" AS "Patient_allergies", "Patient__Patient_encounters"."id" AS "Patient__Patient_encounters_id", "Patient__Patient_encounters"."kind" AS "Patient__Patient_encounters_kind", "Patient__Patient_encounters"."admitted_at" AS "Patient__Patient_encounters_admitted_at", "Patient__Patient_encounters"."patient_id" AS "Patient__Patient_encounters_patient_id" FROM "patients" "Patient" LEFT JOIN "encounters" "Patient__Patient_encounters" ON "Patient__Patient_encounters"."patient_id"="Patient"."id") "distinctAlias" ORDER BY "distinctAlias"."Patient_id" ASC, "Patient_id" ASC LIMIT 3;

-- masked: Patient_mrn, Patient_family_name
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."family_name" AS "Patient_family_name", "Patient"."sex" AS "Patient_sex", "Patient"."allergies" AS "Patient_allergies", "Patient__Patient_encounters"."id" AS "Patient__Patient_encounters_id", "Patient__Patient_encounters"."kind" AS "Patient__Patient_encounters_kind", "Patient__Patient_encounters"."admitted_at" AS "Patient__Patient_encounters_admitted_at", "Patient__Patient_encounters"."patient_id" AS "Patient__Patient_encounters_patient_id" FROM "patients" "Patient" LEFT JOIN "encounters" "Patient__Patient_encounters" ON "Patient__Patient_encounters"."patient_id"="Patient"."id" WHERE "Patient"."id" IN (1, 2, 3) ORDER BY "Patient"."id" ASC;

-- bind: '2026-01-01T00:00:00.000+00:00', '2026-01-03T00:00:00.000+00:00'
SELECT "Encounter"."id" AS "Encounter_id", "Encounter"."kind" AS "Encounter_kind", "Encounter"."admitted_at" AS "Encounter_admitted_at", "Encounter"."patient_id" AS "Encounter_patient_id" FROM "encounters" "Encounter" WHERE (("Encounter"."admitted_at" BETWEEN $1 AND $2)) ORDER BY "Encounter"."id" ASC LIMIT 5;

-- bind: 'emergency'
-- masked: p_mrn, p_family_name
SELECT "e"."id" AS "e_id", "e"."kind" AS "e_kind", "e"."admitted_at" AS "e_admitted_at", "e"."patient_id" AS "e_patient_id", "p"."id" AS "p_id", "p"."mrn" AS "p_mrn", "p"."family_name" AS "p_family_name", "p"."sex" AS "p_sex", "p"."allergies" AS "p_allergies" FROM "encounters" "e" LEFT JOIN "patients" "p" ON "p"."id"="e"."patient_id" WHERE "e"."kind" = $1 ORDER BY "e"."id" ASC LIMIT 5;

-- bind: '1'
SELECT 1 AS "row_exists" FROM (SELECT 1 AS dummy_column) "dummy_table" WHERE EXISTS (SELECT 1 FROM "encounters" "Encounter" WHERE (("Encounter"."id" = $1))) LIMIT 1;

SELECT MAX("Encounter"."id") AS "MAX" FROM "encounters" "Encounter";

SELECT SUM("Department"."floor") AS "SUM" FROM "departments" "Department";

SELECT * FROM current_database();

SELECT "table_schema", "table_name", obj_description((quote_ident("table_schema") || '.' || quote_ident("table_name"))::regclass, 'pg_class') AS table_comment FROM "information_schema"."tables" WHERE ("table_schema" = 'public' AND "table_name" = 'departments');

SELECT TRUE FROM information_schema.columns WHERE table_name = 'pg_class' and column_name = 'relispartition';

SELECT columns.*, pg_catalog.col_description((quote_ident(table_catalog) || '.' || quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass::oid, ordinal_position) AS description, ('"' || "udt_schema" || '"."' || "udt_name" || '"')::"regtype"::text AS "regtype", pg_catalog.format_type("col_attr"."atttypid", "col_attr"."atttypmod") AS "format_type" FROM "information_schema"."columns" LEFT JOIN "pg_catalog"."pg_attribute" AS "col_attr" ON "col_attr"."attname" = "columns"."column_name" AND "col_attr"."attrelid" = ( SELECT "cls"."oid" FROM "pg_catalog"."pg_class" AS "cls" LEFT JOIN "pg_catalog"."pg_namespace" AS "ns" ON "ns"."oid" = "cls"."relnamespace" WHERE "cls"."relname" = "columns"."table_name" AND "ns"."nspname" = "columns"."table_schema" ) WHERE ("table_schema" = 'public' AND "table_name" = 'departments');

SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "cnst"."conname" AS "constraint_name", pg_get_constraintdef("cnst"."oid") AS "expression", CASE "cnst"."contype" WHEN 'p' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' WHEN 'x' THEN 'EXCLUDE' END AS "constraint_type", "a"."attname" AS "column_name" FROM "pg_constraint" "cnst" INNER JOIN "pg_class" "t" ON "t"."oid" = "cnst"."conrelid" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cnst"."connamespace" LEFT JOIN "pg_attribute" "a" ON "a"."attrelid" = "cnst"."conrelid" AND "a"."attnum" = ANY ("cnst"."conkey") WHERE "t"."relkind" IN ('r', 'p') AND (("ns"."nspname" = 'public' AND "t"."relname" = 'departments'));

SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "i"."relname" AS "constraint_name", "a"."attname" AS "column_name", CASE "ix"."indisunique" WHEN 't' THEN 'TRUE' ELSE'FALSE' END AS "is_unique", pg_get_expr("ix"."indpred", "ix"."indrelid") AS "condition", "types"."typname" AS "type_name", "am"."amname" AS "index_type" FROM "pg_class" "t" INNER JOIN "pg_index" "ix" ON "ix"."indrelid" = "t"."oid" INNER JOIN "pg_attribute" "a" ON "a"."attrelid" = "t"."oid"  AND "a"."attnum" = ANY ("ix"."indkey") INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "t"."relnamespace" INNER JOIN "pg_class" "i" ON "i"."oid" = "ix"."indexrelid" INNER JOIN "pg_type" "types" ON "types"."oid" = "a"."atttypid" INNER JOIN "pg_am" "am" ON "i"."relam" = "am"."oid" LEFT JOIN "pg_constraint" "cnst" ON "cnst"."conname" = "i"."relname" WHERE "t"."relkind" IN ('r', 'p') AND "cnst"."contype" IS NULL AND (("ns"."nspname" = 'public' AND "t"."relname" = 'departments'));

SELECT "con"."conname" AS "constraint_name", "con"."nspname" AS "table_schema", "con"."relname" AS "table_name", "att2"."attname" AS "column_name", "ns"."nspname" AS "referenced_table_schema", "cl"."relname" AS "referenced_table_name", "att"."attname" AS "referenced_column_name", "con"."confdeltype" AS "on_delete", "con"."confupdtype" AS "on_update", "con"."condeferrable" AS "deferrable", "con"."condeferred" AS "deferred" FROM ( SELECT UNNEST ("con1"."conkey") AS "parent", UNNEST ("con1"."confkey") AS "child", "con1"."confrelid", "con1"."conrelid", "con1"."conname", "con1"."contype", "ns"."nspname", "cl"."relname", "con1"."condeferrable", CASE WHEN "con1"."condeferred" THEN 'INITIALLY DEFERRED' ELSE 'INITIALLY IMMEDIATE' END as condeferred, CASE "con1"."confdeltype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confdeltype", CASE "con1"."confupdtype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confupdtype" FROM "pg_class" "cl" INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_constraint" "con1" ON "con1"."conrelid" = "cl"."oid" WHERE "con1"."contype" = 'f' AND (("ns"."nspname" = 'public' AND "cl"."relname" = 'departments')) ) "con" INNER JOIN "pg_attribute" "att" ON "att"."attrelid" = "con"."confrelid" AND "att"."attnum" = "con"."child" INNER JOIN "pg_class" "cl" ON "cl"."oid" = "con"."confrelid"  AND "cl"."relispartition" = 'f'INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_attribute" "att2" ON "att2"."attrelid" = "con"."conrelid" AND "att2"."attnum" = "con"."parent";

SELECT "udt_schema", "udt_name" FROM "information_schema"."columns" WHERE "table_schema" = 'billing' AND "table_name" = 'claims' AND "column_name"='diagnosis_codes';

SELECT "e"."enumlabel" AS "value" FROM "pg_enum" "e" INNER JOIN "pg_type" "t" ON "t"."oid" = "e"."enumtypid" INNER JOIN "pg_namespace" "n" ON "n"."oid" = "t"."typnamespace" WHERE "n"."nspname" = 'billing' AND "t"."typname" = 'text' ORDER BY "e"."enumsortorder";

-- bind: 'public', 'patients'
SELECT * FROM "information_schema"."tables" WHERE "table_schema" = $1 AND "table_name" = $2;

-- bind: 'public', 'departments', 'floor'
SELECT * FROM "information_schema"."columns" WHERE "table_schema" = $1 AND "table_name" = $2 AND "column_name" = $3;
