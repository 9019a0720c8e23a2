// Text in columns.

/** Left-aligned columns with two spaces between; `right` names the columns that hold numbers. */
export function columns(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[],
): string[] {
  const widths = header.map((name, i) => rows.reduce((w, row) => Math.max(w, width(row[i] ?? "")), width(name)));
  return [header, ...rows].map((row) =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 0, right.includes(header[i] ?? "")))
      .join("  ")
      .trimEnd(),
  );
}

export function pad(text: string, to: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, to - width(text)));
  return right ? space + text : text + space;
}

/** Columns that a text takes on a terminal, roughly: wide East Asian characters take two. */
export function width(text: string): number {
  let columnsTaken = 0;
  for (const character of text)
    columnsTaken += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(character)
      ? 2
      : 1;
  return columnsTaken;
}

/** Recorded text on a terminal: control characters are shown, not obeyed. */
export function harmless(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
