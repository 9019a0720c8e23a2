// What tests of the analysis share: the parser, and the facts of a text.
import { createHash } from "node:crypto";
import { loadModule, parseSync } from "libpg-query";
import { analyse, type Environment, prepareBase } from "#shared/analysis/sql/analyse.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Analysis } from "#shared/facts.ts";

export const fingerprint = (normalized: string): string =>
  createHash("sha256").update(normalized).digest("hex").slice(0, 32);

export type Analyse = (sql: string, more?: Partial<Environment>) => Analysis;

/** An analysis over a snapshot, with the parser in this thread. */
export async function analyser(
  snapshot: CatalogSnapshot,
  declared: ReadonlyMap<string, "nothing" | "arguments"> = new Map(),
  keyColumns: ReadonlySet<string> = new Set(),
): Promise<Analyse> {
  await loadModule();
  const base = prepareBase(snapshot, parseSync, declared, keyColumns);
  return (sql, more = {}) =>
    analyse(parseSync(sql), sql, {
      base,
      searchPath: snapshot.searchPath,
      temporary: new Map(),
      fingerprint,
      ...more,
    });
}
