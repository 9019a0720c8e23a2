-- The demo clinic: what the target of the local home looks like before its data is loaded. Keys to other tables, indexes, triggers and
-- grants follow in after-load.sql. Nobody in this data exists; see generate.ts.

CREATE SCHEMA billing;
CREATE SCHEMA audit;
CREATE SCHEMA research;
CREATE SCHEMA scratch;
COMMENT ON SCHEMA billing IS 'Claims and what payers say';
COMMENT ON SCHEMA audit IS 'Who changed which row, written by triggers';
COMMENT ON SCHEMA research IS 'De-identified views for studies';
COMMENT ON SCHEMA scratch IS 'Where people may make tables of their own';

CREATE DOMAIN mrn AS text CHECK (VALUE ~ '^MRN-[0-9]{7}$');
COMMENT ON DOMAIN mrn IS 'Medical record number; its last digit is a Luhn check digit';
CREATE DOMAIN email_address AS text CHECK (VALUE ~ '^[^@ ]+@[^@ ]+$');
CREATE DOMAIN amount AS numeric(10, 2) CHECK (VALUE >= 0);

CREATE TYPE sex AS ENUM ('female', 'male', 'other', 'unknown');
CREATE TYPE encounter_kind AS ENUM ('outpatient', 'emergency', 'inpatient', 'telehealth');
CREATE TYPE appointment_status AS ENUM ('booked', 'kept', 'missed', 'cancelled');
CREATE TYPE billing.claim_status AS ENUM ('submitted', 'paid', 'denied', 'appealed');
CREATE TYPE postal_address AS (street text, city text, state char(2), zip char(5));
CREATE TYPE contact AS (name text, relation text, phone text);

CREATE TABLE departments (
  id integer PRIMARY KEY,
  name text NOT NULL UNIQUE,
  floor smallint NOT NULL,
  opens time NOT NULL,
  closes time NOT NULL
);
COMMENT ON TABLE departments IS 'Where care happens; holds nothing about patients';

CREATE TABLE icd10_codes (
  code text PRIMARY KEY,
  title text NOT NULL,
  chapter text NOT NULL
);
COMMENT ON TABLE icd10_codes IS 'ICD-10-CM codes in use at the clinic';

CREATE TABLE formulary (
  drug text PRIMARY KEY,
  strength text NOT NULL,
  form text NOT NULL,
  schedule smallint,
  unit_price amount NOT NULL
);
COMMENT ON COLUMN formulary.schedule IS 'DEA schedule, when controlled';

CREATE TABLE clinicians (
  id integer PRIMARY KEY,
  npi char(10) NOT NULL UNIQUE,
  given_name text NOT NULL,
  family_name text NOT NULL,
  specialty text NOT NULL,
  department_id integer NOT NULL,
  supervisor_id integer,
  email email_address NOT NULL,
  phone text NOT NULL,
  hired_on date NOT NULL,
  active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE clinicians IS 'Staff who treat patients';

CREATE TABLE patients (
  id integer PRIMARY KEY,
  mrn mrn NOT NULL,
  given_name text NOT NULL,
  family_name text NOT NULL,
  full_name text GENERATED ALWAYS AS (given_name || ' ' || family_name) STORED,
  birth_date date NOT NULL,
  birth_year integer GENERATED ALWAYS AS (extract(year FROM birth_date)::integer) VIRTUAL,
  sex sex NOT NULL,
  ssn char(11) NOT NULL,
  phone text NOT NULL,
  email email_address,
  home postal_address NOT NULL,
  emergency_contact contact,
  portal_id uuid NOT NULL,
  last_login_ip inet,
  languages text[] NOT NULL DEFAULT '{en}',
  allergies text[] NOT NULL DEFAULT '{}',
  insurance jsonb NOT NULL,
  photo bytea,
  consents bit(8) NOT NULL DEFAULT B'00000000',
  call_after time,
  primary_clinician_id integer,
  deceased_on date,
  note text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE patients IS 'One row for each patient; every other record about a patient has patient_id';
COMMENT ON COLUMN patients.ssn IS 'Social security number, of never-issued ranges';
COMMENT ON COLUMN patients.home IS 'Composite type postal_address';
COMMENT ON COLUMN patients.insurance IS '{"payer", "plan", "member", "group", "holder": {"name", "relation"}, "copay"}';
COMMENT ON COLUMN patients.consents IS 'Bits: treatment, research, portal, text messages, four unused';

CREATE TABLE encounters (
  id integer PRIMARY KEY,
  patient_id integer NOT NULL,
  clinician_id integer NOT NULL,
  department_id integer NOT NULL,
  kind encounter_kind NOT NULL,
  admitted_at timestamptz NOT NULL,
  discharged_at timestamptz,
  reason text NOT NULL,
  vitals jsonb NOT NULL,
  stay interval GENERATED ALWAYS AS (discharged_at - admitted_at) STORED
);
COMMENT ON COLUMN encounters.vitals IS '{"pulse", "systolic", "diastolic", "celsius", "kg", "cm"}';

CREATE TABLE diagnoses (
  id integer PRIMARY KEY,
  encounter_id integer NOT NULL,
  patient_id integer NOT NULL,
  code text NOT NULL,
  rank smallint NOT NULL,
  noted_on date NOT NULL,
  chronic boolean NOT NULL,
  comment text
);

CREATE TABLE lab_results (
  id integer NOT NULL,
  patient_id integer NOT NULL,
  encounter_id integer NOT NULL,
  loinc text NOT NULL,
  test text NOT NULL,
  value numeric(10, 3) NOT NULL,
  unit text NOT NULL,
  reference numrange NOT NULL,
  abnormal boolean NOT NULL,
  collected_on date NOT NULL,
  reported_at timestamptz NOT NULL,
  PRIMARY KEY (id, collected_on)
) PARTITION BY RANGE (collected_on);
CREATE TABLE lab_results_2023 PARTITION OF lab_results FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE lab_results_2024 PARTITION OF lab_results FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE lab_results_2025 PARTITION OF lab_results FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE lab_results_2026 PARTITION OF lab_results FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE lab_results_other PARTITION OF lab_results DEFAULT;
COMMENT ON TABLE lab_results IS 'Partitioned by the day the sample was collected';

CREATE TABLE prescriptions (
  id integer PRIMARY KEY,
  patient_id integer NOT NULL,
  encounter_id integer NOT NULL,
  clinician_id integer NOT NULL,
  drug text NOT NULL,
  dose text NOT NULL,
  instructions text NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  refills smallint NOT NULL DEFAULT 0,
  prescribed_on date NOT NULL,
  lasts interval NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE appointments (
  id integer PRIMARY KEY,
  patient_id integer NOT NULL,
  clinician_id integer NOT NULL,
  slot tstzrange NOT NULL,
  status appointment_status NOT NULL,
  room text NOT NULL,
  reminder_phone text,
  reason text NOT NULL
);
COMMENT ON COLUMN appointments.slot IS 'Half-open range of time';

CREATE TABLE clinical_notes (
  id integer PRIMARY KEY,
  encounter_id integer NOT NULL,
  patient_id integer NOT NULL,
  author_id integer NOT NULL,
  written_at timestamptz NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  search tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, body)) STORED
);
COMMENT ON COLUMN clinical_notes.body IS 'Free text; names, phones, dates and record numbers occur in it';

CREATE TABLE devices (
  id integer PRIMARY KEY,
  patient_id integer NOT NULL,
  kind text NOT NULL,
  serial text NOT NULL,
  mac macaddr NOT NULL,
  address inet,
  implanted_on date,
  settings jsonb NOT NULL
);
COMMENT ON TABLE devices IS 'Wearables and implants given to patients';

CREATE TABLE referrals (
  id integer PRIMARY KEY,
  patient_id integer NOT NULL,
  from_clinician_id integer NOT NULL,
  sent_on date NOT NULL,
  document xml NOT NULL
);

-- Inheritance, not partitioning: each way of reaching a patient adds columns of its own.
CREATE TABLE outreach (
  id integer PRIMARY KEY,
  patient_id integer NOT NULL,
  happened_at timestamptz NOT NULL,
  summary text NOT NULL
);
CREATE TABLE outreach_calls (number text NOT NULL, talked interval NOT NULL, PRIMARY KEY (id)) INHERITS (outreach);
CREATE TABLE outreach_letters (recipient text NOT NULL, sent_to postal_address NOT NULL, PRIMARY KEY (id)) INHERITS (outreach);

CREATE TABLE billing.claims (
  id integer PRIMARY KEY,
  encounter_id integer NOT NULL,
  patient_id integer NOT NULL,
  payer text NOT NULL,
  member_number text NOT NULL,
  diagnosis_codes text[] NOT NULL,
  billed amount NOT NULL,
  paid amount,
  copay money NOT NULL,
  status billing.claim_status NOT NULL,
  submitted_on date NOT NULL,
  lines jsonb NOT NULL
);
COMMENT ON COLUMN billing.claims.lines IS '[{"cpt", "units", "charge"}]';

CREATE TABLE audit.row_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  table_name text NOT NULL,
  row_id integer NOT NULL,
  operation text NOT NULL,
  changed_by text NOT NULL,
  application text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  before jsonb,
  after jsonb
);
COMMENT ON TABLE audit.row_changes IS 'Written by the trigger audit.record_change; holds whole rows';

-- Views, and views over them.
CREATE VIEW patient_directory AS
  SELECT id, mrn, full_name, birth_date, sex, phone, (home).city AS city, (home).zip AS zip, primary_clinician_id
  FROM patients WHERE deceased_on IS NULL;
COMMENT ON VIEW patient_directory IS 'Patients who are alive, as the front desk sees them';

CREATE VIEW encounter_summary AS
  SELECT e.id, e.patient_id, p.full_name AS patient, p.mrn, c.family_name AS clinician, d.name AS department,
         e.kind, e.admitted_at, e.discharged_at, e.reason,
         (SELECT count(*) FROM diagnoses x WHERE x.encounter_id = e.id) AS diagnoses
  FROM encounters e
  JOIN patients p ON p.id = e.patient_id
  JOIN clinicians c ON c.id = e.clinician_id
  JOIN departments d ON d.id = e.department_id;

CREATE VIEW ward_board AS
  SELECT department, patient, kind, admitted_at, reason FROM encounter_summary WHERE discharged_at IS NULL;
COMMENT ON VIEW ward_board IS 'A view over a view: who is in the house now';

CREATE VIEW billing.open_claims AS
  SELECT k.id, k.payer, k.member_number, k.billed - coalesce(k.paid, 0) AS outstanding, k.submitted_on, d.full_name, d.mrn
  FROM billing.claims k JOIN patient_directory d ON d.id = k.patient_id
  WHERE k.status IN ('submitted', 'appealed');

CREATE VIEW research.people AS
  SELECT 'R' || (id * 7919 % 1000003)::text AS subject,
         birth_year - birth_year % 5 AS born_about, sex, left((home).zip, 3) AS zip3, allergies
  FROM patients;

CREATE MATERIALIZED VIEW diagnosis_counts AS
  SELECT i.chapter, d.code, i.title, extract(year FROM d.noted_on)::integer AS year, count(*) AS cases
  FROM diagnoses d JOIN icd10_codes i ON i.code = d.code GROUP BY 1, 2, 3, 4
  WITH NO DATA;
COMMENT ON MATERIALIZED VIEW diagnosis_counts IS 'Counts only: nobody in particular';

CREATE MATERIALIZED VIEW patient_risk AS
  SELECT p.id AS patient_id, p.mrn, p.full_name, count(*) FILTER (WHERE d.chronic) AS chronic,
         (count(*) FILTER (WHERE d.chronic) * 10 + count(DISTINCT d.encounter_id))::integer AS score
  FROM patients p JOIN diagnoses d ON d.patient_id = p.id GROUP BY p.id
  WITH NO DATA;
COMMENT ON MATERIALIZED VIEW patient_risk IS 'Named patients by risk';

-- Functions: SQL, PL/pgSQL, one that runs as its owner, a procedure.
CREATE FUNCTION age_in_years(born date, today date DEFAULT current_date) RETURNS integer
  LANGUAGE sql STABLE PARALLEL SAFE RETURN extract(year FROM age(today, born))::integer;

CREATE FUNCTION initials(given text, family text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT left(given, 1) || '.' || left(family, 1) || '.' $$;

CREATE FUNCTION patients_of(clinician integer) RETURNS TABLE (patient_id integer, mrn mrn, name text)
  LANGUAGE sql STABLE AS $$ SELECT id, mrn, full_name FROM patients WHERE primary_clinician_id = clinician ORDER BY id $$;

CREATE FUNCTION find_patient(fragment text) RETURNS SETOF patients
  LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT * FROM patients WHERE family_name ILIKE fragment || '%' ORDER BY id LIMIT 20;
END $$;

CREATE FUNCTION ssn_of(record mrn) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT ssn FROM patients WHERE mrn = record $$;
COMMENT ON FUNCTION ssn_of IS 'Runs as its owner: what a gateway must not be talked around with';

CREATE PROCEDURE discharge(encounter integer, at timestamptz DEFAULT now())
  LANGUAGE plpgsql AS $$
BEGIN
  UPDATE encounters SET discharged_at = at WHERE id = encounter AND discharged_at IS NULL;
  IF NOT FOUND THEN RAISE EXCEPTION 'encounter % is not open', encounter USING ERRCODE = 'no_data_found'; END IF;
END $$;

-- Ages in steps of ten years; 90 and over are one (45 CFR 164.514(b)(2)(i)(C)).
CREATE FUNCTION age_band(born date) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN years >= 90 THEN '90+' ELSE years / 10 * 10 || '-' || years / 10 * 10 + 9 END
  FROM (SELECT extract(year FROM age(born))::integer AS years) AS lived
$$;

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;

CREATE FUNCTION audit.record_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
BEGIN
  INSERT INTO audit.row_changes (table_name, row_id, operation, changed_by, application, before, after)
  VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, coalesce(NEW.id, OLD.id), TG_OP, session_user, current_setting('application_name'),
          CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
  RETURN coalesce(NEW, OLD);
END $$;
