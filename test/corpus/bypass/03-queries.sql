-- 3. A subquery, CTE (also writing and recursive), LATERAL, set operations with shifted columns, VALUES, windows, DISTINCT ON, merged columns.

-- masked
SELECT (SELECT ssn FROM patients WHERE id = 7), ARRAY(SELECT ssn FROM patients WHERE id < 4 ORDER BY id), (SELECT ssn FROM patients WHERE id = 7) || '';

-- masked
SELECT x FROM (SELECT id, ssn FROM patients ORDER BY id LIMIT 3) AS s(y, x);

-- masked
SELECT s.id FROM (SELECT ssn AS id, id AS ssn FROM patients ORDER BY patients.id LIMIT 3) s;

-- masked
WITH s AS (SELECT ssn FROM patients ORDER BY id LIMIT 3) SELECT * FROM s;

-- masked
WITH s (a) AS MATERIALIZED (SELECT ssn FROM patients ORDER BY id LIMIT 3), t AS NOT MATERIALIZED (SELECT a AS id FROM s) SELECT id FROM t;

-- masked
WITH patients AS (SELECT id, ssn AS note FROM patients) SELECT note FROM patients ORDER BY id LIMIT 3;

-- masked
WITH departments AS (SELECT ssn AS name FROM public.patients ORDER BY id LIMIT 3) SELECT name FROM departments;

-- masked
WITH RECURSIVE s(n, x) AS (SELECT 1, ssn::text FROM patients WHERE id = 7 UNION ALL SELECT n + 1, x FROM s WHERE n < 3) SELECT x FROM s;

-- masked
WITH RECURSIVE s(n, x, y, z) AS (SELECT 1, '', '', ssn::text FROM patients WHERE id = 7 UNION ALL SELECT n + 1, y, z, x FROM s WHERE n < 4) SELECT x FROM s;

-- masked
WITH RECURSIVE a AS (SELECT x FROM b), b AS (SELECT ssn AS x FROM patients ORDER BY id LIMIT 3) SELECT x FROM a;

-- masked
WITH RECURSIVE s(n, x) AS (SELECT 1, ssn::text FROM patients WHERE id = 7 UNION ALL SELECT n + 1, x FROM s WHERE n < 3) SEARCH DEPTH FIRST BY x SET o SELECT o, n FROM s LIMIT 0;

-- refused 42501
-- The order of the search is an order by the value.
WITH RECURSIVE s(n, x) AS (SELECT id, ssn::text FROM patients WHERE id < 9 UNION ALL SELECT n + 100, x FROM s WHERE n < 100) SEARCH BREADTH FIRST BY x SET o SELECT n FROM s ORDER BY o;

-- refused 42501
WITH RECURSIVE s(n, x) AS (SELECT id, ssn::text FROM patients WHERE id < 9 UNION ALL SELECT n, x FROM s WHERE n < 100) CYCLE x SET c TO true DEFAULT false USING p SELECT n, c FROM s;

-- refused 42501
-- UNION leaves one of equal rows.
WITH RECURSIVE s(x) AS (SELECT substr(ssn, 1, 1) FROM patients UNION SELECT x FROM s) SELECT 1 FROM s;

-- masked, undone, not cursor
WITH w AS (UPDATE appointments SET room = room WHERE id = 1 RETURNING (SELECT max(ssn) FROM patients) AS x) SELECT x FROM w;

-- masked
SELECT l.x FROM patients p, LATERAL (SELECT p.ssn AS x) l WHERE p.id < 4 ORDER BY p.id;

-- masked
SELECT q.z FROM departments d JOIN LATERAL (SELECT ssn AS name FROM patients WHERE id = d.id) AS d2 ON true JOIN LATERAL (SELECT d2.name AS z) q ON true ORDER BY d.id LIMIT 3;

-- masked
SELECT d.name, x.name FROM departments d, LATERAL (SELECT d.name, ssn FROM patients WHERE id = d.id) x(ssn, name) ORDER BY d.id LIMIT 3;

-- masked
SELECT 'x' UNION ALL SELECT ssn FROM patients WHERE id < 4;

-- masked
SELECT name, floor FROM departments WHERE id < 3 UNION ALL SELECT ssn, id FROM patients WHERE id < 4;

-- masked
(SELECT id, 'x' FROM departments LIMIT 1) UNION ALL (SELECT id, full_name FROM patients WHERE id = 7) UNION ALL VALUES (1, 'y');

-- refused 42501
SELECT ssn FROM patients INTERSECT VALUES ('{ssn}');

-- refused 42501
SELECT 1 FROM (SELECT ssn FROM patients EXCEPT SELECT '{ssn}') x;

-- refused 42501
SELECT count(*) FROM (SELECT substr(ssn, 1, 1) FROM patients UNION SELECT '0') x;

-- masked
SELECT * FROM (VALUES ((SELECT max(ssn) FROM patients)), ('x')) v;

-- masked
VALUES ((SELECT ssn FROM patients WHERE id = 7), 1), ('x', 2);

-- masked
SELECT first_value(ssn) OVER (ORDER BY id), lag(ssn, 1, 'x') OVER w, max(ssn) OVER (ROWS 1 PRECEDING) FROM patients WINDOW w AS (ORDER BY id) ORDER BY id LIMIT 3;

-- refused 42501
SELECT nth_value(ssn, 2) OVER w FROM patients WINDOW w AS (ORDER BY id) ORDER BY id LIMIT 3;

-- refused 42501
SELECT id, row_number() OVER (ORDER BY ssn) FROM patients;

-- refused 42501
SELECT id, ntile(10) OVER w FROM patients WINDOW w AS (PARTITION BY 1 ORDER BY ssn);

-- refused 42501
SELECT id, count(*) OVER (PARTITION BY substr(ssn, 1, 1)) FROM patients;

-- refused 42501
SELECT id, count(*) OVER (ORDER BY birth_date RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW) FROM patients;

-- refused 42501
SELECT id, sum(1) OVER (ORDER BY id ROWS BETWEEN ascii(p.ssn) PRECEDING AND CURRENT ROW) FROM patients p;

-- refused 42501
SELECT id, dense_rank() OVER w2 FROM patients WINDOW w AS (PARTITION BY sex), w2 AS (w ORDER BY full_name);

-- masked
SELECT DISTINCT ON (id) ssn FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT DISTINCT ON (ssn) id FROM patients;

-- refused 42501
SELECT DISTINCT substr(ssn, 1, 1) FROM patients;

-- masked
SELECT id, * FROM patients ORDER BY 1 LIMIT 3;

-- masked
SELECT x.* FROM (patients NATURAL JOIN (SELECT id FROM patients) s) x ORDER BY id LIMIT 3;

-- masked
SELECT s.a FROM (departments d JOIN (SELECT id, ssn FROM patients) p USING (id)) AS s(q, w, e, r, t, a) ORDER BY q LIMIT 3;

-- masked
SELECT u.id, p.ssn FROM patients p JOIN (SELECT id FROM departments) d USING (id) AS u ORDER BY u.id LIMIT 3;

-- refused 42501
SELECT f.x FROM patients p, unnest(ARRAY[p.ssn, p.phone]) AS f(x) WHERE p.id = 7;

-- refused 42501
SELECT * FROM patients p, ROWS FROM (unnest(ARRAY[p.ssn]), generate_series(1, 2)) WITH ORDINALITY AS f(a, b, c) WHERE p.id = 7;

-- masked
SELECT (SELECT a.x FROM (SELECT p.ssn AS x) a) FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT c.ssn FROM patients a CROSS JOIN LATERAL (SELECT b.ssn FROM patients b WHERE b.id = a.id) c WHERE a.id < 4 ORDER BY a.id;

-- masked
SELECT id, (SELECT name FROM (SELECT ssn AS name) x) FROM patients ORDER BY id LIMIT 3;

-- masked
TABLE patients LIMIT 2;

-- masked
SELECT max(ssn), min(ssn), any_value(ssn) FROM patients LIMIT 5;

-- refused 42501
SELECT mode() WITHIN GROUP (ORDER BY ssn) FROM patients LIMIT 5;

-- refused 42501
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ssn) FROM patients LIMIT 5;

-- masked
SELECT max(ssn), min(full_name), any_value(ssn) FROM patients;

-- refused 42501
SELECT rank('{ssn}') WITHIN GROUP (ORDER BY ssn) FROM patients;

-- refused 42501
SELECT string_agg(id::text, ',' ORDER BY ssn) FROM patients;

-- refused 42501
SELECT sex, grouping(sex, ssn), count(*) FROM patients GROUP BY GROUPING SETS ((sex), (ssn));

-- refused 42501
SELECT count(*) FROM patients GROUP BY ROLLUP (substr(ssn, 1, 1));

-- refused 42501
-- GROUP BY a number, an alias.
SELECT substr(ssn, 1, 1) AS a, count(*) FROM patients GROUP BY 1;

-- refused 42501
SELECT substr(ssn, 1, 1) AS a, count(*) FROM patients GROUP BY a;

-- refused 42601
SELECT ssn AS sex, count(*) FROM patients GROUP BY ALL;

-- refused 42501
SELECT array_agg(DISTINCT left(ssn, 1)) FROM patients;

-- masked
SELECT sex, count(*), array_agg(ssn ORDER BY id) FROM patients WHERE id < 6 GROUP BY sex ORDER BY sex;

-- refused 42501
SELECT id FROM patients GROUP BY id HAVING max(ssn) > '5';

-- masked
SELECT p.id, a.ssn FROM patients p TABLESAMPLE SYSTEM (100) REPEATABLE (1), patients a WHERE a.id = p.id AND p.id < 4 ORDER BY 1;

-- refused 42501
SELECT 1 FROM patients p, LATERAL (SELECT 1 FROM departments TABLESAMPLE BERNOULLI (ascii(p.ssn))) d;

-- refused 42501
SELECT id FROM patients LIMIT (SELECT ascii(ssn) FROM patients WHERE id = 7);

-- refused 42501
SELECT id FROM departments ORDER BY id OFFSET (SELECT ascii(ssn) - 50 FROM patients WHERE id = 7) ROWS FETCH FIRST 1 ROW WITH TIES;

-- refused 42501
SELECT id FROM patients ORDER BY ssn FETCH FIRST 1 ROW WITH TIES;
