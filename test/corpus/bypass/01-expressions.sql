-- 1. An alias, an expression, a cast, concatenation, one character at a time, hashes, arithmetic.
-- Labels are explained in test/support/attempts.ts.

-- masked
SELECT ssn FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT ssn AS id FROM patients ORDER BY patients.id LIMIT 3;

-- masked
SELECT ssn AS sex, sex AS ssn FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT SSN, "ssn", U&"\0073sn", U&"!0073sn" UESCAPE '!' FROM PATIENTS ORDER BY id LIMIT 3;

-- masked
SELECT substr(ssn, 1, 1), substr(ssn, 2, 1), left(ssn, 3), right(ssn, 4), overlay(ssn placing 'x' from 1) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT ssn || '', '' || ssn, ssn || ssn, concat(ssn), concat_ws('-', ssn, id) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT format('%s', ssn) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT format('%L', ssn) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT md5(ssn), hashtext(ssn) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT sha256(ssn::bytea) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT crc32(ssn::bytea) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT encode(ssn::bytea, 'hex') FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT encode(ssn::bytea, 'base64') FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT reverse(ssn), upper(family_name), lower(family_name), initcap(family_name), lpad(ssn, 20, '.'), translate(ssn, '0123456789', 'abcdefghij') FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT repeat(ssn, 2) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT ascii(ssn), length(full_name), octet_length(email), bit_length(phone), char_length(family_name) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT ascii(ssn) + 0 FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT strpos(ssn, '9'), position('1' IN ssn), starts_with(ssn, '9'), ssn ^@ '9', ssn LIKE '9%', ssn ~ '^9', ssn SIMILAR TO '9%' FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT strpos(ssn, '9'), position('1' IN ssn), starts_with(ssn, '9'), ssn ^@ '9', ssn = '{ssn}' FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT ssn = '{ssn}', ssn <> '{ssn}', ssn < '5', ssn IN ('{ssn}'), ssn BETWEEN '1' AND '5', ssn IS DISTINCT FROM '{ssn}' FROM patients ORDER BY id LIMIT 8;

-- masked
SELECT CASE ssn WHEN '{ssn}' THEN 1 ELSE 0 END, CASE WHEN ssn < '5' THEN 'low' END FROM patients ORDER BY id LIMIT 8;

-- masked
SELECT coalesce(NULL, ssn), coalesce(email, ''), nullif(ssn, '{ssn}'), nullif(ssn, '{ssn}') IS NULL, greatest(ssn, ''), least(ssn, 'z') FROM patients ORDER BY id LIMIT 8;

-- masked
SELECT ARRAY[ssn], (ARRAY[ssn])[1], array_position(ARRAY[ssn], '{ssn}'), cardinality(string_to_array(full_name, 'a')) FROM patients ORDER BY id LIMIT 8;

-- fails 42883
SELECT ARRAY[ssn, 'x'] @> ARRAY['{ssn}'] FROM patients ORDER BY id LIMIT 8;

-- masked
SELECT ssn::varchar, ssn::bpchar, ssn::char(3), CAST(ssn AS varchar(2)) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT ssn::name FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT ssn::text::bytea FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT ssn::"char" FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT ssn COLLATE "C", (ssn COLLATE "C")::text, full_name COLLATE "POSIX" FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT quote_literal(ssn), quote_ident(ssn), quote_nullable(ssn), to_json(ssn), to_jsonb(ssn) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT XMLELEMENT(NAME x, XMLATTRIBUTES (ssn AS a), ssn) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT split_part(ssn, '-', 1), string_to_array(ssn, '-'), (string_to_array(ssn, '-'))[1], regexp_replace(ssn, '\D', '', 'g'), regexp_substr(ssn, '\d+'), regexp_count(ssn, '1'), (regexp_match(ssn, '^(...)'))[1] FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT birth_date, birth_date::text, birth_date - date '1900-01-01', age(birth_date), extract(month FROM birth_date), date_part('day', birth_date), to_char(birth_date, 'MM-DD') FROM patients ORDER BY id LIMIT 3;

-- masked
-- The year stays by definition; nothing else of the date may.
SELECT birth_year, birth_year::text, date_trunc('month', birth_date), birth_date > date '1970-06-15', isfinite(birth_date) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
-- The year stays by definition; nothing else of the date may.
SELECT birth_year + 0 FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT (home).street, (home).city, (home).state, (home).zip, home::text, (home).zip::int, ((home).zip || '')::text FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT last_login_ip, host(last_login_ip), family(last_login_ip), masklen(last_login_ip) FROM patients WHERE id < 4 ORDER BY id;

-- refused 42501
SELECT text(last_login_ip) FROM patients WHERE id < 4 ORDER BY id;

-- refused 42501
SELECT last_login_ip - inet '10.9.0.0' IS NULL FROM patients WHERE id < 4 ORDER BY id;

-- refused 42501
SELECT set_masklen(last_login_ip, 8) FROM patients WHERE id < 4 ORDER BY id;

-- masked
SELECT ~last_login_ip, last_login_ip << inet '10.0.0.0/8' FROM patients WHERE id < 4 AND family('1.1.1.1') = 4 AND id IN (SELECT id FROM patients WHERE false) ORDER BY id;

-- refused 42501
SELECT last_login_ip & inet '0.0.0.255' FROM patients WHERE id < 4 AND family('1.1.1.1') = 4 AND id IN (SELECT id FROM patients WHERE false) ORDER BY id;

-- refused 42501
SELECT network(last_login_ip) FROM patients WHERE id < 4 AND family('1.1.1.1') = 4 AND id IN (SELECT id FROM patients WHERE false) ORDER BY id;

-- refused 42501
SELECT abbrev(last_login_ip) FROM patients WHERE id < 4 AND family('1.1.1.1') = 4 AND id IN (SELECT id FROM patients WHERE false) ORDER BY id;

-- masked
SELECT photo, encode(photo, 'hex'), length(photo), substring(photo FROM 1 FOR 8), photo::text, md5(photo) FROM patients ORDER BY id LIMIT 40;

-- masked
SELECT insurance, insurance->'member', insurance->>'member', insurance#>>'{holder,name}', insurance['member'], insurance::text FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT jsonb_path_query_first(insurance, '$.member') FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT mrn || '', substr(mrn, 5), upper(mrn), mrn::text || ':', md5(mrn), length(mrn), mrn = 'x' FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT mrn, mrn::text, mrn::varchar, portal_id, portal_id::text FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT uuid_extract_version(portal_id) FROM patients ORDER BY id LIMIT 5;

-- fails 42883
SELECT portal_id > '8' || '0000000-0000-0000-0000-000000000000' FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT portal_id, mrn FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT pg_column_size(full_name), pg_column_size(photo), pg_column_size(p.*), octet_length(p::text) FROM patients p ORDER BY id LIMIT 5;

-- refused 42501
SELECT pg_column_compression(photo::text) FROM patients p ORDER BY id LIMIT 5;

-- masked
SELECT ascii(ssn) % 2, to_hex(ascii(ssn)) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT width_bucket(ascii(ssn), 40, 60, 10) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT ascii(ssn)::bit(8) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT chr(ascii(ssn)) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT ascii(substr(ssn, 2, 1)) * 1000 + ascii(ssn) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT sign(ascii(ssn) - 54) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT width_bucket(ascii(ssn), 40, 60, 10) FROM patients;

-- refused 42501
SELECT 1000 * ascii(ssn) FROM patients;

-- masked
SELECT soundex FROM (SELECT family_name AS soundex FROM patients ORDER BY id LIMIT 3) s;

-- masked
SELECT to_tsvector('simple', full_name), to_tsvector('simple', full_name)::text FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT ts_headline('simple', full_name, 'maria'::tsquery) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT strip(to_tsvector(full_name)) FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT tsvector_to_array(to_tsvector('simple', full_name)) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT ROW(id, ssn), (ROW(id, ssn)).f2, ROW(ssn)::text, ROW(ssn) = ROW('{ssn}'), ROW(ssn, 1) < ROW('5', 1), ROW(ssn) IS NULL FROM patients ORDER BY id LIMIT 8;

-- masked
SELECT (ssn IS NULL)::int, ssn IS NOT NULL, num_nulls(ssn), num_nonnulls(nullif(ssn, '{ssn}'), 1), count(*) OVER () FROM patients ORDER BY id LIMIT 8;

-- masked
SELECT ssn IS NOT NULL AND nullif(ssn, '{ssn}') IS NULL AS hit, (nullif(ssn, '{ssn}'), 1) IS NULL, NOT (ssn = '{ssn}') IS TRUE, (ssn = '{ssn}') IS UNKNOWN FROM patients ORDER BY id LIMIT 8;

-- refused 42501
SELECT pg_typeof(ssn), pg_typeof(CASE WHEN ssn LIKE '9%' THEN 1 ELSE 2 END), pg_typeof(p) FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT pg_typeof(ssn), pg_typeof(CASE WHEN ssn = '{ssn}' THEN 1 ELSE 2 END), pg_typeof(p) FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT pg_collation_for(ssn) FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT JSON_SCALAR(ssn) FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT JSON_OBJECT('x': ssn) FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT JSON_ARRAY(ssn) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT JSON_SERIALIZE(JSON_SCALAR(ssn)) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT JSON(to_json(ssn)::text) FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT JSON_SCALAR(ssn), jsonb_build_array(ssn) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT JSON_OBJECT('x': ssn) FROM patients ORDER BY id LIMIT 3;

-- refused 42601
SELECT JSON_OBJECT(KEY ssn VALUE 1) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT JSON_ARRAY(ssn, id) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT json_build_object('x', ssn) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT '{' || ssn || '}', '\' || ssn, E'\\' || ssn, $x$'$x$ || ssn, N'' || ssn, B'1'::text || ssn FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT xmlconcat(xmlelement(NAME a, ssn)) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT xmlforest(ssn, full_name AS n) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT xmlpi(NAME x, ssn) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT xmlcomment(replace(ssn, '-', '')) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT xmlserialize(CONTENT xmlelement(NAME a, ssn) AS text) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT string_to_table(ssn, '-') FROM patients WHERE id = 7 LIMIT 0;

-- refused 42501
-- How many rows come tells how many parts there are.
SELECT regexp_split_to_table(full_name, '') FROM patients WHERE id = 7;

-- refused 42501
SELECT generate_series(1, ascii(ssn)) FROM patients WHERE id = 7;

-- masked
SELECT int4range(1, 100) @> ascii(ssn), ascii(ssn) <@ int4multirange(int4range(40, 60)) FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT numrange(0, ascii(ssn)) IS NULL FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT birth_date + 1 FROM patients;

-- refused 42501
SELECT get_byte(photo, 5), bit_count(photo) FROM patients;
