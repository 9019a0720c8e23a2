-- 10. COPY TO STDOUT, of tables and queries, in every format and with every option. Each statement of the other files is copied, too.

-- masked
COPY patients TO STDOUT;

-- fails 42P10
COPY patients (id, ssn, full_name) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *);

-- masked
COPY patients (id, ssn, birth_date, photo) TO STDOUT WITH (FORMAT binary);

-- fails 22023
COPY patients (ssn, id) TO STDOUT (DELIMITER '9', NULL '*');

-- masked
COPY (SELECT ssn, id FROM patients ORDER BY id LIMIT 5) TO STDOUT (FORMAT csv, QUOTE '9', ESCAPE '1', DELIMITER '-');

-- masked
COPY (SELECT note, ssn FROM patients ORDER BY id LIMIT 30) TO STDOUT (FORMAT csv, FORCE_QUOTE (ssn), NULL 'x');

-- masked
COPY (SELECT nullif(ssn, '{ssn}'), nullif(ssn, '{ssn}') IS NULL FROM patients ORDER BY id LIMIT 8) TO STDOUT;

-- masked
COPY (SELECT ssn AS "a
b", id FROM patients ORDER BY id LIMIT 2) TO STDOUT (FORMAT csv, HEADER true);

-- masked
COPY (VALUES ((SELECT ssn FROM patients WHERE id = 7))) TO STDOUT;

-- masked, undone
COPY (UPDATE appointments SET room = room WHERE id = 1 RETURNING reminder_phone, id) TO STDOUT;

-- masked
COPY (TABLE billing.claims) TO STDOUT (ENCODING 'UTF8');

-- masked
COPY patients (ssn) TO STDOUT BINARY;

-- masked
COPY public.patients (home, emergency_contact, insurance, portal_id) TO STDOUT CSV;

-- refused 42501
COPY (SELECT ssn FROM patients) TO '/tmp/x';

-- refused 42501
COPY patients TO PROGRAM 'cat';

-- refused 42501
COPY patients TO STDOUT (ENCODING 'SJIS');

-- refused 42501
COPY patients TO STDOUT (ENCODING 'GB18030', FORMAT csv);

-- refused 42501
COPY (SELECT id FROM patients WHERE ssn LIKE '9%') TO STDOUT;

-- refused 42501
COPY (SELECT id FROM patients ORDER BY ssn) TO STDOUT;

-- refused 42501
COPY departments FROM '/etc/passwd';

-- refused 42601
COPY patients TO STDOUT WHERE ssn LIKE '9%';

-- refused 42501, as nurse
COPY patients TO STDOUT;

-- refused 42501, as copilot
COPY (SELECT 1) TO STDOUT;

-- refused 42501, as ci-deploy
COPY patients (ssn) TO STDOUT;

-- masked, as dba
COPY patients (ssn, phone, mrn) TO STDOUT;

-- masked
COPY (SELECT '\.' AS a, ssn FROM patients ORDER BY id LIMIT 2) TO STDOUT;

-- masked
COPY (SELECT E'\n' || ssn || E'\t\\', E'a\nb', id FROM patients ORDER BY id LIMIT 2) TO STDOUT;

-- masked
COPY (SELECT '"' || ssn, '","', id FROM patients ORDER BY id LIMIT 2) TO STDOUT (FORMAT csv);

-- masked
COPY (SELECT ARRAY[ssn], ROW(ssn), to_jsonb(ssn) FROM patients ORDER BY id LIMIT 2) TO STDOUT (FORMAT binary);

-- masked
COPY (SELECT ssn, full_name FROM patients WHERE id < 4 ORDER BY id) TO STDOUT (FORMAT csv, DELIMITER '*', QUOTE '-', FORCE_QUOTE *, NULL 'xx', HEADER);

-- masked
COPY (SELECT nullif(ssn, '{ssn}') FROM patients WHERE id < 9 ORDER BY id) TO STDOUT (FORMAT csv, NULL '***');
