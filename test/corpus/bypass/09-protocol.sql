-- 9. RETURNING, cursors, prepared statements, several statements in one query, portals in pieces.

-- masked, undone
UPDATE appointments SET room = room WHERE id = 1 RETURNING reminder_phone, id;

-- masked, undone
UPDATE appointments SET room = room WHERE id = 1 RETURNING *;

-- masked, undone
UPDATE appointments a SET room = room WHERE id = 1 RETURNING a, a::text, row_to_json(a);

-- masked, undone
UPDATE appointments SET room = room WHERE id = 1 RETURNING old.reminder_phone, new.*, old.reminder_phone || '';

-- masked, undone
UPDATE appointments SET room = room WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS n) o.reminder_phone, n.reminder_phone;

-- masked, undone
UPDATE appointments a SET room = a.room FROM patients p WHERE a.id = 1 AND p.id = 7 RETURNING p.ssn, p;

-- refused 42501, undone
UPDATE appointments a SET room = p.ssn FROM patients p WHERE a.id = 1 AND p.id = 7 RETURNING a.room;

-- masked, undone
UPDATE appointments a SET reminder_phone = p.phone FROM patients p WHERE a.id = 1 AND p.id = 7 RETURNING a.reminder_phone, new.reminder_phone, old.reminder_phone;

-- masked, undone, not prepared
INSERT INTO appointments SELECT 900001, patient_id, clinician_id, slot, status, room, reminder_phone, reason FROM appointments WHERE id = 1 RETURNING reminder_phone, (SELECT ssn FROM patients WHERE id = 7);

-- refused 42501, undone
INSERT INTO appointments SELECT 900001, patient_id, clinician_id, slot, status, (SELECT ssn FROM patients WHERE id = 7), reminder_phone, reason FROM appointments WHERE id = 1 RETURNING room;

-- masked, undone
MERGE INTO appointments a USING patients p ON a.id = p.id AND a.id = 7 WHEN MATCHED THEN UPDATE SET room = 'x' RETURNING merge_action(), p.ssn, a.reminder_phone, p;

-- refused 42501, undone
MERGE INTO appointments a USING patients p ON a.id = p.id AND a.id = 7 WHEN MATCHED AND p.ssn LIKE '9%' THEN UPDATE SET room = 'x' WHEN MATCHED THEN DO NOTHING;

-- refused 42501, undone
INSERT INTO appointments SELECT * FROM appointments WHERE id = 1 ON CONFLICT (id) DO UPDATE SET room = 'x' WHERE appointments.reminder_phone LIKE '(2%';

-- masked, undone
INSERT INTO appointments SELECT * FROM appointments WHERE id = 1 ON CONFLICT (id) DO UPDATE SET room = 'x' RETURNING reminder_phone, old.reminder_phone;

-- refused 42501, as nurse, undone
DELETE FROM appointments WHERE id = 1 RETURNING reminder_phone;

-- refused 42501, as nurse
DELETE FROM patients WHERE id = 7 RETURNING ssn;

-- masked, undone
DECLARE c SCROLL CURSOR FOR SELECT ssn FROM patients ORDER BY id;
FETCH 3 FROM c;

-- masked, undone
DECLARE c CURSOR WITH HOLD FOR SELECT p FROM patients p ORDER BY id LIMIT 5;
FETCH FORWARD ALL FROM c;

-- masked, undone
DECLARE c BINARY CURSOR FOR SELECT ssn, birth_date FROM patients ORDER BY id;
FETCH 3 IN c;

-- masked, undone
DECLARE c SCROLL CURSOR FOR SELECT ssn FROM patients ORDER BY id;
MOVE FORWARD 5 IN c;
FETCH PRIOR FROM c;

-- masked
BEGIN; DECLARE c CURSOR FOR SELECT ssn FROM patients ORDER BY id; FETCH 2 FROM c; CLOSE c; COMMIT;

-- refused 42501
BEGIN; DECLARE c CURSOR FOR SELECT id FROM patients WHERE ssn LIKE '9%'; FETCH ALL FROM c; COMMIT;

-- masked, undone
-- A name that means another cursor by now.
DECLARE c CURSOR FOR SELECT name FROM departments ORDER BY id;
CLOSE c;
DECLARE c CURSOR FOR SELECT ssn FROM patients ORDER BY id;
FETCH 2 FROM c;

-- masked
PREPARE q AS SELECT ssn FROM patients ORDER BY id LIMIT 2;
EXECUTE q;

-- masked
PREPARE q (int) AS SELECT ssn, full_name FROM patients WHERE id = $1;
EXECUTE q (3 + 4);

-- masked
PREPARE q AS SELECT name FROM departments;
DEALLOCATE q;
PREPARE q AS SELECT ssn FROM patients ORDER BY id LIMIT 2;
EXECUTE q;

-- masked
PREPARE q AS SELECT name FROM departments; DEALLOCATE q; PREPARE q AS SELECT ssn FROM patients ORDER BY id LIMIT 2; EXECUTE q;

-- refused 42501
-- What the name means has changed since it was prepared.
PREPARE q AS SELECT name FROM departments;
CREATE TEMP TABLE departments AS SELECT ssn AS name FROM patients;
EXECUTE q;

-- masked
PREPARE q AS SELECT ssn FROM patients ORDER BY id LIMIT 2;
EXPLAIN (COSTS off) EXECUTE q;

-- masked
-- What was prepared before is explained as if it stood there: what is measured tells of what is computed.
PREPARE q AS SELECT CASE WHEN ssn = '{ssn}' THEN 'x' ELSE 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' END FROM patients, generate_series(1, 1000) WHERE id = 7;
EXPLAIN (ANALYZE, SERIALIZE TEXT, COSTS off, TIMING off, SUMMARY off, BUFFERS off) EXECUTE q;

-- masked
SELECT 1; SELECT ssn FROM patients WHERE id = 7; SELECT 2;

-- masked
SELECT name FROM departments WHERE id = 1; SELECT ssn, full_name FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn FROM patients WHERE id = 7; SELECT id FROM patients WHERE ssn = '{ssn}';

-- masked, undone
SAVEPOINT s;
CREATE TEMP TABLE t AS SELECT ssn AS a FROM patients WHERE id = 7;
RELEASE s;
SELECT 1;

-- masked, undone, not cursor
LOCK TABLE appointments IN ROW EXCLUSIVE MODE;
SELECT ssn FROM patients WHERE id = 7 FOR UPDATE;

-- masked, undone, not cursor
SELECT ssn FROM patients p WHERE id = 7 FOR NO KEY UPDATE OF p SKIP LOCKED;

-- masked
SET plan_cache_mode = force_generic_plan;
PREPARE q (int) AS SELECT ssn FROM patients WHERE id = $1;
EXECUTE q (7);

-- masked
BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;
SELECT ssn FROM patients WHERE id = 7;

-- refused 42501
EXPLAIN ANALYZE SELECT count(*) FROM patients WHERE ssn LIKE '9%';

-- refused 42501, as dba, scratch
-- What EXECUTE puts in for a parameter is shown by what was prepared.
CREATE FUNCTION scratch.peek() RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
PREPARE q (text) AS SELECT $1;
EXECUTE q (scratch.peek());

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.peek() RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
PREPARE q (text) AS SELECT id FROM departments WHERE $1 < '5';
EXECUTE q (scratch.peek());

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.peek() RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
PREPARE q (text) AS SELECT $1;
EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) EXECUTE q (scratch.peek());

-- refused 42501, as dba, scratch, not cursor
-- A function that a cursor calls is read at the first FETCH.
CREATE TABLE scratch.patients (id int, ssn text);
CREATE FUNCTION scratch.small() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT ssn || '''' FROM patients WHERE id = 7';
SET search_path = scratch;
BEGIN;
DECLARE c CURSOR FOR SELECT scratch.small();
SET search_path = public;
FETCH 1 FROM c;

-- refused 42501, as dba, scratch, not cursor
CREATE TABLE scratch.patients (id int, ssn text);
CREATE FUNCTION scratch.small() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT ssn || '''' FROM patients WHERE id = 7';
SET search_path = scratch;
BEGIN; DECLARE c CURSOR FOR SELECT scratch.small(); SET search_path = public; FETCH 1 FROM c;

-- refused 42501, as dba, scratch
-- What is prepared is read anew when search_path has changed.
CREATE TABLE scratch.patients (id int, ssn text);
SET search_path = scratch;
PREPARE q AS SELECT ssn || '' FROM patients WHERE id = 7; SET search_path = public; EXECUTE q;

-- refused 42501, as dba, scratch
CREATE TABLE scratch.patients (id int, ssn text);
SET search_path = scratch;
PREPARE q AS SELECT ssn || '' FROM patients WHERE id = 7;
SET search_path = public; EXECUTE q;

-- refused 42501, as dba, scratch
-- Its parameters come before it.
CREATE TABLE scratch.patients (id int, ssn text);
SET search_path = scratch;
PREPARE q (text) AS SELECT ssn || '' FROM patients WHERE id = 7 AND $1 <> '';
EXECUTE q (set_config('search_path', 'public', false));

-- refused 42501, as dba, scratch
-- search_path is changed when it runs, not when it is prepared.
CREATE TABLE scratch.patients (id int, ssn text);
SET search_path = scratch;
PREPARE q AS SELECT set_config('search_path', 'public', false);
EXECUTE q; SELECT ssn || '' FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch, not cursor
CREATE TABLE scratch.patients (id int, ssn text);
SET search_path = scratch;
BEGIN;
DECLARE c CURSOR FOR SELECT set_config('search_path', 'public', false);
FETCH 1 FROM c; SELECT ssn || '' FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- Functions and operators are looked up by search_path, too.
CREATE FUNCTION scratch.lower(x text) RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
SELECT set_config('search_path', 'scratch, pg_catalog', false); SELECT lower('x');

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.join(x text, y text) RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
CREATE OPERATOR scratch.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.join);
SELECT set_config('search_path', 'scratch, pg_catalog', false); SELECT text 'x' || text 'y';
