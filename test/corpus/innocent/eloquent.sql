-- Laravel Eloquent.
-- Written from what the program is known to send.
-- as: engineer

-- bind: 1
select * from "departments" where "departments"."id" = $1 limit 1;

-- bind: 'inpatient', '2026-01-01'
select count(*) as aggregate from "encounters" where "kind" = $1 and "admitted_at" > $2;

select "departments".*, (select count(*) from "clinicians" where "departments"."id" = "clinicians"."department_id") as "clinicians_count" from "departments" order by "id";

select * from "departments" where exists (select * from "clinicians" where "departments"."id" = "clinicians"."department_id" and "active" = true) order by "id" limit 15 offset 0;

select exists(select * from "appointments" where "clinician_id" = 3) as "exists";

select exists (select 1 from pg_class c, pg_namespace n where n.nspname = 'public' and c.relname = 'migrations' and c.relkind in ('r', 'p') and n.oid = c.relnamespace);

select c.relname as name, n.nspname as schema, pg_total_relation_size(c.oid) > 0 as size, obj_description(c.oid, 'pg_class') as comment from pg_class c, pg_namespace n where c.relkind in ('r', 'p') and n.oid = c.relnamespace and n.nspname not in ('pg_catalog', 'information_schema') order by c.relname;

select a.attname as name, t.typname as type_name, format_type(a.atttypid, a.atttypmod) as type, (select tc.collcollate from pg_catalog.pg_collation tc where tc.oid = a.attcollation) as collation, not a.attnotnull as nullable, (select pg_get_expr(adbin, adrelid) from pg_attrdef where c.oid = pg_attrdef.adrelid and pg_attrdef.adnum = a.attnum) as default, a.attgenerated as generated, col_description(c.oid, a.attnum) as comment from pg_attribute a, pg_class c, pg_type t, pg_namespace n where c.relname = 'encounters' and n.nspname = current_schema() and a.attnum > 0 and a.attrelid = c.oid and a.atttypid = t.oid and n.oid = c.relnamespace order by a.attnum;

-- bind: 'Cardiology'
select * from "clinicians" where "specialty"::text ilike $1 order by "hired_on" desc, "id" limit 3;

select * from "encounters" where "vitals"->>'pulse' > '90' order by "id" limit 5;

select * from "encounters" where ("vitals"->'pulse')::jsonb @> '80' order by "id" limit 5;

select * from "encounters" where "admitted_at"::date = '2026-01-05' and extract(month from "admitted_at") = 1 order by "id";

select * from (select *, row_number() over (partition by "department_id" order by "hired_on" desc, "id") as "laravel_row" from "clinicians") as "laravel_table" where "laravel_row" <= 2 order by "laravel_row", "id";

-- undo
insert into "departments" ("id", "name", "floor", "opens", "closes") values (900, 'x', 1, '08:00', '17:00') on conflict do nothing;

-- undo
update "departments" set "floor" = 3 where "ctid" in (select "departments"."ctid" from "departments" inner join "clinicians" on "clinicians"."department_id" = "departments"."id" where "clinicians"."id" = 1);

-- undo
select "id", "status" from "appointments" where "id" = 1 limit 1 for update;
