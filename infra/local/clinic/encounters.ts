// Encounters: what brings a patient and a clinician together. Diagnoses, results, prescriptions, notes and claims hang on them.
import { DIAGNOSES, type Diagnosis } from "./codes.ts";
import type { Cell } from "./copy.ts";
import { days, instant, LAST_DAY } from "./dates.ts";
import type { Clinician } from "./people.ts";
import { type Random, random } from "./random.ts";
import { REASONS } from "./words.ts";

export interface Encounter {
  readonly id: number;
  readonly patient: number;
  readonly clinician: Clinician;
  readonly admitted: number;
  readonly codes: readonly Diagnosis[];
  readonly row: readonly Cell[];
}

const HOUR = 3_600_000;

function kindAndStay(r: Random): readonly [string, number] {
  const roll = r.next();
  if (roll < 0.62) return ["outpatient", r.int(20, 55) / 60];
  if (roll < 0.78) return ["telehealth", r.int(10, 30) / 60];
  if (roll < 0.9) return ["emergency", r.int(1, 14)];
  return ["inpatient", r.int(24, 24 * 12)];
}

function vitals(r: Random): string {
  const pressure = { systolic: r.int(96, 182), diastolic: r.int(54, 106) };
  return JSON.stringify({
    pulse: r.int(50, 124),
    ...pressure,
    celsius: r.int(360, 396) / 10,
    kg: r.int(38, 140),
    cm: r.int(146, 199),
  });
}

function makeEncounter(id: number, patient: number, r: Random, clinicians: readonly Clinician[]): Encounter {
  const [kind, hours] = kindAndStay(r);
  const admitted = LAST_DAY - days(r.int(0, 1270)) + r.int(6 * 60, 20 * 60) * 60_000;
  const ended = admitted + hours * HOUR;
  const discharged = ended > LAST_DAY + days(1) ? null : instant(ended);
  const clinician = r.pick(clinicians);
  const codes = [...new Set(Array.from({ length: r.pick([1, 1, 1, 2, 2, 3]) }, () => r.pick(DIAGNOSES)))];
  const place = [clinician.id, clinician.department, kind];
  const row = [id, patient, ...place, instant(admitted), discharged, r.pick(REASONS), vitals(r)];
  return { id, patient, clinician, admitted, codes, row };
}

export function makeEncounters(seed: number, patients: number, clinicians: readonly Clinician[]): Encounter[] {
  const r = random(seed, "encounters");
  const made: Encounter[] = [];
  for (let patient = 1; patient <= patients; patient++) {
    for (let left = r.pick([0, 1, 1, 2, 2, 3, 5]); left > 0; left--)
      made.push(makeEncounter(made.length + 1, patient, r, clinicians));
  }
  return made;
}
