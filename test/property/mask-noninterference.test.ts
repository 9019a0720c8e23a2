import fc from "fast-check";
import { expect, test } from "vitest";
import { cellsOf, dataRow, ExactSink } from "#test/support/cells.ts";
import { column, masked, OID, planned } from "#test/support/masking.ts";

const types = [...Object.values(OID), 20_001, 20_002, 999_999];
const value = fc.uint8Array({ maxLength: 80 });
const text = fc
  .oneof(fc.string({ unit: "grapheme", maxLength: 120 }), fc.lorem({ maxCount: 30 }))
  .map((s) => Buffer.from(s));

test("what redact and null show does not depend on the value", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.constantFrom(0, 1),
      fc.constantFrom("redact", "null"),
      value,
      value,
      (type, format, mask, one, other) => {
        const shown = [one, other].map((bytes) => {
          const sink = new ExactSink();
          masked([planned(mask)], [column(type, format)]).row(dataRow([bytes]), sink);
          return sink.written;
        });
        expect(shown[0]).toEqual(shown[1]);
      },
    ),
    { numRuns: 2000 },
  );
});

test("any bytes under any mask and type come out as one well-formed row, within the room that was asked for", () => {
  const masks = ["redact", "last4", "initial", "year", "zip3", "age-band", "pseudonym", "null", "scan"] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.constantFrom(0, 1),
      fc.constantFrom(...masks),
      fc.oneof(value, text),
      text,
      (type, format, mask, bytes, neighbour) => {
        const sink = new ExactSink();
        const plans = [planned(mask), planned("clear", { classes: [] }), planned(mask)];
        const shape = [column(type, format), column(OID.text), column(OID.text)];
        masked(plans, shape).row(dataRow([bytes, neighbour, neighbour]), sink);
        const cells = cellsOf(sink.written);
        expect(cells).toHaveLength(3);
        expect(Buffer.from(cells[1]!)).toEqual(neighbour);
      },
    ),
    { numRuns: 5000 },
  );
});
