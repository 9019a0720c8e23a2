// Comma-separated values (RFC 4180).

/** One record, without its line break. A text that a spreadsheet would take for a formula is kept one. */
export function csvLine(values: readonly string[]): string {
  return values.map(field).join(",");
}

function field(value: string): string {
  const plain = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
