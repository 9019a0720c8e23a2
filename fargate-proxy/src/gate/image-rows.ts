// Cells of rows that came as text, and lists of them as a target reads them.

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

/** An array literal (PostgreSQL documentation, 8.15.2). */
export function arrayOf(values: Cells): string {
  return `{${values.map((value) => (value === null ? "NULL" : `"${value.replace(/["\\]/g, "\\$&")}"`)).join()}}`;
}
