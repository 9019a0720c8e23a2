// Clinical notes: free text in which identifiers occur, and the truth about where. The truth never reaches the database; tests measure
// detectors with it.
import { day, days } from "./dates.ts";
import { ipAddress, phone } from "./identifiers.ts";
import type { Clinician, Patient } from "./people.ts";
import type { Random } from "./random.ts";
import { FAMILY, GIVEN_FEMALE } from "./words.ts";

export type IdentifierKind =
  | "name"
  | "phone"
  | "date"
  | "mrn"
  | "ssn"
  | "email"
  | "street"
  | "place"
  | "zip"
  | "url"
  | "ip"
  | "member"
  | "age"
  | "serial";

/** Where an identifier stands in the text: UTF-16 offsets, `end` excluded. */
export interface Span {
  readonly kind: IdentifierKind;
  readonly start: number;
  readonly end: number;
}

export interface Note {
  readonly title: string;
  readonly body: string;
  readonly truth: readonly Span[];
}

/** What a template may speak of. */
export interface Occasion {
  readonly patient: Patient;
  readonly author: Clinician;
  /** When the patient was seen, milliseconds since the epoch. */
  readonly seen: number;
  readonly random: Random;
}

const MONTHS = "January February March April May June July August September October November December".split(" ");

function writtenDate(time: number, r: Random): string {
  const at = new Date(time);
  const [y, m, d] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  const two = (value: number) => String(value).padStart(2, "0");
  return r.pick([
    `${two(m + 1)}/${two(d)}/${y}`,
    `${m + 1}/${d}/${String(y).slice(2)}`,
    day(time),
    `${MONTHS[m]} ${d}, ${y}`,
    `${d} ${(MONTHS[m] as string).slice(0, 3)} ${y}`,
  ]);
}

type Value = readonly [IdentifierKind, string];

/** The words that templates may use in braces. Those without a kind are no identifiers, though some look like one. */
function vocabulary({ patient: p, author, seen, random: r }: Occasion): Record<string, () => Value | string> {
  const male = p.id % 2 === 1;
  const years = Math.floor((seen - p.born) / days(365.25));
  return {
    full: () => ["name", `${p.given} ${p.family}`],
    given: () => ["name", p.given],
    family: () => ["name", p.family],
    upper: () => ["name", `${p.family.toUpperCase()}, ${p.given.toUpperCase()}`],
    relative: () => ["name", p.relative],
    doctor: () => ["name", author.family],
    nurse: () => ["name", `${r.pick(GIVEN_FEMALE)} ${r.pick(FAMILY)}`],
    mrn: () => ["mrn", p.mrn],
    phone: () => ["phone", p.phone],
    relativePhone: () => ["phone", p.relativePhone],
    fax: () => ["phone", phone(r)],
    ssn: () => ["ssn", p.ssn],
    email: () => ["email", p.email],
    street: () => ["street", p.street],
    town: () => ["place", p.town],
    zip: () => ["zip", p.zip],
    member: () => ["member", p.member],
    ip: () => ["ip", ipAddress(r)],
    url: () => ["url", `https://portal.example.org/p/${p.id}`],
    serial: () => ["serial", `SN-${r.int(10_000_000, 99_999_999)}`],
    born: () => ["date", writtenDate(p.born, r)],
    seen: () => ["date", writtenDate(seen, r)],
    before: () => ["date", writtenDate(seen - days(r.int(3, 200)), r)],
    next: () => ["date", writtenDate(seen + days(r.int(5, 90)), r)],
    age: () => (years >= 90 ? ["age", String(years)] : String(years)),
    relation: () => p.relation,
    he: () => (male ? "he" : "she"),
    his: () => (male ? "his" : "her"),
    pressure: () => `${r.int(98, 178)}/${r.int(56, 104)}`,
    pulse: () => String(r.int(52, 118)),
    dose: () => `${r.pick([5, 10, 20, 50, 250, 500])} mg`,
    lab: () => `${r.int(3, 14)}.${r.int(0, 9)}`,
    room: () => `room ${r.int(100, 420)}`,
    score: () => `${r.int(1, 10)}/10`,
  };
}

interface Template {
  readonly title: string;
  readonly sentences: readonly string[];
}

const TEMPLATES: readonly Template[] = [
  {
    title: "Progress note",
    sentences: [
      "{full} ({mrn}) was seen on {seen}.",
      "{given} is a {age} year old who reports pain of {score} since last week.",
      "BP {pressure}, pulse {pulse}, A1c {lab} %.",
      "Continue lisinopril {dose} daily; recheck potassium in 2 weeks.",
      "Mr/Ms {family} asked to be called at {phone} with the results.",
      "Seen in {room} together with the {relation}, {relative}.",
      "Next visit {next}.",
    ],
  },
  {
    title: "Telephone encounter",
    sentences: [
      "Spoke with {relative}, the patient's {relation}, at {relativePhone}.",
      "{given} has had a temperature of 38.4 C and a pulse of {pulse} since {before}.",
      "Advised acetaminophen {dose} every 6 hours, no more than 4 doses a day.",
      "Call-back number confirmed: {phone}. DOB {born}.",
      "Will send a summary to {email}.",
      "No red flags; return if short of breath.",
    ],
  },
  {
    title: "Discharge summary",
    sentences: [
      "PATIENT: {upper}   MRN: {mrn}   DOB: {born}",
      "Admitted {before}, discharged {seen}.",
      "Course: improved on antibiotics, ceftriaxone 1 g daily for 5 days; WBC {lab}.",
      "Discharged home to {street}, {town}, {zip}, in the care of {relative} ({relativePhone}).",
      "Dr. {doctor} to follow in 10 days. I50.9, stable; NYHA class 2.",
      "Diet low in salt, under 2000 mg a day.",
    ],
  },
  {
    title: "Nursing note",
    sentences: [
      "{nurse}, RN: patient resting in {room}, pain {score}, BP {pressure}.",
      "Identified by name ({full}) and birth date ({born}).",
      "Given metoprolol {dose} at 08:30 and 20:30.",
      "Fell asleep at 22:15; {he} asked for {his} glasses in the morning.",
      "Skin intact, Braden 19, IV 20 G in the left arm.",
    ],
  },
  {
    title: "Billing and registration",
    sentences: [
      "Member number {member} verified on {seen}; SSN on file {ssn}.",
      "Statement goes to {street}, {town} {zip}.",
      "{relative} pays for the patient; fax {fax}.",
      "Copay of $25 collected, account in good standing, 2 of 4 installments.",
      "Portal: {url}, last login from {ip}.",
    ],
  },
  {
    title: "Device check",
    sentences: [
      "Interrogated the device, serial {serial}, implanted {before}.",
      "Battery at 82 %, lead impedance 540 ohms, threshold 0.75 V at 0.4 ms.",
      "{given} {family} knows to ring {phone} if it beeps.",
      "Settings left at 60-130 bpm.",
      "Seen by Dr. {doctor} on {seen}.",
    ],
  },
];

/** Writes one note. */
export function writeNote(occasion: Occasion): Note {
  const r = occasion.random;
  const template = r.pick(TEMPLATES);
  const words = vocabulary(occasion);
  const kept = template.sentences.filter((_, index) => index === 0 || r.chance(0.75));
  const truth: Span[] = [];
  let body = "";
  for (const [index, sentence] of kept.entries()) {
    if (index > 0) body += r.chance(0.2) ? "\n" : " ";
    for (const [position, piece] of sentence.split(/[{}]/).entries()) {
      const value = position % 2 === 0 ? piece : (words[piece] as () => Value | string)();
      if (typeof value === "string") body += value;
      else {
        truth.push({ kind: value[0], start: body.length, end: body.length + value[1].length });
        body += value[1];
      }
    }
  }
  return { title: template.title, body, truth };
}
