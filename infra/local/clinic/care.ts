// What is done at an encounter, and what is billed for it: diagnoses, results, prescriptions, claims.
import type { Clinic } from "./clinic.ts";
import { FORMULARY, PROCEDURES, TESTS } from "./codes.ts";
import { array, type Cell } from "./copy.ts";
import { day, days, instant, LAST_DAY } from "./dates.ts";
import { type Random, random } from "./random.ts";

type Rows = Iterable<Cell[]>;

export function* diagnoses(clinic: Clinic): Rows {
  const r = random(clinic.seed, "diagnoses");
  let id = 0;
  for (const e of clinic.encounters) {
    for (const [rank, { code, chronic }] of e.codes.entries()) {
      const comment = r.chance(0.1)
        ? r.pick(["per outside records", "stable", "rule out", "worse than at the last visit"])
        : null;
      yield [++id, e.id, e.patient, code, rank + 1, day(e.admitted), chronic, comment];
    }
  }
}

export function* labResults(clinic: Clinic): Rows {
  const r = random(clinic.seed, "lab results");
  let id = 0;
  for (const e of clinic.encounters) {
    for (let left = r.pick([0, 0, 1, 2, 4]); left > 0; left--) {
      const [loinc, test, unit, low, high] = r.pick(TESTS);
      const value = low + (high - low) * (r.chance(0.8) ? r.next() : r.next() * 2.2);
      const collected = e.admitted - (r.chance(0.05) ? days(r.int(1, 300)) : 0);
      const reference = `[${low},${high}]`;
      const place = [++id, e.patient, e.id, loinc, test];
      yield [
        ...place,
        value.toFixed(2),
        unit,
        reference,
        value > high,
        day(collected),
        instant(collected + r.int(1, 72) * 3_600_000),
      ];
    }
  }
}

const DOSES = [
  ["once a day", 1],
  ["twice a day", 2],
  ["three times a day with food", 3],
  ["at bedtime", 1],
] as const;

export function* prescriptions(clinic: Clinic): Rows {
  const r = random(clinic.seed, "prescriptions");
  let id = 0;
  for (const e of clinic.encounters) {
    for (let left = r.pick([0, 0, 1, 1, 2]); left > 0; left--) {
      const [drug, strength, form] = r.pick(FORMULARY);
      const [when, daily] = r.pick(DOSES);
      const lasts = r.pick([5, 10, 30, 90]);
      const what = [drug, `${strength} ${form}`, `Take ${when}`, daily * lasts, r.int(0, 5)];
      yield [++id, e.patient, e.id, e.clinician.id, ...what, day(e.admitted), `${lasts} days`, instant(e.admitted)];
    }
  }
}

function claimLines(r: Random): { text: string; billed: number } {
  const lines = Array.from({ length: r.int(1, 3) }, () => {
    const [cpt, charge] = r.pick(PROCEDURES);
    return { cpt, units: r.int(1, 3), charge };
  });
  return { text: JSON.stringify(lines), billed: lines.reduce((sum, line) => sum + line.units * line.charge, 0) };
}

export function* claims(clinic: Clinic): Rows {
  const r = random(clinic.seed, "claims");
  let id = 0;
  for (const e of clinic.encounters) {
    if (r.chance(0.08)) continue;
    const { payer, member } = clinic.patient(e.patient);
    const { text, billed } = claimLines(r);
    const status = r.pick(["submitted", "paid", "paid", "paid", "denied", "appealed"]);
    const paid = status === "paid" ? ((billed * r.int(55, 100)) / 100).toFixed(2) : null;
    const submitted = Math.min(e.admitted + days(r.int(1, 20)), LAST_DAY);
    const money = [billed.toFixed(2), paid, r.pick(["0.00", "15.00", "25.00", "40.00"])];
    const codes = array(e.codes.map(({ code }) => code));
    yield [++id, e.id, e.patient, payer, member, codes, ...money, status, day(submitted), text];
  }
}
