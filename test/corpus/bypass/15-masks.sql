-- 15. Masks that reveal: pseudonyms of parts, lengths, partial masks of derived values, masks that can be asked about chosen values.

-- masked
SELECT mrn, mrn AS again, (SELECT mrn FROM patients q WHERE q.id = p.id) FROM patients p ORDER BY id LIMIT 5;

-- masked
-- The pseudonym of a part has few values: a part is hidden whole.
SELECT substr(mrn, 5, 1), left(mrn, 6), lower(mrn), trim(mrn), mrn || '' FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT mrn::varchar(5), mrn::char(6) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT CAST(mrn AS name) FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT CASE WHEN true THEN mrn END, coalesce(mrn, 'x'), nullif(mrn, 'x'), max(mrn) OVER (), greatest(mrn) FROM patients ORDER BY id LIMIT 5;

-- masked
-- No dictionary of pseudonyms: a chosen value beside the column.
SELECT mrn FROM patients WHERE id < 4 UNION ALL SELECT '{mrn}';

-- masked
SELECT mrn FROM (SELECT mrn FROM patients WHERE id < 4 UNION ALL VALUES ('{mrn}'::mrn)) x;

-- masked
SELECT x.mrn FROM (VALUES ('{mrn}'::mrn)) x(mrn);

-- masked
CREATE TEMP TABLE kept AS SELECT mrn FROM patients WHERE id = 7;
INSERT INTO kept VALUES ('{mrn}');
SELECT mrn FROM kept;

-- masked
WITH RECURSIVE r(n, mrn) AS (SELECT 1, '{mrn}'::text UNION ALL SELECT n + 1, (SELECT p.mrn FROM patients p WHERE p.id = r.n) FROM r WHERE n < 5) SELECT mrn FROM r;

-- refused 42501
SELECT unnest(ARRAY[mrn, '{mrn}']) FROM patients WHERE id = 7 LIMIT 0;

-- refused 42501
SELECT p.mrn FROM patients p FULL JOIN (VALUES ('{mrn}'::mrn)) v(mrn) USING (mrn);

-- masked
SELECT lag(mrn, 1, '{mrn}') OVER (ORDER BY id), first_value(mrn) OVER (ORDER BY id) FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT portal_id, portal_id::text, replace(portal_id::text, '-', '') FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT uuid_send(portal_id) FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT serial, left(serial, 4), mac, address FROM devices ORDER BY id LIMIT 5;

-- masked
SELECT member_number, left(member_number, 3), payer FROM billing.claims ORDER BY id LIMIT 5;

-- masked
-- The year of a date, and nothing else of it.
SELECT birth_date, birth_date::text, birth_date::varchar(10), to_char(birth_date, 'YYYY-MM-DD'), ARRAY[birth_date] FROM patients ORDER BY id LIMIT 20;

-- masked
SELECT birth_year, deceased_on, max(birth_date) OVER (), min(birth_date) OVER () FROM patients ORDER BY id LIMIT 20;

-- masked
SELECT extract(year FROM birth_date), extract(month FROM birth_date), extract(doy FROM birth_date), date_trunc('year', birth_date), age(birth_date) FROM patients ORDER BY id LIMIT 20;

-- masked
-- Staff phones keep four digits by definition; parts and lengths of patients' phones do not show.
SELECT phone, length(phone), right(phone, 4), octet_length(phone) FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT given_name, family_name, length(given_name), char_length(full_name), left(family_name, 1), initials(given_name, family_name) FROM patients ORDER BY id LIMIT 9;

-- masked
SELECT ssn, phone, email, full_name, home, note FROM patients p WHERE id IN (SELECT id FROM patients ORDER BY id LIMIT 40) ORDER BY id;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT ssn FROM patients ORDER BY id LIMIT 5;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT insurance FROM patients ORDER BY id LIMIT 5;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT last_login_ip FROM patients ORDER BY id LIMIT 5;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT portal_id FROM patients ORDER BY id LIMIT 5;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT ssn || '' FROM patients ORDER BY id LIMIT 5;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT right(ssn, 4) FROM patients ORDER BY id LIMIT 5;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT insurance->>'member' FROM patients ORDER BY id LIMIT 5;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT host(last_login_ip) FROM patients ORDER BY id LIMIT 5;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT nullif(ssn, '{ssn}') FROM patients ORDER BY id LIMIT 8;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT nullif(ssn, '{ssn}') IS NULL FROM patients ORDER BY id LIMIT 8;

-- masked, as nurse, not copy, not csv, not bincopy
SELECT count(nullif(ssn, '{ssn}')) OVER () FROM patients ORDER BY id LIMIT 8;

-- masked, as dba
SELECT ssn, phone, mrn, full_name, p FROM patients p ORDER BY id LIMIT 5;

-- masked, as copilot, not copy, not csv, not bincopy
SELECT p FROM patients p ORDER BY id LIMIT 5;

-- masked, as copilot, not copy, not csv, not bincopy
SELECT admitted_at FROM encounters ORDER BY id LIMIT 5;

-- masked, as copilot, not copy, not csv, not bincopy
SELECT admitted_at::text FROM encounters ORDER BY id LIMIT 5;

-- masked, as copilot, not copy, not csv, not bincopy
SELECT stay FROM encounters ORDER BY id LIMIT 5;

-- refused 42501, as auditor
SELECT ssn FROM patients;

-- refused 42501, as ci-deploy
SELECT ssn FROM patients;

-- refused 42501, as ci-deploy
SELECT id, row_to_json(p) FROM patients p;
