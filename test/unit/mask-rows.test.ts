import { describe, expect, test } from "vitest";
import { rowMask } from "#shared/masking/rows.ts";
import type { ColumnPlan, MaskName, MaskPlan } from "#shared/masking/types.ts";
import { dataRow, ExactSink } from "#test/support/cells.ts";
import { column, ENVIRONMENT, maskCell, masked, maskText, OID, planned, rewrite } from "#test/support/masking.ts";

const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

describe("masks of text values", () => {
  test.each([
    ["redact", OID.text, "anything", "***"],
    ["redact", OID.varchar, "", "***"],
    ["redact", 20_001, "123-45-6789", "***"],
    ["redact", OID.json, '{"a":1}', '"***"'],
    ["redact", OID.jsonb, '{"a":1}', '"***"'],
    ["redact", OID.xml, "<a/>", "***"],
    ["redact", OID.char, "M", "*"],
    ["redact", OID.int4, "7", null],
    ["redact", OID.date, "1980-01-02", null],
    ["redact", OID.bool, "t", null],
    ["redact", OID.bytea, "\\x00", null],
    ["redact", 20_002, "happy", null],
    ["redact", 999_999, "of a type that nobody knows", null],
    ["redact", OID.textArray, "{a,b,c}", "{***}"],
    ["redact", OID.int4Array, "{1,2}", null],
    ["null", OID.text, "x", null],
    ["last4", OID.text, "123-45-6789", "***6789"],
    ["last4", OID.text, "MRN 0012-3456", "***3456"],
    ["last4", OID.text, "12345678", "***"],
    ["last4", OID.text, "12345678é9", "***"],
    ["last4", OID.int8, "123456789", "6789"],
    ["last4", OID.int8, "12345678", null],
    ["last4", OID.numeric, "123450012", "12"],
    ["last4", OID.numeric, "-123450012", null],
    ["initial", OID.text, "Maria", "M."],
    ["initial", OID.text, " Éva", "É."],
    ["initial", OID.text, "M", "***"],
    ["initial", OID.text, "M ", "***"],
    ["initial", OID.text, "42", "***"],
    ["zip3", OID.text, "02139", "021**"],
    ["zip3", OID.text, "02139-1234", "021**"],
    ["zip3", OID.text, "021391234", "021**"],
    ["zip3", OID.text, "03601", "000**"],
    ["zip3", OID.text, "89312", "000**"],
    ["zip3", OID.text, "123456", "***"],
    ["zip3", OID.text, "SW1A 1AA", "***"],
    ["zip3", OID.int4, "2139", "2100"],
    ["zip3", OID.int4, "3601", "0"],
    ["age-band", OID.int4, "47", "40"],
    ["age-band", OID.int4, "90", "90"],
    ["age-band", OID.int4, "107", "90"],
    ["age-band", OID.int4, "-1", null],
    ["age-band", OID.text, "47", "40-49"],
    ["age-band", OID.text, "101", "90+"],
    ["age-band", OID.numeric, "47.9", "40"],
    ["age-band", OID.float8, "47.9", "40"],
    ["year", OID.date, "1987-06-05", "1987-01-01"],
    ["year", OID.date, "1901-06-05", "1936-01-01"],
    ["year", OID.date, "0044-03-15 BC", "1936-01-01"],
    ["year", OID.date, "infinity", null],
    ["year", OID.date, "06/05/1987", null],
    ["year", OID.date, "05.06.1987", null],
    ["year", OID.timestamp, "1987-06-05 12:00:00.5", "1987-01-01 00:00:00"],
    ["year", OID.timestamptz, "1987-06-05 12:00:00-05", "1987-01-01 00:00:00+00"],
    ["year", OID.int4, "1987", "1987"],
    ["year", OID.text, "1987-06-05", "1987-01-01"],
    ["year", OID.text, "June 5th", "***"],
    ["scan", OID.text, "call 617-555-0123", "call [PHONE]"],
    ["scan", OID.int4, "1", null],
    ["initial", OID.textArray, '{Maria,NULL,"O\\"Neil","NULL",""}', '{"M.",NULL,"O.","N.",***}'],
    ["year", OID.dateArray, "{1987-06-05,infinity}", '{"1987-01-01",NULL}'],
    ["age-band", OID.int4Array, "[0:1]={{41,42}}", "[0:1]={{40,40}}"],
  ] as [MaskName, number, string, string | null][])("%s of type %i: %s", (mask, type, value, expected) => {
    expect(maskText(mask, type, value)).toBe(expected);
  });

  test("fit the declared length of a column", () => {
    expect(maskText("redact", OID.bpchar, "M", 5)).toBe("*");
    expect(maskText("zip3", OID.varchar, "02139", 8)).toBe("***");
    expect(maskText("zip3", OID.varchar, "02139", 9)).toBe("021**");
    expect(maskText("pseudonym", OID.varchar, "MRN001", 14)).toMatch(/^p_[a-z2-7]{8}$/);
    expect(maskText("pseudonym", OID.varchar, "MRN001", 12)).toBe("***");
  });
});

describe("masks of binary values", () => {
  test.each([
    ["redact", OID.text, "61 62", "2a 2a 2a"],
    ["redact", OID.jsonb, "01 7b 7d", "01 22 2a 2a 2a 22"],
    [
      "redact",
      OID.textArray,
      "00000001 00000000 00000019 00000001 00000001 00000001 61",
      "00000001 00000000 00000019 00000001 00000001 00000003 2a2a2a",
    ],
    ["year", OID.date, "00000000", "00000000"],
    ["year", OID.date, "ffffffff", "fffffe93"],
    ["year", OID.date, "7fffffff", null],
    ["year", OID.timestamp, "0000000000000001", "0000000000000000"],
    ["age-band", OID.int2, "002f", "0028"],
    ["age-band", OID.int4, "0000002f", "00000028"],
    ["last4", OID.int8, "00000000075bcd15", "0000000000001a85"],
    ["age-band", OID.numeric, "0002 0000 0000 0001 002f 2328", "0001 0000 0000 0000 0028"],
    ["age-band", OID.float8, "4047f33333333333", "4044000000000000"],
    ["age-band", OID.int4, "2f", null],
    [
      "initial",
      OID.textArray,
      "00000001 00000000 00000019 00000002 00000001 00000002 4162 ffffffff",
      "00000001 00000001 00000019 00000002 00000001 00000002 412e ffffffff",
    ],
    ["initial", OID.textArray, "00000001 00000000 00000019 00000001 00000001 00000009 4162", null],
  ] as [MaskName, number, string, string | null][])("%s of type %i: %s", (mask, type, value, expected) => {
    const cell = maskCell(mask, column(type, 1), bytes(value));
    expect(cell === null ? null : Buffer.from(cell).toString("hex")).toBe(expected?.replaceAll(" ", "") ?? null);
  });
});

describe("pseudonyms", () => {
  test("are the same in text and in binary, and stable", () => {
    const uuid = "123e4567-e89b-12d3-a456-426614174000";
    const text = maskText("pseudonym", OID.uuid, uuid);
    expect(text).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const binary = maskCell("pseudonym", column(OID.uuid, 1), bytes(uuid.replaceAll("-", "")));
    expect(Buffer.from(binary!).toString("hex")).toBe(text!.replaceAll("-", ""));
    const int8 = maskCell("pseudonym", column(OID.int8, 1), bytes("fffffffffffffff9"));
    expect(Buffer.from(int8!).readBigInt64BE().toString()).toBe(maskText("pseudonym", OID.int8, "-7"));
    const int4 = maskCell("pseudonym", column(OID.int4, 1), bytes("0000002a"));
    expect(Buffer.from(int4!).readInt32BE().toString()).toBe(maskText("pseudonym", OID.int4, "42"));
  });

  test("of int4 are one to one, and keep the sign", () => {
    const seen = new Set<string | null>();
    for (let i = 0; i < 2000; i++) seen.add(maskText("pseudonym", OID.int4, String(i)));
    expect(seen.size).toBe(2000);
    expect([...seen].every((text) => Number(text) >= 0)).toBe(true);
    expect(Number(maskText("pseudonym", OID.int4, "-1"))).toBeLessThan(0);
  });

  test("differ between targets, and ignore the padding of char(n)", () => {
    const value = Buffer.from("MRN00123");
    const here = maskCell("pseudonym", column(OID.text), value);
    const there = maskCell("pseudonym", column(OID.text), value, { ...ENVIRONMENT, target: "other" });
    expect(there).not.toEqual(here);
    expect(maskText("pseudonym", OID.bpchar, "MRN00123   ")).toBe(Buffer.from(here!).toString());
  });
});

describe("a row", () => {
  const shape = [column(OID.int4), column(OID.text), column(OID.text), column(OID.date), column(OID.text)];
  const plan = [
    planned("clear", { classes: [] }),
    planned("redact"),
    planned("clear", { classes: [] }),
    planned("year"),
    planned("clear", { classes: [] }),
  ];

  test("keeps what is clear byte for byte, and NULL as NULL", () => {
    const long = Buffer.alloc(300, "é");
    const mask = masked(plan, shape);
    const cells = [Buffer.from("1"), Buffer.from("secret"), long, Buffer.from("1980-05-05"), null];
    const rewritten = rewrite(mask, cells).map((cell) => (cell === null ? null : Buffer.from(cell).toString()));
    expect(rewritten).toEqual(["1", "***", long.toString(), "1980-01-01", null]);
    expect(rewrite(mask, [null, null, null, null, null])).toEqual([null, null, null, null, null]);
    expect(mask.tally.map(({ masked, clear }) => [masked, clear])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  test("of revealed PHI is counted, and not changed", () => {
    const mask = masked([planned("clear"), planned("clear", { classes: [] })], [column(OID.text), column(OID.text)]);
    const cells = [Buffer.from("shown"), Buffer.from("x")];
    expect(mask.active).toBe(true);
    expect(rewrite(mask, cells).map(String)).toEqual(["shown", "x"]);
    expect(mask.tally).toMatchObject([{ mask: "clear", classes: ["class"], masked: 0, clear: 1 }]);
  });

  test("without PHI needs no work", () => {
    expect(masked([planned("clear", { classes: [] })], [column(OID.text)]).active).toBe(false);
    const clear = rowMask({ type: "clear" }, shape, ENVIRONMENT);
    expect("active" in clear && clear.active).toBe(false);
  });

  test("that is not of the shape is never written", () => {
    const mask = masked(plan, shape);
    const good = dataRow([Buffer.from("1"), Buffer.from("2"), null, null, null]);
    const cut = good.slice(0, -18);
    const lying = Buffer.from(good);
    lying.writeInt32BE(0x7ffffff0, 7);
    for (const frame of [dataRow([null]), cut, lying, good.subarray(0, 4), Buffer.from("Z\0\0\0\x05I")]) {
      const sink = new ExactSink();
      expect(() => mask.row(frame, sink)).toThrow();
      expect(sink.written).toHaveLength(0);
    }
  });
});

describe("the server's own description", () => {
  const ssn = { relation: "public.patients", column: "ssn" };
  const check = (sources: ColumnPlan["sources"], table: number, attribute: number) => {
    const plan: MaskPlan = { type: "columns", columns: [planned("clear", { sources, classes: [] })] };
    return "mismatch" in rowMask(plan, [column(OID.text, 0, { table, attribute })], ENVIRONMENT);
  };
  test.each([
    ["the same column", [ssn], 16_400, 2, false],
    ["another column", [ssn], 16_400, 4, true],
    ["no source, where the server names PHI", [], 16_400, 2, true],
    ["the whole row", [{ ...ssn, column: "*" }], 16_400, 2, false],
    ["a generated column", [ssn], 16_400, 6, false],
    ["a generated column of another relation", [], 16_400, 6, true],
    ["a dropped or unknown column", [], 16_400, 99, true],
    ["a system column, as ctid", [], 16_400, -1, false],
    ["a view", [ssn], 16_500, 1, false],
    ["a relation the snapshot does not know", [ssn], 77_777, 1, false],
    ["no table", [ssn], 0, 0, false],
  ] as [string, ColumnPlan["sources"], number, number, boolean][])(
    "%s",
    (_what, sources, table, attribute, mismatch) => {
      expect(check(sources, table, attribute)).toBe(mismatch);
    },
  );

  test("another count of columns, or rows where none were expected", () => {
    const one: MaskPlan = { type: "columns", columns: [planned("redact")] };
    for (const plan of [one, { type: "none" }, { type: "refuse", why: "because" }] as MaskPlan[]) {
      expect(rowMask(plan, [column(OID.text), column(OID.text)], ENVIRONMENT)).toHaveProperty("mismatch");
    }
  });
});
