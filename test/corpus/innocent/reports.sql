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

SELECT payer, status, sum(billed) AS billed, sum(sum(billed)) OVER (PARTITION BY payer) AS of_payer, round(100 * sum(billed) / nullif(sum(sum(billed)) OVER (PARTITION BY payer), 0), 1) AS pct FROM billing.claims GROUP BY payer, status ORDER BY payer, status;

SELECT kind, percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM stay) / 3600) AS p95_hours FROM encounters WHERE stay IS NOT NULL GROUP BY kind ORDER BY kind;

SELECT percentile_disc(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY stay) AS deciles FROM encounters WHERE stay IS NOT NULL;

SELECT department_id, count(*) FILTER (WHERE kind = 'outpatient') AS outpatient, count(*) FILTER (WHERE kind = 'emergency') AS emergency, count(*) FILTER (WHERE kind = 'inpatient') AS inpatient, count(*) FILTER (WHERE kind = 'telehealth') AS telehealth FROM encounters GROUP BY department_id ORDER BY department_id;

SELECT department_id, sum(CASE WHEN kind = 'outpatient' THEN 1 ELSE 0 END) AS outpatient, sum(CASE WHEN kind = 'emergency' THEN 1 ELSE 0 END) AS emergency, max(CASE kind WHEN 'inpatient' THEN admitted_at END) AS last_inpatient FROM encounters GROUP BY department_id ORDER BY department_id;

SELECT coalesce(kind::text, 'all kinds') AS kind, coalesce(to_char(admitted_at, 'YYYY'), 'all years') AS year, count(*) AS n FROM encounters GROUP BY ROLLUP (kind, to_char(admitted_at, 'YYYY')) ORDER BY 1, 2;

SELECT d.name, t.id, t.billed FROM departments d CROSS JOIN LATERAL (SELECT c.id, c.billed FROM billing.claims c JOIN encounters e ON e.id = c.encounter_id WHERE e.department_id = d.id ORDER BY c.billed DESC, c.id LIMIT 3) t ORDER BY d.name, t.billed DESC, t.id;

WITH ordered AS (
  SELECT patient_id, admitted_at::date AS day, lag(admitted_at::date) OVER (PARTITION BY patient_id ORDER BY admitted_at) AS previous FROM encounters
), islands AS (
  SELECT patient_id, day, sum(CASE WHEN previous IS NULL OR day - previous > 30 THEN 1 ELSE 0 END) OVER (PARTITION BY patient_id ORDER BY day) AS island FROM ordered
)
SELECT patient_id, island, min(day) AS begins, max(day) AS ends, count(*) AS visits FROM islands GROUP BY patient_id, island HAVING count(*) > 1 ORDER BY visits DESC, patient_id, island LIMIT 25;

WITH days AS (SELECT DISTINCT admitted_at::date AS day FROM encounters), grouped AS (SELECT day, day - (row_number() OVER (ORDER BY day))::int AS grp FROM days)
SELECT min(day) AS first, max(day) AS last, count(*) AS days FROM grouped GROUP BY grp ORDER BY first LIMIT 20;

WITH RECURSIVE calendar AS (SELECT date '2026-01-01' AS day UNION ALL SELECT day + 1 FROM calendar WHERE day < date '2026-01-31')
SELECT c.day, to_char(c.day, 'Dy') AS dow, count(e.id) AS visits FROM calendar c LEFT JOIN encounters e ON e.admitted_at::date = c.day GROUP BY c.day ORDER BY c.day;

SELECT gs.d::date AS day, d.id AS department, coalesce(x.n, 0) AS n FROM generate_series('2026-01-01'::timestamptz, '2026-01-07', '1 day') AS gs(d) CROSS JOIN departments d LEFT JOIN (SELECT date_trunc('day', admitted_at) AS day, department_id, count(*) AS n FROM encounters GROUP BY 1, 2) x ON x.day = gs.d AND x.department_id = d.id ORDER BY 1, 2;

SELECT string_agg(DISTINCT specialty, ', ' ORDER BY specialty) AS specialties FROM clinicians WHERE active;

SELECT department_id, array_agg(DISTINCT specialty ORDER BY specialty) AS specialties, (array_agg(family_name ORDER BY hired_on, id))[1] AS senior FROM clinicians GROUP BY department_id ORDER BY department_id;

SELECT json_build_object('id', e.id, 'kind', e.kind, 'vitals', e.vitals, 'diagnoses', (SELECT json_agg(json_build_object('code', d.code, 'rank', d.rank) ORDER BY d.rank) FROM diagnoses d WHERE d.encounter_id = e.id)) AS doc FROM encounters e ORDER BY e.id LIMIT 10;

SELECT jsonb_build_object('total', count(*), 'by_kind', jsonb_object_agg(kind, n)) FROM (SELECT kind::text, count(*) AS n FROM encounters GROUP BY kind) s;

SELECT code, regexp_replace(code, '^([A-Z])(\d+).*$', '\1-\2') AS short, substring(code FROM '^[A-Z]\d+') AS category, code ~ '^E1[01]' AS diabetes FROM icd10_codes ORDER BY code LIMIT 20;

SELECT code, (regexp_match(title, '(\w+)\s+(\w+)'))[1] AS first_word, regexp_count(title, 'a') AS a, regexp_substr(title, '[A-Z]\w+') AS cap FROM icd10_codes ORDER BY code LIMIT 20;

SELECT word, count(*) FROM icd10_codes, regexp_split_to_table(lower(title), '\W+') AS word WHERE length(word) > 3 GROUP BY word ORDER BY 2 DESC, 1 LIMIT 20;

SELECT code, ts_rank_cd(setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', chapter), 'B'), q) AS rank FROM icd10_codes, to_tsquery('english', 'disease & !heart') q WHERE to_tsvector('english', title || ' ' || chapter) @@ q ORDER BY rank DESC, code LIMIT 10;

SELECT department_id, id, admitted_at, count(*) OVER (PARTITION BY department_id ORDER BY admitted_at RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) AS last_week FROM encounters ORDER BY department_id, admitted_at, id LIMIT 40;

SELECT id, billed, cume_dist() OVER (ORDER BY billed) AS cd, percent_rank() OVER (ORDER BY billed) AS pr, dense_rank() OVER (ORDER BY billed DESC) AS dr, nth_value(id, 2) OVER (ORDER BY billed DESC, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS second FROM billing.claims ORDER BY id LIMIT 20;

SELECT id, billed, sum(billed) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS around FROM billing.claims ORDER BY id LIMIT 20;

WITH ranked AS (SELECT payer, encounter_id, billed, row_number() OVER (PARTITION BY payer ORDER BY billed DESC, id) AS rn FROM billing.claims) SELECT payer, encounter_id, billed FROM ranked WHERE rn <= 3 ORDER BY payer, rn;

SELECT date_bin('15 minutes', admitted_at, timestamptz '2026-01-01') AS slot, count(*) FROM encounters WHERE admitted_at >= '2026-01-01' GROUP BY 1 ORDER BY 1 LIMIT 40;

SELECT to_char(date_trunc('month', submitted_on), 'Mon YYYY') AS month, count(*) AS claims, to_char(sum(billed), 'FM999,999,990.00') AS billed FROM billing.claims GROUP BY date_trunc('month', submitted_on) ORDER BY date_trunc('month', submitted_on);

SELECT status, justify_interval(avg(now()::date - submitted_on) * interval '1 day') IS NOT NULL AS has_age FROM billing.claims GROUP BY status ORDER BY status;

SELECT CASE WHEN current_date - submitted_on <= 30 THEN '0-30' WHEN current_date - submitted_on <= 60 THEN '31-60' WHEN current_date - submitted_on <= 90 THEN '61-90' ELSE '90+' END AS bucket, count(*), sum(billed - coalesce(paid, 0)) AS outstanding FROM billing.claims WHERE status IN ('submitted', 'appealed') GROUP BY 1 ORDER BY 1;

SELECT corr(billed::float8, coalesce(paid, 0)::float8), covar_pop(billed::float8, coalesce(paid, 0)::float8), regr_r2(paid::float8, billed::float8), regr_count(paid::float8, billed::float8), var_pop(billed) FROM billing.claims;

SELECT bool_and(active) AS all_active, bool_or(active) AS some_active, every(hired_on < current_date) AS hired, bit_or(department_id) AS bits, any_value(1) AS one FROM clinicians;

SELECT a.test, a.month, a.mean, b.mean AS year_before FROM (SELECT test, date_trunc('month', collected_on) AS month, round(avg(value), 3) AS mean FROM lab_results GROUP BY 1, 2) a LEFT JOIN (SELECT test, date_trunc('month', collected_on) AS month, round(avg(value), 3) AS mean FROM lab_results GROUP BY 1, 2) b ON b.test = a.test AND b.month = a.month - interval '1 year' ORDER BY a.test, a.month LIMIT 50;

WITH first_visit AS (SELECT patient_id, date_trunc('month', min(admitted_at)) AS cohort FROM encounters GROUP BY 1), activity AS (SELECT DISTINCT e.patient_id, f.cohort, (extract(year FROM age(date_trunc('month', e.admitted_at), f.cohort)) * 12 + extract(month FROM age(date_trunc('month', e.admitted_at), f.cohort)))::int AS month FROM encounters e JOIN first_visit f USING (patient_id)), sizes AS (SELECT cohort, count(*) AS size FROM first_visit GROUP BY 1)
SELECT a.cohort::date, s.size, a.month, count(*) AS retained, round(100.0 * count(*) / s.size, 1) AS pct FROM activity a JOIN sizes s USING (cohort) WHERE a.month <= 12 GROUP BY 1, 2, 3 ORDER BY 1, 3 LIMIT 60;

SELECT drug, json_agg(json_build_object('month', month, 'n', n) ORDER BY month) AS series FROM (SELECT drug, to_char(prescribed_on, 'YYYY-MM') AS month, count(*) AS n FROM prescriptions GROUP BY 1, 2) s GROUP BY drug ORDER BY drug LIMIT 10;

SELECT e.id, v.key, v.value FROM encounters e, jsonb_each_text(e.vitals) v WHERE e.id < 5 ORDER BY 1, 2;

SELECT e.id, v.* FROM encounters e CROSS JOIN LATERAL jsonb_to_record(e.vitals) AS v(pulse int, systolic int, diastolic int, celsius numeric) ORDER BY e.id LIMIT 10;

SELECT jsonb_path_query_first(vitals, '$.pulse') AS pulse, vitals #>> '{systolic}' AS systolic, vitals @> '{"pulse": 80}' AS eighty, jsonb_path_exists(vitals, '$.celsius ? (@ > 38)') AS fever FROM encounters ORDER BY id LIMIT 20;

SELECT jsonb_pretty(vitals) FROM encounters ORDER BY id LIMIT 2;

SELECT c.id, x.cpt, x.units, x.charge FROM billing.claims c, jsonb_to_recordset(c.lines) AS x(cpt text, units int, charge numeric) ORDER BY c.id, x.cpt LIMIT 20;

SELECT jt.* FROM billing.claims c, JSON_TABLE(c.lines, '$[*]' COLUMNS (n FOR ORDINALITY, cpt text PATH '$.cpt', units int PATH '$.units', charge numeric PATH '$.charge')) jt ORDER BY c.id, jt.n LIMIT 10;

SELECT JSON_VALUE(vitals, '$.pulse' RETURNING int) AS pulse, JSON_EXISTS(vitals, '$.kg') AS weighed, JSON_QUERY(vitals, '$.celsius') AS celsius FROM encounters ORDER BY id LIMIT 10;

SELECT JSON_OBJECT('a': 1, 'b': name) AS o, JSON_ARRAY(id, name) AS a FROM departments ORDER BY id;

SELECT JSON_ARRAYAGG(name ORDER BY name) AS names, JSON_OBJECTAGG(name: floor) AS floors FROM departments;

SELECT lower(slot) AS starts, upper(slot) AS ends, slot * tstzrange('2026-01-01', '2026-02-01') AS in_january, isempty(slot) AS none FROM appointments ORDER BY id LIMIT 10;

SELECT a.id, b.id AS clash FROM appointments a JOIN appointments b ON b.clinician_id = a.clinician_id AND b.id > a.id AND a.slot && b.slot WHERE a.status = 'booked' AND b.status = 'booked' ORDER BY 1, 2 LIMIT 20;

SELECT clinician_id, range_agg(slot) AS busy FROM appointments WHERE id < 200 GROUP BY clinician_id ORDER BY clinician_id LIMIT 10;

SELECT clinician_id, unnest(range_agg(slot)) AS busy FROM appointments WHERE id < 100 GROUP BY clinician_id ORDER BY 1, 2;

SELECT room, count(*), max(upper(slot) - lower(slot)) AS longest FROM appointments WHERE lower(slot)::time BETWEEN '08:00' AND '12:00' GROUP BY room ORDER BY room LIMIT 20;

SELECT x.code, x.n, repeat('#', (x.n * 20 / max(x.n) OVER ())::int) AS bar FROM (SELECT code, count(*) AS n FROM diagnoses GROUP BY code) x ORDER BY x.n DESC, x.code LIMIT 15;

SELECT a.code AS first, b.code AS second, count(*) AS together FROM diagnoses a JOIN diagnoses b ON a.patient_id = b.patient_id AND a.code < b.code GROUP BY 1, 2 HAVING count(*) > 5 ORDER BY 3 DESC, 1, 2 LIMIT 20;

SELECT EXISTS (SELECT 1 FROM encounters WHERE discharged_at IS NULL) AS open, (SELECT count(*) FROM departments) AS departments, (SELECT max(id) FROM patients) AS last_patient;

SELECT id, name, md5(name) AS hash, encode(sha256(name::bytea), 'hex') AS sha, overlay(name PLACING 'x' FROM 1 FOR 1), position('a' IN name), initcap(name), translate(name, 'ae', '43'), rpad(name, 20, '.'), split_part(name, ' ', 1), reverse(name), format('%s (%s)', name, floor) FROM departments ORDER BY id;

SELECT id, opens, closes, closes - opens AS open_for, extract(hour FROM opens), (current_date + opens)::timestamp IS NOT NULL AS ok, make_interval(hours => 2) FROM departments ORDER BY id;

SELECT extract(quarter FROM admitted_at) AS q, extract(week FROM admitted_at) AS w, date_part('doy', admitted_at) AS doy, count(*) FROM encounters GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 20;

SELECT count(*), admitted_at AT TIME ZONE 'America/New_York' AS local FROM encounters WHERE id < 10 GROUP BY 2 ORDER BY 2;

SELECT sex, round(avg(n), 2) AS mean FROM (SELECT p.id, p.sex, count(e.id) AS n FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id GROUP BY p.id) s GROUP BY sex ORDER BY sex;

SELECT p.sex, i.chapter, count(DISTINCT p.id) AS people FROM patients p JOIN diagnoses d ON d.patient_id = p.id JOIN icd10_codes i ON i.code = d.code GROUP BY CUBE (p.sex, i.chapter) ORDER BY 1 NULLS LAST, 2 NULLS LAST;

SELECT age_band(birth_date) AS band, count(*) FROM patients GROUP BY 1 ORDER BY 1;

-- masked: mrn
SELECT p.id, p.mrn, x.codes FROM patients p LEFT JOIN LATERAL (SELECT array_agg(DISTINCT d.code ORDER BY d.code) AS codes FROM diagnoses d WHERE d.patient_id = p.id) x ON true ORDER BY p.id LIMIT 20;

-- masked: full_name, mrn
SELECT p.id, p.full_name, p.mrn, (SELECT max(e.admitted_at) FROM encounters e WHERE e.patient_id = p.id) AS last_visit, (SELECT count(*) FROM billing.claims c WHERE c.patient_id = p.id AND c.status = 'denied') AS denied FROM patients p WHERE p.id BETWEEN 10 AND 30 ORDER BY last_visit DESC NULLS LAST, p.id;

-- masked: name
WITH frequent AS (SELECT patient_id, count(*) AS n FROM encounters GROUP BY patient_id ORDER BY n DESC, patient_id LIMIT 10), costs AS (SELECT patient_id, sum(billed) AS billed FROM billing.claims GROUP BY patient_id)
SELECT f.patient_id, p.full_name AS name, f.n, c.billed FROM frequent f JOIN patients p ON p.id = f.patient_id LEFT JOIN costs c USING (patient_id) ORDER BY f.n DESC, f.patient_id;

-- masked: birth_date
SELECT id, birth_date, sex, languages FROM patients ORDER BY id LIMIT 0;

SELECT unnest(ARRAY['a', 'b']) AS x, generate_series(1, 2) AS n;

SELECT * FROM generate_subscripts(ARRAY[3, 4], 1) s;

SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['x', 'y'])) WITH ORDINALITY AS t(a, b, n);

SELECT t.* FROM (TABLE departments) t ORDER BY id;

TABLE departments ORDER BY id LIMIT 3;

WITH RECURSIVE up AS (SELECT id, supervisor_id, ARRAY[id] AS path FROM clinicians WHERE supervisor_id IS NULL UNION ALL SELECT c.id, c.supervisor_id, up.path || c.id FROM clinicians c JOIN up ON c.supervisor_id = up.id)
SELECT id, cardinality(path) AS depth, array_to_string(path, ' > ') AS path FROM up ORDER BY path LIMIT 20;

WITH RECURSIVE up AS (SELECT id, supervisor_id FROM clinicians WHERE id = 20 UNION SELECT c.id, c.supervisor_id FROM clinicians c JOIN up ON up.supervisor_id = c.id) SEARCH BREADTH FIRST BY id SET o CYCLE id SET looped USING p SELECT id, looped FROM up ORDER BY o;

WITH a AS MATERIALIZED (SELECT id, department_id FROM clinicians), b AS NOT MATERIALIZED (SELECT department_id, count(*) AS n FROM a GROUP BY 1) SELECT * FROM b ORDER BY 1;

SELECT e.department_id, e.kind, count(*), grouping(e.department_id) AS g1, grouping(e.kind) AS g2 FROM encounters e GROUP BY GROUPING SETS ((e.department_id), (e.kind), ()) ORDER BY 1, 2;

SELECT DISTINCT ON (d.code) d.code, d.noted_on, d.id FROM diagnoses d ORDER BY d.code, d.noted_on DESC, d.id DESC LIMIT 20;

SELECT c.specialty, count(*) FILTER (WHERE a.status = 'missed')::float / nullif(count(*), 0) AS no_show FROM appointments a JOIN clinicians c ON c.id = a.clinician_id GROUP BY c.specialty HAVING count(*) > 5 ORDER BY no_show DESC NULLS LAST, c.specialty;

SELECT histogram.bucket, count(*) FROM (SELECT width_bucket(extract(epoch FROM stay) / 3600, ARRAY[1, 4, 12, 24, 72]::numeric[]) AS bucket FROM encounters WHERE stay IS NOT NULL) histogram GROUP BY 1 ORDER BY 1;

SELECT x, y, point(x, y) <-> point(0, 0) AS distance FROM generate_series(1, 2) x, generate_series(1, 2) y ORDER BY 1, 2;

SELECT array_agg(id ORDER BY id) FILTER (WHERE floor = 1) AS first_floor, array_length(array_agg(id), 1) AS n FROM departments;

SELECT billed, ceil(billed), floor(billed), trunc(billed, 1), mod(billed::int, 7), power(billed, 2), sqrt(billed), ln(billed + 1), sign(billed), billed::int / 2, billed % 5, abs(-billed) FROM billing.claims ORDER BY id LIMIT 10;

SELECT payer, mode() WITHIN GROUP (ORDER BY status), rank(500) WITHIN GROUP (ORDER BY billed), dense_rank(500) WITHIN GROUP (ORDER BY billed), percent_rank(500) WITHIN GROUP (ORDER BY billed) FROM billing.claims GROUP BY payer ORDER BY payer;

SELECT k.payer, count(*) FROM billing.claims k WHERE 'E11.9' = ANY (k.diagnosis_codes) GROUP BY 1 ORDER BY 1;

SELECT c.code, count(*) FROM billing.claims k, unnest(k.diagnosis_codes) WITH ORDINALITY AS c(code, n) WHERE c.n = 1 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

SELECT k.id FROM billing.claims k WHERE k.diagnosis_codes && ARRAY['E11.9', 'I10'] AND k.lines @? '$[*] ? (@.units > 1)' ORDER BY 1 LIMIT 10;

SELECT JSON_VALUE(vitals, '$.pulse' RETURNING int) AS pulse FROM encounters ORDER BY id LIMIT 10;

SELECT JSON_QUERY(vitals, '$.celsius' RETURNING jsonb WITH WRAPPER) AS celsius, JSON_QUERY(vitals, '$.nothing' EMPTY ARRAY ON EMPTY NULL ON ERROR) AS none FROM encounters ORDER BY id LIMIT 10;

SELECT JSON_OBJECT('a' VALUE id, 'b' VALUE name ABSENT ON NULL RETURNING jsonb) AS o FROM departments ORDER BY id;

SELECT JSON_ARRAYAGG(name ORDER BY name RETURNING jsonb) AS names FROM departments;

SELECT JSON_SERIALIZE(vitals RETURNING text), JSON_SCALAR(id), JSON(vitals::text), vitals IS JSON OBJECT AS obj FROM encounters ORDER BY id LIMIT 3;

SELECT XMLSERIALIZE(CONTENT XMLELEMENT(NAME dep, XMLATTRIBUTES(id AS id), name) AS text) AS x FROM departments ORDER BY id;

SELECT XMLAGG(XMLELEMENT(NAME d, name) ORDER BY id) FROM departments;

SELECT XMLFOREST(name, floor AS level), xmlcomment('x') FROM departments ORDER BY id;

SELECT x.* FROM departments d, XMLTABLE('/d' PASSING XMLELEMENT(NAME d, d.name) COLUMNS n text PATH '.') x ORDER BY 1;

SELECT count(*) FROM patients WHERE deceased_on IS NULL;

SELECT count(*) FROM patients WHERE email IS NOT NULL AND sex = 'female';

-- masked: mrn
SELECT id, mrn FROM patients WHERE note IS NULL ORDER BY id LIMIT 10;

SELECT deceased_on IS NULL AS alive, count(*) FROM patients GROUP BY deceased_on IS NULL ORDER BY 1;

SELECT CASE WHEN deceased_on IS NULL THEN 'alive' ELSE 'dead' END AS state, count(*) FROM patients GROUP BY 1 ORDER BY 1;

SELECT age_band(birth_date) AS band, sex, count(*) FROM patients GROUP BY 1, 2 ORDER BY 1, 2;

SELECT count(*) FROM patients WHERE age_band(birth_date) = '40-49';

SELECT primary_clinician_id, count(email) AS with_email FROM patients GROUP BY 1 HAVING count(email) > 30 ORDER BY count(email) DESC, 1 LIMIT 10;

SELECT count(*) FILTER (WHERE email IS NULL) AS without, count(*) FROM patients;

SELECT d.id, count(*) FROM devices d WHERE d.implanted_on IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 5;

SELECT jsonb_typeof(insurance) AS t, count(*) FROM patients GROUP BY 1;

SELECT p.id, e.id FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id AND p.deceased_on IS NULL ORDER BY 1, 2 LIMIT 20;

SELECT id FROM patients ORDER BY email IS NULL, id LIMIT 10;

SELECT DISTINCT sex, email IS NULL AS nomail FROM patients ORDER BY 1, 2;

SELECT id, row_number() OVER (PARTITION BY deceased_on IS NULL ORDER BY id) AS n FROM patients ORDER BY id LIMIT 10;

-- masked: full_name
SELECT DISTINCT ON (p.id) p.id, p.full_name, e.admitted_at FROM patients p JOIN encounters e ON e.patient_id = p.id ORDER BY p.id, e.admitted_at DESC LIMIT 10;

-- masked: full_name
SELECT DISTINCT p.id, p.full_name FROM patients p JOIN diagnoses d ON d.patient_id = p.id WHERE d.code LIKE 'I%' ORDER BY p.id LIMIT 10;

-- masked: birth_date
SELECT p.id, max(p.birth_date) AS birth_date, count(*) FROM patients p JOIN encounters e ON e.patient_id = p.id GROUP BY p.id ORDER BY p.id LIMIT 5;

-- masked: names
SELECT c.id, array_agg(p.full_name ORDER BY p.id) AS names, count(*) FROM clinicians c JOIN patients p ON p.primary_clinician_id = c.id WHERE c.id < 4 GROUP BY c.id ORDER BY c.id;

-- masked: names
SELECT c.id, string_agg(p.full_name, ', ' ORDER BY p.id) AS names FROM clinicians c JOIN patients p ON p.primary_clinician_id = c.id WHERE c.id < 4 GROUP BY c.id ORDER BY c.id;

-- masked: doc
SELECT json_build_object('id', p.id, 'name', p.full_name) AS doc FROM patients p ORDER BY id LIMIT 3;

-- masked: label
SELECT id, coalesce(email::text, 'none') AS label FROM patients ORDER BY id LIMIT 5;

-- masked: label
SELECT id, coalesce(email, phone) AS label FROM patients ORDER BY id LIMIT 5;

-- masked: age
SELECT id, extract(year FROM age(birth_date)) AS age FROM patients ORDER BY id LIMIT 5;

-- masked: age
SELECT id, date_part('year', age(now(), birth_date)) AS age FROM patients ORDER BY id LIMIT 5;

-- masked: avg
SELECT sex, avg(extract(year FROM age(birth_date))) AS avg FROM patients GROUP BY sex ORDER BY sex;

-- masked: born
SELECT id, to_char(birth_date, 'DD.MM.YYYY') AS born FROM patients ORDER BY id LIMIT 5;

-- masked: days
SELECT id, current_date - birth_date AS days FROM patients ORDER BY id LIMIT 5;

-- masked: city, zip3
SELECT id, (home).city AS city, left((home).zip, 3) AS zip3 FROM patients ORDER BY id LIMIT 5;

-- masked: plan
SELECT id, insurance ->> 'plan' AS plan FROM patients ORDER BY id LIMIT 5;

-- masked: member_number
SELECT id, payer, member_number, billed FROM billing.claims ORDER BY billed DESC, id LIMIT 10;

-- masked: masked_ssn
SELECT id, 'XXX-XX-' || right(ssn, 4) AS masked_ssn FROM patients ORDER BY id LIMIT 5;

-- masked: l
SELECT id, length(phone) AS l FROM patients ORDER BY id LIMIT 5;

-- masked: first, last
SELECT min(birth_date) AS first, max(birth_date) AS last, count(*) FROM patients;

-- masked: body
SELECT id, left(body, 20) AS body FROM clinical_notes ORDER BY id LIMIT 5;

-- partly: body
SELECT id, title, body FROM clinical_notes WHERE id IN (1, 2, 3, 4, 5, 6, 7) ORDER BY id;

-- masked: first_patient
SELECT d.name, (SELECT p.full_name FROM patients p JOIN encounters e ON e.patient_id = p.id WHERE e.department_id = d.id ORDER BY e.admitted_at, e.id LIMIT 1) AS first_patient FROM departments d ORDER BY d.id;

-- masked: full_name
SELECT * FROM (SELECT p.id, p.full_name, row_number() OVER (PARTITION BY p.sex ORDER BY p.id) AS rn FROM patients p) x WHERE rn <= 2 ORDER BY id;

-- masked: who
SELECT e.id, CASE WHEN e.kind = 'emergency' THEN p.full_name ELSE 'n/a' END AS who FROM encounters e JOIN patients p ON p.id = e.patient_id ORDER BY e.id LIMIT 10;

SELECT e.id, p.sex, d.name, (SELECT string_agg(x.code, ' ' ORDER BY x.rank) FROM diagnoses x WHERE x.encounter_id = e.id) AS codes FROM encounters e JOIN patients p ON p.id = e.patient_id JOIN departments d ON d.id = e.department_id WHERE e.admitted_at >= now() - interval '20 years' ORDER BY e.id DESC LIMIT 20;

SELECT p.id FROM patients p WHERE NOT EXISTS (SELECT FROM encounters e WHERE e.patient_id = p.id AND e.admitted_at > timestamptz '2026-01-01') ORDER BY p.id LIMIT 10;

SELECT i.code FROM icd10_codes i LEFT JOIN diagnoses d ON d.code = i.code WHERE d.id IS NULL ORDER BY 1;

SELECT e.id FROM encounters e LEFT JOIN billing.claims k ON k.encounter_id = e.id WHERE k.id IS NULL ORDER BY 1 LIMIT 10;

SELECT e.id FROM encounters e LEFT JOIN patients p ON p.id = e.patient_id WHERE p.mrn IS NULL ORDER BY 1 LIMIT 10;

-- masked: full_name
SELECT e.id, p.full_name FROM encounters e LEFT JOIN patients p ON p.id = e.patient_id AND p.email IS NOT NULL ORDER BY e.id LIMIT 10;

SELECT p.primary_clinician_id IS NULL AS unassigned, count(*) FROM patients p GROUP BY 1 ORDER BY 1;

SELECT count(*) FROM clinical_notes WHERE search IS NOT NULL AND title ILIKE '%note%';

-- as: nurse
SELECT id, full_name, birth_date, age_in_years(birth_date) AS age, note FROM patients ORDER BY family_name, given_name, id LIMIT 20;

-- as: nurse
SELECT full_name, date_part('year', age(birth_date)) AS years, to_char(birth_date, 'DD Mon YYYY') AS dob, (home).city || ', ' || (home).state AS lives FROM patients WHERE id = 5;

-- as: nurse
SELECT p.id, p.full_name, array_agg(d.code ORDER BY d.code) AS codes FROM patients p JOIN diagnoses d ON d.patient_id = p.id WHERE d.chronic GROUP BY p.id, p.full_name ORDER BY p.id LIMIT 10;

-- as: nurse
SELECT p.full_name, l.test, l.value, l.unit, l.value <@ l.reference AS normal FROM lab_results l JOIN patients p ON p.id = l.patient_id WHERE l.patient_id = 3 ORDER BY l.reported_at DESC, l.id LIMIT 10;

-- as: privacy
SELECT id, full_name, ssn FROM patients WHERE birth_date BETWEEN '1950-01-01' AND '1950-12-31' AND (home).state = 'OR' ORDER BY family_name LIMIT 10;

-- as: privacy
SELECT id, full_name FROM patients WHERE full_name ILIKE '%son%' AND email ~* '@example' ORDER BY 1 LIMIT 10;

-- as: privacy
SELECT changed_by, operation, count(*) FROM audit.row_changes GROUP BY 1, 2 ORDER BY 1, 2;

-- as: privacy
SELECT id, search @@ to_tsquery('english', 'pain') AS hit, body FROM clinical_notes WHERE search @@ plainto_tsquery('english', 'pain') ORDER BY id LIMIT 5;

-- as: dba
SELECT p.id, a.n FROM patients p CROSS JOIN LATERAL (SELECT count(*) AS n FROM appointments x WHERE x.patient_id = p.id) a ORDER BY 1 LIMIT 5;

-- as: copilot
SELECT code, count(*) FROM diagnoses WHERE chronic GROUP BY code ORDER BY 2 DESC, 1 LIMIT 10;

-- as: copilot
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position LIMIT 30;

-- as: auditor
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2;

SELECT "t0"."kind" AS "kind", COUNT(1) AS "cnt:ok" FROM "public"."encounters" "t0" WHERE (CAST("t0"."admitted_at" AS DATE) >= (DATE '2026-01-01')) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

SELECT SUM("claims"."billed") AS "sum:billed:ok", (DATE_TRUNC( 'YEAR', CAST("claims"."submitted_on" AS DATE)) + 0 * INTERVAL '1 DAY') AS "tyr:ok" FROM "billing"."claims" "claims" GROUP BY 2 ORDER BY 2;

select "rows"."kind" as "kind", count(distinct("rows"."patient_id")) + max(case when "rows"."patient_id" is null then 1 else 0 end) as "a0" from ( select "patient_id", "kind" from "public"."encounters" "$Table" ) "rows" group by "kind" order by "kind" limit 1000001;

SELECT DATE_TRUNC('week', admitted_at) AS __timestamp, kind AS kind, count(*) AS count FROM public.encounters JOIN (SELECT kind AS kind__, count(*) AS mme_inner__ FROM public.encounters GROUP BY kind ORDER BY mme_inner__ DESC LIMIT 3) AS series_limit ON kind = kind__ GROUP BY DATE_TRUNC('week', admitted_at), kind ORDER BY count DESC, 1, 2 LIMIT 100;

SELECT "encounters"."kind" AS "encounters.kind", COUNT(DISTINCT encounters.id ) AS "encounters.count", TO_CHAR(DATE_TRUNC('month', encounters.admitted_at ), 'YYYY-MM') AS "encounters.month" FROM public.encounters AS encounters WHERE ((( encounters.admitted_at ) >= ((SELECT (DATE_TRUNC('month', DATE_TRUNC('day', timestamptz '2026-06-30')) + (-5 || ' month')::INTERVAL))))) GROUP BY 1, 3 ORDER BY 2 DESC, 1, 3 FETCH NEXT 500 ROWS ONLY;
