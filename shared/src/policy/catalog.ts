// catalog.yaml, ready to be asked: which classes a column has, and what holds where nobody has said anything.
import type { ColumnRef, RelationName } from "../facts.ts";
import { type PhiClass, type PolicyCatalog, UNCLASSIFIED } from "./types.ts";

export interface DeclaredFunction {
  readonly reveals: "nothing" | "arguments";
  readonly reason: string;
}

/** A relation that catalog.yaml lists column by column. */
export interface ListedRelation {
  readonly columns: ReadonlyMap<string, readonly string[]>;
  readonly subject: string | null;
}

/**
 * `none`: declared to hold no PHI. `derived`: a view; it has no classes of its own, since analysis finds what is behind its columns.
 */
export type Listing = "none" | "derived" | ListedRelation;

/** What catalog.yaml says of one target. A name that ends in `*` stands for all that begin so (partitions); a whole name goes before it. */
export interface ListedTarget {
  readonly schemas: ReadonlyMap<string, "none" | ReadonlyMap<string, Listing>>;
  readonly functions: ReadonlyMap<string, DeclaredFunction>;
}

const NOTHING: readonly string[] = [];
const UNKNOWN: readonly string[] = [UNCLASSIFIED];

/** Schemas of the server itself. */
const SYSTEM_SCHEMAS = new Set(["pg_catalog", "information_schema", "pg_toast"]);

/**
 * Relations of pg_catalog that repeat values of tables, texts of other sessions' statements, or secrets: columns, or `*` for all.
 * Statistics hold most common values (PostgreSQL 18, 53.51 pg_statistic); activity and cursors hold literals of statements.
 */
const SYSTEM_VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  ["pg_statistic", ["*"]],
  ["pg_statistic_ext_data", ["*"]],
  ["pg_stats", ["*"]],
  ["pg_stats_ext", ["*"]],
  ["pg_stats_ext_exprs", ["*"]],
  ["pg_largeobject", ["*"]],
  ["pg_authid", ["rolpassword"]],
  ["pg_shadow", ["passwd"]],
  ["pg_user_mapping", ["umoptions"]],
  ["pg_user_mappings", ["umoptions"]],
  ["pg_subscription", ["subconninfo"]],
  ["pg_stat_wal_receiver", ["conninfo"]],
  ["pg_foreign_server", ["srvoptions"]],
  ["pg_stat_activity", ["query"]],
  ["pg_prepared_statements", ["statement"]],
  ["pg_cursors", ["statement"]],
  ["pg_file_settings", ["*"]],
  ["pg_hba_file_rules", ["*"]],
]);

/** `schema.name`, as facts spell it; a dot in a quoted schema name makes an unknown relation of it, which is masked. */
export function splitName(relation: RelationName): { readonly schema: string; readonly name: string } {
  const dot = relation.indexOf(".");
  return { schema: relation.slice(0, Math.max(dot, 0)), name: relation.slice(dot + 1) };
}

/** Temporary relations are known to analysis, column by column: what flowed in keeps the classes of where it came from. */
export function isTemporary(relation: RelationName): boolean {
  return /^pg_temp(_\d+)?\./.test(relation);
}

export class Catalog implements PolicyCatalog {
  readonly classes: ReadonlyMap<string, PhiClass>;
  readonly #targets: ReadonlyMap<string, ListedTarget>;
  readonly #protected: ReadonlySet<string>;

  constructor(classes: ReadonlyMap<string, PhiClass>, targets: ReadonlyMap<string, ListedTarget>) {
    this.classes = classes;
    this.#targets = targets;
    this.#protected = new Set([...targets].filter(([, target]) => namesPhi(target)).map(([name]) => name));
  }

  classesOf(target: string, ref: ColumnRef): readonly string[] {
    if (!this.#protected.has(target)) return NOTHING;
    const listed = this.#find(target, ref.relation);
    if (listed !== undefined) return typeof listed === "string" ? NOTHING : listedClasses(listed, ref.column);
    const { schema, name } = splitName(ref.relation);
    if (isTemporary(ref.relation)) return NOTHING;
    if (!SYSTEM_SCHEMAS.has(schema)) return UNKNOWN;
    const values = schema === "pg_catalog" ? (SYSTEM_VALUES.get(name) ?? NOTHING) : NOTHING;
    const concerned = values.includes("*") || values.includes(ref.column) || (ref.column === "*" && values.length > 0);
    return concerned ? UNKNOWN : NOTHING;
  }

  holdsPhi(target: string, relation: RelationName): boolean {
    return this.classesOf(target, { relation, column: "*" }).length > 0;
  }

  /** True when somebody has said what the relation holds: by its name, or by its schema's. */
  lists(target: string, relation: RelationName): boolean {
    return this.#find(target, relation) !== undefined;
  }

  /** True for views that are listed as such. */
  isDerived(target: string, relation: RelationName): boolean {
    return this.#find(target, relation) === "derived";
  }

  protects(target: string): boolean {
    return this.#protected.has(target);
  }

  subjectOf(target: string, relation: RelationName): string | null {
    const listed = this.#find(target, relation);
    return listed === undefined || typeof listed === "string" ? null : listed.subject;
  }

  declaredFunction(target: string, name: string): DeclaredFunction | null {
    return this.#targets.get(target)?.functions.get(name) ?? null;
  }

  /** All functions that the team vouches for, by `schema.name`: analysis asks what their results reveal. */
  declaredFunctions(target: string): ReadonlyMap<string, DeclaredFunction> {
    return this.#targets.get(target)?.functions ?? new Map();
  }

  #find(target: string, relation: RelationName): Listing | undefined {
    const { schema, name } = splitName(relation);
    const relations = this.#targets.get(target)?.schemas.get(schema);
    if (relations === undefined || relations === "none") return relations;
    const own = relations.get(name);
    if (own !== undefined) return own;
    for (let length = name.length; length > 0; length--) {
      const listed = relations.get(`${name.slice(0, length)}*`);
      if (listed !== undefined) return listed;
    }
    return undefined;
  }
}

/** Columns that nobody has classified may have come into the table since: they count among all of its columns. */
function listedClasses(listed: ListedRelation, column: string): readonly string[] {
  if (column !== "*") return listed.columns.get(column) ?? UNKNOWN;
  return [...new Set([...[...listed.columns.values()].flat(), UNCLASSIFIED])];
}

function namesPhi(target: ListedTarget): boolean {
  return [...target.schemas.values()].some(
    (relations) => relations !== "none" && [...relations.values()].some((listed) => typeof listed !== "string"),
  );
}
