-- Rails ActiveRecord: models, migrations.
-- Written from what the program is known to send.
-- as: engineer

SELECT "departments".* FROM "departments" WHERE "departments"."id" = 1 LIMIT 1 /*application='Clinic',controller='departments',action='show'*/;

-- bind: 'emergency', 1
SELECT "encounters".* FROM "encounters" WHERE "encounters"."kind" = $1 ORDER BY "encounters"."id" ASC LIMIT $2;

-- bind: 3, 11
-- masked: mrn, given_name, family_name, full_name, ssn, phone, email, home, emergency_contact, portal_id, last_login_ip, insurance, photo, deceased_on
-- partly: birth_date, birth_year, note
SELECT "patients".* FROM "patients" WHERE "patients"."id" = $1 LIMIT $2;

-- bind: 1::int8
SELECT 1 AS one FROM "appointments" WHERE "appointments"."patient_id" = 3 AND "appointments"."status" != 'cancelled' LIMIT $1;

SELECT COUNT(*) FROM (SELECT 1 AS one FROM "encounters" WHERE "encounters"."patient_id" = 3 LIMIT 10) subquery_for_count;

SELECT COUNT(*) AS "count_all", "encounters"."kind" AS "encounters_kind" FROM "encounters" GROUP BY "encounters"."kind" ORDER BY 2;

SELECT DISTINCT "departments"."id", "departments"."name" AS alias_0 FROM "departments" LEFT OUTER JOIN "clinicians" ON "clinicians"."department_id" = "departments"."id" WHERE "clinicians"."active" = TRUE ORDER BY "departments"."name" ASC LIMIT 10;

SELECT "departments"."id" AS t0_r0, "departments"."name" AS t0_r1, "departments"."floor" AS t0_r2, "clinicians"."id" AS t1_r0, "clinicians"."specialty" AS t1_r1 FROM "departments" LEFT OUTER JOIN "clinicians" ON "clinicians"."department_id" = "departments"."id" ORDER BY "departments"."id", "clinicians"."id";

SELECT "clinicians".* FROM "clinicians" WHERE "clinicians"."department_id" IN (1, 2, 3) ORDER BY id;

SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"encounters"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;

SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool') ORDER BY 1;

SELECT type.typname AS name, type.OID AS oid, n.nspname AS schema, array_agg(enum.enumlabel ORDER BY enum.enumsortorder) AS value FROM pg_enum AS enum JOIN pg_type AS type ON (type.oid = enum.enumtypid) JOIN pg_namespace n ON type.typnamespace = n.oid WHERE n.nspname = ANY (current_schemas(false)) GROUP BY type.OID, n.nspname, type.typname ORDER BY 1;

SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'schema_migrations' AND c.relkind IN ('r','p');

SELECT a.attname FROM ( SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"encounters"'::regclass AND indisprimary ) i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx;

SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') AS comment, d.indisvalid, ARRAY( SELECT pg_get_indexdef(d.indexrelid, k + 1, true) FROM generate_subscripts(d.indkey, 1) AS k ORDER BY k ) AS columns FROM pg_class t INNER JOIN pg_index d ON t.oid = d.indrelid INNER JOIN pg_class i ON d.indexrelid = i.oid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace WHERE i.relkind IN ('i', 'I') AND d.indisprimary = 'f' AND t.relname = 'encounters' AND n.nspname = ANY (current_schemas(false)) ORDER BY i.relname;

SELECT pg_try_advisory_lock(4855837465482);
SELECT pg_advisory_unlock(4855837465482);

-- simple
SET client_min_messages TO 'warning'; SET standard_conforming_strings = on; SET intervalstyle = iso_8601; SET SESSION timezone TO 'UTC';

CREATE TABLE scratch.schema_migrations ("version" character varying NOT NULL PRIMARY KEY);
CREATE TABLE scratch.ar_internal_metadata ("key" character varying NOT NULL PRIMARY KEY, "value" character varying, "created_at" timestamp(6) NOT NULL, "updated_at" timestamp(6) NOT NULL);
INSERT INTO "scratch"."ar_internal_metadata" ("key", "value", "created_at", "updated_at") VALUES ('environment', 'production', '2026-01-01 00:00:00', '2026-01-01 00:00:00') RETURNING "key";
INSERT INTO "scratch"."schema_migrations" ("version") VALUES ('20260101000000') RETURNING "version";
SELECT "schema_migrations"."version" FROM "scratch"."schema_migrations" ORDER BY "schema_migrations"."version" ASC;
DROP TABLE scratch.schema_migrations, scratch.ar_internal_metadata;

-- undo
INSERT INTO "departments" ("id","name","floor","opens","closes") VALUES (900, 'A', 1, '2000-01-01 08:00:00', '2000-01-01 17:00:00'), (901, 'B', 1, '2000-01-01 08:00:00', '2000-01-01 17:00:00') ON CONFLICT ("id") DO UPDATE SET "name"=excluded."name","floor"=excluded."floor" RETURNING "id";

-- undo
INSERT INTO "departments" ("id","name","floor","opens","closes") VALUES (1, 'A', 1, '08:00', '17:00') ON CONFLICT DO NOTHING RETURNING "id";

-- undo
-- bind: 2::int2, 1
UPDATE "departments" SET "floor" = COALESCE("floor", 0) + $1 WHERE "departments"."id" = $2;

-- undo
UPDATE "appointments" SET "status" = 'kept' WHERE "appointments"."id" IN (SELECT "appointments"."id" FROM "appointments" WHERE "appointments"."room" = '12' ORDER BY "appointments"."id" ASC LIMIT 5);
