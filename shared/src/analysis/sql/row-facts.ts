// What facts say of whose rows a result shows (facts.rows).
import type { RowFact } from "../../facts.ts";
import { type Column, columnsIn, type Field, type Row, type Value } from "./value.ts";

/** What facts say of the rows behind result columns; `of` has, per column, positions in `rows`. */
export function rowFacts(fields: readonly Field[]): { readonly rows: RowFact[]; readonly of: number[][] } {
  const places = placesOf(fields);
  const of = fields.map(({ value }) =>
    value.sources.size === 0 ? [] : [...value.rows].map((row) => places.get(row)!),
  );
  const shown = columnsAt(fields.map(({ value }, i) => [value, i]));
  const rows = [...places.keys()].map((row) => ({
    relations: row.relations,
    shown: Object.fromEntries(heldBy(row, shown)),
  }));
  return { rows, of };
}

/** The rows behind result columns, in the order in which facts list them. */
export function placesOf(fields: readonly Field[]): ReadonlyMap<Row, number> {
  const places = new Map<Row, number>();
  for (const { value } of fields)
    if (value.sources.size > 0) for (const row of value.rows) if (!places.has(row)) places.set(row, places.size);
  return places;
}

/** What holds columns of rows: result columns, say. */
export type Holders<T> = ReadonlyMap<Row, ReadonlyMap<string, T>>;

/** Those of the values that say what a column says. */
export function columnsAt<T>(values: readonly (readonly [Value, T])[]): Holders<T> {
  const found = new Map<Row, Map<string, T>>();
  for (const [value, holder] of values)
    for (const { row, column } of columnsIn(value)) {
      if (row.relations.length === 0) continue;
      const columns = found.get(row) ?? new Map<string, T>();
      if (!columns.has(column)) columns.set(column, holder);
      found.set(row, columns);
    }
  return found;
}

/** Columns of the rows that something holds, by themselves or by others that equal them. */
export function heldBy<T>(row: Row, holders: Holders<T>): ReadonlyMap<string, T> {
  const found = new Map(holders.get(row) ?? []);
  for (const { own } of row.links) {
    if (found.has(own)) continue;
    const holder = holderOf({ row, column: own }, holders);
    if (holder !== null) found.set(own, holder);
  }
  return found;
}

function holderOf<T>(start: Column, holders: Holders<T>): T | null {
  const seen: Column[] = [start];
  for (const { row, column } of seen)
    for (const { own, other, column: theirs, sure } of row.links) {
      if (own !== column) continue;
      const holder = holders.get(other)?.get(theirs);
      if (holder !== undefined) return holder;
      if (sure && !seen.some((c) => c.row === other && c.column === theirs)) seen.push({ row: other, column: theirs });
    }
  return null;
}
