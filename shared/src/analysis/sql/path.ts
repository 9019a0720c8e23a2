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
    if (isTemporarySchema(schema) || path.includes(schema)) continue;
    if (isSystemSchema(schema) || schemas.includes(schema)) path.push(schema);
  }
  return path.includes("pg_catalog") ? path : ["pg_catalog", ...path];
}

/** The schema of temporary relations, by either of its names. */
export const isTemporarySchema = (schema: string): boolean => /^pg_temp(_\d+)?$/.test(schema);

/** Where what has no schema in its name comes to be: the first that exists; null for nowhere. */
export function creationSchemaOf({ snapshot }: Lookup, names: readonly string[]): string | null {
  const schemas = names.map((name) => (name === "$user" ? snapshot.role : name));
  const exists = (s: string) => isTemporarySchema(s) || isSystemSchema(s) || snapshot.schemas.includes(s);
  return schemas.find(exists) ?? null;
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
