// The demo clinic's data: a stream of rows for each table, the same for the same seed. No row describes a real person.
import { claims, diagnoses, labResults, prescriptions } from "./care.ts";
import { type Clinic, type ClinicOptions, makeClinic } from "./clinic.ts";
import { DIAGNOSES, FORMULARY } from "./codes.ts";
import { appointments, calls, devices, letters, noteRows, referrals } from "./contacts.ts";
import { type Cell, line } from "./copy.ts";
import { CLINICIAN_COLUMNS, PATIENT_COLUMNS, patientRow } from "./people.ts";
import { DEPARTMENTS } from "./words.ts";

/** One table's rows, in COPY text format, in pieces of about 64 kB. */
export interface TableData {
  readonly table: string;
  readonly columns: string;
  chunks(): Iterable<string>;
}

function* departments(): Iterable<Cell[]> {
  for (const [index, name] of DEPARTMENTS.entries()) {
    const always = name === "Emergency";
    yield [index + 1, name, 1 + (index % 5), always ? "00:00" : "08:00", always ? "24:00" : "18:00"];
  }
}

function* patients(clinic: Clinic): Iterable<Cell[]> {
  for (let id = 1; id <= clinic.patients; id++) yield patientRow(clinic.patient(id));
}

function* chunked(rows: Iterable<readonly Cell[]>): Iterable<string> {
  let chunk = "";
  for (const row of rows) {
    chunk += line(row);
    if (chunk.length > 65_536) {
      yield chunk;
      chunk = "";
    }
  }
  if (chunk !== "") yield chunk;
}

/** All tables, those that others refer to first. */
export function clinicTables(options: ClinicOptions): TableData[] {
  const clinic = makeClinic(options);
  const table = (name: string, columns: string, rows: (clinic: Clinic) => Iterable<readonly Cell[]>): TableData => ({
    table: name,
    columns,
    chunks: () => chunked(rows(clinic)),
  });
  return [
    table("departments", "id, name, floor, opens, closes", departments),
    table("icd10_codes", "code, title, chapter", () => DIAGNOSES.map((d) => [d.code, d.title, d.chapter])),
    table("formulary", "drug, strength, form, schedule, unit_price", () => FORMULARY),
    table("clinicians", CLINICIAN_COLUMNS, () => clinic.clinicians.map((c) => c.row)),
    table("patients", PATIENT_COLUMNS, patients),
    table(
      "encounters",
      "id, patient_id, clinician_id, department_id, kind, admitted_at, discharged_at, reason, vitals",
      () => clinic.encounters.map((e) => e.row),
    ),
    table("diagnoses", "id, encounter_id, patient_id, code, rank, noted_on, chronic, comment", diagnoses),
    table(
      "lab_results",
      "id, patient_id, encounter_id, loinc, test, value, unit, reference, abnormal, collected_on, reported_at",
      labResults,
    ),
    table(
      "prescriptions",
      "id, patient_id, encounter_id, clinician_id, drug, dose, instructions, quantity, refills, prescribed_on, lasts, updated_at",
      prescriptions,
    ),
    table("appointments", "id, patient_id, clinician_id, slot, status, room, reminder_phone, reason", appointments),
    table("clinical_notes", "id, encounter_id, patient_id, author_id, written_at, title, body", noteRows),
    table("devices", "id, patient_id, kind, serial, mac, address, implanted_on, settings", devices),
    table("referrals", "id, patient_id, from_clinician_id, sent_on, document", referrals),
    table("outreach_calls", "id, patient_id, happened_at, summary, number, talked", calls),
    table("outreach_letters", "id, patient_id, happened_at, summary, recipient, sent_to", letters),
    table(
      "billing.claims",
      "id, encounter_id, patient_id, payer, member_number, diagnosis_codes, billed, paid, copay, status, submitted_on, lines",
      claims,
    ),
  ];
}
