// Where catalog.yaml and the target have grown apart: what is new, what is gone, and what seems to have been renamed.
import type { CatalogSnapshot, SnapshotRelation } from "../catalog.ts";
import type { RelationName } from "../facts.ts";
import { entryOf, type ListedRelation, type ListedTarget, SYSTEM_SCHEMAS } from "./listing.ts";

export type Drift =
  /** A relation that nobody has listed. */
  | { readonly kind: "new-table" | "new-view"; readonly relation: RelationName }
  | { readonly kind: "new-column"; readonly relation: RelationName; readonly column: string }
  /** Listed, and no longer there; `now` when another relation has its columns. */
  | {
      readonly kind: "gone-table";
      readonly relation: RelationName;
      readonly classified: boolean;
      readonly now?: RelationName;
    }
  /** `now` when a new column stands in its place. */
  | {
      readonly kind: "gone-column";
      readonly relation: RelationName;
      readonly column: string;
      readonly classified: boolean;
      readonly now?: string;
    }
  /** Listed as a view, and something else: it has values of its own. */
  | { readonly kind: "not-a-view"; readonly relation: RelationName };

/** Relations that hold or show rows. */
const WITH_ROWS: ReadonlySet<SnapshotRelation["kind"]> = new Set([
  "table",
  "partitioned",
  "view",
  "matview",
  "foreign",
]);
const VIEWS: ReadonlySet<SnapshotRelation["kind"]> = new Set(["view", "matview"]);

const nameOf = ({ schema, name }: SnapshotRelation): RelationName => `${schema}.${name}`;

/** All differences, in the order of the target's relations, then of the file. Names only: nothing is read but the catalog. */
export function driftOf(listed: ListedTarget, snapshot: CatalogSnapshot): Drift[] {
  const relations = snapshot.relations.filter((r) => WITH_ROWS.has(r.kind) && !SYSTEM_SCHEMAS.has(r.schema));
  return [...relations.flatMap((relation) => relationDrift(listed, relation)), ...goneTables(listed, relations)];
}

function relationDrift(listed: ListedTarget, relation: SnapshotRelation): Drift[] {
  const entry = entryOf(listed, relation.schema, relation.name);
  const name = nameOf(relation);
  const isView = VIEWS.has(relation.kind);
  if (entry === undefined) return [{ kind: isView ? "new-view" : "new-table", relation: name }];
  if (entry.listing === "none") return [];
  if (entry.listing === "derived") return isView ? [] : [{ kind: "not-a-view", relation: name }];
  return columnDrift(entry.listing, relation);
}

function columnDrift({ columns }: ListedRelation, relation: SnapshotRelation): Drift[] {
  const present = new Map(relation.columns.map((column) => [column.name, column.number]));
  const added = relation.columns.filter((column) => !columns.has(column.name));
  const order = [...columns.keys()];
  const gone = order.filter((column) => !present.has(column));
  const taken = new Set<string>();
  const renamed = (column: string): string | undefined => {
    // A column that is renamed keeps its number: it stands between the same neighbours as before.
    const at = order.indexOf(column);
    const before = numberOf(order.slice(0, at).reverse(), present) ?? 0;
    const after = numberOf(order.slice(at + 1), present) ?? Number.POSITIVE_INFINITY;
    const here = added.filter((c) => c.number > before && c.number < after && !taken.has(c.name));
    const found = here.length === 1 ? here[0] : gone.length === 1 && added.length === 1 ? added[0] : undefined;
    if (found !== undefined) taken.add(found.name);
    return found?.name;
  };
  const name = nameOf(relation);
  const missing = gone.map((column): Drift => {
    const now = renamed(column);
    const classified = (columns.get(column) ?? []).length > 0;
    return { kind: "gone-column", relation: name, column, classified, ...(now === undefined ? {} : { now }) };
  });
  return [...missing, ...added.map((c): Drift => ({ kind: "new-column", relation: name, column: c.name }))];
}

function numberOf(names: readonly string[], present: ReadonlyMap<string, number>): number | undefined {
  const found = names.find((name) => present.has(name));
  return found === undefined ? undefined : present.get(found);
}

function goneTables(listed: ListedTarget, relations: readonly SnapshotRelation[]): Drift[] {
  const drifts: Drift[] = [];
  const used = new Set(relations.map(({ schema, name }) => `${schema}.${entryOf(listed, schema, name)?.key ?? ""}`));
  for (const [schema, entries] of listed.schemas) {
    if (entries === "none") continue;
    for (const [key, listing] of entries) {
      if (used.has(`${schema}.${key}`)) continue;
      const columns = typeof listing === "string" ? null : listing;
      const now = columns === null ? undefined : lookalike(columns, listed, relations);
      const name = `${schema}.${key}`;
      drifts.push({
        kind: "gone-table",
        relation: name,
        classified: columns !== null,
        ...(now === undefined ? {} : { now: nameOf(now) }),
      });
    }
  }
  return drifts;
}

/** So much of a table's columns has to be in another, all classified ones among them, for it to be taken for the same. */
const ALIKE = 0.8;

/** A relation that nobody has listed by its columns, and that has those of one that is gone. */
function lookalike(
  { columns }: ListedRelation,
  listed: ListedTarget,
  relations: readonly SnapshotRelation[],
): SnapshotRelation | undefined {
  const classified = [...columns].filter(([, classes]) => classes.length > 0).map(([name]) => name);
  return relations.find((relation) => {
    const listing = entryOf(listed, relation.schema, relation.name)?.listing;
    if (listing !== undefined && listing !== "none") return false;
    const names = new Set(relation.columns.map((column) => column.name));
    const shared = [...columns.keys()].filter((name) => names.has(name)).length;
    return shared >= ALIKE * columns.size && classified.every((name) => names.has(name));
  });
}

/**
 * Relations of which catalog.yaml cannot be believed as it stands: a protected column of theirs is gone (its values may be in another by
 * now), they are listed as views and are none, or they have the columns of a protected table that is gone. They are masked whole.
 */
export function outOfStep(drifts: readonly Drift[]): RelationName[] {
  const names = new Set<RelationName>();
  for (const drift of drifts) {
    if (drift.kind === "not-a-view") names.add(drift.relation);
    if (drift.kind === "gone-column" && drift.classified) names.add(drift.relation);
    if (drift.kind === "gone-table" && drift.classified && drift.now !== undefined) names.add(drift.now);
  }
  return [...names].sort();
}
