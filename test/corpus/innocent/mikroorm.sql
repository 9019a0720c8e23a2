-- MikroORM and Kysely.
-- Written from what the program is known to send.
-- as: engineer

select "d0".*, "c1"."id" as "c1__id", "c1"."specialty" as "c1__specialty" from "departments" as "d0" left join "clinicians" as "c1" on "d0"."id" = "c1"."department_id" where "d0"."id" in (1, 2) order by "d0"."id", "c1"."id";

select "e0"."id" from (select "e0"."id", row_number() over (order by min("e0"."admitted_at") desc, "e0"."id") as "r" from "encounters" as "e0" left join "diagnoses" as "d1" on "e0"."id" = "d1"."encounter_id" where "d1"."rank" = 1 group by "e0"."id") as "e0" where "r" <= 10 order by "r";

select table_name, table_schema as schema_name, (select pg_catalog.obj_description(c.oid) from pg_catalog.pg_class c where c.oid = ('"' || table_schema || '"."' || table_name || '"')::regclass::oid and c.relname = table_name) as table_comment from information_schema.tables where "table_schema" not like 'pg_%' and "table_schema" not like 'crdb_%' and "table_schema" not in ('information_schema', 'tiger', 'topology') and table_name != 'geometry_columns' and table_type != 'VIEW' order by table_name;

select conrelid::regclass::text as table_name, conname, pg_get_constraintdef(oid) as expression from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace order by 1, 2;

-- undo
update "departments" set "floor" = case when ("id" = 1) then 3 when ("id" = 2) then 4 else "floor" end where "id" in (1, 2);

select "d"."id", "d"."name", (select coalesce(json_agg(agg), '[]') from (select "c"."id", "c"."specialty" from "clinicians" as "c" where "c"."department_id" = "d"."id" order by "c"."id") as agg) as "clinicians" from "departments" as "d" order by "d"."id";

select "d"."id", (select to_json(obj) from (select "c"."id", "c"."specialty" from "clinicians" as "c" where "c"."department_id" = "d"."id" order by "c"."id" limit 1) as obj) as "head" from "departments" as "d" order by "d"."id";

select "a"."attname" as "column", "typ"."typname" as "type", "typns"."nspname" as "type_schema", "ns"."nspname" as "schema", "c"."relname" as "table", "a"."attnotnull" as "not_null", "a"."atthasdef" as "has_default", pg_get_serial_sequence('"' || ns.nspname || '"."' || c.relname || '"', a.attname) as seq from "pg_catalog"."pg_attribute" as "a" inner join "pg_catalog"."pg_class" as "c" on "a"."attrelid" = "c"."oid" inner join "pg_catalog"."pg_namespace" as "ns" on "c"."relnamespace" = "ns"."oid" inner join "pg_catalog"."pg_type" as "typ" on "a"."atttypid" = "typ"."oid" inner join "pg_catalog"."pg_namespace" as "typns" on "typ"."typnamespace" = "typns"."oid" where "c"."relkind" in ('r', 'v', 'p') and "ns"."nspname" !~ '^pg_' and "ns"."nspname" != 'information_schema' and "a"."attnum" >= 0 and "a"."attisdropped" != true order by "ns"."nspname", "c"."relname", "a"."attnum";

-- bind: 20, 40
SELECT * FROM clinicians WHERE id BETWEEN $1 AND $2 ORDER BY id;

SELECT t.* FROM (SELECT a.*, ROW_NUMBER() OVER () AS rn FROM (SELECT * FROM departments ORDER BY id) a) t WHERE rn > 2 AND rn <= 5 ORDER BY rn;

-- as: nurse
-- bind: (SELECT mrn FROM patients ORDER BY id LIMIT 1), 1
-- masked: ssn, portal_id, last_login_ip, insurance
SELECT "patients".* FROM "patients" WHERE "patients"."mrn" = $1 LIMIT $2;

-- as: nurse
-- masked: ssn
SELECT "appointments"."id" AS t0_r0, "appointments"."status" AS t0_r1, "patients"."id" AS t1_r0, "patients"."full_name" AS t1_r1, "patients"."ssn" FROM "appointments" LEFT OUTER JOIN "patients" ON "patients"."id" = "appointments"."patient_id" WHERE "appointments"."status" = 'booked' ORDER BY "appointments"."id" ASC LIMIT 25;

-- as: nurse
-- undo
INSERT INTO "clinical_notes" ("id", "encounter_id", "patient_id", "author_id", "written_at", "title", "body") VALUES (900001, 1, 1, 1, '2026-01-01 00:00:00Z', 'Note', 'slept well') RETURNING "id";

-- as: nurse
-- undo
UPDATE "encounters" SET "discharged_at" = '2026-12-01 10:00:00', "reason" = 'fever' WHERE "encounters"."id" = 1;
