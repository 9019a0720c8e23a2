-- GORM.
-- Written from what the program is known to send.
-- as: engineer

-- bind: 1, 1
SELECT * FROM "departments" WHERE "departments"."id" = $1 ORDER BY "departments"."id" LIMIT $2;

SELECT "Clinician"."id","Clinician"."specialty","Department"."id" AS "Department__id","Department"."name" AS "Department__name" FROM "clinicians" "Clinician" LEFT JOIN "departments" "Department" ON "Clinician"."department_id" = "Department"."id" ORDER BY "Clinician"."id" LIMIT 5;

SELECT count(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_name = 'departments' AND table_type = 'BASE TABLE';

SELECT c.column_name, c.is_nullable = 'YES', c.udt_name, c.character_maximum_length, c.numeric_precision, c.numeric_precision_radix, c.numeric_scale, c.datetime_precision, 8 * typlen, c.column_default, pd.description, c.identity_increment FROM information_schema.columns AS c JOIN pg_type AS pgt ON c.udt_name = pgt.typname LEFT JOIN pg_catalog.pg_description as pd ON pd.objsubid = c.ordinal_position AND pd.objoid = (SELECT oid FROM pg_catalog.pg_class WHERE relname = c.table_name AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = c.table_schema)) where table_catalog = current_database() AND table_schema = CURRENT_SCHEMA() AND table_name = 'encounters' ORDER BY c.ordinal_position;

SELECT a.attname as column_name, format_type(a.atttypid, a.atttypmod) AS data_type FROM pg_attribute a JOIN pg_class b ON a.attrelid = b.oid AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = CURRENT_SCHEMA()) WHERE a.attnum > 0 AND NOT a.attisdropped AND b.relname = 'encounters' ORDER BY a.attnum;

SELECT description FROM pg_catalog.pg_description WHERE objsubid = (SELECT ordinal_position FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() AND table_name = 'encounters' AND column_name = 'vitals') AND objoid = (SELECT oid FROM pg_catalog.pg_class WHERE relname = 'encounters' AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = CURRENT_SCHEMA()));

-- undo
INSERT INTO "departments" ("name","floor","opens","closes","id") VALUES ('A',1,'08:00','17:00',900),('B',1,'08:00','17:00',901) ON CONFLICT ("id") DO UPDATE SET "name"="excluded"."name" RETURNING "id";

-- undo
SAVEPOINT sp0x1234;
UPDATE "departments" SET "floor"=4 WHERE "id" = 1;
ROLLBACK TO SAVEPOINT sp0x1234;
