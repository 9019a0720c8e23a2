// Results in words: as psql lays them out, as CSV, as JSON.
import type { DatabaseError } from "pg-protocol";
import type { NoticeMessage } from "pg-protocol/dist/messages.js";
import { harmless, pad, width } from "../evidence/table.ts";
import type { Column, Result } from "./session.ts";

export type Layout = "table" | "expanded" | "csv" | "json";

/** Types that psql sets to the right: numbers, oid and transaction ids, money. */
const RIGHT: ReadonlySet<number> = new Set([20, 21, 23, 26, 28, 29, 700, 701, 790, 1700, 5069]);

const shown = (value: string | null) =>
  harmless(value ?? "")
    .replaceAll("\n", "↵")
    .replaceAll("\t", " ");
const count = (rows: number) => `(${rows} ${rows === 1 ? "row" : "rows"})`;

function center(text: string, to: number): string {
  const space = Math.max(0, to - width(text));
  return " ".repeat(Math.floor(space / 2)) + text + " ".repeat(Math.ceil(space / 2));
}

function table({ columns, rows }: Result): string[] {
  const cells = rows.map((row) => row.map(shown));
  const widths = columns.map(({ name }, i) =>
    cells.reduce((most, row) => Math.max(most, width(row[i] ?? "")), width(name)),
  );
  const line = (row: readonly string[], set: (text: string, column: Column, to: number) => string) =>
    ` ${row.map((text, i) => set(text, columns[i] as Column, widths[i] ?? 0)).join(" | ")}`.trimEnd();
  return [
    line(
      columns.map(({ name }) => harmless(name)),
      (text, _, to) => center(text, to),
    ),
    widths.map((to) => "-".repeat(to + 2)).join("+"),
    ...cells.map((row) => line(row, (text, { type }, to) => pad(text, to, RIGHT.has(type)))),
    count(rows.length),
    "",
  ];
}

function expanded({ columns, rows }: Result): string[] {
  if (rows.length === 0) return [count(0), ""];
  const names = columns.reduce((most, { name }) => Math.max(most, width(name)), 0);
  return rows
    .flatMap((row, index) => [
      `-[ RECORD ${index + 1} ]`.padEnd(names + 12, "-"),
      ...row.map((value, i) => `${pad(columns[i]?.name ?? "", names, false)} | ${shown(value)}`.trimEnd()),
    ])
    .concat("");
}

/** RFC 4180; NULL is nothing, an empty text is "". */
function csv({ columns, rows }: Result): string[] {
  const cell = (value: string | null) =>
    value === null ? "" : value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  return [columns.map(({ name }) => cell(name)).join(","), ...rows.map((row) => row.map(cell).join(","))];
}

function json({ columns, rows, tag, copied }: Result): string {
  const copy = copied.length > 0 ? { copied: copied.toString("utf8") } : {};
  return JSON.stringify({ columns: columns.map(({ name }) => name), rows, tag, ...copy });
}

/** The text of one result, each line ended. */
export function layOut(result: Result, layout: Layout): string {
  if (layout === "json") return `${json(result)}\n`;
  const ended = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  if (result.copied.length > 0) return result.copied.toString("utf8");
  // `SELECT` without columns has rows and nothing to show of them.
  const isRows = result.columns.length > 0;
  if (!isRows) return layout === "csv" || result.tag === "" ? "" : ended([result.tag]);
  return ended(layout === "table" ? table(result) : layout === "expanded" ? expanded(result) : csv(result));
}

/** An error or notice as psql writes it, with its SQLSTATE. */
export function complaint(of: DatabaseError | NoticeMessage): string {
  const lines = [`${of.severity}:  ${of.message}${of.code === "00000" ? "" : ` (${of.code})`}`];
  if (of.detail !== undefined) lines.push(`DETAIL:  ${of.detail}`);
  if (of.hint !== undefined) lines.push(`HINT:  ${of.hint}`);
  if (of.position !== undefined) lines.push(`POSITION:  ${of.position}`);
  return `${lines.map(harmless).join("\n")}\n`;
}

export function complaintJson({ severity, code, message, detail, hint, position }: DatabaseError): string {
  return `${JSON.stringify({ error: { severity, code, message, detail, hint, position } })}\n`;
}
