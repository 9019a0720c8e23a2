// What columns hold, by how they are called: the 18 identifiers of the Safe Harbor method (45 CFR 164.514(b)(2)(i)), and what is none of them.
import type { MaskName } from "../masking/types.ts";

export interface Kind {
  /** The class that is proposed when the catalog has none of this identifier. */
  readonly name: string;
  /** The identifier's letter, `health`, or null for what needs no protection. */
  readonly identifier: string | null;
  readonly mask: MaskName;
  /** What it is, for people: follows "is named like". */
  readonly words: string;
  /** Words of a column's name, in order; several stand for one after the other. */
  readonly names: readonly string[];
}

function kind(name: string, identifier: string | null, mask: MaskName, words: string, names: string): Kind {
  return { name, identifier, mask, words, names: names.split(",").map((phrase) => phrase.trim()) };
}

/** The first whose words are in a column's name is meant: what is more specific comes first. */
export const KINDS: readonly Kind[] = [
  kind("email", "F", "redact", "an e-mail address", "email, mail address, e mail, emailaddress"),
  kind(
    "network-address",
    "O",
    "redact",
    "a network address",
    "ip, ip address, ipaddr, ip addr, login ip, client ip, remote addr",
  ),
  kind(
    "device",
    "M",
    "pseudonym",
    "a device's number",
    "serial, serial number, serialno, udi, imei, mac, mac address, device id, device identifier, implant",
  ),
  kind("fax", "E", "redact", "a fax number", "fax, fax number, telefax"),
  kind(
    "phone",
    "D",
    "redact",
    "a telephone number",
    "phone, phone number, phonenumber, telephone, tel, mobile, cell, cellphone, pager, sms, call back",
  ),
  kind(
    "ssn",
    "G",
    "redact",
    "a social security number",
    "ssn, social security, social security number, socialsecurity, sin, tax id, tin, itin, national id, social",
  ),
  kind(
    "mrn",
    "H",
    "pseudonym",
    "a medical record number",
    "mrn, medical record, medical record number, record number, chart, chart number, patient number, patient no, emr id, ehr id, empi",
  ),
  kind(
    "plan-number",
    "I",
    "pseudonym",
    "a health plan's number",
    "member number, member id, member no, subscriber, subscriber id, beneficiary, policy number, plan number, insurance, insurance id, medicare, medicaid, mbi, hicn, group number",
  ),
  kind(
    "account",
    "J",
    "pseudonym",
    "an account number",
    "account, account number, acct, account no, iban, bank account, routing number, credit card, card number, pan",
  ),
  kind(
    "vehicle",
    "L",
    "pseudonym",
    "a vehicle's number",
    "vin, vehicle, plate, license plate, plate number, registration plate",
  ),
  kind(
    "license",
    "K",
    "pseudonym",
    "a certificate or license number",
    "license, licence, license number, certificate, certificate number, passport, dea, dea number, npi, driver license, drivers license",
  ),
  kind(
    "biometric",
    "P",
    "null",
    "a biometric identifier",
    "fingerprint, biometric, voiceprint, voice print, retina, iris, face template, palm",
  ),
  kind("photo", "Q", "null", "a picture", "photo, photograph, picture, image, portrait, headshot, avatar, selfie"),
  kind("url", "N", "redact", "a web address", "url, website, web site, homepage, link, uri"),
  kind(
    "death-date",
    "C",
    "year",
    "a date of death",
    "death date, date of death, died, died on, deceased, deceased on, dod",
  ),
  kind(
    "birth-date",
    "C",
    "year",
    "a date of birth",
    "birth date, birthdate, date of birth, dob, birthday, born, born on, birth year, year of birth, birth",
  ),
  kind("age", "C", "age-band", "an age", "age, age years, patient age"),
  kind(
    "name",
    "A",
    "redact",
    "a person's name",
    "first name, last name, given name, family name, full name, middle name, maiden name, nickname, nick name, surname, forename, firstname, lastname, fullname, middlename, patient name, person name, display name, preferred name, recipient, contact name, contact, emergency contact, next of kin, guardian, mother, father, spouse, relative, alias, initials, signed by, signature",
  ),
  kind("zip", "B", "zip3", "a postal code", "zip, zip code, zipcode, postal code, postcode, postal"),
  kind(
    "address",
    "B",
    "redact",
    "a place smaller than a state",
    "address, street, street address, addr, address line, city, town, village, county, precinct, home, residence, latitude, longitude, lat, lon, lng, geo, geolocation, location, neighborhood",
  ),
  kind("text-index", "R", "null", "an index of words", "search vector, tsv, fulltext, search"),
  kind(
    "free-text",
    "R",
    "scan",
    "free text",
    "note, notes, comment, comments, remark, remarks, narrative, summary, body, message, description, history, assessment, impression, transcript, free text, details",
  ),
  kind(
    "clinical",
    "health",
    "null",
    "information about care",
    "diagnosis, diagnosis code, icd, icd10, icd code, dx, procedure code, cpt, hcpcs, loinc, snomed, lab, test, result, value, finding, symptom, symptoms, complaint, allergy, allergies, vital, vitals, medication, drug, dose, dosage, prescription, instructions, therapy, treatment, condition, problem, severity, blood type, bmi, weight, height, pulse, pressure, chronic, immunization, vaccine, reason, quantity, refills",
  ),
  kind(
    "portal-id",
    "R",
    "pseudonym",
    "another unique code",
    "portal id, external id, guid, user id, username, user name, login, token, session id, account id, barcode, qr, wristband",
  ),
  kind(
    "service-date",
    "C",
    "year",
    "a date",
    "admitted, discharged, admitted at, visit date, service date, appointment, seen on, collected on, happened at, happened on",
  ),
];

export const kindNamed = (name: string): Kind => KINDS.find((kind) => kind.name === name)!;

/** A column's name as words: `lastLoginIP`, `last_login_ip` are ` last login ip `. */
export function wordsOf(column: string): string {
  const parted = column.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/[^A-Za-z0-9]+/g, " ");
  return ` ${parted
    .replace(/([A-Za-z])(\d)/g, "$1 $2")
    .trim()
    .toLowerCase()} `;
}

export function kindByName(column: string): Kind | null {
  const words = wordsOf(column);
  return KINDS.find((kind) => kind.names.some((name) => words.includes(` ${name} `))) ?? null;
}
