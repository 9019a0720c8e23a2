-- 4. Views, materialized views, inheritance, partitions, generated columns, domains, composite and range types, arrays, JSON paths.

-- masked
SELECT * FROM patient_directory ORDER BY id LIMIT 3;

-- masked
SELECT city, zip, full_name || '', phone FROM patient_directory ORDER BY id LIMIT 3;

-- masked
SELECT patient, mrn FROM encounter_summary ORDER BY id LIMIT 3;

-- masked
SELECT * FROM ward_board LIMIT 5;

-- masked
SELECT w FROM ward_board w LIMIT 5;

-- refused 42501
SELECT department FROM ward_board WHERE patient LIKE 'A%';

-- masked
SELECT member_number, full_name, mrn FROM billing.open_claims ORDER BY id LIMIT 3;

-- masked
SELECT member_number || '', left(member_number, 2) FROM billing.claims ORDER BY id LIMIT 3;

-- masked
SELECT * FROM research.people LIMIT 5;

-- masked
SELECT zip3, born_about, subject FROM research.people p LIMIT 5;

-- refused 42501
SELECT count(*) FROM research.people GROUP BY zip3;

-- masked
SELECT * FROM patient_risk ORDER BY patient_id LIMIT 3;

-- masked
SELECT full_name, r::text FROM patient_risk r ORDER BY patient_id LIMIT 3;

-- masked
SELECT * FROM outreach ORDER BY id LIMIT 3;

-- masked
SELECT number, recipient, sent_to FROM outreach_calls c FULL JOIN outreach_letters l ON c.id = l.id ORDER BY c.id LIMIT 3;

-- masked
SELECT o.tableoid::regclass, o FROM outreach o ORDER BY id LIMIT 3;

-- masked
SELECT o::text FROM outreach_letters o ORDER BY id LIMIT 3;

-- refused 42501
SELECT o::outreach FROM outreach_letters o ORDER BY id LIMIT 3;

-- refused 42501
SELECT (o::outreach).summary FROM outreach_letters o ORDER BY id LIMIT 3;

-- masked
SELECT recipient, sent_to, (sent_to).street, l FROM ONLY outreach_letters l ORDER BY id LIMIT 3;

-- masked
SELECT full_name, full_name || '', birth_year FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT id FROM patients WHERE full_name = 'x';

-- refused 42501
SELECT id FROM patients WHERE birth_year < 1950;

-- masked
SELECT search, search::text, length(search) FROM clinical_notes ORDER BY id LIMIT 5;

-- refused 42501
SELECT tsvector_to_array(search) FROM clinical_notes ORDER BY id LIMIT 5;

-- refused 42501
SELECT ts_rank(search, 'a'::tsquery) FROM clinical_notes ORDER BY id LIMIT 5;

-- masked
SELECT search, search::text, length(search) FROM clinical_notes ORDER BY id LIMIT 3;

-- refused 42501
SELECT id FROM clinical_notes WHERE search @@ to_tsquery('fever');

-- refused 42501
SELECT ts_headline(body, 'fever'::tsquery) FROM clinical_notes WHERE body LIKE '%fever%';

-- masked
SELECT upper(body), body || '', substr(body, 1, 40), left(note, 10) FROM clinical_notes n JOIN patients p ON p.id = n.patient_id ORDER BY n.id LIMIT 5;

-- refused 42501
SELECT ts_headline(body, 'patient'::tsquery) FROM clinical_notes n JOIN patients p ON p.id = n.patient_id ORDER BY n.id LIMIT 5;

-- masked
SELECT upper(body), body || '', substr(body, 1, 40), reverse(body), length(body) FROM clinical_notes ORDER BY id LIMIT 5;

-- masked
-- What detectors find is replaced.
SELECT note FROM patients WHERE note IS NOT NULL ORDER BY id LIMIT 20;

-- masked
SELECT document, document::text FROM referrals ORDER BY id LIMIT 5;

-- refused 42501
SELECT (xpath('//name/text()', document))[1] FROM referrals ORDER BY id LIMIT 5;

-- refused 42501
SELECT xpath_exists('//name', document) FROM referrals ORDER BY id LIMIT 5;

-- masked
SELECT document, document::text FROM referrals ORDER BY id LIMIT 3;

-- refused 42501
SELECT id FROM referrals WHERE xpath_exists('//patient[@mrn="{mrn}"]', document);

-- refused 42501
SELECT x.n FROM referrals, XMLTABLE('//patient' PASSING document COLUMNS n text PATH 'name') x;

-- masked
SELECT mac, serial, address, trunc(mac), mac::text, serial || '' FROM devices ORDER BY id LIMIT 3;

-- masked
SELECT languages, languages[1], emergency_contact, (emergency_contact).phone, ARRAY[(emergency_contact).name] FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT insurance->'holder'->>'name', insurance @> '{"payer": "x"}' FROM patients ORDER BY id LIMIT 5;

-- refused 42501
SELECT jsonb_object_keys(insurance) IS NULL FROM patients ORDER BY id LIMIT 5;

-- masked
SELECT insurance->'holder'->>'name', insurance @> '{"payer": "x"}', insurance ? 'member', insurance #> '{holder,name}', insurance #>> '{member}', insurance -> 'copay' FROM patients ORDER BY id LIMIT 3;

-- refused 42501
SELECT id FROM patients WHERE insurance @> '{"holder": {"relation": "self"}}';

-- refused 42501
SELECT jsonb_object_keys(insurance) FROM patients;

-- refused 42501
SELECT before, after FROM audit.row_changes;

-- masked
SELECT row_number() OVER () AS n, p.full_name FROM public.patients AS p (id, a, b, c, full_name) ORDER BY id LIMIT 3;

-- refused 42501
-- Columns renamed in FROM: what is called sex is the record number.
SELECT sex FROM patients AS p (id, sex, a, ssn) ORDER BY id LIMIT 3;

-- refused 42501
-- Columns renamed in FROM: what is called sex is the record number.
SELECT ssn FROM patients AS p (id, sex, a, ssn) ORDER BY id LIMIT 3;

-- masked
SELECT * FROM patients_of(3) ORDER BY patient_id LIMIT 3;

-- masked
SELECT name, mrn, p FROM patients_of(3) p ORDER BY patient_id LIMIT 3;

-- masked
SELECT initials(given_name, family_name), age_in_years(birth_date), initials(given => ssn, family => 'x') FROM patients ORDER BY id LIMIT 0;

-- masked
SELECT initials(given_name, family_name) FROM patients ORDER BY id LIMIT 3;

-- masked
SELECT x.ssn FROM ONLY (public.patients) x ORDER BY id LIMIT 3;

-- masked
SELECT lab_results_2024.value, l FROM lab_results_2024, lab_results l WHERE l.id = lab_results_2024.id ORDER BY l.id LIMIT 3;

-- masked
SELECT value::mrn FROM (SELECT mrn AS value FROM patients ORDER BY id LIMIT 3) x LIMIT 0;

-- refused 42501
SELECT daterange(birth_date, NULL) FROM patients LIMIT 5;

-- refused 42501
SELECT lower(daterange(birth_date, NULL)) FROM patients LIMIT 5;

-- refused 42501
SELECT multirange(daterange(birth_date, NULL)) FROM patients LIMIT 5;

-- refused 42501
SELECT daterange(birth_date, date '2000-01-01') FROM patients;

-- masked
SELECT range_agg(slot), max(reminder_phone), array_agg(reminder_phone ORDER BY id) FROM appointments WHERE id < 5;
