// PostgreSQL's COPY text format (documentation, COPY, "Text Format"), and the text form of arrays and composites.

export type Cell = string | number | boolean | null;

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function cell(value: Cell): string {
  if (value === null) return "\\N";
  if (typeof value === "string") return value.replace(/[\\\n\r\t]/g, (found) => ESCAPES[found] as string);
  return typeof value === "boolean" ? (value ? "t" : "f") : String(value);
}

export const line = (row: readonly Cell[]): string => `${row.map(cell).join("\t")}\n`;

const quoted = (value: string) => `"${value.replace(/["\\]/g, (found) => `\\${found}`)}"`;

/** An array of text, as a value of `text[]`. */
export const array = (values: readonly string[]) => `{${values.map(quoted).join(",")}}`;

/** A row, as a value of a composite type. */
export const composite = (values: readonly string[]) => `(${values.map(quoted).join(",")})`;
