-- Ecto.
-- Written from what the program is known to send.
-- as: engineer

-- bind: 3, 20
SELECT e0."id", e0."kind", e0."admitted_at" FROM "encounters" AS e0 WHERE (e0."patient_id" = $1) ORDER BY e0."admitted_at" DESC LIMIT $2;

SELECT d0."id", count(c1."id") FROM "departments" AS d0 LEFT OUTER JOIN "clinicians" AS c1 ON c1."department_id" = d0."id" GROUP BY d0."id" ORDER BY d0."id";

-- bind: ARRAY[1,2]::int4[]
SELECT c0."id", c0."department_id", c0."specialty", c0."department_id" FROM "clinicians" AS c0 WHERE (c0."department_id" = ANY($1)) ORDER BY c0."department_id", c0."id";

SELECT s0."version"::bigint FROM (VALUES (1)) AS s0(version);

SELECT TRUE FROM "encounters" AS e0 WHERE (e0."patient_id" = 3) LIMIT 1;

-- undo
INSERT INTO "departments" AS d0 ("id","name","floor","opens","closes") VALUES (1,'A',1,'08:00','17:00') ON CONFLICT ("id") DO UPDATE SET "floor" = d0."floor" + EXCLUDED."floor" RETURNING "id","floor";

-- bind: 'tx-1'
SELECT pg_advisory_xact_lock(hashtext($1));
