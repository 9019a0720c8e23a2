import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { Reading } from "#shared/masking/detectors/reading.ts";
import { formatProblem } from "#shared/masking/detectors/records.ts";
import { DETECTORS } from "#shared/masking/scan.ts";
import { column, ENVIRONMENT, maskCell, masked, maskText, OID, planned, rewrite } from "#test/support/masking.ts";

const scan = (text: string) => maskText("scan", OID.text, text);

describe("scan finds", () => {
  test.each([
    ["SSN 123-45-6789.", "SSN [SSN]."],
    ["SSN: 123 45 6789", "SSN: [SSN]"],
    ["ssn 123–45–6789", "ssn [SSN]"],
    ["id 123456789 ok", "id [SSN] ok"],
    ["call (617) 555-0123 now", "call [PHONE] now"],
    ["617-555-0123, 617.555.0123, 6175550123", "[PHONE], [PHONE], [PHONE]"],
    ["+1 617 555 0123 x12", "[PHONE]"],
    ["1-800-555-0199", "[PHONE]"],
    ["+44 20 7946 0958", "[PHONE]"],
    ["at 555-0123", "at [PHONE]"],
    ["mail a.b+c@x-y.example.org.", "mail [EMAIL]."],
    ["see https://x.example/p?id=7, then", "see [URL], then"],
    ["from 10.1.2.3:80 and fe80::1:2", "from [IP]:80 and [IP]"],
    ["MRN 0012-34", "MRN [MRN]"],
    ["MRN0012345 and MRN-001234", "[MRN] and [MRN]"],
    ["medical record number: A1234", "medical record number: [MRN]"],
    ["claim 20210000017", "claim [MRN]"],
    ["born 3/14/1980 or 1980-03-14", "born [DATE] or [DATE]"],
    ["on March 14, 1980; 14 Mar 1980; the 3rd of May", "on [DATE]; [DATE]; the [DATE]"],
    ["seen on 3/14 and Mar 2021", "seen on [DATE] and [DATE]"],
    ["DOB19800314", "[MRN]"],
    ["lives at 12 Old Mill Road, Apt. 4B, Boston, MA 02139-1234", "lives at [ADDRESS]"],
    ["moved to 7 Elm Way, Fallow Creek 97260 in May", "moved to [ADDRESS] in May"],
    ["from 7 Elm Way, Boston area", "from [ADDRESS], [NAME] area"],
    ["a 93 year old, aged 101, 97-year-old", "a [AGE] year old, aged [AGE], [AGE]-year-old"],
    ["with her neighbour Zork since then", "with her neighbour [NAME] since then"],
    ["PATIENT: SALTMARSH, ŁUKASZ", "PATIENT: [NAME]"],
    ["Boston, MA 02139", "Boston, MA [ZIP]"],
    ["Dr. Xyzzy de Quux came", "[NAME] came"],
    ["Maria L. Garcia reports", "[NAME] reports"],
    ["GARCIA, MARIA reports", "[NAME] reports"],
    ["Patient Zork Blarg denies", "Patient [NAME] denies"],
    ["seen by Ms. O'Neill", "seen by [NAME]"],
    ["wife Mary's number", "wife [NAME]'s number"],
    ["john smith called", "[NAME] called"],
    ["Will Smith agreed", "[NAME] agreed"],
    ["José\u00a0García", "[NAME]\u00a0[NAME]"],
    ["Élodie Peña-Núñez", "[NAME]"],
  ])("%s", (text, expected) => {
    expect(scan(text)).toBe(expected);
  });
});

describe("scan keeps", () => {
  test.each([
    "BP 120/80, HR 72, temp 98.6 F, SpO2 97%",
    "Metformin 500 mg twice daily; A1c 7.2 (was 8.1 in 2019)",
    "pain 5/10, takes 2 tablets every 4-6 hours",
    "Seen by Podiatry; a 45 year old on Lasix 40 mg, SpO2 95 %",
    "E11.9, I10 and Z79.4; LOINC 4548-4",
    "Patient denies chest pain. Will return in May if worse.",
    "Grade 2/6 murmur, EF 55-60%, 12 lead ECG at 10:15",
    "",
  ])("%s", (text) => {
    expect(scan(text)).toBe(text);
  });
});

test("scan runs the detectors that the class names, and only those", () => {
  const only = (detectors: string[]) => {
    const mask = masked([planned("scan", { detectors })], [column(OID.text)]);
    return String(rewrite(mask, [Buffer.from("John Smith 617-555-0123")])[0]);
  };
  expect(only(["phone"])).toBe("John Smith [PHONE]");
  expect(only(["name"])).toBe("[NAME] 617-555-0123");
  expect(only([])).toBe("[NAME] [PHONE]");
  expect(only(["phone", "no such detector"])).toBe("***");
  expect([...DETECTORS].sort()).toEqual([
    "address",
    "date",
    "email",
    "ip",
    "mrn",
    "name",
    "phone",
    "ssn",
    "url",
    "zip",
  ]);
});

describe("record numbers in the target's own formats", () => {
  const records = [
    { format: "KX-??##", luhn: false },
    { format: "####", luhn: true },
  ];
  const shown = (text: string) => {
    const mask = masked([planned("scan")], [column(OID.text)], { ...ENVIRONMENT, records });
    return String(rewrite(mask, [Buffer.from(text)])[0]);
  };

  test.each([
    ["seen with kx-Ab12.", "seen with [MRN]."],
    ["KX-AB12, KX-AB123, XKX-AB12", "[MRN], KX-AB123, XKX-AB12"],
    ["KX-1212 is none", "KX-1212 is none"],
    // With a check digit, other numbers of as many digits are not such numbers.
    ["room 1230, room 1231", "room [MRN], room 1231"],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected);
    expect(scan(text)).toBe(text);
  });

  test.each(["", "###", "a b###", "-###", "abcd", "#".repeat(41)])("%j is no format", (format) => {
    expect(formatProblem(format)).not.toBeNull();
  });
});

describe("names that the row itself carries", () => {
  const note = "Zorkina came; her zorkina card says Quuxley-Ñandú. May 2020, may rest. Blorp waits.";
  const shown = (name: string | null, names = true, type: number = OID.text) => {
    const plans = [planned("scan", { detectors: ["name"] }), planned("redact", { names })];
    const mask = masked(plans, [column(OID.text), column(type)]);
    return String(rewrite(mask, [Buffer.from(note), name === null ? null : Buffer.from(name)])[0]);
  };

  test("are found wherever they stand, in any spelling of theirs", () => {
    expect(shown("Zorkina May Quuxley-Ñandú")).toBe(
      "[NAME] came; her [NAME] card says [NAME]. [NAME] 2020, may rest. Blorp waits.",
    );
    expect(shown("QUUXLEY-ÑANDÚ, ZORKINA")).toBe(
      "[NAME] came; her [NAME] card says [NAME]. May 2020, may rest. Blorp waits.",
    );
  });

  test("are those of that row alone, and of columns that hold names", () => {
    const without = shown("x");
    expect(without).toContain("Zorkina");
    expect(shown(null)).toBe(without);
    expect(shown("Zorkina", false)).toBe(without);
    expect(shown("Zorkina", true, OID.int4)).toBe(without);
    const mask = masked([planned("redact", { names: true }), planned("scan")], [column(OID.text), column(OID.text)]);
    const row = (name: string) => String(rewrite(mask, [Buffer.from(name), Buffer.from("Zorkina came")])[1]);
    expect([row("Zorkina"), row("Blorp"), row("Zorkina")]).toEqual(["[NAME] came", "Zorkina came", "[NAME] came"]);
  });
});

test("scan redacts whole what is too long", () => {
  expect(String(maskCell("scan", column(OID.text), Buffer.alloc(70_000, "a")))).toBe("***");
});

/** How often detectors look at a byte of the text. */
function looks(value: Buffer): number {
  const byte = vi.spyOn(Reading.prototype, "byte");
  maskCell("scan", column(OID.text), value);
  const count = byte.mock.calls.length;
  byte.mockRestore();
  return count;
}

const repeated = (piece: string, size: number) => Buffer.from(piece.repeat(Math.ceil(size / Buffer.byteLength(piece))));

/** Looks per byte: what all detectors together may take at the most. */
const MOST_LOOKS = 300;

test.each([
  "a",
  "1",
  "a.",
  "1-",
  "1 ",
  "A ",
  "Maria ",
  "a@",
  "http://a",
  "1.2.",
  ":",
  "(617) ",
  "é",
  "â€",
  "March 1 ",
  "O'",
])("scan looks at the text in proportion to its length, also for %j again and again", (piece) => {
  const [short, long] = [looks(repeated(piece, 1500)), looks(repeated(piece, 15_000))];
  expect(long).toBeLessThan(10.5 * short + 1000);
  expect(long).toBeLessThan(MOST_LOOKS * 15_000);
});

test("scan looks at any text in proportion to its length", () => {
  const pieces = "a A 1 12 123 . , - – ' @ : / ( + # Dr. Mr Ave MRN http:// www. May 12/ é \u00a0 \n".split(" ");
  fc.assert(
    fc.property(fc.array(fc.constantFrom(" ", ...pieces), { minLength: 1, maxLength: 8 }), (chosen) => {
      const piece = chosen.join("");
      const [short, long] = [looks(repeated(piece, 600)), looks(repeated(piece, 6000))];
      return long < 11 * short + 1000 && long < MOST_LOOKS * 6000;
    }),
    { numRuns: 60 },
  );
});
