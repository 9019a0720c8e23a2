-- 13. Ways out of the statement: notifications, locks, sequences, settings, descriptors, replication.

-- refused 42501
SELECT pg_notify('c', ssn) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_notify(ssn, '') FROM patients WHERE id = 7;

-- refused 42501
SELECT CASE WHEN ssn LIKE '9%' THEN pg_notify('c', 'x') END FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_notify('c', '') FROM patients WHERE ssn LIKE '9%';

-- refused 42501
LISTEN c;
SELECT pg_notify('c', row_to_json(p)::text) FROM patients p WHERE id = 7;

-- refused 42501
SELECT pg_advisory_lock(ascii(ssn)) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_try_advisory_xact_lock(1, ascii(ssn)) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_advisory_unlock(hashtext(ssn)) FROM patients WHERE id = 7;

-- refused 42501
SELECT setval('audit.row_changes_id_seq', replace(ssn, '-', '')::bigint) FROM patients WHERE id = 7;

-- refused 42501
CREATE TEMP SEQUENCE s;
SELECT setval('s', ascii(ssn)) FROM patients WHERE id = 7;

-- refused 42501
CREATE TEMP SEQUENCE s;
SELECT nextval('s') FROM patients WHERE ssn LIKE '9%';

-- refused 42501
CREATE TEMP SEQUENCE s;
SELECT CASE WHEN ssn LIKE '9%' THEN nextval('s') END FROM patients WHERE id = 7;

-- refused 42501
CREATE TEMP SEQUENCE s;
SELECT ssn IN ('{ssn}', nextval('s')::text) FROM patients WHERE id = 7;

-- refused 42501
SELECT setseed(ascii(ssn) / 100.0) FROM patients WHERE id = 7;

-- refused 42501
SELECT set_config('app.x', ssn, true) FROM patients WHERE id = 7;

-- refused 42501
SELECT set_config('application_name', ssn, false) FROM patients WHERE id = 7;

-- refused 42501
SELECT set_config('search_path', ssn, false) FROM patients WHERE id = 7;

-- refused 42501
SELECT set_config('app.x', CASE WHEN ssn LIKE '9%' THEN '1' ELSE '0' END, false) FROM patients WHERE id = 7;

-- refused 42501
SET LOCAL app.x = 'x'; SELECT set_config('app.' || left(ssn, 1), 'x', false) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_logical_emit_message(false, 'x', ssn) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_terminate_backend(ascii(ssn)) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%ssn%';

-- refused 42501
SELECT pg_export_snapshot(), ssn FROM patients WHERE id = 7;

-- refused 42501
SELECT lo_create(ascii(ssn)) FROM patients WHERE id = 7;

-- refused 42501
SELECT lo_put(lo_create(0), 0, ssn::bytea) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_create_logical_replication_slot(ssn, 'test_decoding') FROM patients WHERE id = 7;

-- refused 42501
CREATE PUBLICATION p FOR TABLE patients;

-- refused 42501
CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p;

-- refused 42501
COMMENT ON TABLE patients IS '{ssn}'; SELECT pg_terminate_backend(1);

-- refused 42501
SECURITY LABEL ON TABLE patients IS 'x';

-- refused 42501
SELECT pg_sleep(CASE WHEN ssn LIKE '9%' THEN 0.1 ELSE 0 END) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_sleep(ascii(ssn) / 1000.0) FROM patients WHERE id = 7;

-- refused 42501
SELECT pg_sleep(0.1) FROM patients WHERE id = 7 AND ssn LIKE '9%';

-- refused 42501
SELECT 1 FROM patients WHERE id = 7 AND (ssn LIKE '9%' AND pg_sleep(0.1) IS NOT NULL);

-- refused 42501
CREATE TEMP TABLE text (a pg_catalog.text);
SELECT ssn::text FROM patients WHERE id = 7;

-- refused 42501
CREATE TEMP TABLE date (a pg_catalog.text);
SELECT ('(' || replace(left(ssn, 1), '9', ')x'))::date FROM patients WHERE id = 7;

-- refused 42501
-- A cast may leave something else of a name.
SELECT set_config('roles'::varchar(4), 'postgres', false);

-- refused 42501
SELECT set_config('search_path '::char(12), 'billing', false);

-- refused 42501
SELECT set_config('session_authorization_'::varchar(21), 'postgres', false);

-- refused 42501
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (VALUE NOT LIKE '9%');
SELECT 'x'::pg_temp.text, ssn::text FROM patients WHERE id = 7;

-- refused 42501
SET search_path = pg_temp, public;
CREATE TYPE date AS ENUM ('a');
SELECT 'a'::pg_temp.date, birth_date::date FROM patients WHERE id = 7;
