// search_path: in which schemas unqualified names are looked up.
import { isSystemSchema, type Lookup } from "./lookup.ts";

/**
 * The schemas that are searched, in order. pg_catalog comes first unless it is named; schemas that do not exist are skipped, and so
 * is pg_temp, which holds no functions and whose relations are the session's own business.
 */
export function searchPathOf(lookup: Lookup, names: readonly string[]): readonly string[] {
  const { role, schemas } = lookup.snapshot;
  const path: string[] = [];
  for (const name of names) {
    const schema = name === "$user" ? role : name;
    if (schema === "pg_temp" || path.includes(schema)) continue;
    if (isSystemSchema(schema) || schemas.includes(schema)) path.push(schema);
  }
  return path.includes("pg_catalog") ? path : ["pg_catalog", ...path];
}

/** The value of the setting search_path to names: `"$user", public` (SplitIdentifierString of utils/adt/varlena.c). */
export function parseSearchPath(text: string): string[] {
  const names: string[] = [];
  for (const match of text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(?:,|$)/g)) {
    const name = match[1]?.replaceAll('""', '"') ?? match[2]?.trim().toLowerCase() ?? "";
    if (name !== "") names.push(name);
  }
  return names;
}
