// Cells of rows that came as text, and lists of them as a target reads them.

const encoder = new TextEncoder();

/** Text of each cell; null for NULL. */
export type Cells = readonly (string | null)[];

/** @param row a DataRow message of the PostgreSQL protocol (documentation, 54.7), its values in text format */
export function cellsOf(row: Uint8Array): Cells {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const text = new TextDecoder();
  let at = 7;
  return Array.from({ length: view.getUint16(5) }, () => {
    const length = view.getInt32(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return text.decode(row.subarray(at - length, at));
  });
}

/** Columns that stand in front of the row: tableoid and ctid, which together say which row it is. */
export const SYSTEM = 2;

/** Where columns of a row stand in an answer that has such columns in front; -1 for those that are not there. */
export function placesOf(shape: readonly { readonly name: string }[], columns: readonly string[]): readonly number[] {
  return columns.map((name) => shape.findIndex((column, i) => i >= SYSTEM && column.name === name));
}

/** Those with one of the keys. */
export function withKeys(rows: readonly Uint8Array[], places: readonly number[], keys: readonly Cells[]) {
  const wanted = new Set(keys.map((key) => JSON.stringify(key)));
  return rows.filter((row) => {
    const cells = cellsOf(row);
    return wanted.has(JSON.stringify(places.map((place) => cells[place] ?? null)));
  });
}

/** Each row once. */
export function once(rows: readonly Uint8Array[]): readonly Uint8Array[] {
  const seen = new Map<string, Uint8Array>();
  for (const row of rows) {
    const place = JSON.stringify(cellsOf(row).slice(0, SYSTEM));
    if (!seen.has(place)) seen.set(place, row);
  }
  return [...seen.values()];
}

/** A parameter for each column of a key, with all its values. */
export function boundKeys(keys: readonly Cells[], columns: number) {
  const values = Array.from({ length: columns }, (_, i) => encoder.encode(arrayOf(keys.map((row) => row[i] ?? null))));
  return { types: [], formats: [], values };
}

/** An array literal (PostgreSQL documentation, 8.15.2). */
export function arrayOf(values: Cells): string {
  return `{${values.map((value) => (value === null ? "NULL" : `"${value.replace(/["\\]/g, "\\$&")}"`)).join()}}`;
}
