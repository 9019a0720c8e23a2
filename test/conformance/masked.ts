// What an identity must see of the patients, by policy/catalog.yaml and policy/access.cedar: held against the rows that the database
// really has. Written out by hand, on purpose: it shares nothing with the code that masks.
import { expect } from "vitest";

export type Identity = "engineer" | "nurse";
type Row = Readonly<Record<string, unknown>>;

/** Columns that an identity sees in clear, of those in sql/patients.sql. */
const CLEAR: Readonly<Record<Identity, ReadonlySet<string>>> = {
  engineer: new Set(["id", "allergies", "created_at"]),
  nurse: new Set([
    "id",
    "mrn",
    "full_name",
    "birth_date",
    "birth_year",
    "phone",
    "email",
    "allergies",
    "note",
    "created_at",
  ]),
};

/** The other columns: what must be shown instead of a value. */
const HIDDEN: Readonly<Record<string, (shown: unknown, value: unknown) => boolean>> = {
  mrn: (shown) => matches(shown, /^p_[a-z2-7]{16}$/),
  full_name: (shown) => shown === "***",
  birth_date: (shown, value) => String(shown).slice(0, 10) === `${lastYear(value)}-01-01`,
  birth_year: (shown, value) => String(shown) === lastYear(value),
  ssn: (shown) => shown === "***",
  phone: (shown) => shown === "***",
  email: (shown) => shown === "***",
  portal_id: (shown) => matches(shown, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  // Some clients hand out JSON as text.
  insurance: (shown) => shown === "***" || shown === '"***"',
  // What detectors find of e-mail addresses, telephone and record numbers in these notes.
  note: (shown, value) =>
    typeof shown === "string" &&
    !/@|\d{3}[ -.]\d{4}|MRN-\d/.test(shown) &&
    String(value).slice(0, 6) === shown.slice(0, 6),
};

const matches = (shown: unknown, form: RegExp) => typeof shown === "string" && form.test(shown);

/** The year of a birth; 90 years back and before, they are one (45 CFR 164.514(b)(2)(i)(C)). */
function lastYear(value: unknown): string {
  return String(Math.max(Number(String(value).slice(0, 4)), new Date().getUTCFullYear() - 90));
}

/** Rows of sql/patients.sql, as some client has them. */
export function expectMasked(direct: unknown, shown: unknown, identity: Identity): void {
  const [values, rows] = [direct as Row[], shown as Row[]];
  expect(values).toHaveLength(25);
  expect(rows).toHaveLength(25);
  for (const [i, row] of rows.entries()) {
    expect(Object.keys(row)).toEqual(Object.keys(values[i]!));
    for (const [column, value] of Object.entries(values[i]!)) {
      const right =
        CLEAR[identity].has(column) || value === null ? same(row[column], value) : HIDDEN[column]!(row[column], value);
      expect(right, `${column} of row ${i}: ${JSON.stringify(row[column])}`).toBe(true);
    }
  }
  // A pseudonym is as good a key as what it stands for.
  for (const column of ["mrn", "portal_id"]) expect(new Set(rows.map((row) => row[column])).size).toBe(25);
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Columns of sql/derived.sql that are made of nothing but what a nurse sees in clear. */
const DERIVED_CLEAR: ReadonlySet<string> = new Set(["id", "upper", "length", "joined", "some"]);

/** Of a derived value nothing is shown, not even a part, nor whether it is NULL: stars for text, NULL for all else. */
export function expectDerived(direct: unknown, shown: unknown, identity: Identity): void {
  const [values, rows] = [direct as Row[], shown as Row[]];
  expect(rows).toHaveLength(values.length);
  for (const [i, row] of rows.entries()) {
    for (const [column, value] of Object.entries(values[i]!)) {
      const clear = column === "id" || (identity === "nurse" && DERIVED_CLEAR.has(column));
      expect(row[column], `${column} of row ${i}`).toEqual(clear ? value : column === "length" ? null : "***");
    }
  }
}

/** No value of a hidden column stands anywhere in what was shown: not in a row, a copy, or a message. */
export function expectNoLeak(patients: unknown, shown: unknown, identity: Identity): void {
  const text = JSON.stringify(shown);
  for (const row of patients as Row[]) {
    for (const column of ["mrn", "full_name", "ssn", "phone", "email", "portal_id"]) {
      const value = row[column];
      if (CLEAR[identity].has(column) || value === null) continue;
      expect(text.includes(String(value)), `${column} of patient ${row.id}`).toBe(false);
    }
  }
}
