-- 18. Comments, literals, newlines, escapes and identifiers against rules that look at text.

-- masked
SELECT /* SELECT name FROM departments; */ ssn FROM patients WHERE id = 7;

-- masked
SELECT ssn FROM patients WHERE id = 7 -- ; SELECT name FROM departments

-- refused 42501
SELECT 1; DELETE/**/FROM/**/patients;

-- refused 42501
dElEtE
FROM
patients;

-- refused 42501
WITH x AS (DELETE FROM patients RETURNING 1) SELECT 1;

-- refused 42501
EXPLAIN ANALYZE DELETE FROM patients;

-- refused 42501
PREPARE d AS DELETE FROM patients;

-- refused 42501
COPY (DELETE FROM patients RETURNING id) TO STDOUT;

-- refused 42501
SET/**/ROLE/**/postgres;

-- refused 42501
SET SESSION AUTHORIZATION postgres;

-- refused 42501
SELECT set_config('role', 'postgres', false);

-- refused 42501
SELECT set_config('ro' || 'le', 'postgres', false);

-- refused 42501
ALTER ROLE postern_gateway PASSWORD 'x';

-- refused 42501
GRANT SELECT ON patients TO PUBLIC;

-- refused 42501
ALTER USER postern_gateway SET search_path = scratch;

-- refused 42501
ALTER DATABASE clinic SET search_path = scratch;

-- refused 42501
ALTER SYSTEM SET log_statement = 'all';

-- refused 42501
SELECT 1 WHERE EXISTS (SELECT FROM patients WHERE U&"\0073sn" LIKE U&'9\0025');
