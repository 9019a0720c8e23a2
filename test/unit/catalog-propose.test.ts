import { describe, expect, test } from "vitest";
import { readCatalog } from "#shared/policy/catalog-file.ts";
import { KINDS } from "#shared/policy/kinds.ts";
import { likeness } from "#shared/policy/looks.ts";
import { propose } from "#shared/policy/propose.ts";
import { fragment } from "#shared/policy/scan.ts";
import type { PhiClass } from "#shared/policy/types.ts";

const NO_CLASSES = new Map<string, PhiClass>();
const byName = (name: string, type = "text") => propose({ name, type, values: undefined }, NO_CLASSES);

describe("a column's name", () => {
  test.each([
    ["A", "patientLastName"],
    ["A", "given_name"],
    ["B", "street_address"],
    ["B", "zip_code"],
    ["C", "date_of_birth"],
    ["C", "DOB"],
    ["D", "homePhone"],
    ["E", "fax_number"],
    ["F", "email_address"],
    ["G", "ssn_last_known"],
    ["H", "mrn"],
    ["I", "member_id"],
    ["J", "account_number"],
    ["K", "drivers_license"],
    ["L", "license_plate"],
    ["M", "device_serial"],
    ["N", "website"],
    ["O", "last_login_ip"],
    ["P", "fingerprint"],
    ["Q", "photo"],
    ["R", "external_id"],
    ["health", "icd10_code"],
  ])("tells identifier %s: %s", (identifier, name) => {
    expect(byName(name).define).toMatchObject({ identifier });
  });

  test("tells one of each of the 18 identifiers, so none is out of reach", () => {
    const letters = new Set(KINDS.map((kind) => kind.identifier));
    for (const letter of "ABCDEFGHIJKLMNOPQR") expect(letters).toContain(letter);
  });

  test.each([
    ["department_id", "int4", "none"],
    ["is_active", "bool", "none"],
    ["quux", "int4", null],
    ["seen", "timestamptz", "service-date"],
    ["a", "inet", "network-address"],
    ["words", "tsvector", "text-index"],
  ])("with the type: %s %s is %s", (name, type, expected) => {
    expect(byName(name, type).class).toBe(expected);
  });
});

describe("values", () => {
  const ten = (value: string) => new Array<string>(10).fill(value);

  test.each([
    ["ssn", "912-10-0001"],
    ["email", "a.b@example.org"],
    ["url", "https://example.org/x"],
    ["network-address", "192.0.2.7"],
    ["device", "00:00:5e:00:53:01"],
    ["vehicle", "1M8GDM9AXKP042788"],
    ["phone", "(617) 555-0123"],
    ["clinical", "E11.9"],
    ["service-date", "3/14/2021"],
    ["address", "12 Old Mill Road"],
    ["zip", "02139"],
    ["name", "Maria Garcia"],
    ["free-text", "she feels much better since the last visit"],
  ])("look like %s: %s", (kind, value) => {
    expect(likeness(ten(value))).toMatchObject({ kind, alike: 10, of: 10 });
  });

  test.each(["1M8GDM9A1KP042788", "hello", "7", "", "active", "2026"])("look like nothing: %s", (value) => {
    expect(likeness(ten(value))).toBeNull();
  });

  test("weigh more the more of them there are", () => {
    const mixed = (share: number) => [...ten("912-10-0001").slice(0, share), ...ten("x").slice(share)];
    const proposed = (share: number) => propose({ name: "v", type: "text", values: mixed(share) }, NO_CLASSES);
    expect([9, 5, 1].map((share) => proposed(share).confidence)).toEqual(["high", "medium", "low"]);
    expect(proposed(9).reason).toBe("9 of 10 sampled values look like social security numbers");
    expect(proposed(0).class).toBeNull();
  });
});

test("a class that the catalog has is taken before one is made up", () => {
  const own: PhiClass = { name: "who", identifier: "A", mask: "redact", detectors: [] };
  expect(propose({ name: "surname", type: "text", values: undefined }, new Map([["who", own]])).class).toBe("who");
});

test("lines for catalog.yaml are YAML that can be loaded, whatever tables and columns are called", () => {
  const columns = ["fax", "no", 'it\'s: "odd" #', "null"].map((column) => ({ column, ...byName(column) }));
  const relation = { relation: "my.on", whole: true, derived: false, subject: null, columns };
  const { problems, value } = readCatalog(fragment("clinic", [relation]));
  expect(problems).toEqual([]);
  expect(value?.catalog.classesOf("clinic", { relation: "my.on", column: "fax" })).toEqual(["fax"]);
});
