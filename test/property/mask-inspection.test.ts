// Free text that somebody else looks at, too: what is shown equals what one pass over the union of both findings would show, however rows come
// and whatever the other says.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AnalysedStatement } from "#shared/facts.ts";
import { copyMask } from "#shared/masking/copy.ts";
import { type Ask, type Found, type Inspected, inspected } from "#shared/masking/inspection.ts";
import { rowMask } from "#shared/masking/rows.ts";
import type { ColumnPlan, RowMask } from "#shared/masking/types.ts";
import { backend as b } from "#test/support/backend.ts";
import { facts } from "#test/support/fake-gate.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";
import { column, ENVIRONMENT, maskText, OID, planned } from "#test/support/masking.ts";

/** Words, and what the own detectors make of them. */
const OWN = new Map([
  ["123-45-6789", "[SSN]"],
  ["617-555-0123", "[PHONE]"],
  ["a.b@x.example.org", "[EMAIL]"],
]);
const word = fc.oneof(
  fc.constantFrom(...OWN.keys()),
  fc.constantFrom("resting", "naïve", "😀", "𝒳𝒴", "\t", "then", "é", "日本語", "\\", ",", '"'),
);

interface Note {
  readonly words: readonly string[];
  /** Where the other finds something, as shares of the text. */
  readonly found: readonly (readonly [number, number, string])[];
  readonly fails: boolean;
}

const note: fc.Arbitrary<Note> = fc.record({
  words: fc.array(word, { minLength: 1, maxLength: 12 }),
  found: fc.array(
    fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(12), fc.constantFrom("NAME", "ID", "PHONE_OR_FAX")),
    { maxLength: 4 },
  ),
  fails: fc.nat(9).map((n) => n === 0),
});

const textOf = ({ words }: Note) => words.join(" ");

function foundIn(note: Note): Found[] {
  const points = [...textOf(note)].length;
  return note.found.flatMap(([share, length, type]) => {
    const start = Math.min(points - 1, Math.floor(share * points));
    const end = Math.min(points, start + length);
    return end > start ? [{ start, end, type }] : [];
  });
}

/** What should be shown: by intervals, with none of the code that is tested. */
function shown(note: Note): string {
  if (note.fails) return "***";
  const points = [...textOf(note)];
  const places = foundIn(note).map(({ start, end, type }) => ({ start, end, label: `[${type}]`, own: false }));
  let at = 0;
  for (const word of note.words) {
    const label = OWN.get(word);
    if (label !== undefined) places.push({ start: at, end: at + word.length, label, own: true });
    at += [...word].length + 1;
  }
  places.sort(
    (x, y) => x.start - y.start || Number(y.own) - Number(x.own) || x.end - y.end || (x.label < y.label ? -1 : 1),
  );
  let text = "";
  let kept = 0;
  for (let i = 0; i < places.length; ) {
    const first = places[i]!;
    let end = first.end;
    for (i++; i < places.length && places[i]!.start < end; i++) end = Math.max(end, places[i]!.end);
    const bytes = Buffer.byteLength(points.slice(first.start, end).join(""));
    const label = first.own || first.label.length <= 3 * bytes ? first.label : "***";
    text += points.slice(kept, first.start).join("") + label;
    kept = end;
  }
  return text + points.slice(kept).join("");
}

/** Answers as the notes say, in any order of time, and remembers what was asked. */
function asking(notes: readonly Note[], asked: string[][] = []): Ask {
  const byText = new Map(notes.map((one) => [textOf(one), one]));
  return async (texts) => {
    asked.push([...texts]);
    await new Promise((resolve) => setImmediate(resolve));
    return texts.map((text): Inspected => {
      const one = byText.get(text);
      if (one === undefined || one.fails) return { failed: "unavailable" };
      return { found: foundIn(one).reverse() };
    });
  };
}

/** Of notes with one text only the last is meant. */
const notes = fc
  .array(note, { minLength: 1, maxLength: 30 })
  .map((all) => [...new Map(all.map((one) => [textOf(one), one])).values()]);

const ID: ColumnPlan = planned("clear", { classes: [] });
const NOTE: ColumnPlan = planned("scan", { classes: ["note"] });
const PLANS = [ID, NOTE];
const plan = { type: "columns", columns: PLANS } as const;

function waiting(ask: Ask, format = 0): RowMask {
  const shape = [column(OID.int4, format), column(OID.text, format)];
  const mask = inspected((inspect) => rowMask(plan, shape, { ...ENVIRONMENT, inspect }), ask);
  if ("mismatch" in mask) throw new Error(mask.mismatch);
  return mask;
}

/** Lets the machine hear the server in such pieces, and waits until it has said all. */
async function hear(m: FakeMachine, bytes: Buffer, cuts: readonly number[]): Promise<Buffer> {
  const said: Buffer[] = [];
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((x, y) => x - y);
  for (const [i, from] of [0, ...places].entries()) m.machine.target(bytes.subarray(from, places[i] ?? bytes.length));
  for (let i = 0; i < 60; i++) {
    await m.settled();
    said.push(m.saidBytes());
    if (m.machine.wantsTarget && i > 0) break;
  }
  expect(m.failure).toBeNull();
  return Buffer.concat(said);
}

test("the oracle knows what the own detectors find", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), (words) => {
      const one = { words, found: [], fails: false };
      expect(maskText("scan", OID.text, textOf(one))).toBe(shown(one));
    }),
  );
});

const cuts = fc.array(fc.nat(100_000), { maxLength: 20 });

describe("rows with inspected text", () => {
  test.each([
    ["text", 0],
    ["binary", 1],
  ])("in %s are the union's, however they come", async (_, format) => {
    await fc.assert(
      fc.asyncProperty(notes, cuts, fc.boolean(), async (all, places, extended) => {
        const m = new FakeMachine();
        const mask = waiting(asking(all), format);
        m.session.conceal = () => mask;
        await m.client(
          extended ? Buffer.concat([f.run("select id, note from t"), f.sync]) : f.query("select id, note"),
        );
        const id = (i: number) => (format === 1 ? Buffer.from([0, 0, 0, i]) : String(i));
        const described = b.rowDescription({ name: "id", type: OID.int4, format }, { name: "note", format });
        const opening = extended ? [b.parseComplete, b.bindComplete, described] : [described];
        const frame = (text: (one: Note) => string) => [
          ...opening,
          ...all.flatMap((one, i) => [b.dataRow(id(i), text(one)), b.dataRow(id(i), null)]),
          b.fields("N", { S: "NOTICE", V: "NOTICE", C: "00000", M: "careful" }),
          b.complete(`SELECT ${2 * all.length}`),
          b.ready(),
        ];
        const said = await hear(m, Buffer.concat(frame(textOf)), places);
        expect(said.toString("latin1")).toBe(Buffer.concat(frame(shown)).toString("latin1"));
        const failed = all.filter((one) => one.fails).length;
        expect(mask.tally[0]).toMatchObject({ masked: all.length, clear: 0 });
        expect(mask.tally[0]?.withheld ?? 0).toBe(failed);
      }),
      { numRuns: 60 },
    );
  });

  test("copied out are, too", async () => {
    const statement: AnalysedStatement = {
      facts: facts({
        kind: "copy-out",
        outputs: [
          { name: "id", sources: [{ relation: "public.patients", column: "id" }], direct: true },
          { name: "note", sources: [{ relation: "public.patients", column: "note" }], direct: true },
        ],
      }),
      effects: [],
      copy: { format: "csv", delimiter: ",", null: "", header: true, quote: '"', escape: '"' },
    };
    const line = (i: number, text: string) => `${i},"${text.replaceAll('"', '""')}"\n`;
    await fc.assert(
      fc.asyncProperty(notes, cuts, async (all, places) => {
        const m = new FakeMachine();
        const shape = { binary: false, columns: 2, clientEncoding: "UTF8" };
        const mask = inspected(
          (inspect) => copyMask(plan, statement, shape, { ...ENVIRONMENT, inspect }),
          asking(all),
        ) as RowMask;
        m.session.concealCopy = () => mask;
        await m.client(f.query("copy t to stdout (format csv, header)"));
        const lines = all.map((one, i) => b.copyData(line(i, textOf(one))));
        const head = b.copyData("id,note\n");
        const end = [b.copyDone, b.complete(`COPY ${all.length}`), b.ready()];
        const said = await hear(m, Buffer.concat([b.copyOut(2), head, ...lines, ...end]), places);
        const [header, ...values] = linesOf(said).map(([, , quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare);
        expect(header).toBe("note");
        expect(values).toEqual(all.map(shown));
      }),
      { numRuns: 40 },
    );
  });
});

/** What CopyData messages hold, each read as one line of two fields. */
function linesOf(said: Buffer): RegExpExecArray[] {
  const lines: RegExpExecArray[] = [];
  for (let at = 0; at < said.length; at += 1 + said.readInt32BE(at + 1)) {
    const line = /^(\w+),(?:"((?:[^"]|"")*)"|([^\n]*))\n$/.exec(
      said.toString("utf8", at + 5, at + 1 + said.readInt32BE(at + 1)),
    );
    if (said[at] === 0x64) lines.push(line as RegExpExecArray);
  }
  return lines;
}
