-- 11. Formats, encodings, settings that change texts, quoting, comments, escapes, names that are cut or folded.

-- masked
SELECT/**/ssn/* FROM departments */FROM/* /* */ */patients -- departments
WHERE id = 7;

-- masked
SELECT $$'$$ || ssn || $x$ FROM departments $x$ FROM patients WHERE id = 7;

-- masked
SELECT E'\'' || ssn || E' FROM departments \'' FROM patients WHERE id = 7;

-- masked
SELECT U&"s\0073n", U&'\0041' || ssn FROM patients WHERE id = 7;

-- masked
SELECT "patients"."ssn" FROM "public" . "patients" WHERE "id" = 7;

-- masked
SELECT pAtIeNtS.sSn FROM PUBLIC.PATIENTS WHERE ID = 7;

-- refused 42P01
SELECT ssn FROM "Patients" WHERE id = 7;

-- masked
SELECT ssn AS "name", '' AS "ssn" FROM patients "departments" WHERE id = 7;

-- masked
SELECT ssn AS "a""b", ssn AS "a b", ssn AS U&"\0441" FROM patients WHERE id = 7;

-- masked
SELECT ssn AS a234567890123456789012345678901234567890123456789012345678901234567890 FROM patients WHERE id = 7;

-- masked
SELECT x.a23456789012345678901234567890123456789012345678901234567890123 FROM (SELECT ssn AS a234567890123456789012345678901234567890123456789012345678901234567890 FROM patients WHERE id = 7) x;

-- masked
WITH ссн AS (SELECT ssn AS имя FROM patients WHERE id = 7) SELECT имя FROM ссн;

-- refused 42501
SET standard_conforming_strings = off;

-- refused 42501
SELECT set_config('standard_conforming_strings', 'off', false);

-- refused 42501
SET standard_conforming_strings = off; SELECT ssn FROM patients WHERE id = 7;

-- refused 42501
SET backslash_quote = on;

-- refused 42501
SET client_encoding = 'SJIS';

-- refused 42501
SET NAMES 'LATIN1';

-- refused 42501
SET client_encoding TO 'UTF16';

-- masked
SET DateStyle = 'German';
SELECT birth_date, deceased_on, created_at FROM patients ORDER BY id LIMIT 20;

-- masked
SET DateStyle = 'SQL, DMY';
SELECT birth_date FROM patients ORDER BY id LIMIT 20;

-- masked
SET DateStyle = 'Postgres, MDY';
SELECT birth_date, full_name FROM patients ORDER BY id LIMIT 20;

-- masked
SET DateStyle = 'Postgres, MDY';
COPY (SELECT birth_date FROM patients ORDER BY id LIMIT 20) TO STDOUT;

-- masked, as copilot, not copy, not csv, not bincopy
SET DateStyle = 'SQL, DMY';
SELECT admitted_at FROM encounters WHERE false;

-- masked
SET TimeZone = 'Pacific/Kiritimati';
SELECT birth_date FROM patients ORDER BY id LIMIT 5;

-- masked
SET IntervalStyle = 'iso_8601';
SELECT birth_date FROM patients ORDER BY id LIMIT 5;

-- masked
SET bytea_output = 'escape';
SELECT photo, ssn FROM patients ORDER BY id LIMIT 40;

-- masked
SET extra_float_digits = 3;
SELECT birth_year, insurance FROM patients ORDER BY id LIMIT 5;

-- masked
SET xmloption = 'content';
SELECT document FROM referrals ORDER BY id LIMIT 2;

-- masked
SET lc_monetary = 'C';
SELECT ssn FROM patients WHERE id = 7;

-- refused 42501
SET xmlbinary = 'hex';

-- refused 42501
SET array_nulls = off;

-- refused 42501
SET transform_null_equals = on;

-- masked
SET default_transaction_read_only = on;
SELECT ssn FROM patients WHERE id = 7;

-- masked
SET quote_all_identifiers = on;
SELECT pg_get_viewdef('ward_board'::regclass) IS NULL, ssn FROM patients WHERE id = 7;

-- refused 42501
SET row_security = off;

-- refused 42501
SET session_replication_role = replica;

-- masked
SET work_mem = '64kB';
SELECT ssn, id FROM patients ORDER BY id LIMIT 3;

-- masked
SET enable_seqscan = off;
SET enable_indexscan = off;
SELECT ssn, id FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT ssn::text COLLATE "en-x-icu" FROM patients WHERE false;

-- masked
SELECT chr(0x73) || chr(0x73) || chr(0x6e), ssn FROM patients WHERE id = 7;
