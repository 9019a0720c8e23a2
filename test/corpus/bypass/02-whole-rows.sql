-- 2. A whole row: as a composite, as JSON, XML or text, aggregated, by attribute and function notation.

-- masked
SELECT p FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT patients FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT p.* FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT (p).* FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT p::text, p.*::text, (p.*)::text, CAST(p AS text), p::text::varchar FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT row_to_json(p), row_to_json(p.*), row_to_json(p, true), to_json(p), to_jsonb(p.*), row_to_json((SELECT x FROM (SELECT p.ssn) x)) FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT json_agg(p), jsonb_agg(p), array_agg(p), string_agg(p::text, ',') FROM patients p LIMIT 5;

-- refused 42501
SELECT json_object_agg(id, p) FROM patients p LIMIT 5;

-- refused 42501
SELECT xmlagg(xmlelement(NAME p, p.ssn)) FROM patients p LIMIT 5;

-- masked
SELECT json_agg(p ORDER BY id), array_agg(p ORDER BY id), string_agg(p::text, ',' ORDER BY id) FROM patients p WHERE id < 5;

-- refused 42501
SELECT (p).ssn, ssn(p), (p).full_name, full_name(p), p.ssn, (p.*).ssn, (ROW(p.*)::patients).ssn FROM patients p ORDER BY id LIMIT 3;

-- refused 42703
-- Attribute notation of a function that takes the row.
SELECT p.row_to_json FROM patients p;

-- refused 42703
SELECT p.to_jsonb FROM patients p;

-- refused 42501
SELECT (p).hash_record FROM patients p;

-- refused 42703
-- p.text is text(p), a cast of the row.
SELECT p.text FROM patients p;

-- refused 42703
SELECT p.name FROM patients p;

-- refused 42703
SELECT p.ssn.length FROM patients p;

-- refused 42501
SELECT (p.ssn).length FROM patients p;

-- refused 42501
SELECT (array_agg(p))[1], ((array_agg(p))[1]).ssn, (array_agg(p.ssn))[1:2] FROM patients p WHERE id < 5;

-- masked
SELECT (x.r).ssn, x.r, (x).r.ssn, ((x).r).full_name FROM (SELECT p AS r FROM patients p ORDER BY id LIMIT 3) x;

-- refused 42501
SELECT ((x.r).*).ssn FROM (SELECT p AS r FROM patients p ORDER BY id LIMIT 3) x;

-- masked
SELECT count(p), count(p.*), count((p).ssn) FROM patients p;

-- refused 42501
SELECT count(DISTINCT p.*) FROM patients p;

-- masked
SELECT max(p::text), min(p::text) FROM patients p;

-- masked
SELECT hashtext(p::text), md5(p::text) FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT hash_record(p) FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT hash_record_extended(p, 0) FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT record_image_eq(p, p) FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT p IS NULL, p IS NOT NULL, p IS DISTINCT FROM NULL FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT id FROM patients p WHERE p::text LIKE '%{ssn}%';

-- refused 42501
SELECT id FROM patients p WHERE p > (SELECT q FROM patients q WHERE id = 7);

-- refused 42501
SELECT id FROM patients p ORDER BY p;

-- refused 42501
SELECT count(*) FROM patients p GROUP BY p;

-- refused 42501
SELECT e.key FROM patients p, jsonb_each_text(to_jsonb(p)) e WHERE p.id = 7 LIMIT 5;

-- refused 42501
SELECT e.value FROM patients p, jsonb_each_text(to_jsonb(p)) e WHERE p.id = 7 LIMIT 5;

-- refused 42501
SELECT e.key, e.value FROM patients p, jsonb_each_text(to_jsonb(p)) e WHERE p.id = 7;

-- refused 42501
SELECT r.ssn FROM patients p, jsonb_to_record(to_jsonb(p)) AS r(ssn text) WHERE p.id = 7;

-- refused 42501
SELECT (jsonb_populate_record(NULL::patients, to_jsonb(p))).ssn FROM patients p WHERE p.id = 7;

-- refused 42501
SELECT (json_populate_record(NULL::departments, json_build_object('name', p.ssn))).name FROM patients p WHERE p.id = 7;

-- masked
SELECT to_jsonb(p)->>'ssn', to_jsonb(p) #>> '{home,street}', row_to_json(p)->>'full_name' FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT to_jsonb(p) - 'note' FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT jsonb_path_query_array(to_jsonb(p), '$.*') FROM patients p ORDER BY id LIMIT 8;

-- refused 42501
SELECT jsonb_path_exists(to_jsonb(p), '$.ssn ? (@ starts with "9")') FROM patients p ORDER BY id LIMIT 8;

-- refused 42501
SELECT to_jsonb(p) @? '$.ssn ? (@ == "{ssn}")' FROM patients p ORDER BY id LIMIT 8;

-- refused 42501
SELECT to_jsonb(p) @@ '$.ssn == "{ssn}"' FROM patients p ORDER BY id LIMIT 8;

-- masked
SELECT to_jsonb(p) ?| ARRAY['ssn'], to_jsonb(p) @> '{"ssn": "{ssn}"}' FROM patients p ORDER BY id LIMIT 8;

-- refused 42501
SELECT jsonb_path_query_array(to_jsonb(p), '$.ssn ? (@ == $x)', '{"x": "{ssn}"}') FROM patients p ORDER BY id LIMIT 8;

-- refused 42501
SELECT id FROM patients p WHERE JSON_EXISTS(to_jsonb(p), '$.ssn ? (@ == "{ssn}")');

-- refused 42501
SELECT JSON_VALUE(to_jsonb(p), '$.ssn'), JSON_QUERY(to_jsonb(p), '$.ssn' WITH WRAPPER) FROM patients p WHERE id = 7;

-- refused 42501
SELECT j.* FROM patients p, JSON_TABLE(to_jsonb(p), '$' COLUMNS (s text PATH '$.ssn', ok int EXISTS PATH '$.ssn ? (@ starts with "9")', n FOR ORDINALITY)) j WHERE p.id = 7;

-- refused 42501
SELECT x.* FROM patients p, XMLTABLE('/r/s' PASSING xmlelement(NAME r, xmlelement(NAME s, p.ssn)) COLUMNS s text PATH '.') x WHERE p.id = 7;

-- masked
SELECT CASE WHEN false THEN NULL::patients ELSE p END, coalesce(p, NULL) FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT (CASE WHEN true THEN p END).ssn FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT (SELECT p), (SELECT p.ssn), (SELECT (p).ssn), ARRAY(SELECT p.ssn) FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT lag(p) OVER (ORDER BY id), first_value(p) OVER (ORDER BY id) FROM patients p ORDER BY id LIMIT 3;

-- refused 42501
SELECT (lead(p) OVER (ORDER BY id)).ssn FROM patients p ORDER BY id LIMIT 3;

-- masked
SELECT home, (home).*, emergency_contact, (emergency_contact).* FROM patients ORDER BY id LIMIT 3;

-- refused 42883
SELECT (home::text::postal_address).street, street(home), home = ROW('x', 'y', 'ZZ', '00000')::postal_address, to_json(home) FROM patients ORDER BY id LIMIT 0;

-- refused 42501
SELECT (home::text::postal_address).street FROM patients;

-- masked
SELECT home.street FROM (SELECT (home).* FROM patients ORDER BY id LIMIT 2) home;

-- masked
SELECT "p"."ssn", public.patients.ssn FROM patients p, public.patients WHERE p.id = public.patients.id AND p.id < 4;
