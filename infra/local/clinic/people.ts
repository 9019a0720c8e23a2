// Clinicians and patients of the demo clinic.
import { array, type Cell, composite } from "./copy.ts";
import { day, days, instant, LAST_DAY } from "./dates.ts";
import { email, ipAddress, mrn, npi, phone, ssn, uuid } from "./identifiers.ts";
import { type Random, random } from "./random.ts";
import {
  ALLERGIES,
  DEPARTMENTS,
  FAMILY,
  GIVEN_FEMALE,
  GIVEN_MALE,
  LANGUAGES,
  PAYERS,
  PLANS,
  RELATIONS,
  STREET_KINDS,
  STREETS,
  TOWNS,
} from "./words.ts";

export interface Clinician {
  readonly id: number;
  readonly given: string;
  readonly family: string;
  readonly department: number;
  readonly row: readonly Cell[];
}

/** What the records about a patient need to know of the patient. */
export interface Patient {
  readonly id: number;
  readonly mrn: string;
  readonly given: string;
  readonly family: string;
  readonly born: number;
  readonly ssn: string;
  readonly phone: string;
  readonly email: string;
  readonly street: string;
  readonly town: string;
  readonly state: string;
  readonly zip: string;
  readonly relative: string;
  readonly relation: string;
  readonly relativePhone: string;
  readonly payer: string;
  readonly member: string;
  readonly clinician: number;
  readonly deceased: number | null;
  readonly random: Random;
}

export const CLINICIAN_COLUMNS =
  "id, npi, given_name, family_name, specialty, department_id, supervisor_id, email, phone, hired_on, active";

export function makeClinicians(seed: number, count: number): Clinician[] {
  const r = random(seed, "clinicians");
  return Array.from({ length: count }, (_, index) => {
    const id = index + 1;
    const given = r.pick(r.chance(0.5) ? GIVEN_FEMALE : GIVEN_MALE);
    const family = r.pick(FAMILY);
    const department = 1 + (index % DEPARTMENTS.length);
    const supervisor = index < DEPARTMENTS.length ? null : department;
    const hired = LAST_DAY - days(r.int(90, 9000));
    const specialty = DEPARTMENTS[department - 1] as string;
    const contact = [email(given, family, 90_000 + id), phone(r), day(hired), r.chance(0.93)];
    return {
      id,
      given,
      family,
      department,
      row: [id, npi(id), given, family, specialty, department, supervisor, ...contact],
    };
  });
}

function ageInDays(r: Random): number {
  if (r.chance(0.03)) return r.int(90 * 366, 104 * 365); // 90 and over: the ages that Safe Harbor shows as one
  return Math.round(365.25 * (r.chance(0.3) ? r.int(60, 89) : r.int(0, 75))) + r.int(1, 364);
}

export function makePatient(seed: number, id: number, clinicians: number): Patient {
  const r = random(seed, `patient ${id}`);
  const [town, state, zip3] = r.pick(TOWNS);
  return {
    id,
    random: r,
    mrn: mrn(id),
    given: r.pick(id % 2 === 0 ? GIVEN_FEMALE : GIVEN_MALE),
    family: r.pick(FAMILY),
    born: LAST_DAY - days(ageInDays(r)),
    ssn: ssn(id, r),
    phone: phone(r),
    get email() {
      return email(this.given, this.family, id);
    },
    street: `${r.int(1, 2400)} ${r.pick(STREETS)} ${r.pick(STREET_KINDS)}`,
    town,
    state,
    zip: zip3 + String(r.int(1, 99)).padStart(2, "0"),
    relative: `${r.pick(r.chance(0.5) ? GIVEN_FEMALE : GIVEN_MALE)} ${r.pick(FAMILY)}`,
    relation: r.pick(RELATIONS),
    relativePhone: phone(r),
    payer: r.pick(PAYERS),
    member: `${r.pick(["LM", "NH", "OM", "TB"])}${r.int(100_000_000, 999_999_999)}`,
    clinician: r.int(1, clinicians),
    deceased: r.chance(0.02) ? LAST_DAY - days(r.int(1, 900)) : null,
  };
}

export const PATIENT_COLUMNS =
  "id, mrn, given_name, family_name, birth_date, sex, ssn, phone, email, home, emergency_contact, portal_id, last_login_ip, " +
  "languages, allergies, insurance, photo, consents, call_after, primary_clinician_id, deceased_on, note, created_at, updated_at";

function insurance(p: Patient): string {
  const r = p.random;
  const own = r.chance(0.75);
  const holder = own
    ? { name: `${p.given} ${p.family}`, relation: "self" }
    : { name: p.relative, relation: p.relation };
  const cover = { payer: p.payer, plan: r.pick(PLANS), member: p.member, group: `G${r.int(1000, 9999)}` };
  return JSON.stringify({ ...cover, holder, copay: r.pick([0, 15, 25, 40]) });
}

function frontDeskNote(p: Patient): string | null {
  const r = p.random;
  if (r.chance(0.8)) return null;
  return r.pick([
    `Prefers to be called ${p.given}. Leave messages with ${p.relative} (${p.relation}), ${p.relativePhone}.`,
    `Moved from ${p.town} in ${day(LAST_DAY - days(r.int(100, 3000)))}; old chart under ${p.mrn}.`,
    "Needs an interpreter.\nWheelchair access.",
    `Write to ${p.email}; does not answer the phone.`,
    "",
  ]);
}

export function patientRow(p: Patient): Cell[] {
  const r = p.random;
  const created = LAST_DAY - days(r.int(400, 4000)) + r.int(0, 86_399_999);
  const sex = r.chance(0.02) ? r.pick(["other", "unknown"]) : p.id % 2 === 0 ? "female" : "male";
  const languages = r.chance(0.8) ? ["en"] : ["en", r.pick(LANGUAGES.slice(1))];
  const photo = r.chance(0.05)
    ? `\\x89504e47${Array.from({ length: 24 }, () => r.int(16, 255).toString(16)).join("")}`
    : null;
  const consents = Array.from({ length: 4 }, () => (r.chance(0.6) ? "1" : "0")).join("");
  const callAfter = r.chance(0.3) ? `${String(r.int(8, 19)).padStart(2, "0")}:30:00` : null;
  return [
    p.id, p.mrn, p.given, p.family, day(p.born), sex, p.ssn, p.phone, r.chance(0.85) ? p.email : null,
    composite([p.street, p.town, p.state, p.zip]),
    r.chance(0.9) ? composite([p.relative, p.relation, p.relativePhone]) : null,
    uuid(r), r.chance(0.6) ? ipAddress(r) : null, array(languages), array(r.some(ALLERGIES, 3)), insurance(p), photo,
    `${consents}0000`, callAfter, p.clinician, p.deceased === null ? null : day(p.deceased), frontDeskNote(p),
    instant(created), instant(created + days(r.int(0, 390))),
  ]; // biome-ignore format: one cell for each column
}
