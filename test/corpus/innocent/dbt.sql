-- dbt: catalogs, models, tests.
-- Written from what the program is known to send.
-- as: engineer

select quote_ident(nspname) || '.' || quote_ident(relname) as table_ident, nspname as "schema", relname as name, case relkind when 'r' then 'table' when 'v' then 'view' when 'm' then 'materialized_view' end as type from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname ilike 'public' and relkind in ('r', 'v', 'm') order by 3;

select distinct nspname from pg_namespace order by 1;

select table_catalog as database, table_name as name, table_schema as schema, case table_type when 'BASE TABLE' then 'table' else 'view' end as table_type from information_schema.tables where table_schema ilike 'public' order by 2;

select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale from information_schema.columns where table_name = 'departments' and table_schema = 'public' order by ordinal_position;

/* {"app": "dbt", "dbt_version": "1.8.0", "profile_name": "clinic", "target_name": "dev", "node_id": "test.clinic.unique_departments_id"} */
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from ( select id as unique_field, count(*) as n_records from "clinic"."public"."departments" where id is not null group by id having count(*) > 1 ) dbt_internal_test;

/* {"app": "dbt"} */ create table "clinic"."scratch"."visits__dbt_tmp" as ( with source as ( select * from "clinic"."public"."encounters" ), renamed as ( select id as encounter_id, department_id, kind from source ) select department_id, kind, count(*) as n from renamed group by 1, 2 );
alter table "clinic"."scratch"."visits__dbt_tmp" rename to "visits";
create index if not exists "visits_ix" on "clinic"."scratch"."visits" using btree (department_id);
select sum(n) from "clinic"."scratch"."visits";
drop table if exists "clinic"."scratch"."visits" cascade;

/* {"app": "dbt"} */ create view "clinic"."scratch"."v__dbt_tmp" as ( select id, name from "clinic"."public"."departments" );
alter view "clinic"."scratch"."v__dbt_tmp" rename to "v";
select count(*) from "clinic"."scratch"."v";
drop view if exists "clinic"."scratch"."v" cascade;

with all_values as ( select kind as value_field, count(*) as n_records from "public"."encounters" group by kind ) select * from all_values where value_field not in ('outpatient','emergency','inpatient','telehealth');

with child as ( select patient_id as from_field from "public"."encounters" where patient_id is not null ), parent as ( select id as to_field from "public"."patients" ) select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null;
