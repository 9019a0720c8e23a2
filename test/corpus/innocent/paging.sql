-- Pages by offset, by key, by window and by cursor.
-- as: engineer

SELECT id, kind, admitted_at FROM encounters ORDER BY id LIMIT 20;

-- bind: 20::int8, 40::int8
SELECT id, kind, admitted_at FROM encounters ORDER BY admitted_at DESC, id DESC LIMIT $1 OFFSET $2;

-- bind: 100, 20::int8
-- masked: mrn
SELECT id, mrn, sex FROM patients WHERE id > $1 ORDER BY id LIMIT $2;

-- bind: (SELECT admitted_at FROM encounters WHERE id = 50), 50
SELECT id, admitted_at FROM encounters WHERE (admitted_at, id) < ($1, $2) ORDER BY admitted_at DESC, id DESC LIMIT 20;

SELECT id, name FROM departments ORDER BY name OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY;

SELECT id, floor FROM departments ORDER BY floor FETCH FIRST 2 ROWS WITH TIES;

SELECT *, count(*) OVER () AS total FROM icd10_codes ORDER BY code LIMIT 10;

SELECT * FROM (SELECT id, kind, row_number() OVER (ORDER BY id) AS n FROM encounters) numbered WHERE n BETWEEN 21 AND 40 ORDER BY n;

SELECT * FROM (SELECT t.*, row_number() OVER (ORDER BY id DESC) AS rn FROM (SELECT id, patient_id, code FROM diagnoses) t) x WHERE rn <= 10 ORDER BY rn;

-- masked: full_name
WITH page AS (SELECT id FROM patients ORDER BY id LIMIT 10 OFFSET 10) SELECT p.id, p.full_name, count(e.id) AS visits FROM page JOIN patients p USING (id) LEFT JOIN encounters e ON e.patient_id = p.id GROUP BY p.id ORDER BY p.id;

SELECT count(*) FROM (SELECT 1 FROM encounters LIMIT 1001) bounded;

SELECT id FROM encounters TABLESAMPLE SYSTEM (100) ORDER BY id LIMIT 5;

SELECT id FROM patients WHERE id = ANY (ARRAY[1, 5, 9]) ORDER BY array_position(ARRAY[9, 5, 1], id);

-- bind: '{3,1,2}'::int4[]
SELECT p.id, p.sex FROM unnest($1::int[]) WITH ORDINALITY AS wanted(id, n) JOIN patients p USING (id) ORDER BY wanted.n;

BEGIN;
DECLARE page NO SCROLL CURSOR FOR SELECT id, kind FROM encounters ORDER BY id;
FETCH 5 FROM page;
FETCH FORWARD 5 FROM page;
MOVE 10 FROM page;
FETCH NEXT FROM page;
CLOSE page;
COMMIT;

BEGIN;
-- masked: mrn, full_name
DECLARE people CURSOR WITH HOLD FOR SELECT id, mrn, full_name FROM patients ORDER BY id;
-- masked: mrn, full_name
FETCH 5 FROM people;
COMMIT;
-- masked: mrn, full_name
FETCH 3 FROM people;
CLOSE people;

BEGIN;
DECLARE back SCROLL CURSOR FOR SELECT id FROM departments ORDER BY id;
FETCH LAST FROM back;
FETCH PRIOR FROM back;
FETCH ABSOLUTE 1 FROM back;
FETCH BACKWARD ALL FROM back;
ROLLBACK;
