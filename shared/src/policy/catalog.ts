// catalog.yaml, ready to be asked: which classes a column has, and what holds where nobody has said anything.
import type { CatalogSnapshot } from "../catalog.ts";
import type { ColumnRef, RelationName } from "../facts.ts";
import type { RecordFormat } from "../masking/detectors/records.ts";
import { type Drift, driftOf, outOfStep } from "./drift.ts";
import {
  type DeclaredFunction,
  entryOf,
  type ListedRelation,
  type ListedTarget,
  type Listing,
  SYSTEM_SCHEMAS,
  splitName,
} from "./listing.ts";
import { type JsonClasses, type PhiClass, type PolicyCatalog, type SubjectColumn, UNCLASSIFIED } from "./types.ts";

const UNHEARD_OF: ListedTarget = { schemas: new Map(), functions: new Map(), records: [] };
const IN_STEP = { target: "", relations: new Set<RelationName>() };
const NOTHING: readonly string[] = [];
const UNKNOWN: readonly string[] = [UNCLASSIFIED];

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

/** Temporary relations are known to analysis, column by column: what flowed in keeps the classes of where it came from. */
export function isTemporary(relation: RelationName): boolean {
  return /^pg_temp(_\d+)?\./.test(relation);
}

export class Catalog implements PolicyCatalog {
  readonly classes: ReadonlyMap<string, PhiClass>;
  /** Without those that are declared to hold nothing. */
  readonly #targets: ReadonlyMap<string, ListedTarget>;
  /** Relations of one target of which nothing that is said holds. */
  readonly #outOfStep: { readonly target: string; readonly relations: ReadonlySet<RelationName> };
  readonly #drifts = new WeakMap<CatalogSnapshot, readonly Drift[]>();

  constructor(
    classes: ReadonlyMap<string, PhiClass>,
    targets: ReadonlyMap<string, ListedTarget>,
    outOfStep: { readonly target: string; readonly relations: ReadonlySet<RelationName> } = IN_STEP,
  ) {
    this.classes = classes;
    this.#targets = targets;
    this.#outOfStep = outOfStep;
  }

  classesOf(target: string, ref: ColumnRef): readonly string[] {
    if (!this.protects(target)) return NOTHING;
    const listed = this.#find(target, ref.relation);
    if (listed !== undefined) return typeof listed === "string" ? NOTHING : listedClasses(listed, ref.column);
    const { schema, name } = splitName(ref.relation);
    if (isTemporary(ref.relation)) return NOTHING;
    if (!SYSTEM_SCHEMAS.has(schema)) return UNKNOWN;
    const values = schema === "pg_catalog" ? (SYSTEM_VALUES.get(name) ?? NOTHING) : NOTHING;
    const concerned = values.includes("*") || values.includes(ref.column) || (ref.column === "*" && values.length > 0);
    return concerned ? UNKNOWN : NOTHING;
  }

  pathsOf(target: string, { relation, column }: ColumnRef): JsonClasses | null {
    const listed = this.#find(target, relation);
    return typeof listed === "object" ? (listed.paths.get(column) ?? null) : null;
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
    return this.#targets.has(target);
  }

  subjectOf(target: string, relation: RelationName): SubjectColumn | "none" | null {
    const listed = this.#find(target, relation);
    return listed === undefined || typeof listed === "string" ? null : listed.subject;
  }

  /** Columns of any relation that say whose record a row is. */
  subjectColumns(target: string): ReadonlySet<string> {
    const found = new Set<string>();
    for (const relations of this.#targets.get(target)?.schemas.values() ?? [])
      if (relations !== "none")
        for (const listing of relations.values())
          if (typeof listing === "object" && listing.subject !== null && listing.subject !== "none")
            found.add(listing.subject.column);
    return found;
  }

  declaredFunction(target: string, name: string): DeclaredFunction | null {
    return this.#targets.get(target)?.functions.get(name) ?? null;
  }

  recordFormats(target: string): readonly RecordFormat[] {
    return this.#targets.get(target)?.records ?? [];
  }

  /** All functions that the team vouches for, by `schema.name`: analysis asks what their results reveal. */
  declaredFunctions(target: string): ReadonlyMap<string, DeclaredFunction> {
    return this.#targets.get(target)?.functions ?? new Map();
  }

  /** All that is said of a target; nothing for one that is not in the file. */
  listed(target: string): ListedTarget {
    return this.#targets.get(target) ?? UNHEARD_OF;
  }

  /** How the target differs from what is said of it; nothing for a target without PHI. */
  drift(snapshot: CatalogSnapshot): readonly Drift[] {
    const known = this.#drifts.get(snapshot);
    if (known !== undefined) return known;
    const listed = this.#targets.get(snapshot.target);
    const found = listed === undefined ? [] : driftOf(listed, snapshot);
    this.#drifts.set(snapshot, found);
    return found;
  }

  outOfStep(snapshot: CatalogSnapshot): readonly RelationName[] {
    return outOfStep(this.drift(snapshot));
  }

  without(target: string, relations: readonly RelationName[]): Catalog {
    if (relations.length === 0) return this;
    return new Catalog(this.classes, this.#targets, { target, relations: new Set(relations) });
  }

  #find(target: string, relation: RelationName): Listing | undefined {
    if (this.#outOfStep.relations.has(relation) && this.#outOfStep.target === target) return undefined;
    const listed = this.#targets.get(target);
    const { schema, name } = splitName(relation);
    return listed === undefined ? undefined : entryOf(listed, schema, name)?.listing;
  }
}

/** Columns that nobody has classified may have come into the table since: they count among all of its columns. */
function listedClasses(listed: ListedRelation, column: string): readonly string[] {
  if (column !== "*") return listed.columns.get(column) ?? UNKNOWN;
  return [...new Set([...[...listed.columns.values()].flat(), UNCLASSIFIED])];
}
