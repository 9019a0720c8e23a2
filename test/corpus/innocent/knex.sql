-- Knex with node-postgres.
-- Captured on the wire, over models of the clinic. Keys are constants, values of patients are looked up when the test runs.
-- as: engineer

select version();

select * from "departments";

-- bind: '1', '1'
select * from "departments" where "id" = $1 limit $2;

-- bind: '5', '2'
select * from "departments" order by "name" asc limit $1 offset $2;

select count(*) as "n" from "departments";

-- bind: '2'
select "c"."id", "d"."name" from "clinicians" as "c" inner join "departments" as "d" on "d"."id" = "c"."department_id" where "d"."floor" >= $1 order by "c"."id" asc;

-- bind: '1'
select "specialty", count("id") as "n" from "clinicians" group by "specialty" having count(id) > $1 order by "specialty" asc;

-- bind: 'Cardiology', 'Oncology', 'true'
select * from "clinicians" where "specialty" in ($1, $2) and ("active" = $3 or "supervisor_id" is null) order by "id" asc;

-- bind: '10'
-- masked: mrn
select "id", "mrn", "sex" from "patients" order by "id" asc limit $1;

-- bind: '2026-01-01', '2026-01-03'
select "id", "kind", "admitted_at" from "encounters" where "admitted_at" between $1 and $2 order by "id" asc;

-- bind: '100'
with "busy" as (select "department_id", count(*) as "n" from "encounters" group by "department_id") select * from "busy" where "n" > $1 order by "department_id" asc;

-- bind: 'emergency', '5'
select "p"."id" from "patients" as "p" where exists (select 1 from "encounters" as "e" where e.patient_id = p.id and "e"."kind" = $1) order by "p"."id" asc limit $2;

select sum("billed") as "total", avg("paid") as "mean", "payer" from "billing"."claims" group by "payer" order by "payer" asc;

select "id" from "departments" union select "department_id" from "clinicians";

-- bind: '5'
select "id", row_number() over (partition by department_id order by hired_on) as n from "clinicians" order by "id" asc limit $1;

-- bind: '3'
select $1::int as n;

select distinct "specialty" from "clinicians" order by "specialty" asc;

-- bind: '%care%'
select * from "departments" where "name" ilike $1;

select "name" from "departments" where "floor" is not null;

-- bind: 'departments'
select * from information_schema.tables where table_name = $1 and table_schema = current_schema();

-- bind: 'departments', 'floor'
select * from information_schema.columns where table_name = $1 and column_name = $2 and table_schema = current_schema();

-- bind: 'departments'
select * from information_schema.columns where table_name = $1 and table_catalog = current_database() and table_schema = current_schema();

-- undo
-- bind: '17:00', '1', '900', 'Ward', '08:00'
insert into "departments" ("closes", "floor", "id", "name", "opens") values ($1, $2, $3, $4, $5) returning "id";

-- undo
-- bind: '17:00', '1', '900', 'W1', '08:00', '17:00', '1', '901', 'W2', '08:00'
insert into "departments" ("closes", "floor", "id", "name", "opens") values ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10);

-- undo
-- bind: '17:00', '1', '1', 'W', '08:00'
insert into "departments" ("closes", "floor", "id", "name", "opens") values ($1, $2, $3, $4, $5) on conflict ("id") do update set "floor" = excluded."floor";

-- undo
-- bind: '3', '1'
update "departments" set "floor" = $1 where "id" = $2 returning "id", "floor";

-- undo
-- bind: '1', '1'
update "departments" set "floor" = "floor" + $1 where "id" = $2;

-- undo
-- bind: 'booked', '2'
select "id" from "appointments" where "status" = $1 order by "id" asc limit $2 for update skip locked;
