-- What comes after the data, because it is faster then: keys, indexes, triggers, and what the gateway's role may do.

ALTER TABLE patients ADD UNIQUE (mrn);
ALTER TABLE patients ADD UNIQUE (ssn);
CREATE INDEX ON patients (family_name, given_name);
CREATE INDEX ON encounters (patient_id);
CREATE INDEX ON encounters (admitted_at);
CREATE INDEX ON diagnoses (patient_id);
CREATE INDEX ON diagnoses (encounter_id);
CREATE INDEX ON lab_results (patient_id);
CREATE INDEX ON prescriptions (patient_id);
CREATE INDEX ON appointments (patient_id);
CREATE INDEX ON clinical_notes (patient_id);
CREATE INDEX ON billing.claims (patient_id);

ALTER TABLE clinicians ADD FOREIGN KEY (department_id) REFERENCES departments, ADD FOREIGN KEY (supervisor_id) REFERENCES clinicians;
ALTER TABLE patients ADD FOREIGN KEY (primary_clinician_id) REFERENCES clinicians;
ALTER TABLE encounters ADD FOREIGN KEY (patient_id) REFERENCES patients, ADD FOREIGN KEY (clinician_id) REFERENCES clinicians,
  ADD FOREIGN KEY (department_id) REFERENCES departments;
ALTER TABLE diagnoses ADD FOREIGN KEY (encounter_id) REFERENCES encounters, ADD FOREIGN KEY (patient_id) REFERENCES patients,
  ADD FOREIGN KEY (code) REFERENCES icd10_codes;
ALTER TABLE lab_results ADD FOREIGN KEY (patient_id) REFERENCES patients, ADD FOREIGN KEY (encounter_id) REFERENCES encounters;
ALTER TABLE prescriptions ADD FOREIGN KEY (patient_id) REFERENCES patients, ADD FOREIGN KEY (encounter_id) REFERENCES encounters,
  ADD FOREIGN KEY (clinician_id) REFERENCES clinicians, ADD FOREIGN KEY (drug) REFERENCES formulary;
ALTER TABLE appointments ADD FOREIGN KEY (patient_id) REFERENCES patients, ADD FOREIGN KEY (clinician_id) REFERENCES clinicians;
ALTER TABLE clinical_notes ADD FOREIGN KEY (encounter_id) REFERENCES encounters, ADD FOREIGN KEY (patient_id) REFERENCES patients,
  ADD FOREIGN KEY (author_id) REFERENCES clinicians;
ALTER TABLE devices ADD FOREIGN KEY (patient_id) REFERENCES patients;
ALTER TABLE referrals ADD FOREIGN KEY (patient_id) REFERENCES patients, ADD FOREIGN KEY (from_clinician_id) REFERENCES clinicians;
ALTER TABLE outreach_calls ADD FOREIGN KEY (patient_id) REFERENCES patients;
ALTER TABLE outreach_letters ADD FOREIGN KEY (patient_id) REFERENCES patients;
ALTER TABLE billing.claims ADD FOREIGN KEY (encounter_id) REFERENCES encounters, ADD FOREIGN KEY (patient_id) REFERENCES patients;

CREATE TRIGGER patients_touch BEFORE UPDATE ON patients FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER prescriptions_touch BEFORE UPDATE ON prescriptions FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER patients_audit AFTER INSERT OR UPDATE OR DELETE ON patients FOR EACH ROW EXECUTE FUNCTION audit.record_change();
CREATE TRIGGER prescriptions_audit AFTER INSERT OR UPDATE OR DELETE ON prescriptions FOR EACH ROW EXECUTE FUNCTION audit.record_change();

REFRESH MATERIALIZED VIEW diagnosis_counts;
REFRESH MATERIALIZED VIEW patient_risk;
CREATE UNIQUE INDEX ON patient_risk (patient_id);

-- The gateway's role, made by load.ts, may read and change rows, make temporary tables, and make tables in scratch. It owns nothing here.
REVOKE ALL ON DATABASE clinic FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE clinic TO postern_gateway;
GRANT USAGE ON SCHEMA public, billing, audit, research TO postern_gateway;
GRANT USAGE, CREATE ON SCHEMA scratch TO postern_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, billing TO postern_gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA audit, research TO postern_gateway;
REVOKE EXECUTE ON FUNCTION ssn_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ssn_of TO postern_gateway;
