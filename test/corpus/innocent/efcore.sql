-- Entity Framework Core with Npgsql.
-- Written from what the program is known to send.
-- as: engineer

-- bind: '1', 20
SELECT d.id, d.name, d.floor FROM departments AS d WHERE d.id = $1::int LIMIT $2;

SELECT e.id, e.kind, t.name FROM encounters AS e INNER JOIN (SELECT d.id, d.name FROM departments AS d WHERE d.floor > 1) AS t ON e.department_id = t.id ORDER BY e.id LIMIT 20;

SELECT e.department_id AS "Key", count(*)::int AS "Count", COALESCE(avg(extract(epoch from e.stay)), 0.0) AS "Avg" FROM encounters AS e GROUP BY e.department_id ORDER BY e.department_id;

SELECT d.id, d.name, t1.id, t1.admitted_at FROM departments AS d LEFT JOIN LATERAL (SELECT e.id, e.admitted_at, e.department_id FROM encounters AS e WHERE d.id = e.department_id ORDER BY e.admitted_at DESC, e.id LIMIT 2) AS t1 ON TRUE ORDER BY d.id, t1.admitted_at DESC, t1.id;

-- bind: ARRAY[1,2,3]::int4[]
SELECT e.id, e.kind FROM encounters AS e WHERE e.id = ANY ($1) ORDER BY e.id;

-- bind: 'care'
SELECT d.id FROM departments AS d WHERE $1 = '' OR strpos(d.name, $1) > 0 ORDER BY d.id;

-- bind: '%are%'
SELECT d.id, d.name FROM departments AS d WHERE d.name LIKE $1 ESCAPE '' ORDER BY d.id;

SELECT e.id, date_part('year', e.admitted_at AT TIME ZONE 'UTC')::int AS "Year", date_trunc('day', e.admitted_at AT TIME ZONE 'UTC') AS "Date" FROM encounters AS e ORDER BY e.id LIMIT 5;

SELECT CASE WHEN e.discharged_at IS NULL THEN 'open' ELSE 'closed' END AS state, count(*)::int FROM encounters AS e GROUP BY CASE WHEN e.discharged_at IS NULL THEN 'open' ELSE 'closed' END ORDER BY 1;

SELECT EXISTS (SELECT 1 FROM encounters AS e WHERE e.patient_id = 3);

SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname='public' AND c.relname='__EFMigrationsHistory');

CREATE TABLE IF NOT EXISTS scratch."__EFMigrationsHistory" ("MigrationId" character varying(150) NOT NULL, "ProductVersion" character varying(32) NOT NULL, CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId"));
SELECT "MigrationId", "ProductVersion" FROM scratch."__EFMigrationsHistory" ORDER BY "MigrationId";
INSERT INTO scratch."__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES ('20260101000000_Init', '9.0.0');
DROP TABLE scratch."__EFMigrationsHistory";

SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM ( SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind, elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind, CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype, typ.typcategory FROM ( SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid, CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype, CASE WHEN proc.proname='array_recv' THEN typ.typelem WHEN typ.typtype='r' THEN rngsubtype WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid) WHEN typ.typtype='d' THEN typ.typbasetype END AS elemtypoid, typcategory FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid) ) AS typ LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid) LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive ) AS t JOIN pg_namespace AS ns ON (ns.oid = typnamespace) WHERE ( typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind='c') OR (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) OR (typtype = 'a' AND ( elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR (elemtyptype = 'c' AND elemrelkind='c') )) ) ORDER BY oid;

SELECT typ.oid, att.attname, att.atttypid FROM pg_type AS typ JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace) JOIN pg_class AS cls ON (cls.oid = typ.typrelid) JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid) WHERE (typ.typtype = 'c' AND cls.relkind='c') AND attnum > 0 AND NOT attisdropped ORDER BY typ.oid, att.attnum;

-- undo
INSERT INTO departments (id, name, floor, opens, closes) VALUES (900, 'A', 1, '08:00', '17:00') RETURNING xmin IS NOT NULL AS has_xmin;

-- undo
UPDATE departments AS d SET floor = (d.floor + 1)::smallint WHERE d.id < 4;
