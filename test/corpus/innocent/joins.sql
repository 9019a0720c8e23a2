-- Joins, set operations, and the clinic's views.
-- as: engineer

SELECT e.id, e.kind, d.name AS department, c.family_name AS clinician FROM encounters e JOIN departments d ON d.id = e.department_id JOIN clinicians c ON c.id = e.clinician_id ORDER BY e.id LIMIT 20;

-- masked: mrn, full_name
SELECT p.id, p.mrn, p.full_name, e.id AS encounter, e.reason, x.code FROM patients p JOIN encounters e ON e.patient_id = p.id LEFT JOIN diagnoses x ON x.encounter_id = e.id AND x.rank = 1 WHERE p.id <= 5 ORDER BY p.id, e.id;

-- as: nurse
-- bind: 3
SELECT * FROM encounters e JOIN diagnoses x USING (patient_id) WHERE patient_id = $1 ORDER BY e.id, x.id;

SELECT * FROM departments d FULL JOIN (SELECT department_id AS id, count(*) AS staff FROM clinicians GROUP BY 1) s USING (id) ORDER BY id;

SELECT c.id, s.id AS supervisor FROM clinicians c LEFT JOIN clinicians s ON s.id = c.supervisor_id ORDER BY c.id LIMIT 20;

SELECT d.id, f.drug FROM departments d CROSS JOIN formulary f ORDER BY d.id, f.drug LIMIT 20;

SELECT d.id, d.name, latest.id AS encounter, latest.admitted_at FROM departments d LEFT JOIN LATERAL (SELECT id, admitted_at FROM encounters e WHERE e.department_id = d.id ORDER BY admitted_at DESC, id LIMIT 3) latest ON true ORDER BY d.id, latest.admitted_at DESC, latest.id;

SELECT id FROM patients p WHERE EXISTS (SELECT 1 FROM encounters e WHERE e.patient_id = p.id AND e.kind = 'inpatient') AND NOT EXISTS (SELECT 1 FROM billing.claims k WHERE k.patient_id = p.id AND k.status = 'denied') ORDER BY id LIMIT 20;

SELECT id FROM patients WHERE id IN (SELECT patient_id FROM diagnoses WHERE code LIKE 'E11%') ORDER BY id LIMIT 20;

SELECT id FROM departments EXCEPT SELECT department_id FROM clinicians WHERE active ORDER BY 1;

SELECT id FROM patients INTERSECT SELECT patient_id FROM prescriptions ORDER BY 1 LIMIT 20;

SELECT 'encounter' AS what, id, admitted_at AS at FROM encounters WHERE patient_id = 3 UNION ALL SELECT 'prescription', id, prescribed_on FROM prescriptions WHERE patient_id = 3 UNION ALL SELECT 'lab', id, reported_at FROM lab_results WHERE patient_id = 3 ORDER BY at, what, id;

SELECT DISTINCT ON (patient_id) patient_id, id, kind, admitted_at FROM encounters ORDER BY patient_id, admitted_at DESC, id LIMIT 20;

SELECT DISTINCT department_id, kind FROM encounters ORDER BY 1, 2;

-- as: nurse
-- masked: ssn, portal_id, last_login_ip, insurance
SELECT DISTINCT p.* FROM patients p JOIN encounters e ON e.patient_id = p.id WHERE e.kind = 'emergency' AND p.id < 20 ORDER BY p.id;

-- as: nurse
-- masked: ssn, portal_id, last_login_ip, insurance
SELECT p.*, count(e.id) AS visits FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id WHERE p.id < 10 GROUP BY p.id ORDER BY p.id;

-- masked: mrn, full_name
SELECT p.id, p.mrn, p.full_name, count(e.id) AS visits FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id WHERE p.id < 10 GROUP BY p.id, p.mrn, p.full_name ORDER BY p.id;

-- masked: patient, mrn, full_name
SELECT e.*, p.full_name FROM encounter_summary e JOIN patients p ON p.id = e.patient_id WHERE e.id < 10 ORDER BY e.id;

-- masked: mrn, phone
SELECT a.id, a.status, a.room, p.mrn, p.phone FROM appointments a JOIN patients p ON p.id = a.patient_id WHERE a.slot && tstzrange('2026-01-01', '2026-02-01') ORDER BY a.id LIMIT 20;

SELECT n.id, n.title, n.written_at, c.family_name FROM clinical_notes n JOIN clinicians c ON c.id = n.author_id ORDER BY n.id LIMIT 10;

SELECT r.id, r.sent_on, c.specialty FROM referrals r JOIN clinicians c ON c.id = r.from_clinician_id ORDER BY r.id LIMIT 10;

SELECT v.id, v.kind, v.settings ->> 'mode' AS mode FROM devices v ORDER BY v.id LIMIT 10;

SELECT o.tableoid::regclass AS how, o.id, o.happened_at FROM outreach o ORDER BY 1, 2 LIMIT 20;

SELECT t.id, t.value, t.reference @> t.value AS inside, lower(t.reference) AS low FROM lab_results t ORDER BY t.collected_on, t.id LIMIT 20;

SELECT ROW(d.id, d.name) = ROW(1, 'x') AS same, (d).name, d.* FROM departments d ORDER BY d.id;

SELECT p.id, p.languages[1] AS first_language, 'es' = ANY (p.languages) AS spanish, array_to_string(p.languages, '/') FROM patients p ORDER BY p.id LIMIT 10;

-- as: nurse
SELECT p.id, p.full_name, p.birth_date, p.phone, e.reason FROM patients p JOIN encounters e ON e.patient_id = p.id WHERE e.discharged_at IS NULL ORDER BY p.family_name, p.given_name, e.id LIMIT 20;

-- as: nurse
-- bind: (SELECT mrn FROM patients ORDER BY id LIMIT 1)
SELECT id, full_name, birth_date, (home).city, allergies FROM patients WHERE mrn = $1;

-- as: nurse
SELECT * FROM patient_directory ORDER BY id LIMIT 10;

-- as: privacy
-- bind: (SELECT ssn FROM patients ORDER BY id LIMIT 1)
SELECT id, full_name, ssn FROM patients WHERE ssn = $1;

-- as: privacy
SELECT id, family_name, insurance ->> 'payer' AS payer FROM patients WHERE family_name LIKE 'A%' ORDER BY family_name, given_name, id LIMIT 10;

-- as: ci-deploy
SELECT count(*) FROM departments;

-- as: ci-deploy
SELECT drug, unit_price FROM formulary ORDER BY drug;

-- as: dba
SELECT relname, n_live_tup, n_dead_tup FROM pg_stat_user_tables WHERE schemaname = 'billing' ORDER BY relname;
