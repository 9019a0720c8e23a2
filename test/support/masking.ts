// A small catalog and the hands to mask single cells with, for tests of masks.
import { createHmac } from "node:crypto";
import type { CatalogSnapshot, SnapshotType } from "#shared/catalog.ts";
import type { MaskEnvironment } from "#shared/masking/rows.ts";
import { rowMask } from "#shared/masking/rows.ts";
import type { ColumnPlan, MaskName, RowMask, Shape, ShapeColumn } from "#shared/masking/types.ts";
import { type Cell, cellsOf, dataRow, ExactSink } from "./cells.ts";

/** OIDs of built-in types (pg_type.dat). */
export const OID = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  xml: 142,
  float4: 700,
  float8: 701,
  inet: 869,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
  textArray: 1009,
  int4Array: 1007,
  dateArray: 1182,
} as const;

const array = (oid: number, name: string, element: number): SnapshotType => ({
  oid,
  schema: "pg_catalog",
  name,
  kind: "b",
  category: "A",
  element,
});

export const TYPES: readonly SnapshotType[] = [
  array(OID.textArray, "_text", OID.text),
  array(OID.int4Array, "_int4", OID.int4),
  array(OID.dateArray, "_date", OID.date),
  { oid: 20_001, schema: "public", name: "ssn", kind: "d", category: "S", base: OID.text },
  { oid: 20_002, schema: "public", name: "mood", kind: "e", category: "E" },
];

export const SNAPSHOT: CatalogSnapshot = {
  target: "clinic",
  database: "clinic",
  serverVersion: 180_000,
  fingerprint: "1",
  searchPath: ["public"],
  role: "gateway",
  schemas: ["public"],
  relations: [
    {
      oid: 16_400,
      schema: "public",
      name: "patients",
      kind: "table",
      columns: [
        { name: "id", number: 1, type: OID.int4, generated: false },
        { name: "ssn", number: 2, type: 20_001, generated: false },
        { name: "born", number: 3, type: OID.date, generated: false },
        { name: "note", number: 4, type: OID.text, generated: false },
        { name: "age", number: 6, type: OID.int4, generated: true },
      ],
      parents: [],
      triggers: [],
      rules: false,
      rowSecurity: false,
    },
    {
      oid: 16_500,
      schema: "public",
      name: "people",
      kind: "view",
      columns: [{ name: "ssn", number: 1, type: OID.text, generated: false }],
      parents: [],
      triggers: [],
      rules: false,
      rowSecurity: false,
    },
  ],
  types: TYPES,
  functions: [],
};

export const hmac = (message: Uint8Array): Uint8Array => createHmac("sha256", "key of a test").update(message).digest();

export const ENVIRONMENT: MaskEnvironment = {
  snapshot: SNAPSHOT,
  target: "clinic",
  hmac,
  records: [],
  now: Date.UTC(2026, 5, 15),
};

export function planned(mask: MaskName | "clear", more: Partial<ColumnPlan> = {}): ColumnPlan {
  return { mask, classes: ["class"], sources: [], detectors: [], ...more };
}

export function column(type: number, format = 0, more: Partial<ShapeColumn> = {}): ShapeColumn {
  return { name: "c", table: 0, attribute: 0, type, format, ...more };
}

export function masked(columns: readonly ColumnPlan[], shape: Shape, env = ENVIRONMENT): RowMask {
  const mask = rowMask({ type: "columns", columns }, shape, env);
  if ("mismatch" in mask) throw new Error(mask.mismatch);
  return mask;
}

export function rewrite(mask: RowMask, cells: readonly Cell[]): Cell[] {
  const sink = new ExactSink();
  mask.row(dataRow(cells), sink);
  return cellsOf(sink.written);
}

/** What a mask makes of one value. */
export function maskCell(mask: MaskName, shape: ShapeColumn, value: Cell, env = ENVIRONMENT): Cell {
  return rewrite(masked([planned(mask)], [shape], env), [value])[0]!;
}

/** The same for text. */
export function maskText(mask: MaskName, type: number, value: string, modifier = -1): string | null {
  const cell = maskCell(mask, column(type, 0, { modifier }), Buffer.from(value));
  return cell === null ? null : Buffer.from(cell).toString();
}
