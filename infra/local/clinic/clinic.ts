// What all tables of one demo clinic are made from.
import { type Encounter, makeEncounters } from "./encounters.ts";
import { type Clinician, makeClinicians, makePatient, type Patient } from "./people.ts";

export interface ClinicOptions {
  readonly seed: number;
  readonly patients: number;
}

/** What `npm start` loads. */
export const DEMO_CLINIC: ClinicOptions = { seed: 20261120, patients: 20_000 };

export interface Clinic extends ClinicOptions {
  readonly clinicians: readonly Clinician[];
  readonly encounters: readonly Encounter[];
  /** The patient with this number, from 1. */
  patient(id: number): Patient;
}

export function makeClinic(options: ClinicOptions): Clinic {
  const clinicians = makeClinicians(options.seed, 200);
  return {
    ...options,
    clinicians,
    encounters: makeEncounters(options.seed, options.patients, clinicians),
    patient: (id) => makePatient(options.seed, id, clinicians.length),
  };
}
