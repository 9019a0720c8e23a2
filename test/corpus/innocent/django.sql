-- Django 5.2 with psycopg 3.3, values in the text and bound by the server: queries of models over the clinic, changes, inspectdb.
-- Captured on the wire, over models of the clinic. Keys are constants, values of patients are looked up when the test runs.
-- as: engineer

SELECT set_config('TimeZone', 'UTC', false);

SELECT oid, typarray FROM pg_type WHERE typname = 'hstore';

SELECT "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "departments";

SELECT "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "departments" ORDER BY "departments"."name" ASC LIMIT 5;

SELECT "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "departments" WHERE "departments"."id" = 1 LIMIT 21;

SELECT COUNT(*) AS "__count" FROM "departments" WHERE "departments"."floor" >= 2;

SELECT 1 AS "a" FROM "departments" WHERE UPPER("departments"."name"::text) LIKE UPPER('%care%') LIMIT 1;

SELECT "departments"."id" AS "id", "departments"."name" AS "name" FROM "departments" WHERE "departments"."opens" < '09:00:00'::time;

SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active", "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "clinicians" INNER JOIN "departments" ON ("clinicians"."department_id" = "departments"."id") ORDER BY "clinicians"."id" ASC LIMIT 20;

SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active", "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes", T3."id", T3."npi", T3."given_name", T3."family_name", T3."specialty", T3."department_id", T3."supervisor_id", T3."email", T3."phone", T3."hired_on", T3."active" FROM "clinicians" INNER JOIN "departments" ON ("clinicians"."department_id" = "departments"."id") LEFT OUTER JOIN "clinicians" T3 ON ("clinicians"."supervisor_id" = T3."id") WHERE "clinicians"."active" ORDER BY "clinicians"."family_name" ASC LIMIT 10;

SELECT "clinicians"."id" AS "id", "clinicians"."family_name" AS "family_name" FROM "clinicians" WHERE "clinicians"."specialty" IN ('Cardiology', 'Oncology');

SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active" FROM "clinicians" WHERE "clinicians"."id" <= 2;

-- masked: mrn, given_name, family_name, ssn, phone, insurance, deceased_on
-- partly: birth_date
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" WHERE "patients"."primary_clinician_id" IN (1, 2);

SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active", COUNT("patients"."id") AS "n" FROM "clinicians" LEFT OUTER JOIN "patients" ON ("clinicians"."id" = "patients"."primary_clinician_id") GROUP BY "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active" ORDER BY 12 DESC, "clinicians"."id" ASC LIMIT 10;

SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active" FROM "clinicians" WHERE (("clinicians"."family_name"::text LIKE 'A%' OR UPPER("clinicians"."given_name"::text) = UPPER('maria')) AND NOT (NOT "clinicians"."active"));

SELECT "clinicians"."specialty" AS "specialty", COUNT("clinicians"."id") AS "n", MIN("clinicians"."hired_on") AS "oldest" FROM "clinicians" GROUP BY 1 ORDER BY 1 ASC;

SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active" FROM "clinicians" WHERE "clinicians"."hired_on" BETWEEN '2015-01-01'::date AND '2015-12-31'::date ORDER BY "clinicians"."id" ASC;

SELECT DATE_TRUNC('year', "clinicians"."hired_on") AS "y", COUNT("clinicians"."id") AS "n" FROM "clinicians" GROUP BY 1 ORDER BY 1 ASC;

SELECT "clinicians"."id", "clinicians"."email" FROM "clinicians" WHERE "clinicians"."email"::text LIKE '%.org' LIMIT 3;

SELECT (COALESCE("clinicians"."given_name", '') || COALESCE((COALESCE(' ', '') || COALESCE("clinicians"."family_name", '')), '')) AS "full" FROM "clinicians" ORDER BY 1 ASC LIMIT 5;

SELECT "clinicians"."id" AS "id", ROW_NUMBER() OVER (PARTITION BY "clinicians"."department_id" ORDER BY "clinicians"."hired_on" ASC) AS "rn" FROM "clinicians" ORDER BY 1 ASC LIMIT 10;

-- as: nurse
-- masked: ssn, insurance
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" ORDER BY "patients"."id" ASC LIMIT 25;

-- masked: mrn, given_name, family_name, birth_date, ssn, phone, insurance, deceased_on
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" ORDER BY "patients"."id" ASC LIMIT 25 OFFSET 100;

-- as: nurse
-- masked: ssn, insurance
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" WHERE "patients"."id" = 7 LIMIT 21;

SELECT 1 AS "a" FROM "patients" WHERE "patients"."id" = 7 LIMIT 1;

SELECT COUNT(*) AS "__count" FROM "patients";

-- as: nurse
-- masked: ssn, insurance
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" WHERE "patients"."id" IN (1, 2, 3);

SELECT "patients"."id" AS "id", "patients"."sex" AS "sex" FROM "patients" WHERE "patients"."sex" = 'female' ORDER BY 1 ASC LIMIT 10;

SELECT "patients"."id" AS "id", "patients"."languages" AS "languages" FROM "patients" WHERE "patients"."languages" @> (ARRAY['es'])::text[] ORDER BY 1 ASC LIMIT 10;

SELECT "patients"."id" AS "id", "patients"."allergies" AS "allergies" FROM "patients" WHERE "patients"."allergies" && (ARRAY['peanut', 'latex'])::text[] ORDER BY 1 ASC LIMIT 10;

-- as: nurse
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" ORDER BY "patients"."id" ASC LIMIT 5;

SELECT DISTINCT "patients"."id" AS "id" FROM "patients" INNER JOIN "encounters" ON ("patients"."id" = "encounters"."patient_id") WHERE "encounters"."kind" = 'emergency' ORDER BY 1 ASC LIMIT 10;

SELECT "patients"."id" AS "id", COUNT("encounters"."id") AS "visits" FROM "patients" LEFT OUTER JOIN "encounters" ON ("patients"."id" = "encounters"."patient_id") GROUP BY 1, "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" HAVING COUNT("encounters"."id") > 5 ORDER BY 2 DESC, 1 ASC LIMIT 10;

SELECT "patients"."id" AS "id" FROM "patients" WHERE EXISTS(SELECT 1 AS "a" FROM "encounters" U0 WHERE (U0."kind" = 'inpatient' AND U0."patient_id" = ("patients"."id")) LIMIT 1) ORDER BY 1 ASC LIMIT 10;

SELECT "patients"."id" AS "id", (SELECT U0."admitted_at" AS "admitted_at" FROM "encounters" U0 WHERE U0."patient_id" = ("patients"."id") ORDER BY 1 DESC LIMIT 1) AS "last" FROM "patients" ORDER BY 1 ASC LIMIT 10;

-- masked: mrn, family_name
SELECT "patients"."id" AS "id", "patients"."mrn" AS "mrn", "patients"."family_name" AS "family_name" FROM "patients" ORDER BY 1 ASC LIMIT 5;

-- as: nurse
-- masked: ssn, insurance
SELECT "encounters"."id", "encounters"."patient_id", "encounters"."clinician_id", "encounters"."department_id", "encounters"."kind", "encounters"."admitted_at", "encounters"."discharged_at", "encounters"."reason", "encounters"."vitals", "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at", "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active", "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "encounters" INNER JOIN "patients" ON ("encounters"."patient_id" = "patients"."id") INNER JOIN "clinicians" ON ("encounters"."clinician_id" = "clinicians"."id") INNER JOIN "departments" ON ("encounters"."department_id" = "departments"."id") ORDER BY "encounters"."admitted_at" DESC, "encounters"."id" ASC LIMIT 10;

SELECT "encounters"."id" AS "id", "encounters"."kind" AS "kind", "encounters"."admitted_at" AS "admitted_at" FROM "encounters" WHERE "encounters"."admitted_at" >= '2026-01-01 00:00:00+00:00'::timestamptz ORDER BY 1 ASC LIMIT 10;

SELECT "encounters"."kind" AS "kind", COUNT(*) AS "n" FROM "encounters" WHERE "encounters"."admitted_at" BETWEEN '2026-01-01 00:00:00+00:00'::timestamptz AND '2026-01-31 00:00:00+00:00'::timestamptz GROUP BY 1 ORDER BY 1 ASC;

SELECT DATE_TRUNC('month', "encounters"."admitted_at" AT TIME ZONE 'UTC') AS "m", COUNT("encounters"."id") AS "n" FROM "encounters" GROUP BY 1 ORDER BY 1 ASC;

SELECT "encounters"."id" AS "id" FROM "encounters" WHERE ("encounters"."admitted_at" AT TIME ZONE 'UTC')::date = '2026-01-05'::date ORDER BY 1 ASC;

SELECT "departments"."name" AS "department__name", COUNT("encounters"."id") AS "n", COUNT(DISTINCT "encounters"."patient_id") AS "p" FROM "encounters" INNER JOIN "departments" ON ("encounters"."department_id" = "departments"."id") GROUP BY 1 ORDER BY 1 ASC;

SELECT "encounters"."id" AS "id" FROM "encounters" WHERE "encounters"."discharged_at" IS NULL ORDER BY 1 ASC LIMIT 5;

SELECT COUNT("encounters"."id") AS "n", MIN("encounters"."admitted_at") AS "first", MAX("encounters"."admitted_at") AS "last" FROM "encounters";

SELECT EXTRACT(HOUR FROM "encounters"."admitted_at" AT TIME ZONE 'UTC') AS "h", COUNT("encounters"."id") AS "n" FROM "encounters" GROUP BY 1 ORDER BY 1 ASC;

SELECT "encounters"."id", "encounters"."patient_id", "encounters"."clinician_id", "encounters"."department_id", "encounters"."kind", "encounters"."admitted_at", "encounters"."discharged_at", "encounters"."reason", "encounters"."vitals" FROM "encounters" ORDER BY "encounters"."id" ASC LIMIT 3;

SELECT "diagnoses"."id", "diagnoses"."encounter_id", "diagnoses"."patient_id", "diagnoses"."code", "diagnoses"."rank", "diagnoses"."noted_on", "diagnoses"."chronic" FROM "diagnoses" WHERE "diagnoses"."encounter_id" IN (1, 2, 3);

SELECT "encounters"."id" AS "id", ("encounters"."vitals" -> 'pulse') AS "vitals__pulse" FROM "encounters" WHERE ("encounters"."vitals" -> 'pulse') > '100'::jsonb ORDER BY 1 ASC LIMIT 5;

SELECT "encounters"."id" AS "id", "encounters"."reason" AS "reason" FROM "encounters" WHERE UPPER("encounters"."reason"::text) LIKE UPPER('%pain%') ORDER BY 1 ASC LIMIT 5;

SELECT CASE WHEN "encounters"."kind" = 'inpatient' THEN 'ward' ELSE 'out' END AS "w", COUNT("encounters"."id") AS "n" FROM "encounters" GROUP BY 1 ORDER BY 1 ASC;

SELECT DISTINCT DATE_TRUNC('month', "encounters"."admitted_at" AT TIME ZONE 'UTC') AS "datefield" FROM "encounters" WHERE "encounters"."admitted_at" IS NOT NULL ORDER BY 1 ASC;

SELECT "diagnoses"."code" AS "code", COUNT("diagnoses"."id") AS "n" FROM "diagnoses" GROUP BY 1 ORDER BY 2 DESC, 1 ASC LIMIT 10;

SELECT "diagnoses"."id", "diagnoses"."encounter_id", "diagnoses"."patient_id", "diagnoses"."code", "diagnoses"."rank", "diagnoses"."noted_on", "diagnoses"."chronic" FROM "diagnoses" WHERE ("diagnoses"."chronic" AND "diagnoses"."code"::text LIKE 'E11%') ORDER BY "diagnoses"."id" ASC LIMIT 10;

SELECT "encounters"."department_id" AS "encounter__department_id", ARRAY_AGG(DISTINCT "diagnoses"."code" ) AS "c" FROM "diagnoses" INNER JOIN "encounters" ON ("diagnoses"."encounter_id" = "encounters"."id") GROUP BY 1 ORDER BY 1 ASC LIMIT 2;

SELECT "formulary"."drug", "formulary"."strength", "formulary"."form", "formulary"."schedule", "formulary"."unit_price" FROM "formulary" WHERE "formulary"."unit_price" < 10 ORDER BY "formulary"."drug" ASC;

SELECT AVG("formulary"."unit_price") AS "unit_price__avg", MAX("formulary"."unit_price") AS "unit_price__max" FROM "formulary";

SELECT "formulary"."form" AS "form", STRING_AGG("formulary"."drug", ', ' ORDER BY "formulary"."drug") AS "s" FROM "formulary" GROUP BY 1 ORDER BY 1 ASC;

SELECT "billing"."claims"."payer" AS "payer", SUM("billing"."claims"."billed") AS "b", COALESCE(SUM("billing"."claims"."paid"), 0) AS "p", COUNT("billing"."claims"."id") FILTER (WHERE "billing"."claims"."status" = 'denied') AS "n" FROM "billing"."claims" GROUP BY 1 ORDER BY 1 ASC;

SELECT "billing"."claims"."id" AS "id", "billing"."claims"."billed" AS "billed", "billing"."claims"."paid" AS "paid" FROM "billing"."claims" WHERE "billing"."claims"."paid" < ("billing"."claims"."billed" / 2) ORDER BY 1 ASC LIMIT 10;

(SELECT "departments"."id" AS "col1", "departments"."name" AS "col2", "departments"."floor" AS "col3", "departments"."opens" AS "col4", "departments"."closes" AS "col5" FROM "departments" WHERE "departments"."id" = 1) UNION (SELECT "departments"."id" AS "col1", "departments"."name" AS "col2", "departments"."floor" AS "col3", "departments"."opens" AS "col4", "departments"."closes" AS "col5" FROM "departments" WHERE "departments"."id" = 2) ORDER BY "col1" ASC;

EXPLAIN SELECT "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "departments" WHERE "departments"."id" = 1;

SELECT (upper(name)) AS "up" FROM "departments" ORDER BY "departments"."id" ASC LIMIT 3;

SELECT id, name FROM departments WHERE floor = 2 ORDER BY id;

SELECT ("departments"."floor")::text AS "c", LENGTH("departments"."name") AS "l", UPPER("departments"."name") AS "up" FROM "departments" ORDER BY "departments"."id" ASC;

-- undo
UPDATE "appointments" SET "room" = '12' WHERE "appointments"."id" = 1;

-- undo
INSERT INTO "departments" ("id", "name", "floor", "opens", "closes") VALUES (900, 'Test ward', 1, '08:00:00'::time, '17:00:00'::time) RETURNING "departments"."id";

-- undo
INSERT INTO "departments" ("id", "name", "floor", "opens", "closes") SELECT * FROM UNNEST(('{901,902,903}'::int2[])::integer[], ('{W0,W1,W2}')::text[], ('{1,1,1}'::int2[])::smallint[], ('{08:00:00,08:00:00,08:00:00}'::time[])::time[], ('{17:00:00,17:00:00,17:00:00}'::time[])::time[]) RETURNING "departments"."id";

-- undo
INSERT INTO "departments" ("id", "name", "floor", "opens", "closes") VALUES (1, 'W', 1, '08:00:00'::time, '17:00:00'::time) ON CONFLICT("id") DO UPDATE SET "floor" = EXCLUDED."floor" RETURNING "departments"."id";

-- undo
INSERT INTO "departments" ("id", "name", "floor", "opens", "closes") VALUES (1, 'W', 1, '08:00:00'::time, '17:00:00'::time) ON CONFLICT DO NOTHING;

-- undo
SELECT "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "departments" WHERE "departments"."id" = 1 LIMIT 21 FOR UPDATE;

-- undo
UPDATE "departments" SET "floor" = 3, "opens" = '08:00:00'::time, "closes" = '18:00:00'::time WHERE "departments"."id" = 1;

-- undo
UPDATE "departments" SET "floor" = 5 WHERE "departments"."id" = 1;

-- undo
UPDATE "departments" SET "floor" = (CASE WHEN ("departments"."id" = 1) THEN 4 WHEN ("departments"."id" = 2) THEN 5 ELSE NULL END)::smallint WHERE "departments"."id" IN (1, 2);

-- undo
SELECT "appointments"."id", "appointments"."patient_id", "appointments"."clinician_id", "appointments"."status", "appointments"."room", "appointments"."reason" FROM "appointments" WHERE "appointments"."status" = 'booked' ORDER BY "appointments"."id" ASC LIMIT 3 FOR UPDATE SKIP LOCKED;

-- undo
UPDATE "formulary" SET "unit_price" = ("formulary"."unit_price" * 2) WHERE "formulary"."drug"::text LIKE 'A%';

-- undo
UPDATE "departments" SET "floor" = 9 WHERE "departments"."id" = 1;

SELECT
                c.relname,
                CASE
                    WHEN c.relispartition THEN 'p'
                    WHEN c.relkind IN ('m', 'v') THEN 'v'
                    ELSE 't'
                END,
                obj_description(c.oid, 'pg_class')
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid);

SELECT a1.attname, c2.relname, a2.attname
            FROM pg_constraint con
            LEFT JOIN pg_class c1 ON con.conrelid = c1.oid
            LEFT JOIN pg_class c2 ON con.confrelid = c2.oid
            LEFT JOIN
                pg_attribute a1 ON c1.oid = a1.attrelid AND a1.attnum = con.conkey[1]
            LEFT JOIN
                pg_attribute a2 ON c2.oid = a2.attrelid AND a2.attnum = con.confkey[1]
            WHERE
                c1.relname = 'appointments' AND
                con.contype = 'f' AND
                c1.relnamespace = c2.relnamespace AND
                pg_catalog.pg_table_is_visible(c1.oid);

SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'appointments' AND pg_catalog.pg_table_is_visible(cl.oid);

SELECT
                indexname,
                array_agg(attname ORDER BY arridx),
                indisunique,
                indisprimary,
                array_agg(ordering ORDER BY arridx),
                amname,
                exprdef,
                s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM
                        pg_index i,
                        unnest(i.indkey, i.indoption)
                            WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN
                    pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'appointments' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;

SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation,
                a.attidentity != '' AS is_autofield,
                col_description(a.attrelid, a.attnum) AS column_comment
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'appointments'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid);

-- masked: reminder_phone
SELECT * FROM "appointments" LIMIT 1;

-- masked: body, search
SELECT * FROM "clinical_notes" LIMIT 1;

SELECT * FROM "clinicians" LIMIT 1;

SELECT * FROM "departments" LIMIT 1;

-- as: privacy
SELECT * FROM "devices" LIMIT 1;

-- as: nurse
SELECT * FROM "diagnoses" LIMIT 1;

SELECT * FROM "encounters" LIMIT 1;

SELECT * FROM "formulary" LIMIT 1;

SELECT * FROM "icd10_codes" LIMIT 1;

SELECT * FROM "lab_results" LIMIT 1;

-- masked: summary
SELECT * FROM "outreach" LIMIT 1;

-- masked: summary, number
SELECT * FROM "outreach_calls" LIMIT 1;

-- as: nurse
SELECT * FROM "outreach_letters" LIMIT 1;

-- as: privacy
SELECT * FROM "patients" LIMIT 1;

SELECT * FROM "prescriptions" LIMIT 1;

-- masked: document
SELECT * FROM "referrals" LIMIT 1;

SELECT
                s.relname AS sequence_name,
                a.attname AS colname
            FROM
                pg_class s
                JOIN pg_depend d ON d.objid = s.oid
                    AND d.classid = 'pg_class'::regclass
                    AND d.refclassid = 'pg_class'::regclass
                JOIN pg_attribute a ON d.refobjid = a.attrelid
                    AND d.refobjsubid = a.attnum
                JOIN pg_class tbl ON tbl.oid = d.refobjid
                    AND tbl.relname = 'departments'
                    AND pg_catalog.pg_table_is_visible(tbl.oid)
            WHERE
                s.relkind = 'S';

-- bind: 'UTC'
SELECT set_config('TimeZone', $1, false);

-- bind: '1'::int2
SELECT "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "departments" WHERE "departments"."id" = $1 LIMIT 21;

-- bind: '2'::int2
SELECT COUNT(*) AS "__count" FROM "departments" WHERE "departments"."floor" >= $1;

-- bind: 1, '%care%'
SELECT $1 AS "a" FROM "departments" WHERE UPPER("departments"."name"::text) LIKE UPPER($2) LIMIT 1;

-- bind: '09:00:00'::time without time zone
SELECT "departments"."id" AS "id", "departments"."name" AS "name" FROM "departments" WHERE "departments"."opens" < $1;

-- bind: 'Cardiology', 'Oncology'
SELECT "clinicians"."id" AS "id", "clinicians"."family_name" AS "family_name" FROM "clinicians" WHERE "clinicians"."specialty" IN ($1, $2);

-- bind: '2'::int2
SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active" FROM "clinicians" WHERE "clinicians"."id" <= $1;

-- bind: '1'::int2, '2'::int2
-- masked: mrn, given_name, family_name, ssn, phone, insurance, deceased_on
-- partly: birth_date
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" WHERE "patients"."primary_clinician_id" IN ($1, $2);

-- bind: 'A%', 'maria'
SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active" FROM "clinicians" WHERE (("clinicians"."family_name"::text LIKE $1 OR UPPER("clinicians"."given_name"::text) = UPPER($2)) AND NOT (NOT "clinicians"."active"));

-- bind: '2015-01-01'::date, '2015-12-31'::date
SELECT "clinicians"."id", "clinicians"."npi", "clinicians"."given_name", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."supervisor_id", "clinicians"."email", "clinicians"."phone", "clinicians"."hired_on", "clinicians"."active" FROM "clinicians" WHERE "clinicians"."hired_on" BETWEEN $1 AND $2 ORDER BY "clinicians"."id" ASC;

-- bind: 'year'
SELECT DATE_TRUNC($1, "clinicians"."hired_on") AS "y", COUNT("clinicians"."id") AS "n" FROM "clinicians" GROUP BY 1 ORDER BY 1 ASC;

-- bind: '%.org'
SELECT "clinicians"."id", "clinicians"."email" FROM "clinicians" WHERE "clinicians"."email"::text LIKE $1 LIMIT 3;

-- bind: '', ' ', '', '', ''
SELECT (COALESCE("clinicians"."given_name", $1) || COALESCE((COALESCE($2, $3) || COALESCE("clinicians"."family_name", $4)), $5)) AS "full" FROM "clinicians" ORDER BY 1 ASC LIMIT 5;

-- as: nurse
-- bind: '7'::int2
-- masked: ssn, insurance
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" WHERE "patients"."id" = $1 LIMIT 21;

-- bind: 1, '7'::int2
SELECT $1 AS "a" FROM "patients" WHERE "patients"."id" = $2 LIMIT 1;

-- as: nurse
-- bind: '1'::int2, '2'::int2, '3'::int2
-- masked: ssn, insurance
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" WHERE "patients"."id" IN ($1, $2, $3);

-- bind: 'female'
SELECT "patients"."id" AS "id", "patients"."sex" AS "sex" FROM "patients" WHERE "patients"."sex" = $1 ORDER BY 1 ASC LIMIT 10;

-- bind: 'es'
SELECT "patients"."id" AS "id", "patients"."languages" AS "languages" FROM "patients" WHERE "patients"."languages" @> (ARRAY[$1])::text[] ORDER BY 1 ASC LIMIT 10;

-- bind: 'peanut', 'latex'
SELECT "patients"."id" AS "id", "patients"."allergies" AS "allergies" FROM "patients" WHERE "patients"."allergies" && (ARRAY[$1, $2])::text[] ORDER BY 1 ASC LIMIT 10;

-- bind: 'emergency'
SELECT DISTINCT "patients"."id" AS "id" FROM "patients" INNER JOIN "encounters" ON ("patients"."id" = "encounters"."patient_id") WHERE "encounters"."kind" = $1 ORDER BY 1 ASC LIMIT 10;

-- bind: 5
SELECT "patients"."id" AS "id", COUNT("encounters"."id") AS "visits" FROM "patients" LEFT OUTER JOIN "encounters" ON ("patients"."id" = "encounters"."patient_id") GROUP BY 1, "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" HAVING COUNT("encounters"."id") > $1 ORDER BY 2 DESC, 1 ASC LIMIT 10;

-- bind: 1, 'inpatient'
SELECT "patients"."id" AS "id" FROM "patients" WHERE EXISTS(SELECT $1 AS "a" FROM "encounters" U0 WHERE (U0."kind" = $2 AND U0."patient_id" = ("patients"."id")) LIMIT 1) ORDER BY 1 ASC LIMIT 10;

-- bind: '2026-01-01T00:00:00.000Z'::timestamptz
SELECT "encounters"."id" AS "id", "encounters"."kind" AS "kind", "encounters"."admitted_at" AS "admitted_at" FROM "encounters" WHERE "encounters"."admitted_at" >= $1 ORDER BY 1 ASC LIMIT 10;

-- bind: '2026-01-01T00:00:00.000Z'::timestamptz, '2026-01-31T00:00:00.000Z'::timestamptz
SELECT "encounters"."kind" AS "kind", COUNT(*) AS "n" FROM "encounters" WHERE "encounters"."admitted_at" BETWEEN $1 AND $2 GROUP BY 1 ORDER BY 1 ASC;

-- bind: 'month', 'UTC'
SELECT DATE_TRUNC($1, "encounters"."admitted_at" AT TIME ZONE $2) AS "m", COUNT("encounters"."id") AS "n" FROM "encounters" GROUP BY 1 ORDER BY 1 ASC;

-- bind: 'UTC', '2026-01-05'::date
SELECT "encounters"."id" AS "id" FROM "encounters" WHERE ("encounters"."admitted_at" AT TIME ZONE $1)::date = $2 ORDER BY 1 ASC;

-- bind: 'UTC'
SELECT EXTRACT(HOUR FROM "encounters"."admitted_at" AT TIME ZONE $1) AS "h", COUNT("encounters"."id") AS "n" FROM "encounters" GROUP BY 1 ORDER BY 1 ASC;

-- bind: '1'::int2, '2'::int2, '3'::int2
SELECT "diagnoses"."id", "diagnoses"."encounter_id", "diagnoses"."patient_id", "diagnoses"."code", "diagnoses"."rank", "diagnoses"."noted_on", "diagnoses"."chronic" FROM "diagnoses" WHERE "diagnoses"."encounter_id" IN ($1, $2, $3);

-- bind: '%pain%'
SELECT "encounters"."id" AS "id", "encounters"."reason" AS "reason" FROM "encounters" WHERE UPPER("encounters"."reason"::text) LIKE UPPER($1) ORDER BY 1 ASC LIMIT 5;

-- bind: 'inpatient', 'ward', 'out'
SELECT CASE WHEN "encounters"."kind" = $1 THEN $2 ELSE $3 END AS "w", COUNT("encounters"."id") AS "n" FROM "encounters" GROUP BY 1 ORDER BY 1 ASC;

-- bind: 'month', 'UTC'
SELECT DISTINCT DATE_TRUNC($1, "encounters"."admitted_at" AT TIME ZONE $2) AS "datefield" FROM "encounters" WHERE "encounters"."admitted_at" IS NOT NULL ORDER BY 1 ASC;

-- bind: 'E11%'
SELECT "diagnoses"."id", "diagnoses"."encounter_id", "diagnoses"."patient_id", "diagnoses"."code", "diagnoses"."rank", "diagnoses"."noted_on", "diagnoses"."chronic" FROM "diagnoses" WHERE ("diagnoses"."chronic" AND "diagnoses"."code"::text LIKE $1) ORDER BY "diagnoses"."id" ASC LIMIT 10;

-- bind: '10'::numeric
SELECT "formulary"."drug", "formulary"."strength", "formulary"."form", "formulary"."schedule", "formulary"."unit_price" FROM "formulary" WHERE "formulary"."unit_price" < $1 ORDER BY "formulary"."drug" ASC;

-- bind: ', '
SELECT "formulary"."form" AS "form", STRING_AGG("formulary"."drug", $1 ORDER BY "formulary"."drug") AS "s" FROM "formulary" GROUP BY 1 ORDER BY 1 ASC;

-- bind: '0'::numeric, 'denied'
SELECT "billing"."claims"."payer" AS "payer", SUM("billing"."claims"."billed") AS "b", COALESCE(SUM("billing"."claims"."paid"), $1) AS "p", COUNT("billing"."claims"."id") FILTER (WHERE "billing"."claims"."status" = $2) AS "n" FROM "billing"."claims" GROUP BY 1 ORDER BY 1 ASC;

-- bind: 2
SELECT "billing"."claims"."id" AS "id", "billing"."claims"."billed" AS "billed", "billing"."claims"."paid" AS "paid" FROM "billing"."claims" WHERE "billing"."claims"."paid" < ("billing"."claims"."billed" / $1) ORDER BY 1 ASC LIMIT 10;

-- bind: '1'::int2, '2'::int2
(SELECT "departments"."id" AS "col1", "departments"."name" AS "col2", "departments"."floor" AS "col3", "departments"."opens" AS "col4", "departments"."closes" AS "col5" FROM "departments" WHERE "departments"."id" = $1) UNION (SELECT "departments"."id" AS "col1", "departments"."name" AS "col2", "departments"."floor" AS "col3", "departments"."opens" AS "col4", "departments"."closes" AS "col5" FROM "departments" WHERE "departments"."id" = $2) ORDER BY "col1" ASC;

-- bind: '1'::int2
EXPLAIN SELECT "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "departments" WHERE "departments"."id" = $1;

-- bind: '2'::int2
SELECT id, name FROM departments WHERE floor = $1 ORDER BY id;

-- undo
-- bind: '12', '1'::int2
UPDATE "appointments" SET "room" = $1 WHERE "appointments"."id" = $2;

-- undo
-- bind: '900'::int2, 'Test ward', '1'::int2, '08:00:00'::time without time zone, '17:00:00'::time without time zone
INSERT INTO "departments" ("id", "name", "floor", "opens", "closes") VALUES ($1, $2, $3, $4, $5) RETURNING "departments"."id";

-- undo
-- bind: '{901,902,903}'::smallint[], '{W0,W1,W2}', '{1,1,1}'::smallint[], '{08:00:00,08:00:00,08:00:00}'::time without time zone[], '{17:00:00,17:00:00,17:00:00}'::time without time zone[]
INSERT INTO "departments" ("id", "name", "floor", "opens", "closes") SELECT * FROM UNNEST(($1)::integer[], ($2)::text[], ($3)::smallint[], ($4)::time[], ($5)::time[]) RETURNING "departments"."id";

-- undo
-- bind: '1'::int2, 'W', '1'::int2, '08:00:00'::time without time zone, '17:00:00'::time without time zone
INSERT INTO "departments" ("id", "name", "floor", "opens", "closes") VALUES ($1, $2, $3, $4, $5) ON CONFLICT("id") DO UPDATE SET "floor" = EXCLUDED."floor" RETURNING "departments"."id";

-- undo
-- bind: '1'::int2, 'W', '1'::int2, '08:00:00'::time without time zone, '17:00:00'::time without time zone
INSERT INTO "departments" ("id", "name", "floor", "opens", "closes") VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING;

-- undo
-- bind: '1'::int2
SELECT "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" FROM "departments" WHERE "departments"."id" = $1 LIMIT 21 FOR UPDATE;

-- undo
-- bind: '3'::int2, '08:00:00'::time without time zone, '18:00:00'::time without time zone, '1'::int2
UPDATE "departments" SET "floor" = $1, "opens" = $2, "closes" = $3 WHERE "departments"."id" = $4;

-- undo
-- bind: '5'::int2, '1'::int2
UPDATE "departments" SET "floor" = $1 WHERE "departments"."id" = $2;

-- undo
-- bind: '1'::int2, '4'::int2, '2'::int2, '5'::int2, '1'::int2, '2'::int2
UPDATE "departments" SET "floor" = (CASE WHEN ("departments"."id" = $1) THEN $2 WHEN ("departments"."id" = $3) THEN $4 ELSE NULL END)::smallint WHERE "departments"."id" IN ($5, $6);

-- undo
-- bind: 'booked'
SELECT "appointments"."id", "appointments"."patient_id", "appointments"."clinician_id", "appointments"."status", "appointments"."room", "appointments"."reason" FROM "appointments" WHERE "appointments"."status" = $1 ORDER BY "appointments"."id" ASC LIMIT 3 FOR UPDATE SKIP LOCKED;

-- undo
-- bind: 2, 'A%'
UPDATE "formulary" SET "unit_price" = ("formulary"."unit_price" * $1) WHERE "formulary"."drug"::text LIKE $2;

-- as: nurse
-- masked: ssn, insurance
SELECT DISTINCT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "patients" INNER JOIN "encounters" ON ("patients"."id" = "encounters"."patient_id") WHERE ("encounters"."kind" = 'emergency' AND "patients"."id" < 20) ORDER BY "patients"."id" ASC;

-- as: nurse
-- masked: ssn, insurance
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at", COUNT("encounters"."id") AS "n" FROM "patients" LEFT OUTER JOIN "encounters" ON ("patients"."id" = "encounters"."patient_id") WHERE "patients"."id" < 10 GROUP BY "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" ORDER BY "patients"."id" ASC;

-- as: nurse
-- masked: ssn, insurance
SELECT "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at", COUNT("encounters"."id") AS "n" FROM "patients" LEFT OUTER JOIN "encounters" ON ("patients"."id" = "encounters"."patient_id") WHERE "patients"."id" < 10 GROUP BY "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" ORDER BY "patients"."id" ASC;

SELECT "patients"."primary_clinician_id" AS "primary_clinician", COUNT("patients"."id") AS "n" FROM "patients" GROUP BY 1 ORDER BY 1 ASC LIMIT 5;

-- as: nurse
-- masked: ssn, insurance
SELECT "encounters"."id", "encounters"."patient_id", "encounters"."clinician_id", "encounters"."department_id", "encounters"."kind", "encounters"."admitted_at", "encounters"."discharged_at", "encounters"."reason", "encounters"."vitals", COUNT("diagnoses"."id") AS "n", "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" FROM "encounters" INNER JOIN "patients" ON ("encounters"."patient_id" = "patients"."id") LEFT OUTER JOIN "diagnoses" ON ("encounters"."id" = "diagnoses"."encounter_id") WHERE "encounters"."patient_id" IN (1, 2) GROUP BY "encounters"."id", "encounters"."patient_id", "encounters"."clinician_id", "encounters"."department_id", "encounters"."kind", "encounters"."admitted_at", "encounters"."discharged_at", "encounters"."reason", "encounters"."vitals", "patients"."id", "patients"."mrn", "patients"."given_name", "patients"."family_name", "patients"."birth_date", "patients"."sex", "patients"."ssn", "patients"."phone", "patients"."languages", "patients"."allergies", "patients"."insurance", "patients"."primary_clinician_id", "patients"."deceased_on", "patients"."created_at", "patients"."updated_at" ORDER BY "encounters"."id" ASC;
