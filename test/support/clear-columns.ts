// Who sees which columns of the demo clinic in clear, by policy/access.cedar: written out by hand, on purpose. It shares nothing with the
// code that decides and masks, but for the names of the classes in policy/catalog.yaml.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "./project.ts";

const CARE = ["clinical", "service-date", "staff-phone"];
const PERSON = [
  "name",
  "address",
  "birth-date",
  "death-date",
  "phone",
  "email",
  "mrn",
  "free-text",
  "document",
  "device",
  "photo",
];
const KEPT_FROM_NURSES = [
  "ssn",
  "plan-number",
  "insurance",
  "network-address",
  "portal-id",
  "whole-record",
  "text-index",
];

const CLEAR: Readonly<Record<string, ReadonlySet<string>>> = {
  engineer: new Set(CARE),
  dba: new Set(CARE),
  nurse: new Set([...CARE, ...PERSON]),
  privacy: new Set([...CARE, ...PERSON, ...KEPT_FROM_NURSES]),
  "ci-deploy": new Set(),
  auditor: new Set(),
  copilot: new Set(["clinical"]),
};

type Listed = "none" | "derived" | { columns: Readonly<Record<string, string | readonly string[]>> };

const SCHEMAS: Readonly<Record<string, "none" | Readonly<Record<string, Listed>>>> = parse(
  readFileSync(join(ROOT, "policy/catalog.yaml"), "utf8"),
).targets.clinic.schemas;

/** Does the identity see the column? Null for columns of views, whose classes are those of what is behind them. */
export function sees(identity: string, schema: string, table: string, column: string): boolean | null {
  const clear = CLEAR[identity];
  if (clear === undefined) throw new Error(`nobody is called ${identity}`);
  const tables = SCHEMAS[schema];
  if (tables === undefined) return schema === "pg_catalog" || schema === "information_schema" ? null : false;
  if (tables === "none") return true;
  const listed = tables[table] ?? tables[`${table.replace(/_(\d+|other)$/, "")}*`];
  if (listed === "none") return true;
  if (listed === "derived") return null;
  const classes = listed?.columns[column];
  if (classes === undefined) return false;
  return [classes].flat().every((name) => name === "none" || clear.has(name));
}
