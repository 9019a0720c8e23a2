-- 6. Copies: tables, views, temporary tables that shadow names, search_path, renames, and then reading the copy.

-- refused 42501
CREATE TABLE scratch.copy AS SELECT ssn FROM patients;

-- refused 42501
SELECT ssn INTO scratch.copy FROM patients;

-- refused 42501
CREATE VIEW scratch.v AS SELECT ssn FROM patients;

-- refused 42501
CREATE MATERIALIZED VIEW scratch.v AS SELECT ssn FROM patients;

-- refused 42501
CREATE TABLE scratch.copy (a) AS TABLE patients;

-- refused 42501
CREATE TABLE scratch.copy AS SELECT id, ssn IS NOT DISTINCT FROM '{ssn}' AS hit FROM patients;

-- refused 42501
CREATE TABLE scratch.copy AS SELECT id FROM patients WHERE ssn LIKE '9%';

-- refused 42501, scratch
CREATE TABLE scratch.copy (a text);
INSERT INTO scratch.copy SELECT ssn FROM patients;

-- refused 42501, scratch
-- A unique key as an oracle.
CREATE TABLE scratch.seen (a text UNIQUE);
INSERT INTO scratch.seen SELECT substr(ssn, 1, 1) FROM patients;

-- refused 42501, scratch
CREATE TABLE scratch.seen (a text CHECK (a NOT LIKE '9%'));
INSERT INTO scratch.seen SELECT ssn FROM patients WHERE id = 7;

-- refused 42501, scratch
CREATE TABLE scratch.keys (a text PRIMARY KEY);
CREATE TABLE scratch.refers (a text REFERENCES scratch.keys);
INSERT INTO scratch.refers SELECT ssn FROM patients WHERE id = 7;

-- refused 42501, scratch
CREATE TABLE scratch.copy (id int, a text);
INSERT INTO scratch.copy VALUES (7, 'x');
UPDATE scratch.copy SET a = p.ssn FROM patients p WHERE p.id = scratch.copy.id;

-- refused 42501, scratch
CREATE TABLE scratch.copy (id int, a text);
MERGE INTO scratch.copy c USING patients p ON p.id = c.id WHEN NOT MATCHED THEN INSERT VALUES (p.id, p.ssn);

-- refused 42501, scratch
CREATE TABLE scratch.copy (id int, a text);
WITH s AS (SELECT id, ssn FROM patients) INSERT INTO scratch.copy SELECT * FROM s;

-- refused 42501, scratch
CREATE TABLE scratch.copy (id int PRIMARY KEY, a text);
INSERT INTO scratch.copy VALUES (7, 'x') ON CONFLICT (id) DO UPDATE SET a = (SELECT ssn FROM patients WHERE id = 7);

-- refused 42501, scratch
CREATE TABLE scratch.copy (id int PRIMARY KEY, a text);
INSERT INTO scratch.copy VALUES (7, 'x') ON CONFLICT (id) DO UPDATE SET a = 'y' WHERE EXISTS (SELECT 1 FROM patients WHERE ssn LIKE '9%');

-- refused 42501, scratch
CREATE TABLE scratch.copy (a text DEFAULT 'x', b text GENERATED ALWAYS AS (upper(a)) STORED);
INSERT INTO scratch.copy (a) SELECT ssn FROM patients WHERE id = 7;

-- refused 42501, scratch
-- A field of a composite column, an element of an array.
CREATE TABLE scratch.copy (a postal_address, b text[]);
INSERT INTO scratch.copy (a.street, b[1]) SELECT ssn, ssn FROM patients WHERE id = 7;

-- refused 42501, scratch
CREATE TABLE scratch.copy (a text[]);
INSERT INTO scratch.copy VALUES ('{x}');
UPDATE scratch.copy SET a[2] = (SELECT ssn FROM patients WHERE id = 7);

-- masked
CREATE TEMP TABLE copy AS SELECT id, ssn AS a FROM patients;
SELECT a FROM copy ORDER BY id LIMIT 3;

-- masked
CREATE TEMP TABLE copy AS SELECT * FROM patients;
SELECT * FROM copy ORDER BY id LIMIT 3;

-- masked
CREATE TEMP TABLE copy AS SELECT * FROM patients;
SELECT c, c::text, (c).ssn, row_to_json(c) FROM copy c ORDER BY id LIMIT 3;

-- refused 42501
CREATE TEMP TABLE copy AS SELECT * FROM patients;
SELECT id FROM copy WHERE ssn LIKE '9%';

-- refused 42501
CREATE TEMP TABLE copy AS SELECT id, ssn AS a FROM patients;
SELECT id FROM copy ORDER BY a;

-- refused 42501
CREATE TEMP TABLE copy AS SELECT id, ssn AS a FROM patients;
CREATE UNIQUE INDEX ON copy (substr(a, 1, 1));

-- masked
CREATE TEMP TABLE copy (id int, a text);
INSERT INTO copy SELECT id, ssn FROM patients;
SELECT a FROM copy ORDER BY id LIMIT 3;

-- masked
CREATE TEMP TABLE copy (id int, a text);
INSERT INTO copy (a) VALUES ((SELECT ssn FROM patients WHERE id = 7));
TABLE copy;

-- masked
CREATE TEMP TABLE copy (id int, a text, b text);
INSERT INTO copy VALUES (7, '', '');
UPDATE copy SET a = p.ssn FROM patients p WHERE p.id = copy.id;
UPDATE copy SET b = a;
SELECT b FROM copy;

-- masked
CREATE TEMP TABLE copy (id int, a text);
MERGE INTO copy c USING (SELECT id, ssn FROM patients WHERE id < 4) p ON p.id = c.id WHEN NOT MATCHED THEN INSERT VALUES (p.id, p.ssn);
SELECT a FROM copy ORDER BY id;

-- masked
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
CREATE TEMP TABLE b AS SELECT a FROM copy;
SELECT * FROM b;

-- refused 42P01
CREATE TEMP VIEW copy AS SELECT id, ssn AS a FROM patients;
SELECT a FROM copy ORDER BY id LIMIT 3;

-- masked
CREATE TEMP TABLE "Copy" AS SELECT ssn AS "A" FROM patients WHERE id = 7;
SELECT "A" FROM "Copy";

-- masked
-- Names are cut at 63 bytes: the table is found by a longer name too.
CREATE TEMP TABLE a234567890123456789012345678901234567890123456789012345678901234567890 AS SELECT ssn AS a FROM patients WHERE id = 7;
SELECT a FROM a23456789012345678901234567890123456789012345678901234567890123xyz;

-- masked
CREATE TEMP TABLE copy AS SELECT ssn AS a234567890123456789012345678901234567890123456789012345678901234567890 FROM patients WHERE id = 7;
SELECT a23456789012345678901234567890123456789012345678901234567890123 FROM copy;

-- masked
CREATE TEMP TABLE ÄÖ AS SELECT ssn AS Ü FROM patients WHERE id = 7;
SELECT Ü, "Ü" FROM "ÄÖ";

-- masked
CREATE TABLE pg_temp.copy AS SELECT ssn AS a FROM patients WHERE id = 7;
SELECT a FROM pg_temp.copy;

-- refused 42501
CREATE TEMP TABLE patients (id int, ssn text);
SELECT ssn FROM patients;

-- refused 42501
-- Dropped, and the real one comes back under the name.
CREATE TEMP TABLE patients (id int, ssn text);
DROP TABLE patients;
SELECT ssn FROM patients;

-- refused 42501
CREATE TEMP TABLE patients (id int, ssn text); DROP TABLE patients; SELECT ssn FROM patients;

-- refused 42501
BEGIN;
CREATE TEMP TABLE patients (id int, ssn text);
ROLLBACK; SELECT ssn FROM patients;

-- masked
-- What the old one held counts for the new one that may turn out not to be there.
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
BEGIN;
DROP TABLE copy;
ROLLBACK;
SELECT 1;

-- masked
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
BEGIN;
DROP TABLE copy;
CREATE TEMP TABLE copy (a text);
ROLLBACK;
SELECT a FROM copy;

-- refused 42501
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
BEGIN;
SAVEPOINT s;
DROP TABLE copy;
CREATE TEMP TABLE copy (a text);
ROLLBACK TO s;
SELECT a FROM copy;

-- masked
BEGIN;
CREATE TEMP TABLE copy (a text);
SAVEPOINT s;
INSERT INTO copy SELECT ssn FROM patients WHERE id = 7;
RELEASE s;
SELECT 1;

-- masked
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
ALTER TABLE copy RENAME TO b;
SELECT a FROM b;

-- refused 42501
-- Renamed to what means something harmless.
CREATE TEMP TABLE copy AS SELECT 7 AS id, ssn AS name FROM patients WHERE id = 7;
ALTER TABLE copy RENAME TO departments;
SELECT name FROM departments;

-- refused 42501
-- Made where search_path says, and not where the next schema is.
SET search_path = pg_temp, scratch, public;
CREATE TABLE appointments (id int, patient_id int, clinician_id int, slot tstzrange, status appointment_status, room text, reminder_phone text, reason text);
INSERT INTO appointments SELECT * FROM public.appointments WHERE id = 1;
ALTER TABLE pg_temp.appointments RENAME TO departments;
ALTER TABLE pg_temp.departments RENAME COLUMN reminder_phone TO name;
SELECT name FROM departments;

-- masked
-- Gone, and here again.
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
BEGIN;
CREATE TEMP TABLE twice (a int UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO twice VALUES (1), (1);
DROP TABLE copy;
CREATE TEMP TABLE copy AS SELECT 'x' AS a;
COMMIT;
SELECT a FROM copy;

-- refused 42501
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
BEGIN;
SAVEPOINT s;
DROP TABLE copy;
CREATE TEMP TABLE copy AS SELECT 'x' AS a;
ROLLBACK TO s;
COMMIT;
SELECT a FROM copy;

-- refused 42501
CREATE TEMP TABLE copy AS SELECT ssn AS a, 'x' AS b FROM patients WHERE id = 7;
ALTER TABLE copy RENAME COLUMN a TO c;
SELECT c FROM copy;

-- refused 42501
-- Columns that trade their names.
CREATE TEMP TABLE copy AS SELECT ssn AS a, 'x'::bpchar AS b FROM patients WHERE id = 7;
ALTER TABLE copy RENAME COLUMN a TO t;
ALTER TABLE copy RENAME COLUMN b TO a;
ALTER TABLE copy RENAME COLUMN t TO b;
SELECT b FROM copy;

-- refused 42703
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
ALTER TABLE copy ADD b text GENERATED ALWAYS AS (a::text) STORED;
SELECT b FROM copy;

-- masked
CREATE TEMP TABLE copy AS SELECT ssn AS a, 'x' AS b FROM patients WHERE id = 7;
ALTER TABLE copy ALTER b TYPE text USING a;
SELECT b FROM copy;

-- fails 0A000
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
ALTER TABLE copy SET SCHEMA scratch;

-- masked
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
CREATE TEMP TABLE child (b int) INHERITS (copy);
SELECT a FROM copy;

-- masked
-- Rows of the child are rows of the parent.
CREATE TEMP TABLE parent (a text);
CREATE TEMP TABLE child (b int) INHERITS (parent);
INSERT INTO child (a) SELECT ssn FROM patients WHERE id = 7;
SELECT a FROM parent;

-- refused 42P01
CREATE TEMP TABLE parent (id int, a text) PARTITION BY RANGE (id);
CREATE TEMP TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (1000);
INSERT INTO parent SELECT id, ssn FROM patients WHERE id = 7;
SELECT a FROM part;

-- masked
CREATE TEMP TABLE parent (id int, a text) PARTITION BY RANGE (id);
CREATE TEMP TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (1000);
INSERT INTO part SELECT id, ssn FROM patients WHERE id = 7;
SELECT a FROM parent;

-- refused 42P01
-- A temporary view over a temporary table that is filled later.
CREATE TEMP TABLE copy (a text);
CREATE TEMP VIEW v AS SELECT a AS b FROM copy;
INSERT INTO copy SELECT ssn FROM patients WHERE id = 7;
SELECT b FROM v;

-- masked
-- Written through a view.
CREATE TEMP TABLE copy (a text);
CREATE TEMP VIEW v AS SELECT a AS b FROM copy;
INSERT INTO v SELECT ssn FROM patients WHERE id = 7;
SELECT a FROM copy;

-- refused 42P01
CREATE TEMP TABLE copy (a text, b text GENERATED ALWAYS AS (a || '') STORED);
INSERT INTO copy (a) SELECT ssn FROM patients WHERE id = 7;
SELECT b FROM copy;

-- refused 42P01
CREATE TEMP TABLE copy (a text, b text GENERATED ALWAYS AS (a || '') VIRTUAL);
INSERT INTO copy (a) SELECT ssn FROM patients WHERE id = 7;
SELECT b FROM copy;

-- masked
-- A trigger that moves it on.
CREATE TEMP TABLE copy (a text, b text);
CREATE FUNCTION pg_temp.move() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.b := NEW.a; RETURN NEW; END';
CREATE TRIGGER t BEFORE INSERT ON copy FOR EACH ROW EXECUTE FUNCTION pg_temp.move();
INSERT INTO copy (a) SELECT ssn FROM patients WHERE id = 7;
SELECT b FROM copy;

-- refused 42501
CREATE TEMP TABLE copy (a text);
CREATE TEMP TABLE b (a text);
CREATE RULE r AS ON INSERT TO copy DO ALSO INSERT INTO b VALUES (NEW.a);

-- refused 42P01
ALTER TABLE patients RENAME TO p; SELECT ssn FROM p;

-- refused 42501
CREATE OR REPLACE VIEW ward_board AS SELECT ssn AS department FROM patients; SELECT department FROM ward_board;

-- refused 42P01
SET search_path = scratch; SELECT ssn FROM patients;

-- refused 42501
SET LOCAL search_path = public; ROLLBACK; SELECT id FROM patients;

-- refused 42501, scratch
CREATE TABLE scratch.patients (id int, ssn text);
SET search_path = scratch, public;
BEGIN; SET LOCAL search_path = public, scratch; COMMIT; SELECT ssn FROM patients;

-- refused 42501, scratch
CREATE TABLE scratch.patients (id int, ssn text);
SET search_path = public, scratch;
SELECT ssn FROM patients ORDER BY id LIMIT 3;

-- masked
SET search_path = "$user", scratch, billing, public;
SELECT ssn FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT set_config('search_path', 'billing,public', false);
SELECT member_number, ssn FROM claims JOIN patients ON patients.id = claims.patient_id ORDER BY claims.id LIMIT 3;

-- refused 42P01
-- Two sessions: what one makes, the other reads.
CREATE TEMP TABLE copy AS SELECT ssn AS a FROM patients WHERE id = 7;
-- second
SELECT a FROM pg_temp_3.copy;

-- refused 42501
CREATE TABLE scratch.copy AS SELECT * FROM patients WITH NO DATA; INSERT INTO scratch.copy SELECT * FROM patients;

-- refused 42501
PREPARE q AS SELECT ssn FROM patients;
CREATE TABLE scratch.copy AS EXECUTE q;

-- refused 42501
COMMENT ON TABLE scratch.x IS 'x'; CREATE TABLE scratch.x AS SELECT md5(ssn) FROM patients;

-- refused 42501
ALTER TABLE patients ADD copy text GENERATED ALWAYS AS (ssn) STORED;

-- refused 42501
ALTER TABLE patients ALTER note TYPE text USING ssn;

-- refused 42501, as dba
ALTER TABLE patients ALTER sex TYPE text USING ssn;

-- refused 42501, as dba
ALTER TABLE patients ADD copied text DEFAULT 'x', ADD CONSTRAINT c CHECK (ssn NOT LIKE '9%');

-- refused 42501, as dba
CREATE INDEX ON patients ((1 / (ascii(ssn) - 57)));

-- fails 42501, as dba
CREATE VIEW public.v AS SELECT ssn AS sex FROM patients;

-- refused 42501, as dba
CREATE TABLE public.copies (LIKE patients INCLUDING ALL); INSERT INTO public.copies SELECT * FROM patients;

-- masked, undone
CREATE TEMP TABLE t AS SELECT ssn AS x, 'y'::text AS y FROM patients WHERE id = 7;
ALTER TABLE t ALTER COLUMN y TYPE text USING x;
SELECT y FROM t;
