// What a mask shows is what its definition says: two values that agree in that are masked to the same bytes, whatever their length, their order
// and the rest of them; in text and in binary.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MaskName } from "#shared/masking/types.ts";
import { column, maskCell, OID } from "#test/support/masking.ts";

type Encode<T> = (value: T) => Buffer;

const text: Encode<unknown> = (value) => Buffer.from(String(value));
const int4: Encode<number> = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int8: Encode<number> = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const DAY = 86_400_000;
const EPOCH = Date.UTC(2000, 0, 1);
/** Milliseconds since 1970 to PostgreSQL's own forms. */
const date: Encode<number> = (ms) => int4(Math.floor((ms - EPOCH) / DAY));
const timestamp: Encode<number> = (ms) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(ms - EPOCH) * 1000n);
  return bytes;
};
const isoDate: Encode<number> = (ms) => text(new Date(ms).toISOString().slice(0, 10));
const isoTime: Encode<number> = (ms) => text(new Date(ms).toISOString().slice(0, 19).replace("T", " "));

const letters = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(..."abcdefghijkmnpq0123456789"), minLength, maxLength });
const year = (y: number) => fc.integer({ min: Date.UTC(y, 0, 1), max: Date.UTC(y + 1, 0, 1) - 1 });
const years = fc.integer({ min: 1940, max: 2030 });
const pair = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<[T, T]> => fc.tuple(one, one);

interface Case<T> {
  readonly mask: MaskName;
  /** Two values that agree in all that the mask shows. */
  readonly alike: fc.Arbitrary<[T, T]>;
  readonly forms: readonly (readonly [what: string, type: number, binary: boolean, encode: Encode<T>])[];
}

const one = <T>(value: Case<T>): Case<T> => value;
const CASES = [
  one({
    mask: "last4",
    alike: letters(4, 4).chain((end) => pair(letters(5, 60).map((start) => `${start}-${end}`))),
    forms: [
      ["text", OID.text, false, text],
      ["varchar in binary", OID.varchar, true, text],
    ],
  }),
  one({
    mask: "last4",
    alike: fc
      .integer({ min: 0, max: 9999 })
      .chain((end) => pair(fc.integer({ min: 10_000, max: 9_999_999_999 }).map((start) => start * 10_000 + end))),
    forms: [
      ["int8", OID.int8, false, text],
      ["int8 in binary", OID.int8, true, int8],
      ["numeric", OID.numeric, false, text],
    ],
  }),
  one({
    mask: "initial",
    alike: fc.constantFrom("M", "é", "Z").chain((first) => pair(letters(1, 60).map((rest) => `${first}${rest}`))),
    forms: [["text", OID.text, false, text]],
  }),
  one({
    mask: "zip3",
    alike: fc
      .integer({ min: 0, max: 999 })
      .chain((head) => pair(fc.integer({ min: 0, max: 99 }).map((rest) => String(head * 100 + rest).padStart(5, "0")))),
    forms: [["text", OID.text, false, text]],
  }),
  one({
    mask: "age-band",
    alike: fc.oneof(
      fc.integer({ min: 0, max: 8 }).chain((band) => pair(fc.integer({ min: band * 10, max: band * 10 + 9 }))),
      pair(fc.integer({ min: 90, max: 140 })),
    ),
    forms: [
      ["text", OID.text, false, text],
      ["int4", OID.int4, false, text],
      ["int4 in binary", OID.int4, true, int4],
    ],
  }),
  one({
    mask: "year",
    alike: fc.oneof(
      years.chain((y) => pair(year(y))),
      // An age of 90 and more.
      pair(fc.integer({ min: 1850, max: 1936 }).chain(year)),
    ),
    forms: [
      ["date", OID.date, false, isoDate],
      ["date in binary", OID.date, true, date],
      ["timestamp", OID.timestamp, false, isoTime],
      ["timestamp in binary", OID.timestamp, true, timestamp],
      ["text", OID.text, false, isoDate],
    ],
  }),
] as readonly Case<unknown>[];

describe.each(CASES)("$mask", ({ mask, alike, forms }) => {
  test.each(forms)("of %s shows nothing beyond its definition", (_what, type, binary, encode) => {
    const show = (value: unknown) => maskCell(mask, column(type, binary ? 1 : 0), encode(value));
    fc.assert(
      fc.property(alike, ([a, b]) => {
        expect(show(a)).toEqual(show(b));
      }),
      { numRuns: 300 },
    );
  });
});

describe("pseudonym", () => {
  const FORMS: readonly (readonly [string, number, boolean, (n: number) => Buffer])[] = [
    ["text", OID.text, false, (n) => text("x".repeat(n % 50) + n)],
    ["int4", OID.int4, true, int4],
    ["int8", OID.int8, true, int8],
    ["uuid", OID.uuid, true, (n) => Buffer.concat([int8(0), int8(n)])],
  ];

  test.each(FORMS)("of %s keeps equality alone: neither length nor order", (_what, type, binary, encode) => {
    const values = Array.from({ length: 400 }, (_, i) => i * 7 + 1);
    const show = (n: number) => Buffer.from(maskCell("pseudonym", column(type, binary ? 1 : 0), encode(n))!);
    const shown = values.map(show);
    expect(shown.map((cell) => cell.toString("hex"))).toEqual(values.map((n) => show(n).toString("hex")));
    expect(new Set(shown.map((cell) => cell.toString("hex"))).size).toBe(values.length);
    expect(new Set(shown.map((cell) => cell.length)).size).toBe(1);
    // Of neighbours, about half are in order: within five standard deviations of a coin's.
    const inOrder = shown.slice(1).filter((cell, i) => Buffer.compare(shown[i]!, cell) < 0).length;
    expect(Math.abs(inOrder - 200)).toBeLessThan(50);
  });

  test.each([OID.date, OID.bool, OID.numeric, OID.inet])("of a type that has none (%i) is NULL", (type) => {
    expect(maskCell("pseudonym", column(type), Buffer.from("1"))).toBeNull();
  });
});
