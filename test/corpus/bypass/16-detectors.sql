-- 16. Free text: what detectors find is replaced, also where they are led astray; what is made of it is hidden whole.

-- masked
SELECT note FROM patients ORDER BY id;

-- masked
SELECT body FROM clinical_notes ORDER BY id LIMIT 60;

-- masked
SELECT title, body, id FROM clinical_notes ORDER BY id LIMIT 20;

-- masked
SELECT summary FROM outreach ORDER BY id;

-- masked
SELECT comment FROM diagnoses ORDER BY id LIMIT 60;

-- masked
-- A text that detectors would not know again.
SELECT reverse(body), upper(body), replace(body, ' ', ''), translate(body, '0123456789', 'abcdefghij'), overlay(body placing 'x' from 3) FROM clinical_notes ORDER BY id LIMIT 9;

-- masked
SELECT substr(body, 1, 9), substr(body, 10), left(body, 20), right(body, 20), split_part(body, ' ', 3) FROM clinical_notes ORDER BY id LIMIT 9;

-- masked
SELECT body || body, repeat(' ', 5) || body, E'\u200b' || body, concat(body, 'x'), quote_literal(body) FROM clinical_notes ORDER BY id LIMIT 9;

-- masked
SELECT string_to_array(body, ' '), regexp_replace(body, '(\d)', '\1x', 'g') FROM clinical_notes ORDER BY id LIMIT 5;

-- refused 42501
SELECT encode(convert_to(body, 'UTF8'), 'base64') FROM clinical_notes ORDER BY id LIMIT 5;

-- masked
SELECT to_json(body), ARRAY[body], ROW(body), lpad(body, 200, 'x') FROM clinical_notes ORDER BY id LIMIT 9;

-- refused 42501
SELECT string_to_table(body, ' ') FROM clinical_notes WHERE id = 1;

-- refused 42501
SELECT regexp_matches(body, '\d{3}', 'g') FROM clinical_notes WHERE id = 1;

-- refused 42501
SELECT id FROM clinical_notes WHERE body LIKE '%{ssn:3}%';

-- refused 42501
SELECT id FROM clinical_notes WHERE body ~ '\d{3}-\d{2}-\d{4}';

-- refused 42501
SELECT id FROM clinical_notes ORDER BY body;

-- masked
SELECT search, search::text FROM clinical_notes ORDER BY id LIMIT 5;

-- refused 42501
SELECT ts_rank(search, 'fever'::tsquery) FROM clinical_notes ORDER BY id LIMIT 5;

-- masked
SELECT CASE WHEN true THEN body END, coalesce(body, ''), max(body) OVER (), lag(body) OVER (ORDER BY id) FROM clinical_notes ORDER BY id LIMIT 5;

-- masked
SELECT n.body, p.note FROM clinical_notes n JOIN patients p ON p.id = n.patient_id ORDER BY n.id LIMIT 20;

-- masked
CREATE TEMP TABLE t AS SELECT id, body AS comment FROM clinical_notes;
SELECT comment FROM t ORDER BY id LIMIT 20;

-- masked
CREATE TEMP TABLE t AS SELECT id, reverse(body) AS body FROM clinical_notes;
SELECT body FROM t ORDER BY id LIMIT 20;

-- masked
COPY clinical_notes (id, body) TO STDOUT;

-- masked
COPY clinical_notes (id, body) TO STDOUT (FORMAT csv, DELIMITER '5', QUOTE '1');

-- masked
COPY (SELECT body FROM clinical_notes ORDER BY id LIMIT 40) TO STDOUT (FORMAT binary);

-- masked
COPY (SELECT body FROM clinical_notes ORDER BY id LIMIT 40) TO STDOUT (DELIMITER '-');
