// What was copied in, row by row, however its bytes were cut into messages.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CopiedIn, type CopiedRow } from "#cli/proof/copied.ts";
import { frame } from "#test/support/evidence.ts";

const DONE = frame("c", Buffer.alloc(0));

/** @param cuts where one message ends and the next begins */
function rowsOf(bytes: Buffer, cuts: readonly number[]): CopiedRow[] {
  const copy = new CopiedIn();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const frames = places.slice(1).map((end, i) => frame("d", bytes.subarray(places[i], end)));
  return [...frames, DONE].flatMap((one) => copy.push(one));
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe("what was copied in", () => {
  it("is lines, the last of them with or without its end", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\n]/g, ""));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), cuts, fc.boolean(), (lines, places, ended) => {
        fc.pre(lines.at(-1) !== "");
        expect(rowsOf(Buffer.from(lines.join("\n") + (ended ? "\n" : "")), places)).toEqual(lines);
      }),
    );
  });

  it("is values of the binary format: text as text, all else in hex, NULL as null", () => {
    const int32 = (value: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(value);
      return bytes;
    };
    const count = (values: readonly unknown[]) => Buffer.from([values.length >> 8, values.length & 255]);
    const value = fc.option(
      fc.oneof(
        fc.uint8Array(),
        fc.string().map((text) => Buffer.from(text)),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { maxLength: 5 })),
        fc.uint8Array({ maxLength: 9 }),
        cuts,
        (rows, more, places) => {
          const header = [Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), int32(0), int32(more.length), more];
          const body = rows.flatMap((row) => [
            count(row),
            ...row.flatMap((cell) => (cell === null ? [int32(-1)] : [int32(cell.length), Buffer.from(cell)])),
          ]);
          const found = rowsOf(Buffer.concat([...header, ...body, Buffer.from([255, 255])]), places);
          expect(found.length).toBe(rows.length);
          for (const [i, row] of rows.entries())
            for (const [j, cell] of row.entries()) {
              const shown = (found[i] as readonly (string | null)[])[j];
              if (cell === null) expect(shown).toBeNull();
              else
                expect([Buffer.from(cell).toString("utf8"), `\\x${Buffer.from(cell).toString("hex")}`]).toContain(
                  shown,
                );
            }
        },
      ),
    );
    const one = [Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), int32(0), int32(0), count([0]), int32(4), int32(7)];
    expect(rowsOf(Buffer.concat(one), [])).toEqual([["\\x00000007"]]);
  });

  it("begins anew with the next of the same command string", () => {
    const copy = new CopiedIn();
    expect(copy.push(frame("d", Buffer.from("short")))).toEqual([]);
    expect(copy.push(DONE)).toEqual(["short"]);
  });
});
