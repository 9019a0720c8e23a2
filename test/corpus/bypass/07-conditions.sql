-- 7. Conditions as an oracle: whatever shapes a result, or fails or takes long for some values only.

-- refused 42501
SELECT count(*) FROM patients WHERE ssn LIKE '9%';

-- refused 42501
SELECT 1 FROM patients WHERE ssn < '5';

-- refused 42501
SELECT 1 FROM patients WHERE ssn = '{ssn}';

-- refused 42501
SELECT 1 FROM patients WHERE id = 7 AND (NOT (ssn <> '{ssn}') OR false);

-- refused 42501
SELECT 1 FROM patients WHERE substr(ssn, 1, 1) = '9';

-- refused 42501
SELECT 1 FROM patients p JOIN (VALUES ('{ssn}')) g(x) ON p.ssn = g.x;

-- refused 42501
SELECT 1 FROM patients JOIN (VALUES ('{ssn}'::bpchar)) g(ssn) USING (ssn);

-- refused 42501
SELECT 1 FROM patients NATURAL JOIN (VALUES ('{ssn}'::bpchar)) g(ssn);

-- refused 42501
SELECT g.ssn FROM (VALUES ('{ssn}'::bpchar)) g(ssn) LEFT JOIN patients USING (ssn) WHERE id IS NOT NULL;

-- refused 42501
SELECT id FROM patients ORDER BY ssn;

-- refused 42501
SELECT id, ssn AS x FROM patients ORDER BY x;

-- refused 42501
SELECT ssn, id FROM patients ORDER BY 1;

-- refused 42501
SELECT id FROM patients ORDER BY CASE WHEN ssn LIKE '9%' THEN 0 ELSE 1 END;

-- refused 42501
SELECT id FROM patients ORDER BY ascii(ssn) USING <;

-- refused 42501
SELECT id FROM patients ORDER BY (SELECT q.ssn FROM patients q WHERE q.id = patients.id);

-- refused 42501
SELECT id, full_name AS id2 FROM patients UNION ALL SELECT 1, 'x' ORDER BY 2;

-- refused 42501
SELECT count(*) FROM patients GROUP BY ssn;

-- refused 42501
SELECT 1 FROM patients HAVING max(ssn) > '5';

-- refused 42501
SELECT EXISTS (SELECT 1 FROM patients WHERE ssn = '{ssn}');

-- refused 42501
SELECT count(*) FILTER (WHERE ssn LIKE '9%') FROM patients;

-- refused 42501
SELECT count(DISTINCT ssn) FROM patients;

-- refused 42501
SELECT count(CASE WHEN ssn LIKE '9%' THEN 1 END), count(nullif(ssn, '{ssn}')), bool_or(ssn = '{ssn}') FROM patients;

-- masked
SELECT count(CASE WHEN ssn = '{ssn}' THEN 1 END), count(nullif(ssn, '{ssn}')), bool_or(ssn = '{ssn}') FROM patients;

-- refused 42501
SELECT sum(CASE WHEN ssn LIKE '9%' THEN 1 ELSE 0 END) FROM patients;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN 'x' END, CASE WHEN ssn NOT LIKE '9%' THEN 'x' END, CASE WHEN ssn LIKE '9%' THEN id END FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT CASE WHEN ssn = '{ssn}' THEN 'x' END, CASE WHEN ssn <> '{ssn}' THEN 'x' END, CASE WHEN ssn = '{ssn}' THEN id END FROM patients ORDER BY id LIMIT 3;

-- masked
-- Whether a derived value is null may tell everything.
SELECT nullif(ssn, '{ssn}'), nullif('x', left(ssn, 1)), nullif(ssn = '{ssn}', true) FROM patients ORDER BY id LIMIT 8;

-- masked
SELECT regexp_substr(ssn, '^9'), substring(ssn FROM '^9'), (regexp_match(ssn, '^9'))[1], (string_to_array(ssn, '9'))[2], array_position(string_to_array(ssn, NULL), '9') FROM patients ORDER BY id LIMIT 8;

-- masked
-- The lengths of arrays, and which of their elements are null.
SELECT string_to_array(ssn, '9'), array_remove(ARRAY[left(ssn, 1)], '9'), ARRAY[nullif(left(ssn, 1), '9')] FROM patients ORDER BY id LIMIT 5;

-- refused 42501
-- The lengths of arrays, and which of their elements are null.
SELECT array_replace(ARRAY[left(ssn, 1)], '9', NULL) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT string_to_array(ssn, '9'), ARRAY[nullif(left(ssn, 1), '9')], ARRAY[CASE WHEN ssn LIKE '9%' THEN 1 END] FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT string_to_array(ssn, '9'), ARRAY[nullif(left(ssn, 1), '9')], ARRAY[CASE WHEN ssn = '{ssn}' THEN 1 END] FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT array_remove(ARRAY[left(ssn, 1)], '9'), string_to_array(ssn, '9', ''), ARRAY[]::text[] || left(ssn, 1), ARRAY(SELECT p.ssn) FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT to_jsonb(nullif(ssn, '{ssn}')), to_json(CASE WHEN ssn LIKE '9%' THEN 1 END) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT to_jsonb(nullif(ssn, '{ssn}')), to_json(CASE WHEN ssn = '{ssn}' THEN 1 END) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT row_to_json(CASE WHEN ssn LIKE '9%' THEN ROW(1) END) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT ROW(nullif(ssn, '{ssn}')) IS NULL, (SELECT x FROM (SELECT nullif(p.ssn, '{ssn}')) x) IS NULL, ROW(nullif(ssn, '{ssn}'), NULL) IS NOT NULL FROM patients p ORDER BY id LIMIT 8;

-- masked
SELECT x IS NULL, num_nulls(x.*), count(x) OVER () FROM (SELECT nullif(ssn, '{ssn}') AS a FROM patients ORDER BY id LIMIT 8) x;

-- masked
SELECT num_nonnulls(VARIADIC string_to_array(ssn, '9')) FROM patients ORDER BY id LIMIT 8;

-- refused 42501
SELECT num_nulls(VARIADIC ARRAY[nullif(ssn, '{ssn}')]) FROM patients ORDER BY id LIMIT 8;

-- masked, as copilot, not copy, not csv, not bincopy
SELECT num_nonnulls(VARIADIC ARRAY[submitted_on]) FROM billing.claims ORDER BY id LIMIT 3;

-- refused 42501
SELECT 1 FROM departments LIMIT (SELECT ascii(ssn) FROM patients LIMIT 1);

-- refused 42501
SELECT 1 FROM departments OFFSET (SELECT ascii(max(ssn)) FROM patients);

-- refused 42501
SELECT 1 / (ascii(ssn) - 57) FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn::int FROM patients;

-- refused 42501
SELECT CAST(replace(ssn, '-', '') AS int8) FROM patients;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN pg_sleep(1) END FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN (SELECT count(*) FROM generate_series(1, 10000000)) END FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn LIKE '9%' AND 1 / (id - 7) = 1 FROM patients WHERE id = 7;

-- refused 42501
-- No key of an object is NULL.
SELECT CASE WHEN ssn > '5' THEN JSON_OBJECT(NULL::text: 1) END FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn > '5' THEN json_build_object(NULL::text, 1) END FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn > '5' THEN jsonb_build_object('a', 1, 'b') END FROM patients WHERE id = 7;

-- refused 42501
SELECT json_build_object(nullif(ssn, '{ssn}'), 1) FROM patients WHERE id = 7;

-- refused 42501
-- Bytes are read as UTF-8 first.
SELECT CASE WHEN ssn > '5' THEN '\xff'::bytea IS JSON END FROM patients WHERE id = 7;

-- refused 42501
SELECT photo IS JSON FROM patients WHERE id = 7;

-- refused 42501
SELECT JSON_OBJECT('a': ssn RETURNING varchar(9)) FROM patients WHERE id = 7;

-- refused 42501
SELECT JSON_VALUE(to_jsonb(ssn), '$' RETURNING int ERROR ON ERROR) FROM patients WHERE id = 7;

-- refused 42501
SELECT coalesce(nullif(ssn, '{ssn}'), (1 / (id - 7))::text) FROM patients WHERE id = 7;

-- refused 42501
-- IN with expressions is a chain of OR, and stops where it is true.
SELECT ssn IN ('{ssn}', (1 / (id - 7))::text) FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn NOT IN ('{ssn}', (1 / (id - 7))::text) FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn BETWEEN '6' AND (1 / (id - 7))::text FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn BETWEEN SYMMETRIC '6' AND (1 / (id - 7))::text FROM patients WHERE id = 7;

-- refused 42501
SELECT (ssn, 1) = ('{ssn}', 1 / (id - 7)) FROM patients WHERE id = 7;

-- refused 42501
SELECT (ssn, 1) < ('6', 1 / (id - 7)) FROM patients WHERE id = 7;

-- refused 42501
SELECT (ssn, 1) IS DISTINCT FROM ('{ssn}', 1 / (id - 7)) FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn = ANY (SELECT CASE WHEN k = 1 THEN '{ssn}' ELSE (1 / (k - 2))::text END FROM generate_series(1, 2) k WHERE k <= p.id) FROM patients p WHERE id = 7;

-- refused 42501
SELECT ssn IN (SELECT CASE WHEN k = 1 THEN '{ssn}' ELSE (1 / (k - 2))::text END FROM generate_series(1, 2) k WHERE k <= p.id) FROM patients p WHERE id = 7;

-- refused 42501
SELECT (ssn, 1) IN (SELECT '{ssn}', 1 / (k - 1) FROM generate_series(1, 2) k WHERE k <= p.id) FROM patients p WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN ('no' || 'table')::regclass END FROM patients;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN (floor(random()) + 1000)::numeric(2, 0) END FROM patients;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN '2000-01-01'::timestamptz + '300000 years'::interval END FROM patients;

-- refused 42501
SELECT 2147483590 + ascii(ssn) FROM patients WHERE id = 7;

-- refused 42501
SELECT repeat('x', 20000000 * ascii(ssn)) FROM patients WHERE id = 7;

-- refused 42501
SELECT replace(left(ssn, 1), '9', repeat('x', 1000000000)) || repeat('x', 1000000000) FROM patients WHERE id = 7;

-- refused 42501
SELECT replace(left(ssn, 3), '9', repeat('x', 600000000)) FROM patients WHERE id = 7;

-- refused 42501
SELECT regexp_replace(left(ssn, 3), '9', repeat('x', 600000000), 'g') FROM patients WHERE id = 7;

-- refused 42501
SELECT convert_to(replace(left(ssn, 1), '9', '☃'), 'LATIN1') FROM patients WHERE id = 7;

-- refused 42501
SELECT width_bucket(ascii(ssn), 1, 57, 2147483647) FROM patients WHERE id = 7;

-- refused 42501
SELECT width_bucket(CASE WHEN ssn LIKE '9%' THEN 'NaN'::float8 ELSE 1 END, 0, 1, 2) FROM patients WHERE id = 7;

-- refused 42501
SELECT ntile(CASE WHEN ssn LIKE '9%' THEN 0 ELSE 1 END) OVER () FROM patients WHERE id = 7;

-- refused 42501
SELECT percentile_disc((SELECT CASE WHEN ssn LIKE '9%' THEN 2.0 ELSE 0.5 END FROM patients WHERE id = 7)) WITHIN GROUP (ORDER BY x) FROM (VALUES (1)) v(x);

-- refused 42501
SELECT json_object_agg(nullif(ssn, '{ssn}'), 1) FROM patients WHERE id = 7;

-- refused 42501
SELECT jsonb_object_agg(CASE WHEN ssn LIKE '9%' THEN 'a' END, 1) FROM patients WHERE id = 7;

-- refused 42501
SELECT JSON_OBJECT((CASE WHEN ssn LIKE '9%' THEN 'a' END) VALUE 1) FROM patients WHERE id = 7;

-- refused 42501
SELECT JSON_OBJECT('{ssn}': 1, ssn::text: 2 WITH UNIQUE KEYS) FROM patients WHERE id = 7;

-- refused 42501
SELECT JSON_OBJECTAGG(left(ssn, 1): 1 WITH UNIQUE KEYS) FROM patients WHERE id < 20;

-- refused 42501
SELECT JSON_OBJECT('a': full_name RETURNING varchar(20)) FROM patients WHERE id < 9;

-- refused 42501
SELECT JSON_ARRAY(replace(left(ssn, 1), '9', '!') FORMAT JSON) FROM patients WHERE id = 7;

-- refused 42501
SELECT array_agg(string_to_array(left(ssn, 3), '9')) FROM patients WHERE id < 9;

-- refused 42501
SELECT array_cat(ARRAY[ARRAY['a', 'b']], string_to_array(left(ssn, 1), '9')) FROM patients WHERE id = 7;

-- refused 42501
SELECT ARRAY[ARRAY['a', 'b']] || string_to_array(left(ssn, 1), '9') FROM patients WHERE id = 7;

-- refused 42501
SELECT ARRAY[string_to_array(left(ssn, 1), '9'), ARRAY['a', 'b']] FROM patients WHERE id = 7;

-- refused 42501
SELECT array_position(CASE WHEN ssn LIKE '9%' THEN ARRAY[ARRAY['a']] ELSE ARRAY['a'] END, 'a') FROM patients WHERE id = 7;

-- refused 42501
SELECT array_remove(CASE WHEN ssn LIKE '9%' THEN ARRAY[ARRAY['a']] ELSE ARRAY['a'] END, 'a') FROM patients WHERE id = 7;

-- refused 42501
SELECT array_append(CASE WHEN ssn LIKE '9%' THEN ARRAY[ARRAY['a']] ELSE ARRAY['a'] END, 'a') FROM patients WHERE id = 7;

-- refused 42501
SELECT abs(CASE WHEN ssn LIKE '9%' THEN '-2147483648'::int ELSE 0 END) FROM patients WHERE id = 7;

-- refused 42501
SELECT - CASE WHEN ssn LIKE '9%' THEN '-2147483648'::int ELSE 0 END FROM patients WHERE id = 7;

-- refused 42501
SELECT @ CASE WHEN ssn LIKE '9%' THEN '-2147483648'::int ELSE 0 END FROM patients WHERE id = 7;

-- refused 42501
SELECT |/ (ascii(ssn)::float8 - 57) FROM patients WHERE id < 9;

-- refused 42501
SELECT |/ CASE WHEN ssn LIKE '9%' THEN -1.0::float8 ELSE 1 END FROM patients WHERE id = 7;

-- refused 42501
SELECT (CASE WHEN ssn LIKE '9%' THEN '-2147483648'::int ELSE 0 END) / -1 FROM patients WHERE id = 7;

-- refused 42501
SELECT sum(CASE WHEN ssn LIKE '9%' THEN 1e308::float8 ELSE 0 END) FROM patients WHERE id < 9;

-- refused 42501
SELECT stddev(CASE WHEN ssn LIKE '9%' THEN 1e308::float8 ELSE 0 END) FROM patients WHERE id < 9;

-- refused 42501
SELECT bit_and(CASE WHEN ssn LIKE '9%' THEN B'1'::varbit ELSE B'11'::varbit END) FROM (SELECT ssn FROM patients WHERE id = 7 UNION ALL SELECT 'x') x;

-- refused 42501
SELECT B'11'::varbit & CASE WHEN ssn LIKE '9%' THEN B'1'::varbit ELSE B'11'::varbit END FROM patients WHERE id = 7;

-- refused 42501
SELECT last_login_ip & inet '0.0.0.255' FROM patients WHERE last_login_ip IS NOT NULL;

-- refused 42501
SELECT age(CASE WHEN ssn LIKE '9%' THEN date '5874897-12-31' ELSE date '2000-01-01' END) FROM patients WHERE id = 7;

-- refused 42501
SELECT (CASE WHEN ssn LIKE '9%' THEN date '5874897-12-31' ELSE date '2000-01-01' END)::timestamp FROM patients WHERE id = 7;

-- refused 42501
SELECT date_trunc('millennium', CASE WHEN ssn LIKE '9%' THEN timestamp '4713-01-01 BC' ELSE now()::timestamp END) FROM patients WHERE id = 7;

-- refused 42501
SELECT timestamp '292278-06-01' - birth_date::timestamp FROM patients WHERE id < 9;

-- refused 42501
CREATE TEMP TABLE k AS SELECT 2145031949 - (date '1970-06-15' - date '2000-01-01') AS days;
SELECT birth_date + days FROM patients, k;

-- refused 42501
CREATE TEMP TABLE k AS SELECT timestamp '292278-06-01' AS far;
SELECT far - birth_date::timestamp FROM patients, k;

-- refused 42501
SELECT date_bin(CASE WHEN ssn LIKE '9%' THEN interval '0' ELSE interval '1 day' END, timestamp '2024-01-01', timestamp '2000-01-01') FROM patients WHERE id = 7;

-- refused 42501
SELECT 'ab' LIKE 'a' || translate(left(ssn, 1), '9', '\') FROM patients WHERE id = 7;

-- refused 42501
SELECT 'a' SIMILAR TO translate(left(ssn, 1), '9', '(') FROM patients WHERE id = 7;

-- refused 42501
SELECT 'a' ~ translate(left(ssn, 1), '9', '(') FROM patients WHERE id = 7;

-- refused 42501
SELECT 'a' ~ ANY (ARRAY[translate(left(ssn, 1), '9', '(')]) FROM patients WHERE id = 7;

-- refused 42501
SELECT regexp_like('a', translate(left(ssn, 1), '9', '(')) FROM patients WHERE id = 7;

-- refused 42501
SELECT (CASE WHEN ssn LIKE '9%' THEN ROW(1) ELSE ROW('x'::text) END) = ROW(2) FROM patients WHERE id = 7;

-- refused 42501
SELECT (ARRAY['2000-01-01', 'x'])[CASE WHEN ssn LIKE '9%' THEN 2 ELSE 1 END]::date FROM patients WHERE id = 7;

-- refused 42501
SELECT age((ARRAY[date '2000-01-01', date '5874897-12-31'])[CASE WHEN ssn LIKE '9%' THEN 2 ELSE 1 END]) FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN nextval('scratch.s') END FROM patients;

-- refused 42501
SELECT (SELECT 1 FROM departments WHERE id < CASE WHEN p.ssn LIKE '9%' THEN 99 ELSE 2 END) FROM patients p WHERE id = 7;

-- refused 42501
-- More than one row from a scalar subquery.
SELECT (SELECT x FROM unnest(string_to_array(p.ssn, '9')) x) FROM patients p WHERE id = 7;

-- refused 42501
SELECT id FROM patients WHERE (mrn, ssn) = ('x', 'y');

-- refused 42501
SELECT id FROM patients WHERE ssn IN (SELECT name FROM departments);

-- refused 42501
SELECT id FROM patients WHERE '9' = ANY (ARRAY[left(ssn, 1)]);

-- refused 42501
SELECT id FROM patients WHERE coalesce(ssn, '') = '{ssn}' IS TRUE;

-- refused 42501
SELECT id FROM patients WHERE CASE WHEN ssn = '{ssn}' THEN true END;

-- refused 42501
SELECT id FROM patients WHERE age(birth_date) > interval '40 years';

-- refused 42501
SELECT id FROM patients WHERE home = ROW('x', 'y', 'z', '0')::postal_address;

-- refused 42501
SELECT id FROM patients WHERE (home).zip = '98101';

-- refused 42501
SELECT d.id FROM departments d WHERE EXISTS (SELECT FROM patients WHERE ssn LIKE '9%' AND id = d.id);

-- refused 42501
SELECT d.id FROM departments d JOIN LATERAL (SELECT 1 FROM patients WHERE ssn LIKE '9%' LIMIT 1) x ON true;

-- refused 42501, undone
UPDATE appointments SET room = 'x' WHERE id = 1 AND EXISTS (SELECT 1 FROM patients WHERE ssn LIKE '9%');

-- refused 42501, undone
UPDATE appointments SET room = CASE WHEN p.ssn LIKE '9%' THEN 'a' ELSE 'b' END FROM patients p WHERE appointments.id = 1 AND p.id = 7;

-- refused 42501, undone
DELETE FROM appointments USING patients p WHERE p.ssn LIKE '9%' AND appointments.id = 1;

-- refused 42501, undone
MERGE INTO appointments a USING patients p ON p.ssn LIKE '9%' AND a.id = p.id WHEN MATCHED THEN UPDATE SET room = 'x';

-- refused 42501
EXPLAIN SELECT 1 FROM patients WHERE ssn LIKE '9%';

-- refused 42501
EXPLAIN SELECT 1 FROM patients WHERE ssn = '{ssn}';

-- refused 42501
EXPLAIN (FORMAT json, GENERIC_PLAN) SELECT 1 FROM patients WHERE ssn < $1;

-- refused 42501
EXPLAIN SELECT DISTINCT given_name FROM patients;

-- refused 42501
-- Where the recursion stops depends on which values are equal.
WITH RECURSIVE s(n, x) AS (SELECT 1, left(ssn, 1) FROM patients WHERE id = 1 UNION ALL SELECT n + 1, left(p.ssn, 1) FROM s JOIN patients p ON p.id = s.n + 1 WHERE n < 9) CYCLE x SET c USING p SELECT n FROM s;

-- refused 42501, as nurse
SELECT id FROM patients WHERE ssn = '{ssn}';

-- refused 42501, as nurse
SELECT full_name FROM patients WHERE ssn LIKE '9%';

-- refused 42501, as nurse
-- Only the whole record number may be asked for, also where the part was made before.
CREATE TEMP TABLE part AS SELECT id, substr(ssn, 1, 1) AS c FROM patients;
SELECT id FROM part WHERE c = '9';

-- refused 42501, as copilot
SELECT id FROM encounters WHERE admitted_at > '2024-06-01';

-- refused 42501, as copilot
SELECT id FROM patients WHERE mrn = '{mrn}';

-- refused 42501
-- A row is compared column by column, and fails at one that does not fit only when those before it are equal.
SELECT x = y FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT ROW(ssn::text, 1) = y FROM patients p, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y WHERE id = 7;

-- refused 42501
SELECT x IS DISTINCT FROM y FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT x IN (y) FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT nullif(x, y) FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT nullif(ROW(ssn::text, 1), ROW('{ssn}'::text, 'z'::text)) FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE x WHEN y THEN 1 END FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT greatest(x, y) FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT ARRAY[x] = ARRAY[y] FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT ARRAY[x] && ARRAY[y] FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT array_position(ARRAY[x], y) FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT max(x) FROM (SELECT left(ssn, 1) AS a, to_json(id) AS b FROM patients) x;

-- refused 42501
-- Two declared row types that begin alike.
SELECT (home).street IS NULL, home = emergency_contact FROM patients WHERE id = 7;

-- refused 42501
-- Arrays of what has no order cannot be compared, which is found out when it is their turn.
SELECT CASE WHEN ssn = '{ssn}' THEN ARRAY[to_json(id)] = ARRAY[to_json(id)] END FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn = '{ssn}' THEN greatest(x, y) IS NULL END FROM patients p, (SELECT 1 AS a) x, (SELECT 'z'::text AS a) y WHERE p.id = 7;

-- refused 42501
-- Texts of two collations cannot be compared either.
SELECT CASE WHEN p.ssn = '{ssn}' THEN s.a < s.b END FROM patients p, (SELECT 'x' COLLATE "C" AS a, 'y' COLLATE "POSIX" AS b OFFSET 0) s WHERE p.id = 7;

-- refused 42501
SELECT CASE WHEN p.ssn = '{ssn}' THEN lower(s.a || s.b) END FROM patients p, (SELECT 'x' COLLATE "C" AS a, 'y' COLLATE "POSIX" AS b OFFSET 0) s WHERE p.id = 7;

-- refused 42501
CREATE TEMP TABLE s (a text COLLATE "C", b text COLLATE "POSIX");
INSERT INTO s VALUES ('x', 'y');
SELECT CASE WHEN p.ssn = '{ssn}' THEN s.a < s.b END FROM patients p, s WHERE p.id = 7;

-- refused 42501, as dba, scratch
CREATE TABLE scratch.s (a text COLLATE "C", b text COLLATE "POSIX");
INSERT INTO scratch.s VALUES ('x', 'y');
SELECT CASE WHEN p.ssn = '{ssn}' THEN s.a < s.b END FROM patients p, scratch.s WHERE p.id = 7;

-- refused 42501, as dba, scratch
-- A domain's constraints are tried when the cast is run, of a literal too.
CREATE DOMAIN scratch.d AS text CHECK (VALUE <> 'x');
SELECT CASE WHEN ssn = '{ssn}' THEN 'x'::scratch.d END FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn = '{ssn}' THEN 'x'::mrn END FROM patients WHERE id = 7;

-- refused 42501
-- A bind value of another type than its cast's, in a plan that does not know it yet.
SET plan_cache_mode = force_generic_plan;
PREPARE q (text) AS SELECT CASE WHEN ssn = '{ssn}' THEN $1::int END FROM patients WHERE id = 7;

-- refused 42501
-- A path that is data may be none.
SELECT t.n FROM patients p, XMLTABLE('/a' PASSING XMLPARSE(DOCUMENT '<a/>') COLUMNS x text PATH (CASE WHEN p.ssn = '{ssn}' THEN '[' ELSE 'b' END), n FOR ORDINALITY) t WHERE p.id = 7;

-- refused 42501
SELECT t.n FROM patients p, XMLTABLE('/a' PASSING XMLPARSE(DOCUMENT '<a/>') COLUMNS x text PATH 'b' DEFAULT (nullif(p.ssn, '{ssn}')) NOT NULL, n FOR ORDINALITY) t WHERE p.id = 7;

-- refused 42501
-- DISTINCT beside the primary key leaves all rows, in an order by what was hashed or sorted.
SELECT DISTINCT id, ssn FROM patients;

-- refused 42501
SET enable_hashagg = off;
SELECT DISTINCT ssn, id FROM patients;

-- refused 42501
SELECT DISTINCT p.id, p.full_name, e.id FROM patients p JOIN encounters e ON e.patient_id = p.id ORDER BY p.id;

-- refused 42501
SELECT DISTINCT id, full_name FROM patients ORDER BY sex;

-- masked
SELECT DISTINCT p.id, p.full_name, p.ssn FROM patients p WHERE id < 9 ORDER BY p.id;

-- refused 42501
-- PostgreSQL 18 groups by any unique index.
SELECT id, ssn FROM patients GROUP BY id, ssn;

-- refused 42501
SELECT p.ssn, p.id, count(*) FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id GROUP BY p.ssn, p.id ORDER BY 3;

-- masked
SELECT p.id, p.full_name, count(*) FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id GROUP BY p.id, p.full_name;

-- masked
SELECT p.id, p.full_name, p.ssn, count(*) AS n FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id GROUP BY 1, 2, 3 ORDER BY n DESC, 1 LIMIT 9;

-- masked
-- The order is that of what the joined rows belong to.
SELECT e.id, e.kind, p.full_name, p.ssn FROM encounters e JOIN patients p ON p.id = e.patient_id WHERE e.id < 9 GROUP BY e.id, e.kind, p.id, p.full_name, p.ssn ORDER BY e.id;

-- refused 42501
SELECT e.id, e.kind, p.full_name, p.ssn FROM encounters e JOIN patients p ON p.id = e.patient_id GROUP BY e.id, e.kind, p.id, p.full_name, p.ssn ORDER BY p.id;

-- refused 42501
-- A text that is nearly as long as a text can be, joined to one that a digit makes longer.
SELECT length(replace(left(ssn, 1), '9', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') || lpad('', 268435450) || lpad('', 268435450) || lpad('', 268435450) || lpad('', 268435450)) FROM patients WHERE id = 7;

-- refused 42501
SELECT length(concat(left(ssn, 1), lpad('', 268435450), rpad('', 268435450), lpad('', 268435450), lpad('', 268435450))) FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn, lpad('', 268435450), rpad('', 268435450), lpad('', 268435450), lpad('', 268435450) FROM patients WHERE id = 7;

-- refused 42501
-- Made longer step by step.
WITH a AS MATERIALIZED (SELECT replace(left(ssn, 1), '9', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') AS x FROM patients WHERE id = 7), b AS MATERIALIZED (SELECT replace(x, 'x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') AS x FROM a), c AS MATERIALIZED (SELECT replace(x, 'y', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') AS x FROM b) SELECT length(x || x || x || x || x || x || x || x) FROM c;

-- refused 42501
WITH a AS MATERIALIZED (SELECT left(ssn, 1) || left(ssn, 1) AS x FROM patients WHERE id = 7), b AS MATERIALIZED (SELECT x || x || x || x || x || x || x || x AS x FROM a), c AS MATERIALIZED (SELECT x || x || x || x || x || x || x || x AS x FROM b), d AS MATERIALIZED (SELECT x || x || x || x || x || x || x || x AS x FROM c), e AS MATERIALIZED (SELECT x || x || x || x || x || x || x || x AS x FROM d) SELECT length(x) FROM e;

-- refused 42501
WITH RECURSIVE r (n, x) AS (SELECT 1, replace(left(ssn, 1), '9', 'xx') FROM patients WHERE id = 7 UNION ALL SELECT n + 1, x || x FROM r WHERE n < 30) SELECT n FROM r;

-- masked
SELECT replace(phone, '-', '') || ' ' || full_name || ' ' || ssn, lpad(ssn, 20, '.') || '', concat_ws(', ', full_name, (home).street, (home).city), array_to_string(ARRAY[full_name, ssn], ', ') FROM patients ORDER BY id LIMIT 5;

-- refused 42501
-- A notice about a word that is too long to be searched: two texts are searched by a setting, so that the planner does not do it before.
SELECT CASE WHEN p.ssn = '{ssn}' THEN 'a' @@ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' END FROM patients p WHERE id = 7;

-- refused 42501
-- What a derived value is NULL for, through queries in between.
SELECT p.id FROM patients p LEFT JOIN LATERAL (SELECT nullif(p.ssn, '{ssn}') AS x) s ON true WHERE s.x IS NOT NULL;

-- refused 42501
SELECT s.id, count(s.x) FROM (SELECT id, nullif(ssn, '{ssn}') AS x FROM patients) s GROUP BY s.id ORDER BY count(s.x), s.id LIMIT 3;

-- refused 42501
SELECT row_number() OVER (ORDER BY x IS NULL), id FROM (SELECT id, nullif(ssn, '{ssn}') AS x FROM patients) s;

-- masked
SELECT lag(id, ascii(ssn)) OVER (ORDER BY id) FROM patients;

-- refused 42501
SELECT nth_value(id, ascii(ssn)) OVER () FROM patients;

-- refused 42501
SELECT array_agg(id ORDER BY ssn) OVER () FROM patients LIMIT 1;

-- refused 42501
SELECT range_agg(int4range(ascii(ssn), ascii(ssn) + 1)) FROM patients;

-- refused 42501
SELECT isempty(daterange(birth_date, '2000-01-01')) FROM patients WHERE id = 7;

-- masked
SELECT ssn IS JSON, (ssn || '') IS JSON OBJECT WITH UNIQUE KEYS FROM patients WHERE id = 7;

-- masked
SELECT to_jsonb(x) = to_jsonb(y), to_jsonb(x) @> to_jsonb(y) FROM (SELECT ssn::text AS a, 1 AS b FROM patients WHERE id = 7) x, (SELECT '{ssn}'::text AS a, 'z'::text AS b) y;

-- refused 42501
SELECT * FROM JSON_TABLE(jsonb '[1,2]', '$[*]' PASSING (SELECT ssn FROM patients WHERE id = 7) AS s COLUMNS (a int PATH '$', b text EXISTS PATH '$ ? ($s starts with "9")'));

-- refused 42501
SELECT t.* FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY(SELECT ssn FROM patients WHERE id < 4))) WITH ORDINALITY AS t(a, b, c);

-- refused 42501
SELECT CASE WHEN ssn = '{ssn}' THEN current_setting('no.such') END FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn = '{ssn}' THEN xmin::text::int END FROM patients WHERE id = 7;
