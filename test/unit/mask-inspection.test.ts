// Rows that wait for what somebody else says of their free text: how much is asked at once, what becomes of answers that cannot be right, and what a
// session can do meanwhile.
import { describe, expect, test } from "vitest";
import { type Ask, type Found, type Inspected, inspected, spansOf } from "#shared/masking/inspection.ts";
import { rowMask } from "#shared/masking/rows.ts";
import type { RowMask } from "#shared/masking/types.ts";
import { backend as b } from "#test/support/backend.ts";
import { dataRow, ExactSink } from "#test/support/cells.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";
import { column, ENVIRONMENT, OID, planned } from "#test/support/masking.ts";

function waiting(ask: Ask, type: number = OID.text): RowMask {
  const plan = { type: "columns", columns: [planned("scan")] } as const;
  const mask = inspected((inspect) => rowMask(plan, [column(type)], { ...ENVIRONMENT, inspect }), ask);
  if ("mismatch" in mask) throw new Error(mask.mismatch);
  return mask;
}

const nothing: Ask = (texts) => Promise.resolve(texts.map(() => ({ found: [] })));
const row = (text: string | Buffer | null) => dataRow([text === null ? null : Buffer.from(text as string)]);

/** What is shown of one text about which that is said. */
async function shown(text: string, said: Inspected, type?: number): Promise<string> {
  const mask = waiting(() => Promise.resolve([said]), type);
  const sink = new ExactSink();
  mask.waiting!.take(row(text), sink);
  await mask.waiting!.ask();
  mask.waiting!.release(sink);
  return Buffer.from(sink.written).subarray(11).toString();
}

describe("places", () => {
  const bytes = Buffer.from("a😀é\u0000z");
  const place = (start: number, end: number): Found => ({ start, end, type: "ID" });

  test("are code points, and become bytes", () => {
    expect(spansOf([place(1, 2), place(2, 3), place(4, 5)], bytes)).toEqual([
      { start: 1, end: 5, label: "ID" },
      { start: 5, end: 7, label: "ID" },
      { start: 8, end: 9, label: "ID" },
    ]);
  });

  test.each([
    [-1, 2],
    [2, 2],
    [3, 2],
    [0, 6],
    [5, 6],
    [0.5, 2],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
  ])("from %d to %d are none: the text is hidden whole", async (start, end) => {
    expect(spansOf([place(0, 1), place(start, end)], bytes)).toBeNull();
    expect(await shown("a😀é\u0001z", { found: [place(0, 1), place(start, end)] })).toBe("***");
  });

  test("that are shorter than their word are stars", async () => {
    expect(await shown("x is y", { found: [place(0, 1)] })).toBe("*** is y");
    expect(await shown("xy is y", { found: [place(0, 2)] })).toBe("[ID] is y");
  });

  test("in elements of an array are counted in the element", async () => {
    expect(await shown('{"ab cd",NULL}', { found: [place(3, 5)] }, OID.textArray)).toBe('{"ab [ID]",NULL}');
  });
});

describe("what is asked", () => {
  test("is the text alone, each once, and nothing where there is none", async () => {
    const asked: string[][] = [];
    const mask = waiting((texts) => {
      asked.push([...texts]);
      return nothing(texts);
    });
    const sink = new ExactSink();
    for (const text of [null, "", "x".repeat(65_537)]) mask.waiting!.take(row(text), sink);
    expect(mask.waiting!.held).toBe(false);
    for (const text of ["same", null, "same", "other", ""]) mask.waiting!.take(row(text), sink);
    expect(mask.waiting!.held).toBe(true);
    await mask.waiting!.ask();
    mask.waiting!.release(sink);
    expect(asked).toEqual([["same", "other"]]);
    expect(mask.waiting!.held).toBe(false);
  });

  test("is hidden whole when it is no UTF-8, and nobody is asked", () => {
    const mask = waiting(nothing);
    const sink = new ExactSink();
    mask.waiting!.take(row(Buffer.from([0x66, 0xfc, 0x72])), sink);
    expect(Buffer.from(sink.written).subarray(11).toString()).toBe("***");
    expect(mask.tally[0]).toMatchObject({ masked: 1, withheld: 1 });
  });

  test("is bounded, in texts and in bytes, also of one row", async () => {
    const asked: (readonly string[])[] = [];
    const mask = waiting((texts) => {
      asked.push(texts);
      return nothing(texts);
    }, OID.textArray);
    const sink = new ExactSink();
    const many = Array.from({ length: 400 }, (_, i) => `w${i}`);
    mask.waiting!.take(row(`{${many.join(",")}}`), sink);
    expect(mask.waiting!.full).toBe(true);
    await mask.waiting!.ask();
    mask.waiting!.release(sink);
    const elements = Buffer.from(sink.written).subarray(11).toString().slice(1, -1).split(",");
    expect(asked[0]).toHaveLength(256);
    expect(elements).toEqual(many.map((word, i) => (i < 256 ? word : "***")));
    expect(mask.tally[0]).toMatchObject({ masked: 1, withheld: 144 });
    const large = Array.from({ length: 20 }, (_, i) => `${i}${"x".repeat(60_000)}`);
    mask.waiting!.take(row(`{${large.join(",")}}`), sink);
    await mask.waiting!.ask();
    expect(Buffer.byteLength(asked[1]!.join(""))).toBeLessThanOrEqual(512 * 1024);
    mask.waiting!.release(sink);
    expect(mask.tally[0]).toMatchObject({ withheld: 144 + 20 - asked[1]!.length });
  });
});

/** A machine whose results have one column of notes, and the questions that wait for an answer. */
function session() {
  const m = new FakeMachine();
  const open: { texts: readonly string[]; answer(word?: string): void }[] = [];
  m.session.conceal = () =>
    waiting(
      (texts) =>
        new Promise((resolve) =>
          open.push({
            texts,
            answer: (word) =>
              resolve(
                texts.map((text): Inspected => {
                  const at = word === undefined ? -1 : text.indexOf(word);
                  return { found: at < 0 ? [] : [{ start: at, end: at + word!.length, type: "NAME" }] };
                }),
              ),
          }),
        ),
    );
  return { m, open };
}
const NOTE = { name: "note" };

describe("a session whose rows wait", () => {
  test("asks in batches, says rows in their order and nothing before them, and reads no further", async () => {
    const { m, open } = session();
    await m.client(f.query("select note from notes"));
    const rows = Array.from({ length: 150 }, (_, i) => b.dataRow(`Zork ${i}`));
    await m.server(b.rowDescription(NOTE), ...rows, b.complete("SELECT 150"), b.ready());
    expect(await m.said()).toHaveLength(1);
    expect(m.machine.wantsTarget).toBe(false);
    const said: string[] = [];
    for (let i = 0; i < 3; i++) {
      expect(open[i]!.texts.length).toBe([64, 64, 22][i]);
      expect(open).toHaveLength(i + 1);
      open[i]!.answer("Zork");
      await m.settled();
      said.push(...(await m.said()));
    }
    expect(m.machine.wantsTarget).toBe(true);
    expect(said).toHaveLength(152);
    expect(said.join("\n")).not.toContain("Zork");
    expect(said.slice(0, 150).map((line) => /\d+/.exec(line)?.[0])).toEqual(rows.map((_, i) => String(i)));
    expect(m.session.done.map((d) => d.tag)).toEqual(["SELECT 150"]);
  });

  test("keeps what comes meanwhile, and takes what the client sends", async () => {
    const { m, open } = session();
    await m.client(f.run("select note from notes"), f.sync);
    await m.server(b.parseComplete, b.bindComplete, b.rowDescription(NOTE), b.dataRow("one"));
    m.sentBytes();
    await m.client(f.query("update notes set x = 1"));
    expect(m.sent()).toBe("Q");
    await m.server(b.dataRow("two"));
    await m.server(b.suspended, b.ready());
    await m.server(b.complete("UPDATE 1"), b.ready());
    const before = await m.said();
    open[0]!.answer();
    await m.settled();
    expect(open[1]!.texts).toEqual(["two"]);
    expect(m.session.done).toHaveLength(0);
    open[1]!.answer();
    await m.settled();
    const after = await m.said();
    expect(before.length + after.length).toBe(3 + 2 + 2 + 2);
    expect(m.session.done.map((d) => d.tag)).toEqual(["SUSPENDED", "UPDATE 1"]);
  });

  test("hears of an error behind its rows after them", async () => {
    const { m, open } = session();
    await m.client(f.query("select note from notes"));
    await m.server(
      b.rowDescription(NOTE),
      b.dataRow("one"),
      b.fields("E", { S: "ERROR", V: "ERROR", C: "57014", M: "x" }),
    );
    await m.server(b.ready());
    await m.said();
    open[0]!.answer();
    await m.settled();
    const said = await m.said();
    expect(said).toHaveLength(3);
    expect(said[1]).toContain("57014");
  });

  test("that ends before the answer shows none of them", async () => {
    const { m, open } = session();
    await m.client(f.query("select note from notes"));
    await m.server(b.rowDescription(NOTE), b.dataRow("Zork"));
    await m.said();
    m.machine.close();
    open[0]!.answer();
    await m.settled();
    expect(m.saidBytes()).toHaveLength(0);
    expect(m.session.done).toHaveLength(1);
  });
});
