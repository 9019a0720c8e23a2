-- Drizzle ORM with node-postgres.
-- Captured on the wire, over models of the clinic. Keys are constants, values of patients are looked up when the test runs.
-- as: engineer

select "id", "name", "floor", "opens", "closes" from "departments";

-- bind: '1'
select "id", "name", "floor", "opens", "closes" from "departments" where "departments"."id" = $1;

-- bind: '5', '2'
select "id", "name", "floor", "opens", "closes" from "departments" order by "departments"."name" asc limit $1 offset $2;

select count(*) from "departments";

-- bind: '10'
select "clinicians"."id", "clinicians"."family_name", "clinicians"."specialty", "clinicians"."department_id", "clinicians"."active", "clinicians"."hired_on", "departments"."id", "departments"."name", "departments"."floor", "departments"."opens", "departments"."closes" from "clinicians" left join "departments" on "clinicians"."department_id" = "departments"."id" order by "clinicians"."id" limit $1;

-- bind: '1'
select "specialty", count("id") from "clinicians" group by "clinicians"."specialty" having count("clinicians"."id") > $1 order by "clinicians"."specialty";

-- bind: 'Cardiology', 'Oncology', 'true', 'a%'
select "id", "family_name", "specialty", "department_id", "active", "hired_on" from "clinicians" where ("clinicians"."specialty" in ($1, $2) and ("clinicians"."active" = $3 or "clinicians"."family_name" ilike $4)) order by "clinicians"."id";

-- bind: '10'
-- masked: mrn, family_name
select "id", "mrn", "family_name", "sex", "allergies", "primary_clinician_id" from "patients" order by "patients"."id" limit $1;

-- bind: '50', '10'
select "patients"."id", "encounters"."id" from "patients" inner join "encounters" on "encounters"."patient_id" = "patients"."id" where "patients"."id" > $1 order by "patients"."id", "encounters"."id" limit $2;

with "sq" as (select "department_id", count(*) as "n" from "encounters" group by "encounters"."department_id") select "department_id", "n" from "sq" order by "sq"."department_id";

select date_trunc('month', "admitted_at") as "m", count(*) from "encounters" group by 1 order by 1;

-- bind: 'emergency', '5'
select "id" from "patients" where exists (select 1 from "encounters" where ("encounters"."patient_id" = "patients"."id" and "encounters"."kind" = $1)) order by "patients"."id" limit $2;

select distinct "payer" from "billing"."claims" order by "billing"."claims"."payer";

select "payer", sum("billed") from "billing"."claims" group by "billing"."claims"."payer" order by "billing"."claims"."payer";

-- bind: '2', '3'
select "dep"."id", "dep"."name", "dep"."floor", "dep"."opens", "dep"."closes", "dep_staff"."data" as "staff" from "departments" "dep" left join lateral (select coalesce(json_agg(json_build_array("dep_staff"."id", "dep_staff"."family_name", "dep_staff"."specialty", "dep_staff"."department_id", "dep_staff"."active", "dep_staff"."hired_on")), '[]'::json) as "data" from (select * from "clinicians" "dep_staff" where "dep_staff"."department_id" = "dep"."id" limit $1) "dep_staff") "dep_staff" on true order by "dep"."id" asc limit $2;

-- bind: '1', '3', '1'
select "cli"."id", "cli"."family_name", "cli"."specialty", "cli"."department_id", "cli"."active", "cli"."hired_on", "cli_dep"."data" as "dep" from "clinicians" "cli" left join lateral (select json_build_array("cli_dep"."id", "cli_dep"."name", "cli_dep"."floor", "cli_dep"."opens", "cli_dep"."closes") as "data" from (select * from "departments" "cli_dep" where "cli_dep"."id" = "cli"."department_id" limit $1) "cli_dep") "cli_dep" on true where "cli"."id" = $2 limit $3;

-- undo
-- bind: '900', 'Ward', '1', '08:00', '17:00'
insert into "departments" ("id", "name", "floor", "opens", "closes") values ($1, $2, $3, $4, $5) returning "id", "name", "floor", "opens", "closes";

-- undo
-- bind: '1', 'W', '1', '08:00', '17:00', '4'
insert into "departments" ("id", "name", "floor", "opens", "closes") values ($1, $2, $3, $4, $5) on conflict ("id") do update set "floor" = $6;

-- undo
-- bind: '1'
update "departments" set "floor" = "departments"."floor" + 1 where "departments"."id" = $1 returning "floor";
