// Nanoseconds that masking costs per row and per masked cell: `node test/bench/mask.ts`. Rows have ten columns of twelve bytes.
import { hmacSha256 } from "#proxy/hmac.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { subjectHasher } from "#shared/disclosure/subject.ts";
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
const hmac = hmacSha256(Buffer.from("key"));

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

/** Rows whose second column is shown in clear, of as many people as there are keys. @returns nanoseconds per row */
function timeShown(people: number): number {
  const classes = ["x"];
  const columns: ColumnPlan[] = VALUES_SHOWN.map((_, i) => ({
    mask: "clear",
    classes: i === 1 ? classes : [],
    sources: [],
    detectors: [],
  }));
  const shape: Shape = VALUES_SHOWN.map((_, i) => ({
    name: "c",
    table: 0,
    attribute: 0,
    type: i === 0 ? 23 : TEXT,
    format: 0,
  }));
  const shown = people === 0 ? [] : [{ domain: "person", key: 0, cells: [1], classes, relations: ["public.people"] }];
  const disclosing = { shown, hash: subjectHasher(hmac, "bench") };
  const env = { snapshot, target: "bench", hmac, records: [], now: Date.now() };
  const rows = rowMask({ type: "columns", columns }, shape, env, disclosing);
  if ("mismatch" in rows) throw new Error(rows.mismatch);
  const frames = Array.from({ length: Math.max(1, people) }, (_, i) =>
    dataRow(VALUES_SHOWN.map((value, c) => Buffer.from(c === 0 ? String(i) : value))),
  ).map((frame) => new Uint8Array(frame));
  const started = process.hrtime.bigint();
  for (let i = 0; i < ROWS; i++) {
    rows.row(frames[i % frames.length]!, sink);
    if (i % 700 === 0) rows.watch?.take(false);
  }
  return Number(process.hrtime.bigint() - started) / ROWS;
}
const VALUES_SHOWN = Array.from({ length: 10 }, () => "abcdefghijkl");

console.log("mask        1 of 10 (ns/row)  5 of 10 (ns/row)  per masked cell (ns)");
for (const mask of ["redact", "null", "last4", "initial", "zip3", "age-band", "year", "pseudonym", "scan"] as const) {
  const one = time(mask, 1);
  const five = time(mask, 5);
  const columns = [one, five, (five - one) / 4].map((ns, i) => ns.toFixed(0).padStart([16, 18, 22][i]!));
  console.log(`${mask.padEnd(10)}${columns.join("")}`);
}

console.log("\nshown in clear              (ns/row)");
for (const [what, people] of [
  ["nobody is looked for", 0],
  ["1 person", 1],
  ["1000 people", 1000],
  ["each row another", ROWS],
] as const)
  console.log(`${what.padEnd(24)}${timeShown(people).toFixed(0).padStart(12)}`);
