-- jOOQ.
-- Written from what the program is known to send.
-- as: engineer

select "public"."encounters"."id", "public"."encounters"."kind", count(*) over () as "total" from "public"."encounters" where ("public"."encounters"."department_id" in (1, 2) and "public"."encounters"."id" > 10) order by "public"."encounters"."id" asc nulls first offset 0 rows fetch next 5 rows only;

select "d"."id", (select coalesce(json_agg(json_build_array("v0", "v1") order by "v0"), json_build_array()) from (select "c"."id" as "v0", "c"."specialty" as "v1" from "public"."clinicians" as "c" where "c"."department_id" = "d"."id") as "t") as "clinicians" from "public"."departments" as "d" order by "d"."id";

select "e"."id" from "public"."encounters" as "e" where ("e"."admitted_at", "e"."id") > (timestamp with time zone '2026-01-01 00:00:00+00:00', 10) order by "e"."admitted_at" asc, "e"."id" asc fetch next 10 rows only;

select 1 as "one" where true;

select "alias_1"."v0" as "x" from (values (1), (2)) as "alias_1" ("v0");

-- undo
merge into "public"."departments" as "t" using (select 1 as "id", 'A' as "name") as "s" on "t"."id" = "s"."id" when matched then update set "name" = "s"."name" when not matched then insert ("id", "name", "floor", "opens", "closes") values ("s"."id", "s"."name", 1, '08:00', '17:00') returning merge_action(), "t"."id";
