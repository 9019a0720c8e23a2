// How the clinic and its patients meet otherwise: appointments, notes, devices, referrals, calls and letters.
import type { Clinic } from "./clinic.ts";
import { DEVICES } from "./codes.ts";
import { type Cell, composite } from "./copy.ts";
import { day, days, instant, LAST_DAY } from "./dates.ts";
import { ipAddress, mac, phone } from "./identifiers.ts";
import { type Note, writeNote } from "./notes.ts";
import { random } from "./random.ts";
import { REASONS } from "./words.ts";

type Rows = Iterable<Cell[]>;

export function* appointments(clinic: Clinic): Rows {
  const r = random(clinic.seed, "appointments");
  for (let id = 1; id <= clinic.patients; id++) {
    const patient = clinic.patient(r.int(1, clinic.patients));
    const start = LAST_DAY + days(r.int(-300, 120)) + r.int(8 * 4, 17 * 4) * 900_000;
    const slot = `["${instant(start)}","${instant(start + r.pick([15, 30, 45]) * 60_000)}")`;
    const past = r.pick(["kept", "kept", "kept", "missed", "cancelled"]);
    const reminder = r.chance(0.7) ? patient.phone : null;
    const status = start > LAST_DAY ? "booked" : past;
    yield [id, patient.id, patient.clinician, slot, status, `R${r.int(100, 420)}`, reminder, r.pick(REASONS)];
  }
}

/** About half of the encounters have a note. */
export function* notes(clinic: Clinic): Iterable<{ encounter: Clinic["encounters"][number]; note: Note }> {
  const r = random(clinic.seed, "notes");
  for (const encounter of clinic.encounters) {
    if (!r.chance(0.55)) continue;
    const occasion = {
      patient: clinic.patient(encounter.patient),
      author: encounter.clinician,
      seen: encounter.admitted,
    };
    yield { encounter, note: writeNote({ ...occasion, random: r }) };
  }
}

export function* noteRows(clinic: Clinic): Rows {
  let id = 0;
  for (const { encounter: e, note } of notes(clinic)) {
    yield [++id, e.id, e.patient, e.clinician.id, instant(e.admitted + 1_800_000), note.title, note.body];
  }
}

export function* devices(clinic: Clinic): Rows {
  const r = random(clinic.seed, "devices");
  for (let id = 1; id <= clinic.patients / 10; id++) {
    const kind = r.pick(DEVICES);
    const implanted = kind === "pacemaker" ? day(LAST_DAY - days(r.int(30, 3000))) : null;
    const settings = JSON.stringify({
      alarm: r.chance(0.5),
      interval: r.pick([5, 15, 60]),
      owner: { room: r.pick(["home", "ward"]) },
    });
    const address = r.chance(0.7) ? ipAddress(r) : null;
    yield [
      id,
      r.int(1, clinic.patients),
      kind,
      `SN-${r.int(10_000_000, 99_999_999)}`,
      mac(r),
      address,
      implanted,
      settings,
    ];
  }
}

export function* referrals(clinic: Clinic): Rows {
  const r = random(clinic.seed, "referrals");
  for (let id = 1; id <= clinic.patients / 20; id++) {
    const patient = clinic.patient(r.int(1, clinic.patients));
    const who = `<patient mrn="${patient.mrn}"><name>${patient.given} ${patient.family}</name><born>${day(patient.born)}</born></patient>`;
    const document = `<referral>${who}<reason>${r.pick(REASONS)}</reason></referral>`;
    yield [id, patient.id, patient.clinician, day(LAST_DAY - days(r.int(0, 700))), document];
  }
}

export function* calls(clinic: Clinic): Rows {
  const r = random(clinic.seed, "calls");
  for (let id = 1; id <= clinic.patients / 10; id++) {
    const patient = clinic.patient(r.int(1, clinic.patients));
    const summary = r.pick([
      `Left a message for ${patient.relative}`,
      "No answer",
      `Confirmed the visit with ${patient.given}`,
    ]);
    const at = instant(LAST_DAY - days(r.int(0, 500)) + r.int(9 * 60, 17 * 60) * 60_000);
    yield [id, patient.id, at, summary, r.chance(0.8) ? patient.phone : phone(r), `${r.int(0, 12)} minutes`];
  }
}

export function* letters(clinic: Clinic): Rows {
  const r = random(clinic.seed, "letters");
  const first = 1_000_001; // outreach is one space of ids over both tables
  for (let id = first; id < first + clinic.patients / 20; id++) {
    const p = clinic.patient(r.int(1, clinic.patients));
    const summary = r.pick(["Results letter", "Balance due", "Recall for screening"]);
    const at = instant(LAST_DAY - days(r.int(0, 500)));
    yield [id, p.id, at, summary, `${p.given} ${p.family}`, composite([p.street, p.town, p.state, p.zip])];
  }
}
