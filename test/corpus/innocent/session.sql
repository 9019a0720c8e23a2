-- What clients say about the session: settings, transactions, prepared statements, locks, LISTEN, EXPLAIN.
-- as: engineer

SET extra_float_digits = 3;

SET application_name = 'PostgreSQL JDBC Driver';

SET client_min_messages TO warning;

SET client_min_messages TO warning;
SET TIME ZONE 'Europe/Berlin';
SELECT timestamptz '2026-01-01 12:00+00';
RESET TIME ZONE;

SET DateStyle = 'ISO, DMY';
SELECT date '2026-01-02';
SET DateStyle TO 'German';
SELECT date '2026-01-02';

SET IntervalStyle = 'iso_8601';
SELECT interval '1 day 2 hours';

SET bytea_output = 'escape';
SELECT '\xdeadbeef'::bytea;

SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;
SHOW transaction_read_only;

SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET statement_timeout = '30s';
SHOW statement_timeout;
SET lock_timeout TO 1000;
SET idle_in_transaction_session_timeout = 0;
SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout') ORDER BY name;

SET standard_conforming_strings = on;

SET client_encoding TO 'UTF8';

SET NAMES 'utf8';

SET search_path = billing, public;
SELECT payer, count(*) FROM claims GROUP BY payer ORDER BY payer;
SHOW search_path;
RESET search_path;

SET search_path TO "$user", public;
SELECT current_schema(), current_schemas(true);

SET LOCAL work_mem = '64MB';

BEGIN;
SET LOCAL enable_seqscan = off;
SELECT count(*) FROM departments;
COMMIT;

SET jit = off;

SET work_mem = '32MB';

SET enable_hashjoin = off;

RESET ALL;

SHOW server_version;

SHOW server_encoding;

SHOW transaction_isolation;

SHOW max_connections;

SHOW standard_conforming_strings;

SHOW TimeZone;

SHOW DateStyle;

SHOW search_path;

SELECT version();

SELECT current_database(), current_schema(), session_user, current_user;

SELECT current_setting('server_version_num')::int, current_setting('TimeZone'), current_setting('app.tenant', true);

SELECT set_config('app.tenant', 'north', false);

-- varies: pg_backend_pid
SELECT pg_backend_pid();

-- varies: now, clock
SELECT now(), clock_timestamp() AS clock;

-- varies: a, b
SELECT gen_random_uuid() AS a, random() AS b;

SELECT pg_is_in_recovery();

SELECT 1;

SELECT NULL;

BEGIN;
COMMIT;

START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT count(*) FROM encounters;
COMMIT;

BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;
SELECT count(*) FROM patients;
ROLLBACK;

-- undo
BEGIN;
UPDATE departments SET floor = floor + 1 WHERE id = 1;
SAVEPOINT one;
UPDATE departments SET floor = floor + 1 WHERE id = 2;
ROLLBACK TO SAVEPOINT one;
RELEASE SAVEPOINT one;
SELECT id, floor FROM departments WHERE id IN (1, 2) ORDER BY id;
ROLLBACK;

BEGIN;
SAVEPOINT a;
SELECT count(*) FROM departments;
RELEASE a;
SAVEPOINT b;
ROLLBACK TO b;
ROLLBACK AND CHAIN;
ROLLBACK;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

PREPARE visits (int) AS SELECT count(*) FROM encounters WHERE patient_id = $1;
EXECUTE visits (3);
EXECUTE visits (4);
DEALLOCATE visits;

PREPARE two AS SELECT id, full_name FROM patients WHERE id = $1;
-- masked: full_name
EXECUTE two (1);
DEALLOCATE ALL;

LISTEN appointments_changed;
UNLISTEN appointments_changed;
UNLISTEN *;

DISCARD ALL;

DISCARD TEMP;

DISCARD PLANS;

CLOSE ALL;

SELECT pg_try_advisory_lock(42);
SELECT pg_advisory_unlock(42);

EXPLAIN SELECT count(*) FROM encounters WHERE patient_id = 3;

EXPLAIN (FORMAT JSON, VERBOSE) SELECT d.name FROM departments d WHERE d.id = 1;

EXPLAIN (COSTS OFF) SELECT p.id FROM patients p JOIN encounters e ON e.patient_id = p.id WHERE e.kind = 'inpatient';

EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT count(*) FROM departments;

SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE;
SHOW TIME ZONE;
