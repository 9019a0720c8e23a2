// What facts say of whose rows a result shows (facts.rows).
import type { RowFact } from "../../facts.ts";
import type { Field, Row, Value } from "./value.ts";

export interface Column {
  readonly row: Row;
  readonly column: string;
}

/** The column of a row that a value is, unchanged. */
export function columnIn({ origin, rows }: Value): Column | null {
  const [row] = rows;
  return origin === null || rows.size !== 1 || row === undefined ? null : { row, column: origin.column };
}

/** What facts say of the rows behind result columns; `of` has, per column, positions in `rows`. */
export function rowFacts(fields: readonly Field[]): { readonly rows: RowFact[]; readonly of: number[][] } {
  const places = new Map<Row, number>();
  const of = fields.map(({ value }) =>
    value.sources.size === 0
      ? []
      : [...value.rows].map((row) => {
          if (!places.has(row)) places.set(row, places.size);
          return places.get(row)!;
        }),
  );
  const shown = new Map<Row, Map<string, number>>();
  for (const [i, field] of fields.entries()) {
    const at = columnIn(field.value);
    if (at === null || at.row.relations.length === 0) continue;
    const columns = shown.get(at.row) ?? new Map<string, number>();
    if (!columns.has(at.column)) columns.set(at.column, i);
    shown.set(at.row, columns);
  }
  const rows = [...places.keys()].map((row) => ({ relations: row.relations, shown: shownOf(row, shown) }));
  return { rows, of };
}

/** Columns of the rows that the result shows by themselves or by others that equal them. */
function shownOf(row: Row, shown: ReadonlyMap<Row, ReadonlyMap<string, number>>): Record<string, number> {
  const found: Record<string, number> = Object.fromEntries(shown.get(row) ?? []);
  for (const { own } of row.links) {
    if (Object.hasOwn(found, own)) continue;
    const output = outputOf({ row, column: own }, shown);
    if (output !== null) found[own] = output;
  }
  return found;
}

function outputOf(start: Column, shown: ReadonlyMap<Row, ReadonlyMap<string, number>>): number | null {
  const seen: Column[] = [start];
  for (const { row, column } of seen)
    for (const { own, other, column: theirs, sure } of row.links) {
      if (own !== column) continue;
      const output = shown.get(other)?.get(theirs);
      if (output !== undefined) return output;
      if (sure && !seen.some((c) => c.row === other && c.column === theirs)) seen.push({ row: other, column: theirs });
    }
  return null;
}
