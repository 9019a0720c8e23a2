-- Statements that told the twins apart once, or looked as if they could. Each must give the same bytes on both sides, whatever it says.
-- Empty lines part them; a semicolon at the end of a line parts what is sent one after the other.

SELECT ntile(length(given_name) - 1) OVER () FROM patients

SELECT 'q' LIKE (left(family_name, 1) || '\') FROM patients

SELECT CASE WHEN left(ssn, 1) = '5' THEN 9e131071 ELSE 0 END * 10 FROM patients

SELECT sum(CASE WHEN left(ssn, 1) = '5' THEN 1e308 ELSE 1 END::float8) FROM patients

SELECT date('2020-01-0' || strpos(given_name, 'X')) FROM patients

SELECT JSON_OBJECTAGG(left(family_name, 1): 1 WITH UNIQUE KEYS) FROM patients

SELECT JSON_ARRAY(given_name RETURNING varchar(9)) FROM patients

SELECT nullif(left(family_name, 1), 'q') IS NULL FROM patients

SELECT x IS NULL, count(x) FROM (SELECT nullif(left(family_name, 1), 'q') FROM patients) x GROUP BY 1

SELECT ROW(nullif(left(family_name, 1), 'q')) IS NULL FROM patients

SELECT 'Smith' LIKE (family_name || '\') FROM patients

SELECT 'abcdef' LIKE (given_name || '\') FROM patients

SELECT given_name ILIKE (family_name || '\') FROM patients

SELECT count(CASE WHEN given_name LIKE '%\' THEN 1 END) FROM patients

SELECT array_agg(string_to_array(given_name, 'a')) FROM patients

SELECT array_remove(string_to_array(given_name, 'e'), 'x') FROM patients

SELECT inet '10.0.0.1' - last_login_ip FROM patients WHERE last_login_ip IS NOT NULL

SELECT last_login_ip - last_login_ip FROM patients

SELECT last_login_ip + (id::bigint << 40) FROM patients

SELECT insurance - 'plan' FROM patients

SELECT (insurance -> 'plan') - 'x' FROM patients

SELECT ((insurance -> 'copay') - 'x') FROM patients

SELECT jsonb_array_length(insurance -> 'holder') FROM patients

SELECT json_array_length(to_json(full_name)) FROM patients

SELECT jsonb_object_agg(email, 1) FROM patients

SELECT jsonb_object_agg(nullif(left(full_name, 1), 'L'), 1) FROM patients

SELECT json_object_agg(nullif(left(full_name, 1), 'L'), 1) FROM patients

SELECT json_object_agg_unique(left(full_name, 1), 1) FROM patients

SELECT sum(ascii(ssn) * 100000000) FROM patients

SELECT repeat(full_name, ascii(full_name)) FROM patients

SELECT overlay(full_name placing 'x' from strpos(full_name, 'a')) FROM patients

SELECT substr(full_name, 1, strpos(full_name, 'a') - 2) FROM patients

SELECT lag(id, strpos(full_name, 'a')) OVER (ORDER BY id) FROM patients

SELECT nth_value(id, strpos(full_name, 'a')) OVER (ORDER BY id) FROM patients

SELECT sum(id) OVER (ORDER BY id ROWS (SELECT strpos(full_name, 'a') - 4 FROM patients LIMIT 1) PRECEDING) FROM patients

SELECT percentile_cont(strpos(full_name, 'a') / 3.0) WITHIN GROUP (ORDER BY id) FROM patients GROUP BY id, full_name

SELECT to_char(birth_date, full_name) FROM patients

SELECT date_trunc(full_name, now()) FROM patients

SELECT extract(epoch FROM birth_date)::smallint FROM patients

SELECT to_timestamp(ssn, 'YYYY') FROM patients

SELECT (home).zip::smallint FROM patients

SELECT chr(ascii(full_name) - 65) FROM patients

SELECT encode(full_name::bytea, 'hex') FROM patients

SELECT convert_to(full_name, 'LATIN1') FROM patients

SELECT convert_to(full_name, 'SQL_ASCII') FROM patients

SELECT decode(ssn, 'base64') FROM patients

SELECT quote_ident(full_name)::regclass FROM patients

SELECT (full_name || '')::name::regtype FROM patients

SELECT full_name::xml FROM patients

SELECT xpath('/referral/patient/name/text()', document) FROM referrals

SELECT (xpath(full_name, '<a/>'::xml)) FROM patients

SELECT regexp_replace('a', '(' || full_name, '') FROM patients

SELECT regexp_split_to_array('a b', full_name) FROM patients

SELECT ts_rank(to_tsvector(full_name), to_tsquery(replace(full_name, ' ', '&'))) FROM patients

SELECT full_name @@ 'smith' FROM patients

SELECT setweight(to_tsvector(full_name), left(full_name, 1)::"char") FROM patients

SELECT get_bit(photo, 3), get_byte(photo, length(photo) - 1) FROM patients

SELECT make_date(2020, strpos(full_name, 'a'), 1) FROM patients

SELECT generate_series(1, strpos(full_name, 'a')) FROM patients

SELECT unnest(string_to_array(full_name, 'a')) FROM patients

SELECT regexp_matches(full_name, 'a', 'g') FROM patients

SELECT * FROM patients, LATERAL (SELECT generate_series(1, length(given_name))) x

SELECT jsonb_path_query(insurance, '$.holder.name ? (@ starts with "A")') FROM patients

SELECT jsonb_each(insurance) FROM patients

SELECT id FROM patients LIMIT (SELECT length(full_name) FROM patients WHERE id = 1)

SELECT (array[1, 2, 3])[strpos(full_name, 'a')] FROM patients

SELECT id, rank() OVER (ORDER BY full_name) FROM patients

SELECT mode() WITHIN GROUP (ORDER BY full_name) FROM patients

SELECT id FROM patients ORDER BY length(phone), id

SELECT count(DISTINCT full_name) FROM patients

SELECT coalesce(nullif(left(ssn, 1), '9'), (1 / 0)::text) FROM patients

SELECT nullif(left(full_name, 1), 'A') IS NULL FROM patients

SELECT count(nullif(left(full_name, 1), 'A')) FROM patients

SELECT num_nulls(nullif(left(full_name, 1), 'A')) FROM patients

SELECT pg_column_size(full_name), pg_column_size(insurance) FROM patients

SELECT GROUPING(full_name) FROM patients GROUP BY ROLLUP (full_name)

SELECT range_agg(daterange(birth_date, birth_date + 30)) FROM patients

SELECT daterange(birth_date, deceased_on) + daterange('2020-01-01', '2020-02-01') FROM patients

SELECT daterange(birth_date, date '1980-01-01') FROM patients

SELECT birth_date + ascii(full_name) * 100000 FROM patients

SELECT birth_date - '100 years'::interval FROM patients

SELECT age(birth_date, deceased_on), birth_date::text::date FROM patients

SELECT max(full_name) FILTER (WHERE ssn LIKE '9%') FROM patients

SELECT string_agg(full_name, ',' ORDER BY ssn) FROM patients

SELECT EXISTS (SELECT 1 FROM patients WHERE ssn = '900-10-0001')

EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT full_name FROM patients

EXPLAIN SELECT full_name FROM patients WHERE id = 3

-- Writes
BEGIN;
UPDATE patients SET ssn = '900-10-0001' WHERE id = 3;
ROLLBACK

BEGIN;
INSERT INTO patients SELECT * FROM patients WHERE id = 3 ON CONFLICT (ssn) DO NOTHING;
ROLLBACK

BEGIN;
UPDATE patients SET family_name = 'x' WHERE id < 4 RETURNING id, full_name, length(full_name), old.family_name, new.family_name;
ROLLBACK

BEGIN;
WITH changed AS (UPDATE patients SET note = 'x' WHERE id < 4 RETURNING full_name, ntile(3) OVER ()) SELECT * FROM changed;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, full_name AS id2, length(full_name) AS n FROM patients;
SELECT * FROM made;
SELECT id FROM made WHERE n > 10;
SELECT count(*) FROM made GROUP BY n;
ROLLBACK

BEGIN;
CREATE TEMP VIEW made AS SELECT id, full_name AS a, length(full_name) AS n FROM patients;
SELECT a FROM made ORDER BY n;
COPY (SELECT * FROM made) TO STDOUT;
ROLLBACK

BEGIN;
DECLARE cur SCROLL CURSOR FOR SELECT full_name, ssn FROM patients ORDER BY id;
FETCH LAST FROM cur;
MOVE BACKWARD 3 FROM cur;
FETCH PRIOR FROM cur;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, family_name AS x FROM patients;
ALTER TABLE made ADD CHECK (x NOT LIKE 'q%');
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, left(ssn, 1) AS x FROM patients;
ALTER TABLE made ALTER COLUMN x TYPE integer USING 1 / (x::integer - 5);
ROLLBACK

BEGIN;
CREATE TEMP TABLE made (id int, x text) PARTITION BY LIST (x);
CREATE TEMP TABLE part PARTITION OF made FOR VALUES IN ('5');
CREATE TEMP TABLE rest PARTITION OF made DEFAULT;
INSERT INTO made SELECT id, left(ssn, 1) FROM patients;
SELECT count(*) FROM part;
SELECT tableoid::regclass, id FROM made ORDER BY id;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, family_name AS x FROM patients;
CREATE INDEX named ON made (x);
CLUSTER made USING named;
SELECT id FROM made;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, family_name AS x FROM patients ORDER BY family_name;
SELECT id FROM made;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, family_name AS x FROM patients;
CREATE INDEX ON made (x);
ANALYZE made;
EXPLAIN SELECT id FROM made WHERE x > 'b';
SELECT n_distinct FROM pg_stats WHERE tablename = 'made';
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, family_name AS x FROM patients;
DELETE FROM made WHERE x LIKE 'q%';
UPDATE made SET id = 0 WHERE x > 'b' RETURNING id;
SELECT id FROM made;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, length(given_name) AS n FROM patients;
CREATE TEMP TABLE again AS SELECT * FROM made WHERE n > 5;
SELECT id FROM again;
ROLLBACK

BEGIN;
CREATE TEMP SEQUENCE made;
SELECT setval('made', length(given_name)) FROM patients;
SELECT currval('made');
ROLLBACK

SELECT ctid, xmin, tableoid FROM patients WHERE id < 5

SELECT CASE WHEN left(ssn, 1) = '5' THEN 1 END FROM patients

SELECT substring(phone from '^\(') FROM patients

SELECT (ARRAY[1, 2])[strpos(family_name, 'a')] FROM patients

SELECT insurance -> (insurance ->> 'plan') FROM patients

SELECT max(CASE WHEN left(ssn, 1) = '5' THEN 1 END) FROM patients

SELECT lag(id, length(given_name) - 3) OVER (ORDER BY id) FROM patients

COPY (SELECT nullif(left(family_name, 1), 'q') FROM patients) TO STDOUT

BEGIN;
CREATE TEMP TABLE made AS SELECT CASE WHEN ssn < '6' THEN 1 ELSE id END AS x FROM patients;
CREATE UNIQUE INDEX ON made (abs(x));
ROLLBACK

BEGIN;
CREATE TEMP TABLE made (x varchar(8));
INSERT INTO made SELECT given_name FROM patients;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made (x text CHECK (x NOT LIKE 'q%'));
INSERT INTO made SELECT family_name FROM patients;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made (x text UNIQUE);
INSERT INTO made SELECT left(family_name, 1) FROM patients ON CONFLICT DO NOTHING;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made (x integer);
INSERT INTO made SELECT CASE WHEN left(ssn, 1) = '5' THEN 9e20 ELSE 1 END FROM patients;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made (x text NOT NULL);
INSERT INTO made SELECT nullif(left(family_name, 1), 'q') FROM patients;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT CASE WHEN ssn LIKE '5%' THEN 1 ELSE id END AS x FROM patients;
CREATE UNIQUE INDEX ON made (x);
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, nullif(left(family_name, 1), 'q') AS x FROM patients;
ALTER TABLE made ALTER COLUMN x SET NOT NULL;
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, given_name AS x FROM patients;
ALTER TABLE made ALTER COLUMN x TYPE varchar(8);
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT CASE WHEN ssn < '6' THEN 1 ELSE id END AS x FROM patients;
ALTER TABLE made ADD EXCLUDE (x WITH =);
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT CASE WHEN ssn < '6' THEN 1 ELSE id END AS x FROM patients;
ALTER TABLE made ADD UNIQUE (x);
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, left(ssn, 1) AS x FROM patients;
UPDATE made SET x = x || x RETURNING id;
SELECT ctid, id FROM made;
ROLLBACK

BEGIN;
CREATE TEMP TABLE keys AS SELECT CASE WHEN ssn < '6' THEN 1 ELSE id END AS x FROM patients;
ALTER TABLE keys ADD PRIMARY KEY (x);
ROLLBACK

BEGIN;
CREATE TEMP TABLE keys (x text PRIMARY KEY);
INSERT INTO keys VALUES ('5');
CREATE TEMP TABLE made (x text REFERENCES keys);
INSERT INTO made SELECT left(ssn, 1) FROM patients;
ROLLBACK

BEGIN;
CREATE TEMP TABLE keys (x text PRIMARY KEY);
INSERT INTO keys VALUES ('5');
MERGE INTO keys k USING (SELECT left(ssn, 1) AS y FROM patients WHERE id = 1) p ON true WHEN MATCHED THEN UPDATE SET x = p.y || length(p.y);
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, rpad(family_name, CASE WHEN ssn < '6' THEN 9000 ELSE 3 END, md5(full_name)) AS x FROM patients;
CREATE INDEX ON made (x);
ROLLBACK

BEGIN;
CREATE TEMP TABLE made AS SELECT id, left(ssn, 1) AS x FROM patients;
ALTER TABLE made ADD FOREIGN KEY (x) REFERENCES icd10_codes (code);
ROLLBACK

-- Conditional failure
SELECT ntile(strpos(full_name, 'a')) OVER () FROM patients

SELECT family_name LIKE 'q\' FROM patients

SELECT family_name NOT ILIKE 'rq\' FROM patients

SELECT family_name LIKE ANY (ARRAY['q\', 'x\']) FROM patients

SELECT CASE WHEN left(ssn, 1) = '5' THEN id / 0 END FROM patients

SELECT CASE WHEN left(ssn, 1) = '5' THEN substr(sex::text, 1, -1) END FROM patients

SELECT left(ssn, 1) = '5' AND sex::text ~ '(' FROM patients

SELECT CASE WHEN left(ssn, 1) = '5' THEN extract(nosuch FROM updated_at) END FROM patients

SELECT sum(CASE WHEN left(ssn, 1) = '5' THEN 9e131071 ELSE 0 END) FROM patients

SELECT -(CASE WHEN left(ssn, 1) = '5' THEN -2147483648 ELSE 0 END) FROM patients

SELECT |/ (CASE WHEN left(ssn, 1) = '5' THEN -1 ELSE 0 END)::float8 FROM patients

SELECT (CASE WHEN left(ssn, 1) = '5' THEN date 'infinity' ELSE date '2000-01-01' END) - birth_date FROM patients

SELECT age(CASE WHEN left(ssn, 1) = '5' THEN timestamp 'infinity' ELSE timestamp '2000-01-01' END, timestamp 'infinity') FROM patients

SELECT (CASE WHEN left(ssn, 1) = '5' THEN date '5874897-12-31' ELSE date '2000-01-01' END)::timestamp FROM patients

SELECT date(CASE WHEN left(ssn, 1) = '5' THEN '' ELSE '2020-01-01' END) FROM patients

SELECT jsonb_array_length(CASE WHEN left(ssn, 1) = '5' THEN '1'::jsonb ELSE '[]' END) FROM patients

SELECT to_tsvector(CASE WHEN left(ssn, 1) = '5' THEN rpad('x', 3000, 'x') ELSE '' END) FROM patients

SELECT convert_to(emergency_contact::text, 'KOI8R') FROM patients

SELECT jsonb_object_agg(nullif(left(family_name, 1), 'q'), 1) FROM patients

SELECT JSON_OBJECT(nullif(left(family_name, 1), 'q'): 1) FROM patients

SELECT JSON_OBJECT(left(family_name, 1): 1, left(given_name, 1): 2 WITH UNIQUE KEYS) FROM patients

SELECT array_agg(CASE WHEN left(ssn, 1) = '5' THEN ARRAY[1] ELSE ARRAY[1, 2] END) FROM patients

SELECT length(CASE WHEN left(ssn, 1) = '5' THEN '\xff'::bytea ELSE '\x41' END, 'UTF8') FROM patients

SELECT array_cat(string_to_array(given_name, 'a'), '{{a,b}}') FROM patients

SELECT string_to_array(given_name, 'e') || '{{x}}'::text[] FROM patients

SELECT last_login_ip & '255.255.255.255'::inet FROM patients

SELECT last_login_ip | inet '::1' FROM patients

SELECT last_login_ip - address FROM patients p JOIN devices d ON d.patient_id = p.id

SELECT percentile_disc((SELECT strpos(full_name, 'a') / 4.0 FROM patients LIMIT 1)) WITHIN GROUP (ORDER BY id) FROM patients

-- Nulls
SELECT nullif(left(family_name, 1), 'q') FROM patients

SELECT regexp_match(family_name, '^[a-z]') FROM patients
