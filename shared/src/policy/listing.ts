// What catalog.yaml says of one target, by schema and relation, and how a name finds its entry.
import type { RelationName } from "../facts.ts";
import type { RecordFormat } from "../masking/detectors/records.ts";
import type { JsonClasses, SubjectColumn } from "./types.ts";

export interface DeclaredFunction {
  readonly reveals: "nothing" | "arguments";
  readonly reason: string;
}

/** A relation that catalog.yaml lists column by column. */
export interface ListedRelation {
  readonly columns: ReadonlyMap<string, readonly string[]>;
  readonly subject: SubjectColumn | "none" | null;
  /** By column: documents that are classified by path. */
  readonly paths: ReadonlyMap<string, JsonClasses>;
}

/**
 * `none`: declared to hold no PHI. `derived`: a view; it has no classes of its own, since analysis finds what is behind its columns.
 */
export type Listing = "none" | "derived" | ListedRelation;

/** What catalog.yaml says of one target. A name that ends in `*` stands for all that begin so (partitions); a whole name goes before it. */
export interface ListedTarget {
  readonly schemas: ReadonlyMap<string, "none" | ReadonlyMap<string, Listing>>;
  readonly functions: ReadonlyMap<string, DeclaredFunction>;
  /** Formats of record numbers, for the detectors of free text. */
  readonly records: readonly RecordFormat[];
}

/** Schemas of the server itself. */
export const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set(["pg_catalog", "information_schema", "pg_toast"]);

/** `schema.name`, as facts spell it; a dot in a quoted schema name makes an unknown relation of it, which is masked. */
export function splitName(relation: RelationName): { readonly schema: string; readonly name: string } {
  const dot = relation.indexOf(".");
  return { schema: relation.slice(0, Math.max(dot, 0)), name: relation.slice(dot + 1) };
}

/** What is said of a relation, and the name in the file that says it: its own, one that ends in `*`, or its schema's (`*`). */
export interface Entry {
  readonly listing: Listing;
  readonly key: string;
}

export function entryOf(target: ListedTarget, schema: string, name: string): Entry | undefined {
  const relations = target.schemas.get(schema);
  if (relations === undefined) return undefined;
  if (relations === "none") return { listing: "none", key: "*" };
  const own = relations.get(name);
  if (own !== undefined) return { listing: own, key: name };
  for (let length = name.length; length > 0; length--) {
    const key = `${name.slice(0, length)}*`;
    const listing = relations.get(key);
    if (listing !== undefined) return { listing, key };
  }
  return undefined;
}
