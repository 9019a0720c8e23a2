// Nanoseconds that masking costs per row and per masked cell: `node test/bench/mask.ts`. Rows have ten columns of twelve bytes.
import { createHmac } from "node:crypto";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { rowMask } from "#shared/masking/rows.ts";
import type { ByteSink, ColumnPlan, MaskName, Shape } from "#shared/masking/types.ts";
import { dataRow } from "#test/support/cells.ts";

const ROWS = 300_000;
const TEXT = 25;
const VALUES: Readonly<Record<MaskName | "clear", readonly [type: number, value: string]>> = {
  clear: [TEXT, "abcdefghijkl"],
  redact: [TEXT, "Maria Garcia"],
  null: [TEXT, "Maria Garcia"],
  last4: [TEXT, "123-45-67890"],
  initial: [TEXT, "Maria Garcia"],
  year: [1082, "1987-06-05"],
  zip3: [TEXT, "02139-1234"],
  "age-band": [23, "47"],
  pseudonym: [TEXT, "MRN000012345"],
  scan: [TEXT, "at 555-0123."],
};

const snapshot: CatalogSnapshot = {
  target: "bench",
  database: "bench",
  serverVersion: 180_000,
  fingerprint: "",
  searchPath: [],
  role: "",
  schemas: [],
  relations: [],
  types: [],
  functions: [],
};
const hmac = (message: Uint8Array) => createHmac("sha256", "key").update(message).digest();

const room = new Uint8Array(1 << 20);
const sink: ByteSink = { length: 0, reserve: () => room, advance: () => undefined };

/** @returns nanoseconds per row */
function time(mask: MaskName, masked: number): number {
  const names = Array.from({ length: 10 }, (_, i) => (i % 2 === 1 && i < 2 * masked ? mask : "clear"));
  const columns: ColumnPlan[] = names.map((name) => ({
    mask: name,
    classes: name === "clear" ? [] : ["x"],
    sources: [],
    detectors: [],
  }));
  const shape: Shape = names.map((name) => ({ name, table: 0, attribute: 0, type: VALUES[name][0], format: 0 }));
  const rows = rowMask({ type: "columns", columns }, shape, {
    snapshot,
    target: "bench",
    hmac,
    records: [],
    now: Date.now(),
  });
  if ("mismatch" in rows) throw new Error(rows.mismatch);
  const frame = new Uint8Array(dataRow(names.map((name) => Buffer.from(VALUES[name][1]))));
  const count = mask === "pseudonym" || mask === "scan" ? ROWS / 10 : ROWS;
  for (let i = 0; i < count / 10; i++) rows.row(frame, sink);
  const started = process.hrtime.bigint();
  for (let i = 0; i < count; i++) rows.row(frame, sink);
  return Number(process.hrtime.bigint() - started) / count;
}

console.log("mask        1 of 10 (ns/row)  5 of 10 (ns/row)  per masked cell (ns)");
for (const mask of ["redact", "null", "last4", "initial", "zip3", "age-band", "year", "pseudonym", "scan"] as const) {
  const one = time(mask, 1);
  const five = time(mask, 5);
  const columns = [one, five, (five - one) / 4].map((ns, i) => ns.toFixed(0).padStart([16, 18, 22][i]!));
  console.log(`${mask.padEnd(10)}${columns.join("")}`);
}
