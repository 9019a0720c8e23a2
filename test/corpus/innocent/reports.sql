-- Everyday analytics: groups, windows, gaps filled, JSON for an API, full text over tables about nobody.
-- as: engineer

SELECT d.name, count(*) AS visits, count(DISTINCT e.patient_id) AS people, min(e.admitted_at) AS first, max(e.admitted_at) AS last FROM encounters e JOIN departments d ON d.id = e.department_id GROUP BY d.name ORDER BY d.name;

SELECT date_trunc('month', admitted_at) AS month, kind, count(*) AS n FROM encounters GROUP BY 1, 2 ORDER BY 1, 2;

WITH months AS (SELECT generate_series(date '2025-01-01', date '2025-12-01', interval '1 month')::date AS month)
SELECT m.month, count(e.id) AS visits
FROM months m LEFT JOIN encounters e ON e.admitted_at >= m.month AND e.admitted_at < m.month + interval '1 month'
GROUP BY m.month ORDER BY m.month;

SELECT day::date AS day, coalesce(n, 0) AS visits, sum(coalesce(n, 0)) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS week
FROM generate_series(timestamp '2026-01-01', timestamp '2026-01-31', interval '1 day') AS day
LEFT JOIN (SELECT admitted_at::date AS d, count(*) AS n FROM encounters GROUP BY 1) c ON c.d = day::date ORDER BY day;

SELECT payer, status, grouping(payer, status) AS level, count(*) AS claims, sum(billed) AS billed, sum(paid) AS paid
FROM billing.claims GROUP BY GROUPING SETS ((payer, status), (payer), ()) ORDER BY payer NULLS LAST, status NULLS LAST;

SELECT payer, extract(year FROM submitted_on) AS year, sum(billed) FROM billing.claims GROUP BY ROLLUP (payer, extract(year FROM submitted_on)) ORDER BY 1, 2;

SELECT payer, status, count(*) FROM billing.claims GROUP BY CUBE (payer, status) ORDER BY 1, 2;

SELECT payer, percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY billed) AS quartiles, percentile_disc(0.9) WITHIN GROUP (ORDER BY billed) AS p90, mode() WITHIN GROUP (ORDER BY status) AS usual FROM billing.claims GROUP BY payer ORDER BY payer;

SELECT payer, round(avg(billed), 2) AS mean, round(stddev_samp(billed), 2) AS spread, corr(billed::float8, paid::float8) AS related, regr_slope(paid::float8, billed::float8) AS slope FROM billing.claims GROUP BY payer ORDER BY payer;

SELECT payer, count(*) FILTER (WHERE status = 'denied') AS denied, round(100.0 * count(*) FILTER (WHERE status = 'denied') / count(*), 1) AS percent FROM billing.claims GROUP BY payer HAVING count(*) > 10 ORDER BY percent DESC, payer;

SELECT month, billed, billed - lag(billed) OVER (ORDER BY month) AS change, round(100 * billed / sum(billed) OVER (), 2) AS share, rank() OVER (ORDER BY billed DESC) AS place, ntile(4) OVER (ORDER BY billed) AS quarter
FROM (SELECT date_trunc('month', submitted_on) AS month, sum(billed) AS billed FROM billing.claims GROUP BY 1) m ORDER BY month;

SELECT department_id, id, admitted_at, row_number() OVER w AS n, first_value(id) OVER w AS first, admitted_at - lag(admitted_at) OVER w AS since FROM encounters WINDOW w AS (PARTITION BY department_id ORDER BY admitted_at, id) ORDER BY department_id, n LIMIT 50;

SELECT kind, avg(stay) AS mean, max(stay) AS longest, percentile_cont(0.5) WITHIN GROUP (ORDER BY stay) AS middle FROM encounters WHERE discharged_at IS NOT NULL GROUP BY kind ORDER BY kind;

SELECT extract(isodow FROM admitted_at) AS weekday, extract(hour FROM admitted_at) AS hour, count(*) FROM encounters GROUP BY 1, 2 ORDER BY 1, 2;

SELECT to_char(admitted_at, 'IYYY-IW') AS week, count(*) FROM encounters WHERE admitted_at >= timestamptz '2025-01-01 00:00+00' GROUP BY 1 ORDER BY 1;

SELECT width_bucket(billed, 0, 1000, 10) AS bucket, count(*), min(billed), max(billed) FROM billing.claims GROUP BY 1 ORDER BY 1;

SELECT CASE WHEN billed < 100 THEN 'small' WHEN billed < 500 THEN 'middle' ELSE 'large' END AS size, count(*), sum(billed) FROM billing.claims GROUP BY 1 ORDER BY 1;

SELECT c.specialty, count(DISTINCT c.id) AS clinicians, count(e.id) AS visits, round(count(e.id)::numeric / count(DISTINCT c.id), 1) AS each FROM clinicians c LEFT JOIN encounters e ON e.clinician_id = c.id WHERE c.active GROUP BY c.specialty ORDER BY visits DESC, c.specialty;

SELECT d.code, i.title, count(*) AS cases, count(*) FILTER (WHERE d.chronic) AS chronic FROM diagnoses d JOIN icd10_codes i USING (code) GROUP BY d.code, i.title ORDER BY cases DESC, d.code LIMIT 20;

SELECT chapter, string_agg(code, ', ' ORDER BY code) AS codes, array_agg(title ORDER BY title) AS titles FROM icd10_codes GROUP BY chapter ORDER BY chapter;

SELECT test, unit, round(avg(value), 2) AS mean, min(value), max(value), count(*) FILTER (WHERE abnormal) AS abnormal FROM lab_results WHERE collected_on >= date '2025-01-01' GROUP BY test, unit ORDER BY test;

SELECT date_trunc('quarter', collected_on) AS quarter, avg(abnormal::int) AS rate FROM lab_results GROUP BY 1 ORDER BY 1;

SELECT drug, sum(quantity) AS units, sum(quantity * unit_price) AS cost FROM prescriptions JOIN formulary USING (drug) GROUP BY drug ORDER BY cost DESC, drug LIMIT 10;

SELECT sex, count(*) FROM patients GROUP BY sex ORDER BY sex;

SELECT unnest(languages) AS language, count(*) FROM patients GROUP BY 1 ORDER BY 2 DESC, 1;

SELECT a.allergy, count(*) FROM patients p CROSS JOIN LATERAL unnest(p.allergies) AS a(allergy) GROUP BY a.allergy ORDER BY 2 DESC, 1;

SELECT cardinality(allergies) AS n, count(*) FROM patients GROUP BY 1 ORDER BY 1;

-- as: privacy
SELECT count(*) AS patients, count(deceased_on) AS deceased, count(email) AS with_email, count(*) FILTER (WHERE note IS NOT NULL) AS noted FROM patients;

SELECT chapter, year, cases FROM diagnosis_counts ORDER BY chapter, code, year LIMIT 40;

SELECT status, count(*), round(avg(extract(epoch FROM upper(slot) - lower(slot)) / 60)) AS minutes FROM appointments GROUP BY status ORDER BY status;

SELECT lower(slot)::date AS day, room, count(*) FROM appointments GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 30;

SELECT l.value ->> 'cpt' AS cpt, sum((l.value ->> 'units')::int) AS units, sum((l.value ->> 'charge')::numeric) AS charge FROM billing.claims CROSS JOIN LATERAL jsonb_array_elements(lines) AS l GROUP BY 1 ORDER BY 1;

SELECT avg((vitals ->> 'pulse')::int) AS pulse, max((vitals ->> 'systolic')::int) AS systolic FROM encounters WHERE vitals ? 'pulse';

WITH firsts AS (SELECT patient_id, min(admitted_at) AS first FROM encounters GROUP BY patient_id),
  cohorts AS (SELECT date_trunc('year', first) AS cohort, patient_id FROM firsts)
SELECT c.cohort, extract(year FROM age(e.admitted_at, c.cohort)) AS years_later, count(DISTINCT e.patient_id) AS people
FROM cohorts c JOIN encounters e USING (patient_id) GROUP BY 1, 2 ORDER BY 1, 2;

WITH RECURSIVE chain AS (
  SELECT id, supervisor_id, family_name, 1 AS depth FROM clinicians WHERE supervisor_id IS NULL
  UNION ALL
  SELECT c.id, c.supervisor_id, c.family_name, chain.depth + 1 FROM clinicians c JOIN chain ON c.supervisor_id = chain.id
) SELECT depth, count(*) FROM chain GROUP BY depth ORDER BY depth;

WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n), array_agg(n) FROM t;

SELECT p.primary_clinician_id, count(*) AS patients FROM patients p GROUP BY 1 HAVING count(*) > 50 ORDER BY 2 DESC, 1 LIMIT 10;

SELECT subject, sex, allergies FROM research.people ORDER BY subject LIMIT 20;

SELECT count(*) FROM (SELECT patient_id FROM encounters GROUP BY patient_id HAVING count(*) >= 3) frequent;

SELECT e.patient_id, count(*) FROM encounters e JOIN encounters again ON again.patient_id = e.patient_id AND again.admitted_at > e.discharged_at AND again.admitted_at <= e.discharged_at + interval '30 days' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

SELECT json_build_object('departments', json_agg(json_build_object('id', d.id, 'name', d.name, 'staff', s.staff) ORDER BY d.id)) AS body
FROM departments d CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_object('id', c.id, 'specialty', c.specialty) ORDER BY c.id), '[]') AS staff FROM clinicians c WHERE c.department_id = d.id) s;

SELECT row_to_json(d) FROM departments d ORDER BY id;

SELECT to_jsonb(f) - 'unit_price' FROM formulary f ORDER BY drug LIMIT 5;

SELECT jsonb_object_agg(kind, n) FROM (SELECT kind, count(*) AS n FROM encounters GROUP BY kind ORDER BY kind) k;

SELECT json_agg(r) FROM (SELECT id, kind, admitted_at FROM encounters ORDER BY id LIMIT 3) r;

SELECT code, title FROM icd10_codes WHERE to_tsvector('english', title) @@ websearch_to_tsquery('english', 'diabetes or asthma') ORDER BY ts_rank(to_tsvector('english', title), websearch_to_tsquery('english', 'diabetes or asthma')) DESC, code;

SELECT code, ts_headline('english', title, plainto_tsquery('english', 'diabetes')) FROM icd10_codes WHERE to_tsvector('english', title) @@ plainto_tsquery('english', 'diabetes') ORDER BY code;

SELECT name FROM departments WHERE name ILIKE '%care%' OR name ~* '^em' ORDER BY name;

SELECT i.chapter, x.n FROM (SELECT DISTINCT chapter FROM icd10_codes) i CROSS JOIN LATERAL (SELECT count(*) AS n FROM icd10_codes WHERE chapter = i.chapter) x ORDER BY 1;

SELECT id, given_name || ' ' || family_name AS name, coalesce(supervisor_id::text, 'none') AS supervisor, now()::date - hired_on > 3650 AS senior FROM clinicians ORDER BY id LIMIT 10;

VALUES (1, 'one'), (2, 'two');

SELECT * FROM (VALUES (1, 'low'), (2, 'high')) AS v(n, word) JOIN departments d ON d.floor = v.n ORDER BY d.id;

SELECT greatest(billed, paid), least(billed, paid), nullif(status, 'paid'), billed::money, copay FROM billing.claims ORDER BY id LIMIT 10;

-- masked: mrn, age
SELECT id, mrn, age_in_years(birth_date) AS age FROM patients ORDER BY id LIMIT 10;

-- masked: full_name, mrn
SELECT full_name, mrn, chronic, score FROM patient_risk ORDER BY patient_id LIMIT 10;

-- masked: full_name, mrn
SELECT payer, outstanding, full_name, mrn FROM billing.open_claims ORDER BY id LIMIT 10;

-- masked: patient
SELECT department, kind, admitted_at, patient FROM ward_board ORDER BY department, admitted_at LIMIT 10;
