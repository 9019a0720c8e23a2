import { describe, expect, test } from "vitest";
import type { AnalysedStatement, CopyFormat } from "#shared/facts.ts";
import { type CopyShape, copyMask } from "#shared/masking/copy.ts";
import type { ColumnPlan, CopyMask } from "#shared/masking/types.ts";
import { copyData, ExactSink } from "#test/support/cells.ts";
import { facts } from "#test/support/fake-gate.ts";
import { ENVIRONMENT, planned } from "#test/support/masking.ts";

const TEXT: CopyFormat = { format: "text", delimiter: "\t", null: "\\N", header: false };
const CSV: CopyFormat = { format: "csv", delimiter: ",", null: "", header: false, quote: '"', escape: '"' };
const COLUMNS = ["id", "ssn", "born", "note"];
const PLANS = [planned("clear", { classes: [] }), planned("last4"), planned("year"), planned("scan")];

function statement(copy: CopyFormat | undefined, names = COLUMNS): AnalysedStatement {
  const outputs = names.map((name) => ({
    name,
    sources: [{ relation: "public.patients", column: name }],
    direct: name !== "derived",
  }));
  return { facts: facts({ kind: "copy-out", outputs }), effects: [], ...(copy === undefined ? {} : { copy }) };
}

function made(
  copy: CopyFormat | undefined,
  columns: ColumnPlan[] = PLANS,
  names = COLUMNS,
  shape: Partial<CopyShape> = {},
) {
  const told = { binary: copy?.format === "binary", columns: columns.length, clientEncoding: "UTF8", ...shape };
  return copyMask({ type: "columns", columns }, statement(copy, names), told, ENVIRONMENT);
}

function mask(copy: CopyFormat, columns?: ColumnPlan[], names?: string[]): CopyMask {
  const result = made(copy, columns, names);
  if ("mismatch" in result) throw new Error(result.mismatch);
  return result;
}

function send(copy: CopyMask, payload: string | Uint8Array): Buffer {
  const sink = new ExactSink();
  copy.row(copyData(payload), sink);
  const written = Buffer.from(sink.written);
  expect(written.readInt32BE(1)).toBe(written.length - 1);
  return written.subarray(5);
}

const say = (copy: CopyMask, line: string) => send(copy, line).toString();

describe("COPY in text", () => {
  test("masks fields by their columns' types, and keeps the others as they are", () => {
    const copy = mask(TEXT);
    expect(say(copy, "1\t123-45-6789\t1987-06-05\tcall\\t617-555-0123\n")).toBe(
      "1\t***6789\t1987-01-01\tcall\\t[PHONE]\n",
    );
    expect(say(copy, "\\N\t\\N\t\\N\t\\N\n")).toBe("\\N\t\\N\t\\N\t\\N\n");
    expect(say(copy, "2\\\\\t1\tinfinity\ta\\\\N\n3\t1\tinfinity\tb\n")).toBe(
      "2\\\\\t***\t\\N\ta\\\\N\n3\t***\t\\N\tb\n",
    );
    expect(copy.tally.map((tally) => tally.masked)).toEqual([3, 3, 3]);
  });

  test("leaves the header alone, once", () => {
    const copy = mask({ ...TEXT, header: true });
    expect(say(copy, "id\tssn\tborn\tnote\n")).toBe("id\tssn\tborn\tnote\n");
    expect(say(copy, "id\tssn\tborn\tnote\n")).toBe("id\t***\t\\N\tnote\n");
  });

  test("writes what holds its own delimiter or NULL's text safely", () => {
    const copy = mask({ ...TEXT, delimiter: "*", null: "" });
    expect(say(copy, "1*123-45-6789*1987-06-05*x\n")).toBe("1*\\*\\*\\*6789*1987-01-01*x\n");
    expect(say(copy, "1***\n")).toBe("1***\n");
  });

  test("searches text for the names that the line carries", () => {
    const plans = [planned("scan"), planned("redact", { names: true })];
    const copy = mask(TEXT, plans, ["note", "derived"]);
    expect(say(copy, "Zorkina came\tBlorp, Zorkina\nZorkina came\t\\N\n")).toBe(
      "[NAME] came\t\\N\nZorkina came\t\\N\n",
    );
    const csv = mask(CSV, plans, ["note", "derived"]);
    expect(say(csv, 'Zorkina came,"Blorp, Zorkina"\n')).toBe("[NAME] came,\n");
  });

  test("hides a value of unknown type as NULL", () => {
    const copy = mask(TEXT, [planned("redact")], ["derived"]);
    expect(say(copy, "1234\n")).toBe("\\N\n");
  });

  test.each(["1\t2\t3\n", "1\t2\t3\t4\t5\n", "1\t2\t3\t4", "1\t2\t3\t4\\\n", "1\t2\t3\t4\n1\n"])(
    "stops at %j",
    (line) => {
      const sink = new ExactSink();
      expect(() => mask(TEXT).row(copyData(line), sink)).toThrow();
      expect(sink.written).toHaveLength(0);
    },
  );
});

describe("COPY in CSV", () => {
  test("knows quotes, delimiters and line ends inside of them, and NULL", () => {
    const copy = mask(CSV);
    expect(say(copy, '"a,""b""\n",123-45-6789,1987-06-05,"say ""617-555-0123"", ok"\n')).toBe(
      '"a,""b""\n",***6789,1987-01-01,"say ""[PHONE]"", ok"\n',
    );
    expect(say(copy, ",,,\n")).toBe(",,,\n");
    expect(say(copy, '1,"",1987-06-05,""\n')).toBe('1,***,1987-01-01,""\n');
  });

  test("knows other quotes and escapes, and quotes what it writes where need be", () => {
    const copy = mask({ format: "csv", delimiter: "*", null: "x", header: false, quote: "'", escape: "\\" });
    expect(say(copy, "'it\\'s \\\\'*'123-45-6789'*x*'\\\\ 617-555-0123'\n")).toBe(
      "'it\\'s \\\\'*'***6789'*x*'\\\\ [PHONE]'\n",
    );
  });
});

describe("COPY in binary", () => {
  const SIGNATURE = Buffer.from("5047434f50590aff0d0a00" + "00000000" + "00000000", "hex");
  const tuple = (...cells: (Buffer | null)[]) =>
    Buffer.concat([
      Buffer.from([0, cells.length]),
      ...cells.map((cell) => {
        const length = Buffer.alloc(4);
        length.writeInt32BE(cell?.length ?? -1);
        return Buffer.concat([length, cell ?? Buffer.alloc(0)]);
      }),
    ]);
  const END = Buffer.from("ffff", "hex");
  const one = Buffer.from("00000001", "hex");
  const row = tuple(one, Buffer.from("123-45-6789"), one, null);
  const hidden = tuple(one, Buffer.from("***6789"), Buffer.from("00000000", "hex"), null);

  test("knows the header, tuples and the end, however they come", () => {
    const apart = mask({ format: "binary" });
    expect(send(apart, Buffer.concat([SIGNATURE, row]))).toEqual(Buffer.concat([SIGNATURE, hidden]));
    expect(send(apart, Buffer.concat([row, row]))).toEqual(Buffer.concat([hidden, hidden]));
    expect(send(apart, END)).toEqual(END);
    const whole = mask({ format: "binary" });
    expect(send(whole, Buffer.concat([SIGNATURE, row, END]))).toEqual(Buffer.concat([SIGNATURE, hidden, END]));
    expect(whole.tally.map((tally) => tally.masked)).toEqual([1, 1, 0]);
  });

  test.each([
    ["no header", row],
    ["another count of cells", Buffer.concat([SIGNATURE, tuple(one)])],
    ["a cell that ends too late", Buffer.concat([SIGNATURE, row.subarray(0, -3)])],
    ["something after the end", Buffer.concat([SIGNATURE, END, row])],
  ])("stops at %s", (_what, payload) => {
    expect(() => send(mask({ format: "binary" }), payload)).toThrow();
  });
});

describe("what the server says of a COPY", () => {
  test("has to be what was analysed", () => {
    expect(made(TEXT, PLANS, COLUMNS, { columns: 3 })).toHaveProperty("mismatch");
    expect(made(TEXT, PLANS, COLUMNS, { binary: true })).toHaveProperty("mismatch");
    expect(made(undefined)).toHaveProperty("mismatch");
    expect(made(undefined, [planned("clear", { classes: [] })], ["id"])).toMatchObject({ active: false });
  });

  test("must be in an encoding whose delimiters can be told", () => {
    expect(made(TEXT, PLANS, COLUMNS, { clientEncoding: "GBK" })).toHaveProperty("mismatch");
    expect(made({ ...TEXT, encoding: "shift_jis_2004" })).toHaveProperty("mismatch");
    expect(made({ ...TEXT, encoding: "LATIN1" })).not.toHaveProperty("mismatch");
    expect(made({ format: "binary" }, PLANS, COLUMNS, { clientEncoding: "GBK" })).not.toHaveProperty("mismatch");
  });
});
