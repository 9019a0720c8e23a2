-- Tableau with the PostgreSQL ODBC driver: connecting, its catalog queries, worksheets.
-- Written from what the program is known to send.
-- as: engineer

-- simple
BEGIN;DECLARE "SQL_CUR0x7f" CURSOR FOR select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname like 'departments' and n.nspname like 'public') inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum;
FETCH 2048 IN "SQL_CUR0x7f";
CLOSE "SQL_CUR0x7f";
COMMIT;

select relname, nspname, relkind from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r', 'v', 'm', 'f', 'p') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') and n.oid = relnamespace order by nspname, relname;

select n.nspname, c.relname, i.indisunique, i.indisclustered, a.amname, ic.relname, i.indexrelid::regclass::text, i.indkey from pg_catalog.pg_index i, pg_catalog.pg_class c, pg_catalog.pg_class ic, pg_catalog.pg_namespace n, pg_catalog.pg_am a where c.relname = 'encounters' and n.nspname = 'public' and c.oid = i.indrelid and ic.oid = i.indexrelid and n.oid = c.relnamespace and ic.relam = a.oid order by i.indisprimary desc, i.indisunique, n.nspname, ic.relname;

select ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname from pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic where tc.relname = 'encounters' AND n.nspname = 'public' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't' AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1] AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid order by ia.attnum;

select 'clinic'::name as "PKTABLE_CAT", n2.nspname as "PKTABLE_SCHEM", c2.relname as "PKTABLE_NAME", a2.attname as "PKCOLUMN_NAME", 'clinic'::name as "FKTABLE_CAT", n1.nspname as "FKTABLE_SCHEM", c1.relname as "FKTABLE_NAME", a1.attname as "FKCOLUMN_NAME", i::int2 as "KEY_SEQ", case ref.confupdtype when 'c' then 0::int2 when 'n' then 2::int2 when 'd' then 4::int2 when 'r' then 1::int2 else 3::int2 end as "UPDATE_RULE", ref.conname as "FK_NAME", cn.conname as "PK_NAME" from ((((((( (select cn.oid, conrelid, conkey, confrelid, confkey, generate_series(array_lower(conkey, 1), array_upper(conkey, 1)) as i, confupdtype, confdeltype, conname from pg_catalog.pg_constraint cn, pg_catalog.pg_class c, pg_catalog.pg_namespace n where contype = 'f' and conrelid = c.oid and relname = 'encounters' and n.oid = c.relnamespace and n.nspname = 'public') ref inner join pg_catalog.pg_class c1 on c1.oid = ref.conrelid) inner join pg_catalog.pg_namespace n1 on n1.oid = c1.relnamespace) inner join pg_catalog.pg_attribute a1 on a1.attrelid = c1.oid and a1.attnum = conkey[i]) inner join pg_catalog.pg_class c2 on c2.oid = ref.confrelid) inner join pg_catalog.pg_namespace n2 on n2.oid = c2.relnamespace) inner join pg_catalog.pg_attribute a2 on a2.attrelid = c2.oid and a2.attnum = confkey[i]) left outer join pg_catalog.pg_constraint cn on cn.conrelid = ref.confrelid and cn.contype = 'p') order by ref.oid, ref.i;

SELECT "encounters"."kind" AS "kind", SUM(1) AS "sum:Number of Records:ok" FROM "public"."encounters" "encounters" GROUP BY 1 ORDER BY 1;

SELECT "departments"."name" AS "name (departments)", CAST(TRUNC(EXTRACT(YEAR FROM "encounters"."admitted_at")) AS INTEGER) AS "yr:admitted_at:ok", COUNT("encounters"."id") AS "cnt:id:ok" FROM "public"."encounters" "encounters" INNER JOIN "public"."departments" "departments" ON ("encounters"."department_id" = "departments"."id") GROUP BY 1, 2 ORDER BY 1, 2;

SELECT DATE_TRUNC( 'MONTH', CAST("claims"."submitted_on" AS TIMESTAMP WITHOUT TIME ZONE) ) AS "tmn:submitted_on:ok", SUM("claims"."billed") AS "sum:billed:ok" FROM "billing"."claims" "claims" WHERE ("claims"."payer" IN (SELECT "claims"."payer" FROM "billing"."claims" "claims" GROUP BY 1 ORDER BY SUM("claims"."billed") DESC, 1 LIMIT 3)) GROUP BY 1 ORDER BY 1;

SELECT * FROM (SELECT id, kind FROM encounters) "Custom SQL Query" ORDER BY id LIMIT 1;

CREATE LOCAL TEMPORARY TABLE "#Tableau_1_Connect" ("COL" INTEGER) ON COMMIT PRESERVE ROWS;
INSERT INTO "#Tableau_1_Connect" ("COL") VALUES (1);
SELECT "COL" FROM "#Tableau_1_Connect";
DROP TABLE "#Tableau_1_Connect";

SELECT COUNT(1) FROM "public"."departments" "departments" HAVING (COUNT(1) > 0);
