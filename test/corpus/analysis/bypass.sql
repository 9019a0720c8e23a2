-- Attempts to get patients.ssn past the analysis, after design notes on how such gateways were talked around. The line before each says
-- what facts must say unless they are incomplete: `shows` it is a source of an output, `flows` it is written somewhere, `uses` it
-- shapes the result, `refused` there must be a gap.

-- 1. aliases, expressions, casts
-- shows
SELECT ssn AS id FROM patients;
-- shows
SELECT substr(ssn, 1, 1) FROM patients;
-- shows
SELECT ssn || '' FROM patients;
-- shows
SELECT md5(ssn), encode(ssn::bytea, 'hex'), reverse(ssn) FROM patients;
-- shows
SELECT ascii(ssn) + 0 FROM patients;
-- shows
SELECT translate(ssn, '0123456789', 'abcdefghij') FROM patients;
-- shows
SELECT CASE ssn WHEN '900-00-0001' THEN 1 ELSE 0 END FROM patients;
-- shows
SELECT CASE WHEN ssn < '5' THEN 'low' END FROM patients;
-- shows
SELECT coalesce(NULL, ssn) FROM patients;
-- shows
SELECT nullif(ssn, '1') IS NULL FROM patients;
-- shows
SELECT count(nullif(ssn, '1')) FROM patients;
-- shows
SELECT count(CASE WHEN ssn LIKE '1%' THEN 1 END) FROM patients;
-- shows
SELECT num_nulls(nullif(ssn, '1'), 'x') FROM patients;
-- shows
SELECT ssn = '900-00-0001' AND true FROM patients;
-- shows
SELECT ARRAY[ssn], (ARRAY[ssn])[1] FROM patients;
-- shows
SELECT ssn COLLATE "C" FROM patients;
-- shows
SELECT ROW(1, ssn) FROM patients;
-- shows
SELECT (ROW(1, ssn)).f2 FROM patients;
-- shows
SELECT greatest(ssn, '') FROM patients;
-- shows
SELECT format('%s', ssn), concat(ssn), concat_ws('', ssn), quote_literal(ssn) FROM patients;
-- shows
SELECT width_bucket(replace(ssn, '-', '')::numeric, 0, 999999999, 1000) FROM patients;
-- shows
SELECT ssn IN ('900-00-0001') FROM patients;
-- shows
SELECT XMLELEMENT(NAME x, ssn), XMLFOREST(ssn AS x) FROM patients;
-- shows
SELECT JSON_OBJECT('x': ssn), JSON_ARRAY(ssn), JSON_SCALAR(ssn) FROM patients;
-- shows
SELECT JSON_ARRAYAGG(ssn), JSON_OBJECTAGG(id: ssn) FROM patients;
-- shows
SELECT JSON_ARRAY(SELECT ssn FROM patients);
-- shows
SELECT SSN, "ssn", U&"\0073sn", U&"!0073sn" UESCAPE '!' FROM PATIENTS;
-- shows
SELECT ssn::text::varchar::bpchar FROM patients;

-- 2. whole rows
-- shows
SELECT p FROM patients p;
-- shows
SELECT patients FROM patients;
-- shows
SELECT p::text FROM patients p;
-- shows
SELECT row_to_json(p) FROM patients p;
-- shows
SELECT to_jsonb(patients.*) FROM patients;
-- shows
SELECT json_agg(p) FROM patients p;
-- shows
SELECT array_agg(p) FROM patients p;
-- shows
SELECT string_agg(p::text, ',') FROM patients p;
-- shows
SELECT (p).ssn FROM patients p;
-- shows
SELECT ssn(p) FROM patients p;
-- shows
SELECT (array_agg(p))[1] FROM patients p;
-- shows
SELECT (x.r).ssn FROM (SELECT p AS r FROM patients p) x;
-- shows
SELECT ((x.r).*).ssn FROM (SELECT p AS r FROM patients p) x;
-- refused
SELECT p.row_to_json FROM patients p;
-- shows
SELECT (p.*)::text, hashtext(p::text) FROM patients p;
-- shows
SELECT count(DISTINCT p.*), max(p::text) FROM patients p;
-- shows
SELECT jsonb_populate_record(NULL::patients, to_jsonb(p)) FROM patients p;
-- shows
SELECT r.ssn FROM patients p, jsonb_to_record(to_jsonb(p)) AS r(ssn text);
-- shows
SELECT e.value FROM patients p, jsonb_each(to_jsonb(p)) e;

-- 3. queries in queries
-- shows
SELECT (SELECT ssn FROM patients WHERE id = 1);
-- shows
SELECT x FROM (SELECT ssn AS x FROM patients) s;
-- shows
SELECT x FROM (SELECT id, ssn FROM patients) AS s(y, x);
-- shows
WITH s AS (SELECT ssn FROM patients) SELECT * FROM s;
-- shows
WITH patients AS (SELECT id, ssn AS note FROM patients) SELECT note FROM patients;
-- shows
WITH RECURSIVE s(n, x) AS (SELECT 1, ssn FROM patients UNION ALL SELECT n + 1, x FROM s WHERE n < 2) SELECT x FROM s;
-- shows
WITH RECURSIVE s(n, x, y) AS (SELECT 1, '', ssn FROM patients UNION ALL SELECT n + 1, y::text, x FROM s WHERE n < 3) SELECT x FROM s;
-- shows
WITH RECURSIVE a AS (SELECT x FROM b), b AS (SELECT ssn AS x FROM patients) SELECT x FROM a;
-- shows
WITH w AS (UPDATE appointments SET room = room RETURNING (SELECT max(ssn) FROM patients) AS x) SELECT x FROM w;
-- shows
SELECT l.x FROM patients p, LATERAL (SELECT p.ssn AS x) l;
-- shows
SELECT 'x' UNION SELECT ssn FROM patients;
-- shows
SELECT name, floor FROM departments UNION ALL SELECT ssn, id FROM patients;
-- shows
SELECT * FROM (VALUES ((SELECT max(ssn) FROM patients))) v;
-- shows
SELECT first_value(ssn) OVER (ORDER BY id) FROM patients;
-- shows
SELECT lag(ssn) OVER w FROM patients WINDOW w AS (ORDER BY id);
-- shows
SELECT DISTINCT ON (id) ssn FROM patients;
-- shows
SELECT id, * FROM patients;
-- shows
SELECT x.* FROM (patients NATURAL JOIN (SELECT id FROM patients) s) x;
-- shows
SELECT s.a FROM (departments d JOIN (SELECT id, ssn FROM patients) p USING (id)) AS s(q, w, e, r, t, a);
-- shows
SELECT ARRAY(SELECT ssn FROM patients);
-- shows
SELECT f.x FROM patients p, unnest(ARRAY[p.ssn]) AS f(x);
-- shows
SELECT (SELECT a.x FROM (SELECT p.ssn AS x) a) FROM patients p;
-- shows
SELECT q.z FROM departments d JOIN LATERAL (SELECT ssn AS name FROM patients) AS d2 ON true JOIN LATERAL (SELECT d2.name AS z) q ON true;
-- shows
SELECT id, (SELECT name FROM (SELECT ssn AS name) x) FROM patients;
-- shows
SELECT c.ssn FROM patients a CROSS JOIN LATERAL (SELECT b.ssn FROM patients b WHERE b.id = a.id) c;
-- shows
TABLE patients;

-- 4. other relations that hold it
-- shows
SELECT ssn FROM public.patients;
-- shows
SELECT patients.ssn, public.patients.ssn, clinic.public.patients.ssn FROM clinic.public.patients;
-- shows
SELECT ssn FROM ONLY patients;

-- 5. code
-- refused
SELECT ssn_of('MRN-0000001');
-- refused
SELECT * FROM find_patient('a');
-- refused
DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM patients LIMIT 1); END $$;
-- refused
CALL discharge(1);
-- refused
SELECT query_to_xml('SELECT ssn FROM patients', true, true, '');
-- refused
SELECT database_to_xml(true, true, '');
-- refused
SELECT table_to_xml('patients', true, true, '');
-- refused
SELECT cursor_to_xml('c', 1, true, true, '');
-- refused
SELECT * FROM ts_stat('SELECT to_tsvector(ssn) FROM patients');
-- refused
SELECT ts_rewrite('a'::tsquery, 'SELECT to_tsquery(ssn), to_tsquery(ssn) FROM patients');
-- refused
SELECT dblink('dbname=clinic', 'SELECT ssn FROM patients');
-- refused
SELECT lo_from_bytea(0, ssn::bytea) FROM patients;
-- refused
SELECT lo_get(1);
-- refused
SELECT pg_read_file('base/1/1249');
-- refused
SELECT pg_ls_dir('.');
-- refused
SELECT set_config('app.x', ssn, false) FROM patients;
-- refused
SELECT pg_notify('c', ssn) FROM patients;
-- refused
SELECT setval('audit.row_changes_id_seq', replace(ssn, '-', '')::bigint) FROM patients;
-- refused
SELECT pg_advisory_lock(ascii(ssn)) FROM patients;
-- refused
SELECT pg_logical_emit_message(false, 'x', ssn) FROM patients;
-- refused
COPY patients TO '/tmp/x';
-- refused
COPY (SELECT ssn FROM patients) TO PROGRAM 'cat';
-- refused
COPY departments FROM '/etc/passwd';
-- refused
SELECT pg_terminate_backend(1);
-- refused
SELECT pg_stat_get_activity(NULL);
-- refused
SELECT * FROM pg_prepared_statement();
-- refused
SELECT binary_upgrade_set_next_pg_type_oid(1);

-- 6. copies
-- flows
CREATE TABLE scratch.copy AS SELECT ssn FROM patients;
-- flows
CREATE TEMP TABLE copy AS SELECT ssn FROM patients;
-- flows
SELECT ssn INTO scratch.copy FROM patients;
-- flows
CREATE VIEW scratch.v AS SELECT ssn FROM patients;
-- flows
CREATE MATERIALIZED VIEW scratch.v AS SELECT ssn FROM patients;
-- flows
INSERT INTO departments (id, name) SELECT id, ssn FROM patients;
-- flows
INSERT INTO departments VALUES (1, (SELECT max(ssn) FROM patients), 1, '0:0', '0:0');
-- flows
INSERT INTO departments (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = (SELECT max(ssn) FROM patients);
-- flows
INSERT INTO departments (id, name) SELECT id, ssn FROM patients ON CONFLICT (id) DO UPDATE SET name = excluded.name;
-- flows
UPDATE appointments a SET room = p.ssn FROM patients p WHERE p.id = a.patient_id;
-- flows
UPDATE appointments SET (room, reason) = (SELECT ssn, 'x' FROM patients LIMIT 1);
-- flows
UPDATE appointments SET (room, reason) = ROW((SELECT max(ssn) FROM patients), 'x');
-- flows
MERGE INTO appointments a USING patients p ON p.id = a.patient_id WHEN MATCHED THEN UPDATE SET room = p.ssn;
-- flows
MERGE INTO appointments a USING patients p ON false WHEN NOT MATCHED THEN INSERT (id, room) VALUES (p.id, p.ssn);
-- flows
WITH w AS (INSERT INTO departments (id, name) SELECT id, ssn FROM patients RETURNING 1) SELECT 1;
-- flows
ALTER TABLE patients ALTER note TYPE text USING ssn;
-- flows
ALTER TABLE patients ADD copy text GENERATED ALWAYS AS (ssn) STORED;
-- flows
CREATE TABLE scratch.copy (a) AS TABLE patients;
-- shows
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients; SELECT a FROM copy;
-- refused
CREATE TEMP VIEW copy AS SELECT ssn AS a FROM patients; SELECT a FROM copy;
-- refused
CREATE TEMP TABLE t (x text); CREATE TEMP VIEW v AS SELECT x FROM t; INSERT INTO v SELECT ssn FROM patients; SELECT x FROM t;
-- refused
CREATE TEMP TABLE t (x text); CREATE VIEW v AS SELECT x FROM t; INSERT INTO t SELECT ssn FROM patients; SELECT x FROM v;
-- refused
CREATE TEMP TABLE t (x text); CREATE TEMP TABLE k () INHERITS (t); INSERT INTO k SELECT ssn FROM patients; SELECT x FROM t;
-- refused
CREATE TEMP TABLE k () INHERITS (departments); INSERT INTO k (id, name) SELECT id, ssn FROM patients; SELECT name FROM departments;
-- refused
CREATE TEMP TABLE k (LIKE departments); ALTER TABLE k INHERIT departments; INSERT INTO k SELECT id, ssn, 1 FROM patients; SELECT name FROM departments;
-- refused
CREATE TEMP TABLE t (x text) PARTITION BY LIST (x); CREATE TEMP TABLE k PARTITION OF t DEFAULT; INSERT INTO k SELECT ssn FROM patients; SELECT x FROM t;
-- refused
CREATE TEMP TABLE t (x text) PARTITION BY LIST (x); CREATE TEMP TABLE k (x text); ALTER TABLE t ATTACH PARTITION k DEFAULT; SELECT x FROM t;
-- refused
CREATE TEMP TABLE t (a text, b text GENERATED ALWAYS AS (upper(a)) STORED); INSERT INTO t (a) SELECT ssn FROM patients; SELECT b FROM t;
-- refused
CREATE TEMP TABLE t (LIKE patients INCLUDING GENERATED); INSERT INTO t (family_name) SELECT ssn FROM patients; SELECT full_name FROM t;
-- refused
CREATE TEMP TABLE t (x text PRIMARY KEY); CREATE TEMP TABLE k (y text REFERENCES t ON UPDATE CASCADE); UPDATE t SET x = (SELECT min(ssn) FROM patients); SELECT y FROM k;
-- refused
CREATE TEMP TABLE t (x text); CREATE TRIGGER c AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION audit.record_change(); INSERT INTO t SELECT ssn FROM patients;
-- shows
CREATE TEMP TABLE copy (a text); INSERT INTO copy SELECT ssn FROM patients; SELECT a FROM copy;
-- shows
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients; CREATE TEMP TABLE b AS SELECT a FROM copy; SELECT * FROM b;
-- shows
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients; BEGIN; DROP TABLE copy; CREATE TEMP TABLE copy (a text); ROLLBACK; SELECT a FROM copy;
-- refused
CREATE TEMP TABLE patients (ssn text); DROP TABLE patients; SELECT ssn FROM patients;
-- refused
ALTER TABLE patients RENAME TO p; SELECT ssn FROM p;
-- refused
CREATE OR REPLACE VIEW ward_board AS SELECT ssn AS department FROM patients; SELECT department FROM ward_board;
-- refused
SET search_path = scratch; SELECT ssn FROM patients;
-- refused
SET LOCAL search_path = public; ROLLBACK; SELECT id FROM patients;

-- 7. conditions
-- uses
SELECT count(*) FROM patients WHERE ssn LIKE '1%';
-- uses
SELECT 1 FROM patients WHERE ssn < '5';
-- uses
SELECT 1 FROM patients WHERE id = 1 AND (NOT (ssn <> '1') OR false);
-- uses
SELECT 1 FROM patients WHERE substr(ssn, 1, 1) = '1';
-- uses
SELECT 1 FROM patients p JOIN (VALUES ('900-00-0001')) g(x) ON p.ssn = g.x;
-- uses
SELECT 1 FROM patients JOIN (VALUES ('900-00-0001')) g(ssn) USING (ssn);
-- uses
SELECT 1 FROM patients NATURAL JOIN (VALUES ('900-00-0001')) g(ssn);
-- uses
SELECT id FROM patients ORDER BY ssn;
-- uses
SELECT id FROM patients ORDER BY CASE WHEN ssn LIKE '1%' THEN 0 ELSE 1 END;
-- uses
SELECT count(*) FROM patients GROUP BY ssn;
-- uses
SELECT count(*) FROM patients GROUP BY substr(ssn, 1, 1);
-- uses
SELECT 1 FROM patients HAVING max(ssn) > '5';
-- uses
SELECT EXISTS (SELECT 1 FROM patients WHERE ssn = '1');
-- uses
SELECT count(*) FILTER (WHERE ssn LIKE '1%') FROM patients;
-- uses
SELECT 1 FROM departments LIMIT (SELECT ascii(ssn) FROM patients LIMIT 1);
-- uses
SELECT 1 FROM departments OFFSET (SELECT ascii(max(ssn)) FROM patients);
-- uses
SELECT row_number() OVER (ORDER BY ssn) FROM patients;
-- uses
SELECT count(*) OVER (PARTITION BY ssn) FROM patients;
-- uses
SELECT count(DISTINCT ssn) FROM patients;
-- uses
SELECT string_agg(id::text, ',' ORDER BY ssn) FROM patients;
-- uses
SELECT DISTINCT ssn FROM patients;
-- uses
SELECT DISTINCT ON (ssn) id FROM patients;
-- uses
SELECT ssn FROM patients UNION VALUES ('1');
-- uses
SELECT ssn FROM patients INTERSECT VALUES ('1');
-- uses
SELECT 1 / (ascii(ssn) - 57) FROM patients;
-- uses
SELECT ssn::int FROM patients;
-- uses
SELECT CASE WHEN ssn LIKE '1%' THEN pg_sleep(1) END FROM patients;
-- uses
SELECT CASE WHEN ssn LIKE '1%' THEN (SELECT count(*) FROM generate_series(1, 10000000)) END FROM patients;
-- uses
SELECT ssn LIKE '1%' AND 1 / (id - id) = 1 FROM patients;
-- uses
SELECT coalesce(nullif(ssn, '1'), (1 / (id - id))::text) FROM patients;
-- uses
SELECT CASE WHEN ssn LIKE '1%' THEN ('no' || 'table')::regclass END FROM patients;
-- uses
SELECT CASE WHEN ssn LIKE '1%' THEN (floor(random()) + 1000)::numeric(2, 0) END FROM patients;
-- uses
SELECT CASE WHEN ssn LIKE '1%' THEN '2000-01-01'::timestamptz + '300000 years'::interval END FROM patients;
-- uses
SELECT generate_series(1, ascii(ssn)) FROM patients;
-- uses
SELECT 1 FROM patients p, generate_series(1, ascii(p.ssn));
-- uses
SELECT 2147483640 + ascii(ssn) FROM patients;
-- uses
SELECT repeat('x', 100000 * ascii(ssn)) FROM patients;
-- uses
SELECT id FROM patients WHERE (mrn, ssn) = ('x', 'y');
-- uses
SELECT id FROM patients WHERE ssn IN (SELECT name FROM departments);
-- uses
SELECT id FROM patients WHERE '1' = ANY (ARRAY[ssn]);
-- uses
SELECT id FROM patients p WHERE p::text LIKE '%900%';
-- uses
DELETE FROM appointments USING patients p WHERE p.ssn LIKE '1%';
-- uses
UPDATE appointments SET room = 'x' WHERE EXISTS (SELECT 1 FROM patients WHERE ssn LIKE '1%');
-- uses
INSERT INTO patients (ssn) VALUES ('1') ON CONFLICT (ssn) DO NOTHING;
-- uses
MERGE INTO appointments a USING patients p ON p.ssn LIKE '1%' WHEN MATCHED THEN DELETE;
-- uses
ALTER TABLE patients ADD CHECK (ssn NOT LIKE '1%');
-- uses
CREATE INDEX ON patients (id) WHERE ssn LIKE '1%';
-- uses
EXPLAIN SELECT 1 FROM patients WHERE ssn LIKE '1%';
-- uses
SELECT id FROM patients ORDER BY ascii(ssn) USING <;
-- uses
SELECT id FROM patients WHERE JSON_EXISTS(to_jsonb(patients), '$.ssn ? (@ == "1")');

-- uses
SELECT ssn IN ('900-00-0001', (1 / (id - 7))::text) FROM patients;
-- uses
SELECT (ssn, 1) < ('6', 1 / (id - 7)) FROM patients;
-- uses
SELECT ssn = ANY (SELECT (1 / (k - 2))::text FROM generate_series(1, 2) k) FROM patients;
-- uses
SELECT convert_to(replace(left(ssn, 1), '9', 'x'), 'LATIN1') FROM patients;
-- uses
SELECT age(CASE WHEN ssn LIKE '9%' THEN date '5874897-12-31' ELSE date '2000-01-01' END) FROM patients;
-- uses
SELECT 'ab' LIKE 'a' || translate(left(ssn, 1), '9', E'\\') FROM patients;
-- uses
SELECT |/ (ascii(ssn)::float8 - 57) FROM patients;
-- uses
SELECT JSON_OBJECT((CASE WHEN ssn LIKE '9%' THEN 'a' END) VALUE 1) FROM patients;
-- uses
WITH RECURSIVE s(n, x) AS (SELECT 1, left(ssn, 1) FROM patients UNION ALL SELECT n + 1, x FROM s) CYCLE x SET c USING p SELECT n FROM s;
-- shows
SELECT ROW(nullif(ssn, '1')) IS NULL FROM patients;
-- shows
SELECT num_nulls(VARIADIC ARRAY[nullif(ssn, '1')]) FROM patients;
-- shows
EXPLAIN ANALYZE WITH s AS MATERIALIZED (SELECT lpad(ssn, 1000) FROM patients) SELECT count(*) FROM s;
-- shows
CREATE TEMP TABLE copy (a text); INSERT INTO copy AS c SELECT ssn FROM patients; SELECT a FROM copy;
-- shows
CREATE TEMP TABLE copy (a text); MERGE INTO copy c USING patients p ON false WHEN NOT MATCHED THEN INSERT VALUES (p.ssn); SELECT a FROM copy;
-- refused
CREATE TEMP TABLE text (a int); SELECT ssn::text FROM patients;

-- 9. RETURNING, cursors, prepared statements
-- shows
UPDATE patients SET note = note RETURNING ssn;
-- shows
UPDATE patients SET note = ssn RETURNING note;
-- shows
UPDATE patients SET note = note RETURNING *;
-- shows
UPDATE patients SET note = note RETURNING patients;
-- shows
UPDATE patients SET note = note RETURNING old.ssn, new.*;
-- shows
UPDATE patients SET note = note RETURNING WITH (OLD AS o) o.ssn;
-- shows
DELETE FROM patients RETURNING ssn;
-- shows
DELETE FROM appointments USING patients p WHERE p.id = 1 RETURNING p.ssn;
-- shows
INSERT INTO appointments (id, room) SELECT id, ssn FROM patients RETURNING room;
-- shows
MERGE INTO appointments a USING patients p ON p.id = a.patient_id WHEN MATCHED THEN UPDATE SET room = 'x' RETURNING p.ssn;
-- shows
MERGE INTO appointments a USING patients p ON p.id = a.patient_id WHEN MATCHED THEN UPDATE SET room = p.ssn RETURNING a.room;
-- shows
DECLARE c CURSOR FOR SELECT ssn FROM patients; FETCH ALL FROM c;
-- shows
PREPARE q AS SELECT ssn FROM patients; EXECUTE q;
-- shows
PREPARE q AS SELECT 1; DEALLOCATE q; PREPARE q AS SELECT ssn FROM patients; EXECUTE q;
-- flows
PREPARE q AS SELECT ssn FROM patients; CREATE TABLE scratch.copy AS EXECUTE q;
-- shows
EXPLAIN ANALYZE SELECT ssn FROM patients;
-- shows
PREPARE q AS SELECT ssn FROM patients; EXPLAIN ANALYZE EXECUTE q;

-- 10. COPY
-- shows
COPY patients TO STDOUT;
-- shows
COPY patients (id, ssn) TO STDOUT WITH (FORMAT binary);
-- shows
COPY (SELECT ssn FROM patients) TO STDOUT (FORMAT csv);
-- shows
COPY (UPDATE patients SET note = note RETURNING ssn) TO STDOUT;

-- 11. texts
-- shows
SELECT/**/ssn/* FROM departments */FROM/* /* */ */patients -- departments
;
-- shows
SELECT $$'$$ || ssn || $x$ FROM departments $x$ FROM patients;
-- shows
SELECT E'\'' || ssn || E' FROM departments \'' FROM patients;
-- refused
SET standard_conforming_strings = off; SELECT ssn FROM patients;
-- refused
SET client_encoding = 'SJIS';

-- 12. statistics and monitoring
-- refused
SELECT most_common_vals FROM pg_stats WHERE attname = 'ssn';
-- refused
SELECT stavalues1 FROM pg_statistic;
-- refused
SELECT * FROM pg_stats_ext;
-- refused
SELECT query FROM pg_stat_activity;
-- refused
SELECT a FROM pg_stat_activity a;
-- refused
SELECT * FROM pg_prepared_statements;
-- refused
SELECT statement FROM pg_cursors;
-- refused
SELECT data FROM pg_largeobject;
-- refused
SELECT rolpassword FROM pg_authid;
-- refused
SELECT * FROM pg_toast.pg_toast_16395;

-- 20. roles
-- refused
SET ROLE postgres;
-- refused
SET SESSION AUTHORIZATION postgres;
-- refused
SELECT set_config('role', 'postgres', false);
-- refused
SELECT set_config('ro' || 'le', 'postgres', false);
-- refused
ALTER ROLE postgres PASSWORD 'x';
-- refused
ALTER SYSTEM SET log_statement = 'all';
-- refused
LOAD 'x';

-- Rows whose being null tells: a row is null when all of its fields are.
-- shows
SELECT ROW(nullif(ssn, '900-10-0001')) IS NULL FROM patients;
-- shows
SELECT (nullif(ssn, '900-10-0001'), 1) IS NOT NULL FROM patients;
-- shows
SELECT s IS NULL FROM (SELECT nullif(ssn, '900-10-0001') AS a FROM patients) s;
-- shows
SELECT ROW(s.*, NULL) IS NULL FROM (SELECT nullif(ssn, '900-10-0001') AS a FROM patients) s;
-- shows
SELECT ROW(ROW(nullif(ssn, '900-10-0001'))) IS NULL FROM patients;
-- A key of an object may be NULL, and have no value after it; bytes may be no text.
-- uses
SELECT CASE WHEN ssn < '1' THEN json_build_object(NULL, 1) END FROM patients;
-- uses
SELECT CASE WHEN ssn < '1' THEN jsonb_build_object('a') END FROM patients;
-- uses
SELECT CASE WHEN ssn < '1' THEN jsonb_build_object(VARIADIC ARRAY[NULL, 'a']) END FROM patients;
-- uses
SELECT CASE WHEN ssn < '1' THEN JSON_OBJECT(lower(NULL): 1) END FROM patients;
-- uses
SELECT CASE WHEN ssn < '1' THEN '1'::bytea IS JSON END FROM patients;
-- uses
SELECT json_build_object(nullif(ssn, '1'), 1) FROM patients;
