// Does the proof find what it is there to find: a recording that is not the original, masked?
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Claim, parseClaim } from "#cli/proof/claims.ts";
import type { Again, Masking } from "#cli/proof/compare.ts";
import { type Original, readOriginals } from "#cli/proof/originals.ts";
import { Recorded } from "#cli/proof/recorded.ts";
import { JsonReport } from "#cli/proof/report.ts";
import { walk } from "#cli/proof/walk.ts";
import { type Delivery, deliveryLine } from "#shared/evidence/originals.ts";
import type { Chunk, ChunkType } from "#shared/evidence/recording.ts";
import { cellsOf, dataRow } from "#test/support/cells.ts";
import { frame } from "#test/support/evidence.ts";

const row = (...cells: (string | null)[]) =>
  Buffer.from(dataRow(cells.map((cell) => (cell === null ? null : Buffer.from(cell)))));
const complete = frame("C", Buffer.from("SELECT 2\0"));
const column = { table: 0, attribute: 0, type: 25, format: 0 };
const DELIVERY: Delivery = {
  kind: "rows",
  at: 0,
  index: 0,
  plan: [
    { mask: "clear", classes: [], sources: [], detectors: [] },
    { mask: "redact", classes: ["ssn"], sources: [], detectors: [] },
  ],
  shape: [
    { ...column, name: "id" },
    { ...column, name: "ssn" },
  ],
  now: 1,
  pseudonymKey: 1,
};

/** The second cell of each row becomes stars. */
const stars: Again = (bytes) => row(String(Buffer.from(cellsOf(bytes)[0]!)), "***");
const masking = (again: Again | string): Masking => ({ inspected: false, again: () => again });

async function* chunksOf(pieces: readonly (readonly [ChunkType, number, Uint8Array])[]): AsyncGenerator<Chunk> {
  for (const [type, seq, bytes] of pieces) yield { type, seq, time: 0, bytes };
}

const sealed = (...rows: Buffer[]): [ChunkType, number, Uint8Array][] => [
  ["statement", 2, Buffer.from("SELECT id, ssn FROM patients")],
  ["delivery", 2, Buffer.from(deliveryLine(DELIVERY))],
  ["result", 2, Buffer.concat(rows)],
];

async function prove(
  originals: readonly Buffer[],
  delivered: readonly Buffer[],
  again: Again | string = stars,
  claims: Claim[] = [],
) {
  const lines: Record<string, unknown>[] = [];
  const found = await walk({
    originals: readOriginals(chunksOf(sealed(...originals))),
    recorded: new Recorded(
      chunksOf([["output", 2, Buffer.concat([frame("T", Buffer.from([0, 0])), ...delivered, complete])]]),
    ),
    masking: masking(again),
    claims,
    report: new JsonReport(async (text) => void lines.push(JSON.parse(text))),
  });
  return { found, verdicts: lines.filter((line) => "verdict" in line).map(({ verdict }) => verdict) };
}

describe("a proof", () => {
  const originals = [row("1", "078-05-1120"), row("2", "219-09-9999")];

  it("holds where the recording is the original, masked", async () => {
    const { found, verdicts } = await prove(originals, [row("1", "***"), row("2", "***")]);
    expect(found).toEqual({ rows: 2, differing: 0, unproven: 0 });
    expect(verdicts).toEqual(["proven", "proven"]);
  });

  it.each([
    ["a cell that is shown is another", [row("1", "***"), row("3", "***")]],
    ["a hidden cell was shown", [row("1", "***"), row("2", "219-09-9999")]],
    ["a mask is another", [row("1", "***"), row("2", "**")]],
    ["rows changed places", [row("2", "***"), row("1", "***")]],
    ["a row was put in", [row("1", "***"), row("9", "***"), row("2", "***")]],
  ])("fails where %s", async (_, delivered) => {
    expect((await prove(originals, delivered)).found.differing).toBeGreaterThan(0);
  });

  it("says which rows the client was not sent", async () => {
    expect((await prove(originals, [row("1", "***")])).verdicts).toEqual(["proven", "not delivered"]);
  });

  it("says what it could not make again, and holds what is shown against the original all the same", async () => {
    expect((await prove(originals, [row("1", "***"), row("2", "x")], "no key")).verdicts).toEqual(["shown", "shown"]);
    expect((await prove(originals, [row("1", "***"), row("3", "x")], "no key")).verdicts).toEqual(["shown", "differs"]);
  });

  it("tells right claims from wrong ones", async () => {
    const claims = ["2/1,ssn=078-05-1120", "2/2,ssn=078-05-1120", "2/2,ssn", "2/7,ssn=x", "3/1,ssn=x"].map(parseClaim);
    await prove(originals, [row("1", "***"), row("2", "***")], stars, claims);
    expect(claims.map(({ holds }) => holds)).toEqual([true, false, false, null, null]);
    expect(() => parseClaim("ssn=1")).toThrow("not a claim");
    expect(() => parseClaim("2/0,ssn=1")).toThrow("not a claim");
  });
});

describe("originals", () => {
  it("are the same in whatever pieces they come", async () => {
    const all = sealed(row("1", "078-05-1120"), row("2", null));
    const read = async (pieces: readonly (readonly [ChunkType, number, Uint8Array])[]) => {
      const found: Original[] = [];
      for await (const original of readOriginals(chunksOf(pieces))) found.push(original);
      return JSON.stringify(found);
    };
    const expected = await read(all);
    expect(expected).toContain("SELECT id, ssn");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (sizes) => {
        let i = 0;
        const pieces = all.flatMap(([type, seq, bytes]) => {
          const cut: [ChunkType, number, Uint8Array][] = [];
          for (let at = 0; at < bytes.length; ) {
            const size = sizes[i++ % sizes.length]!;
            cut.push([type, seq, bytes.subarray(at, at + size)]);
            at += size;
          }
          return cut;
        });
        expect(await read(pieces)).toBe(expected);
      }),
    );
  });
});
