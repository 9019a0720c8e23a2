import { expect, test } from "vitest";
import type { CopyFormat } from "#shared/facts.ts";
import { analyser } from "#test/support/analysis.ts";
import { SNAPSHOT } from "#test/support/masking.ts";

const analyse = await analyser(SNAPSHOT);
const copy = (options: string) => analyse(`COPY public.patients TO STDOUT ${options}`).statements[0]?.copy;

const TEXT = { format: "text", delimiter: "\t", null: "\\N", header: false };
const CSV = { format: "csv", delimiter: ",", null: "", header: false, quote: '"', escape: '"' };

test.each([
  ["", TEXT],
  ["(FORMAT text, DELIMITER '|', NULL 'none', HEADER)", { ...TEXT, delimiter: "|", null: "none", header: true }],
  ["WITH DELIMITER AS '*' NULL AS ''", { ...TEXT, delimiter: "*", null: "" }],
  ["(FORMAT csv)", CSV],
  ["(FORMAT 'CSV', HEADER true, QUOTE '''', FORCE_QUOTE *)", { ...CSV, header: true, quote: "'", escape: "'" }],
  ["CSV HEADER ESCAPE '\\'", { ...CSV, header: true, escape: "\\" }],
  ["(FORMAT csv, HEADER off, ENCODING 'GBK')", { ...CSV, encoding: "GBK" }],
  ["(FORMAT csv, HEADER 1)", { ...CSV, header: true }],
  ["(FORMAT csv, HEADER 0)", CSV],
  ["BINARY", { format: "binary" }],
  ["(FORMAT binary)", { format: "binary" }],
  ["(FORMAT 'parquet')", undefined],
] as [string, CopyFormat | undefined][])("COPY TO STDOUT %s", (options, expected) => {
  expect(copy(options)).toEqual(expected);
});

test("an analysis of COPY with options does not stand for another with other ones", () => {
  expect(analyse("COPY public.patients TO STDOUT (DELIMITER '|')").literalFree).toBe(false);
  expect(analyse("COPY public.patients TO STDOUT").literalFree).toBe(true);
  expect(analyse("COPY public.patients FROM STDIN").statements[0]?.copy).toBeUndefined();
});

test("options of COPY are no reason to call a statement incomplete", () => {
  expect(analyse("COPY public.patients TO STDOUT (FORMAT csv, FORCE_QUOTE *)").statements[0]?.facts.gaps).toEqual([]);
});
