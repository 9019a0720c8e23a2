-- 14. Writing to escape: a protected value into another column, and back.

-- refused 42501
UPDATE patients SET note = ssn WHERE id = 7;

-- refused 42501, as dba
UPDATE patients SET note = ssn WHERE id = 7;

-- refused 42501, as dba
UPDATE patients SET primary_clinician_id = ascii(ssn) WHERE id = 7;

-- refused 42501, as dba
UPDATE patients SET languages = ARRAY[ssn] WHERE id = 7;

-- refused 42501, as dba
UPDATE patients SET (note, phone) = (SELECT ssn, ssn) WHERE id = 7;

-- refused 42501, as dba
UPDATE patients SET note = DEFAULT, sex = CASE WHEN ssn LIKE '9%' THEN 'male' ELSE 'female' END::sex WHERE id = 7;

-- refused 42501, as dba
UPDATE patients p SET call_after = make_time(ascii(p.ssn) - 40, 0, 0) WHERE id = 7;

-- refused 42501, undone
UPDATE appointments SET room = reminder_phone WHERE id = 1;

-- refused 42501, undone
UPDATE appointments a SET room = p.ssn FROM patients p WHERE p.id = 7 AND a.id = 1;

-- refused 42501, undone
UPDATE appointments SET (room, reason) = (SELECT ssn, 'x' FROM patients WHERE id = 7) WHERE id = 1;

-- refused 42501, undone
UPDATE appointments SET (room, reason) = ROW((SELECT max(ssn) FROM patients), 'x') WHERE id = 1;

-- refused 42501, undone
UPDATE appointments SET reason = reminder_phone WHERE id = 1;

-- refused 42501, undone
UPDATE appointments a SET reason = (SELECT d.comment FROM diagnoses d WHERE d.id = 1) WHERE a.id = 1;

-- refused 42501, undone
UPDATE formulary SET unit_price = (SELECT ascii(ssn) FROM patients WHERE id = 7) WHERE drug = 'x';

-- refused 42501, undone
UPDATE departments SET opens = opens + (SELECT ascii(ssn) FROM patients WHERE id = 7) * interval '1 minute' WHERE id = 1;

-- refused 42501, undone
MERGE INTO appointments a USING patients p ON p.id = 7 AND a.id = 1 WHEN MATCHED THEN UPDATE SET room = p.ssn;

-- refused 42501, undone
MERGE INTO departments d USING patients p ON d.id = p.id + 100000 WHEN NOT MATCHED THEN INSERT (id, name, floor, opens, closes) VALUES (p.id + 1000, p.ssn, 1, '0:0', '0:0');

-- refused 42501, undone
INSERT INTO departments (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = (SELECT max(ssn) FROM patients);

-- refused 42501, undone
WITH w AS (INSERT INTO departments (id, name, floor, opens, closes) SELECT id + 1000, ssn, 1, '0:0', '0:0' FROM patients RETURNING name) SELECT name FROM w;

-- refused 42501, undone
WITH w AS (UPDATE appointments SET room = (SELECT ssn FROM patients WHERE id = 7) WHERE id = 1 RETURNING room) SELECT room FROM w;

-- refused 42501, as nurse, undone
UPDATE clinical_notes SET body = (SELECT ssn FROM patients WHERE id = 7) WHERE id = 1;

-- refused 42501, as nurse, undone
INSERT INTO clinical_notes (id, encounter_id, patient_id, author_id, written_at, title, body) SELECT 900001, 1, 1, 1, now(), 'x', ssn FROM patients WHERE id = 7;

-- refused 42501, as nurse, undone
UPDATE outreach_calls SET number = (SELECT ssn FROM patients WHERE id = 7) WHERE id = 1;

-- refused 42501, as nurse, undone
UPDATE outreach SET summary = (SELECT ssn FROM patients WHERE patients.id = 7) WHERE id = 1;

-- refused 42501, as copilot
UPDATE appointments SET room = 'x' WHERE id = 1;

-- refused 42501, as ci-deploy
INSERT INTO departments (id, name) SELECT id, ssn FROM patients;

-- refused 42501, as dba
INSERT INTO patients SELECT * FROM patients WHERE ssn LIKE '9%';

-- refused 42501
TRUNCATE patients;

-- refused 42501
UPDATE ward_board SET department = patient;

-- masked, undone
-- A phone may be copied to where phones are.
UPDATE appointments SET reminder_phone = (SELECT phone FROM patients WHERE id = 7) WHERE id = 1 RETURNING reminder_phone, reminder_phone IS NULL;

-- refused 42501
-- Where in an array, or under which key of a document, something is put.
CREATE TEMP TABLE t AS SELECT '{}'::jsonb AS j, '{}'::int[] AS a;
UPDATE t SET j[(SELECT ssn::text FROM patients WHERE id = 7)] = '1';

-- refused 42501
CREATE TEMP TABLE t AS SELECT '{}'::jsonb AS j, '{}'::int[] AS a;
UPDATE t SET a[ascii(p.ssn)] = 1 FROM patients p WHERE p.id = 7;

-- refused 42501
CREATE TEMP TABLE t AS SELECT '{}'::jsonb AS j, '{}'::int[] AS a;
UPDATE t SET a[1:ascii(p.ssn)] = '{}' FROM patients p WHERE p.id = 7;

-- refused 42501
CREATE TEMP TABLE t AS SELECT 1 AS i, '{}'::jsonb AS j;
INSERT INTO t (j[(SELECT ssn::text FROM patients WHERE id = 7)]) VALUES ('1');

-- refused 42501
CREATE TEMP TABLE t AS SELECT 1 AS i, '{}'::jsonb AS j;
MERGE INTO t USING patients p ON p.id = t.i + 6 WHEN MATCHED THEN UPDATE SET j[p.ssn::text] = '1';

-- refused 42501
CREATE TEMP TABLE t AS SELECT 1 AS i, '{}'::jsonb AS j;
MERGE INTO t USING (SELECT * FROM patients WHERE id = 7) p ON t.i = 2 WHEN NOT MATCHED THEN INSERT (j[p.ssn::text]) VALUES ('1');

-- refused 42501, undone
UPDATE appointments a SET room[ascii(p.ssn)] = 'x' FROM patients p WHERE p.id = 7 AND a.id = 1;

-- masked, undone
MERGE INTO appointments a USING patients p ON p.id = a.id AND a.id = 1 WHEN MATCHED THEN UPDATE SET room = room RETURNING merge_action(), old.reminder_phone, new.reminder_phone, p.ssn, old, new;

-- masked, undone
UPDATE appointments a SET room = room WHERE id = 1 RETURNING WITH (OLD AS x, NEW AS y) x.reminder_phone || '', y, x.reminder_phone = y.reminder_phone, (x).reminder_phone;
