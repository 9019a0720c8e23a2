import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeClinic } from "#local/clinic/clinic.ts";
import { notes } from "#local/clinic/contacts.ts";
import { array, composite, line } from "#local/clinic/copy.ts";
import { clinicTables } from "#local/clinic/generate.ts";
import { luhn, mrn, npi, ssn } from "#local/clinic/identifiers.ts";
import { random } from "#local/clinic/random.ts";

const SMALL = { seed: 7, patients: 300 };

function digest(options: typeof SMALL): string {
  const hash = createHash("sha256");
  for (const table of clinicTables(options)) for (const chunk of table.chunks()) hash.update(chunk);
  return hash.digest("hex");
}

function rows(name: string): string[][] {
  const table = clinicTables(SMALL).find((one) => one.table === name);
  const text = [...(table?.chunks() ?? [])].join("");
  return text
    .split("\n")
    .slice(0, -1)
    .map((row) => row.split("\t"));
}

describe("the demo clinic's generator", () => {
  it("makes the same data from the same seed, and other data from another", () => {
    expect(digest(SMALL)).toBe(digest(SMALL));
    expect(digest({ ...SMALL, seed: 8 })).not.toBe(digest(SMALL));
  });

  it("gives each patient the same row, however many there are", () => {
    const more = makeClinic({ ...SMALL, patients: 301 });
    expect(more.patient(17).ssn).toBe(makeClinic(SMALL).patient(17).ssn);
  });

  it("draws identifiers from ranges that belong to nobody", () => {
    for (const row of rows("patients")) {
      expect(row[6]).toMatch(/^(9\d\d-[1-4]\d|666-\d\d)-\d{4}$/);
      expect(row[7]).toMatch(/555-01\d\d$/);
      expect(row[8]).toMatch(/@example\.org$|^\\N$/);
    }
    for (const row of rows("clinicians")) expect(row[1]).toMatch(/^9\d{9}$/);
  });

  it("never repeats a record number or a social security number", () => {
    const r = random(1, "test");
    const ids = Array.from({ length: 50_000 }, (_, n) => n + 1);
    expect(new Set(ids.map((n) => ssn(n, r))).size).toBe(ids.length);
    expect(new Set(ids.map(mrn)).size).toBe(ids.length);
    expect(mrn(50_000)).toMatch(/^MRN-\d{7}$/);
  });

  it("computes check digits as the standards do", () => {
    expect(luhn("7992739871")).toBe("3"); // the example of ISO/IEC 7812-1
    expect(luhn("80840123456789")).toBe("3"); // the example of the NPI check digit by CMS: 1234567893
    expect(npi(1)).toHaveLength(10);
  });

  it("says where the identifiers of a note are", () => {
    const clinic = makeClinic(SMALL);
    const all = [...notes(clinic)];
    expect(all.length).toBeGreaterThan(200);
    const kinds = new Set<string>();
    for (const { encounter, note } of all) {
      const p = clinic.patient(encounter.patient);
      for (const { kind, start, end } of note.truth) {
        kinds.add(kind);
        const found = note.body.slice(start, end);
        if (kind === "mrn") expect(found).toBe(p.mrn);
        if (kind === "ssn") expect(found).toBe(p.ssn);
        if (kind === "phone") expect(found).toMatch(/555-01\d\d$/);
      }
      const hidden = note.truth.reduceRight(
        (text, { start, end }) => text.slice(0, start) + text.slice(end),
        note.body,
      );
      for (const secret of [p.mrn, p.ssn, p.phone, p.email, p.relative, `${p.given} ${p.family}`])
        expect(hidden).not.toContain(secret);
    }
    expect([...kinds].sort()).toEqual(
      [
        "age",
        "date",
        "email",
        "ip",
        "member",
        "mrn",
        "name",
        "phone",
        "place",
        "serial",
        "ssn",
        "street",
        "url",
        "zip",
      ].sort(),
    );
  });
});

describe("COPY text format", () => {
  it("escapes what the format gives a meaning", () => {
    expect(line(["a\tb\nc\\d\r", null, true, 4])).toBe("a\\tb\\nc\\\\d\\r\t\\N\tt\t4\n");
    expect(array(['a"b', "c,d\\"])).toBe('{"a\\"b","c,d\\\\"}');
    expect(composite(["1 (a)", ""])).toBe('("1 (a)","")');
  });
});
