-- 8. Messages: errors and notices that repeat a value, or whose coming tells of one.

-- refused 42501
SELECT ssn::int FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn::date FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn::regclass FROM patients WHERE id = 7;

-- refused 42501
SELECT full_name::regtype FROM patients WHERE id = 7;

-- refused 42501
SELECT (full_name || '')::json FROM patients WHERE id = 7;

-- refused 42501
SELECT ssn::mrn FROM patients WHERE id = 7;

-- refused 42501
SELECT full_name::sex FROM patients WHERE id = 7;

-- refused 42501
SELECT ('(' || full_name)::postal_address FROM patients WHERE id = 7;

-- refused 42501
SELECT to_timestamp(ssn, 'YYYY') FROM patients WHERE id = 7;

-- refused 42501
SELECT to_number(ssn, '999'), to_date(ssn, 'YYYY') FROM patients WHERE id = 7;

-- refused 42501
SELECT regexp_match('x', '(' || ssn) FROM patients WHERE id = 7;

-- refused 42501
SELECT has_table_privilege(ssn, 'patients', 'SELECT') FROM patients WHERE id = 7;

-- refused 42501
SELECT current_setting(ssn) FROM patients WHERE id = 7;

-- refused 42501
SELECT to_regclass(ssn), pg_input_error_info(ssn, 'int4'), pg_input_is_valid(ssn, 'int4') FROM patients WHERE id = 7;

-- refused 42501
SELECT nextval(ssn) FROM patients WHERE id = 7;

-- refused 42501
SELECT decode(ssn, 'hex'), convert_from(ssn::bytea, 'UTF8'), chr(ascii(ssn) - 57) FROM patients WHERE id = 7;

-- refused 42501
SELECT to_tsquery(full_name || ' &') FROM patients WHERE id = 7;

-- refused 42501
-- A notice says that a query has no words.
SELECT plainto_tsquery('simple', replace(left(ssn, 1), '9', '')) FROM patients WHERE id = 7;

-- refused 42501
SELECT 'x'::text @@ replace(left(ssn, 1), '9', '') FROM patients WHERE id = 7;

-- refused 42501
-- A notice says that a word is too long to be indexed.
SELECT to_tsvector('simple', lpad(left(ssn, 1), ascii(ssn) * 50, 'x')) FROM patients WHERE id = 7;

-- refused 42501
SELECT JSON_VALUE(to_jsonb(ssn), '$' RETURNING int ERROR ON ERROR) FROM patients WHERE id = 7;

-- refused 42501
SELECT JSON_VALUE(to_jsonb(ssn), '$' RETURNING int DEFAULT -1 ON ERROR) FROM patients WHERE id = 7;

-- refused 42501
SELECT jsonb_path_query(to_jsonb(ssn), '$.integer()') FROM patients WHERE id = 7;

-- refused 42501
SELECT jsonb_path_exists(to_jsonb(replace(left(ssn, 1), '9', 'x')), '$.integer()') FROM patients WHERE id = 7;

-- refused 42501
SELECT xmlparse(DOCUMENT '<a>' || ssn) FROM patients WHERE id = 7;

-- refused 42501
SELECT xpath(ssn, '<a/>') FROM patients WHERE id = 7;

-- refused 42501
SELECT ('{' || full_name)::text[] FROM patients WHERE id = 7;

-- refused 42501
SELECT format(ssn, 1) FROM patients WHERE id = 7;

-- fails 22012
-- What fails for all says nothing of the values.
SELECT ssn, 1 / 0 FROM patients WHERE id = 7;

-- fails 22012
SELECT ssn, 1 / (id - 7) FROM patients WHERE id = 7;

-- fails 21000
SELECT (SELECT ssn FROM patients);

-- fails 42P01
-- The target's own words for a name that is not there may not be given for data either.
SELECT ssn, ('no' || 'where')::regclass FROM patients WHERE id = 7;

-- fails 23505, undone, as nurse
INSERT INTO appointments SELECT * FROM appointments WHERE id = 1;

-- refused 42501, undone
INSERT INTO appointments SELECT * FROM appointments WHERE reminder_phone LIKE '(2%';

-- fails 23502, undone
INSERT INTO appointments (id, reminder_phone) SELECT 1, phone FROM patients WHERE id = 7;

-- fails 23503, undone
INSERT INTO appointments (id, patient_id, clinician_id, slot, status, room, reminder_phone, reason) SELECT 900001, 99999, 1, slot, status, room, p.phone, reason FROM appointments, patients p WHERE appointments.id = 1 AND p.id = 7;

-- refused 42501, undone
INSERT INTO departments (id, name, floor, opens, closes) SELECT 900, ssn, 1, '0:0', '0:0' FROM patients WHERE id = 7;

-- refused 42501, undone
UPDATE appointments SET room = NULL FROM patients p WHERE p.id = 7 AND p.ssn LIKE '9%';

-- refused 42501
DO $$ BEGIN RAISE NOTICE USING MESSAGE = (SELECT ssn FROM patients LIMIT 1); END $$;

-- refused 42501
DO $$ BEGIN RAISE EXCEPTION USING DETAIL = (SELECT ssn FROM patients LIMIT 1), SCHEMA = 'x'; END $$;

-- masked
SET client_min_messages = debug5;
SELECT ssn FROM patients ORDER BY id LIMIT 3;

-- masked
SET client_min_messages = log;
SELECT p::text, ssn FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SET debug_print_plan = on;

-- refused 42501
SET debug_print_parse = on;

-- masked
SET debug_pretty_print = on;
SELECT ssn FROM patients WHERE id = 7;

-- masked
SET lc_messages = 'C';
SELECT ssn FROM patients WHERE id = 7;

-- fails 22P02
SELECT ssn FROM patients WHERE id = 'x';

-- refused 42703
SELECT ssn FROM patients ORDER BY ssn_;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN (1 / 0)::text ELSE 'x' END FROM patients WHERE id = 7;

-- masked
-- The server's own messages: how many there are depends on how much there is to sort.
SET trace_sort = on;
SET client_min_messages = log;
SET work_mem = '64kB';
SELECT CASE WHEN p.ssn = '{ssn}' THEN 'x' ELSE 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' END FROM patients p, generate_series(1, 1000) g WHERE p.id = 7 ORDER BY g;

-- masked
SET client_min_messages = debug5;
SELECT ssn FROM patients WHERE id = 7;
