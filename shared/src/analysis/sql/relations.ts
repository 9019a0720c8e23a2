// Relations by name: which one a name means, and what stands behind its columns.

import type { RangeVar } from "libpg-query";
import type { SnapshotColumn, SnapshotRelation } from "../../catalog.ts";
import type { Action, ColumnRef } from "../../facts.ts";
import { fullName, isSystemSchema, type Lookup } from "./lookup.ts";
import { isTemporarySchema } from "./path.ts";
import { newRows, renewed, STRANGERS } from "./rows.ts";
import { aliased, derivedItem, findCte, type Run, type Scope } from "./scope.ts";
import { strings } from "./tree.ts";
import {
  columnValue,
  type Field,
  type Item,
  NO_ROWS,
  NOTHING,
  type Rows,
  type Sources,
  union,
  type Value,
} from "./value.ts";

/** System relations, or columns of them, that hold data of users: values, statements, secrets. */
const HOLDING_DATA: ReadonlyMap<string, readonly string[] | "all"> = new Map<string, readonly string[] | "all">([
  ["pg_statistic", "all"],
  ["pg_statistic_ext_data", "all"],
  ["pg_stats", "all"],
  ["pg_stats_ext", "all"],
  ["pg_stats_ext_exprs", "all"],
  ["pg_largeobject", "all"],
  ["pg_authid", ["rolpassword"]],
  ["pg_shadow", ["passwd"]],
  ["pg_user_mapping", ["umoptions"]],
  ["pg_user_mappings", ["umoptions"]],
  ["_pg_user_mappings", ["umoptions"]],
  ["pg_subscription", ["subconninfo"]],
  ["pg_stat_activity", ["query"]],
  ["pg_stat_wal_receiver", ["conninfo"]],
  ["pg_prepared_statements", ["statement"]],
  ["pg_cursors", ["statement"]],
  ["pg_hba_file_rules", "all"],
  ["pg_file_settings", "all"],
  ["user_mapping_options", ["option_value"]],
]);

export interface Named {
  readonly relation: SnapshotRelation | null;
  /** Columns of a temporary relation of this session, with what flowed into them. */
  readonly temporary: readonly Field[] | null;
}

/** Which relation a name means; null, with a gap noted, when that cannot be told. CTEs are the caller's business. */
export function nameRelation(run: Run, rangeVar: RangeVar): Named | null {
  const named = findRelation(run, rangeVar);
  if (named === null)
    run.out.gap("undefined-relation", [rangeVar.schemaname, rangeVar.relname].filter((n) => n !== undefined).join("."));
  return named;
}

/** The same, for definitions: what they name may have been made just now. */
export function findRelation(run: Run, rangeVar: RangeVar): Named | null {
  run.out.seen.add(rangeVar);
  const name = rangeVar.relname ?? "";
  const { lookup } = run.base;
  if (rangeVar.catalogname !== undefined && rangeVar.catalogname !== lookup.snapshot.database) return null;
  const temporary = temporaryFields(run, name);
  const schema = rangeVar.schemaname;
  if (schema !== undefined && isTemporarySchema(schema))
    return temporary === null ? null : { relation: null, temporary };
  const relation = schema === undefined ? visible(run, name) : lookup.relation(schema, name);
  if (schema === undefined && relation !== undefined) noteShadowed(run, relation);
  if (schema === undefined && temporary !== null) {
    // The temporary one may be gone by now (dropped, rolled back), and the server would take the other.
    if (relation !== undefined) run.out.gap("temporary-shadows", fullName(relation));
    return { relation: null, temporary };
  }
  return relation === undefined ? null : { relation, temporary: null };
}

function visible(run: Run, name: string): SnapshotRelation | undefined {
  for (const schema of run.path) {
    const relation = run.base.lookup.relation(schema, name);
    if (relation !== undefined) return relation;
  }
  return undefined;
}

/**
 * Somebody may drop or rename the relation before the server looks for it, and it would find the next one of the name. That has to be
 * the same in all that matters, or the name has to be given in full.
 */
function noteShadowed(run: Run, found: SnapshotRelation): void {
  if (isSystemSchema(found.schema)) return;
  for (const schema of run.path.slice(run.path.indexOf(found.schema) + 1)) {
    const next = run.base.lookup.relation(schema, found.name);
    if (next !== undefined) run.out.gap("shadows", `${fullName(found)} before ${fullName(next)}`);
  }
}

function temporaryFields(run: Run, name: string): readonly Field[] | null {
  const outputs = run.temporary.get(name);
  if (outputs === undefined) return null;
  const { lookup } = run.base;
  const own = `pg_temp.${name}`;
  return outputs.map((output) => {
    const sources = new Set(output.sources.map((ref) => lookup.ref(ref.relation, ref.column)));
    const first = output.sources[0];
    const origin = output.direct && first !== undefined ? lookup.ref(first.relation, first.column) : null;
    const self = lookup.ref(own, output.name);
    const plain = output.reveals === "nothing" ? NOTHING : sources;
    // Which of its columns came from one row is not followed through the statements that filled it.
    const value = columnValue(plain, origin ?? (plain.size === 0 ? self : null), 0, STRANGERS);
    // What was made of a column and then stored is no column that a constant could be compared with. Its collation is not known.
    const made = { near: value.origin !== null, chosen: value.origin === null, risky: true };
    return { name: output.name, value: { ...value, ...made } };
  });
}

/** The entry that a name in a FROM clause makes. */
export function relationItem(run: Run, rangeVar: RangeVar, scope: Scope | null): Item {
  const name = rangeVar.relname ?? "";
  const cte = rangeVar.schemaname === undefined ? findCte(scope, name) : undefined;
  let item: Item;
  if (cte !== undefined) {
    run.out.seen.add(rangeVar);
    item = derivedItem(name, renewed(run, cte.columns()));
  } else {
    const named = nameRelation(run, rangeVar);
    if (named === null) return derivedItem(rangeVar.alias?.aliasname ?? name, []);
    item = namedItem(run, name, named);
  }
  const { alias } = rangeVar;
  return alias === undefined ? item : aliased(item, alias.aliasname ?? name, strings(alias.colnames));
}

export function namedItem(run: Run, name: string, named: Named, action: Action = "read"): Item {
  if (named.relation === null) {
    run.out.touch(`pg_temp.${name}`, action, true);
    // It was changed, or may be gone: see ContextTracker.
    if (named.temporary?.length === 0) run.out.gap("temporary", "columns that are not known");
    return { ...derivedItem(name, named.temporary ?? []), qualified: `pg_temp.${name}`, stored: true };
  }
  const { relation } = named;
  const qualified = fullName(relation);
  touchFamily(run, relation, action);
  return {
    ...derivedItem(name, fieldsOf(run, relation)),
    qualified,
    of: qualified,
    stored: true,
    row: rowSources(run, relation),
    key: keyOf(run, relation),
    unique: (relation.unique ?? []).map((name) => relation.columns.findIndex((column) => column.name === name)),
  };
}

/** A primary key says nothing of the rows of tables that inherit; over partitions it holds. */
function keyOf(run: Run, relation: SnapshotRelation): readonly number[] {
  const inherited = relation.kind !== "partitioned" && run.base.lookup.descendants(relation).length > 0;
  if (relation.key === undefined || inherited || isSystemSchema(relation.schema)) return [];
  const positions = relation.key.map((name) => relation.columns.findIndex((column) => column.name === name));
  return positions.includes(-1) ? [] : positions;
}

/** Notes an action on a relation, and on those whose rows are also its rows. */
export function touchFamily(run: Run, relation: SnapshotRelation, action: Action): void {
  const system = isSystemSchema(relation.schema);
  run.out.touch(fullName(relation), action, system);
  if (system) return;
  for (const relative of run.base.lookup.family(relation)) run.out.touch(fullName(relative), action, false);
}

function rowSources(run: Run, relation: SnapshotRelation): Sources {
  if (isSystemSchema(relation.schema)) return NOTHING;
  const { lookup } = run.base;
  return new Set([relation, ...lookup.family(relation)].map((r) => lookup.ref(fullName(r), "*")));
}

/** The columns of a relation, each with the base columns behind it; rows of their own with every call. */
export function fieldsOf(run: Run, relation: SnapshotRelation): readonly Field[] {
  if (isSystemSchema(relation.schema)) return systemFields(run, relation);
  const { lookup } = run.base;
  if (relation.kind === "foreign") run.out.gap("foreign-table", fullName(relation));
  else if (relation.kind === "toast" || relation.kind === "index") run.out.gap("storage", fullName(relation));
  const view = relation.definition === undefined ? null : renewed(run, run.on.view(run, relation));
  const rows = view === null ? newRows([relation, ...lookup.family(relation)].map(fullName)) : NO_ROWS;
  return relation.columns.map((column, i) => {
    const own = ownSources(lookup, relation, column);
    const behind = view === null ? generatedFrom(run, relation, column) : view[i]?.value;
    const value = joined(lookup.ref(fullName(relation), column.name), own, behind, column, rows);
    // Compared with a text of another collation it fails, which is found out when it is their turn.
    return { name: column.name, value: column.collated ? { ...value, risky: true } : value };
  });
}

/** A column as it is named, over what it is made from. */
function joined(self: ColumnRef, own: Sources, behind: Value | undefined, column: SnapshotColumn, rows: Rows): Value {
  if (behind === undefined) return columnValue(own, self, column.type, rows);
  const sources = union(own, behind.sources);
  // A stored column is a value of its own, however it was made; a view's column is what its definition says.
  if (column.generated) return columnValue(sources, self, column.type, rows);
  return { ...behind, sources, type: column.type, constant: false };
}

function ownSources(lookup: Lookup, relation: SnapshotRelation, column: SnapshotColumn): Sources {
  const refs = [lookup.ref(fullName(relation), column.name)];
  for (const relative of lookup.family(relation))
    if (lookup.column(relative, column.name) !== undefined) refs.push(lookup.ref(fullName(relative), column.name));
  return new Set(refs);
}

/** What a generated column is made from; undefined for a column that is not generated. */
function generatedFrom(run: Run, relation: SnapshotRelation, column: SnapshotColumn): Value | undefined {
  if (!column.generated) return undefined;
  return run.on.generated(run, relation, column);
}

function systemFields(run: Run, relation: SnapshotRelation): readonly Field[] {
  const { lookup } = run.base;
  const holding = HOLDING_DATA.get(relation.name);
  return relation.columns.map((column) => {
    if (holding === undefined || (holding !== "all" && !holding.includes(column.name)))
      return {
        name: column.name,
        value: columnValue(NOTHING, lookup.ref(fullName(relation), column.name), column.type),
      };
    const ref = lookup.ref(fullName(relation), column.name);
    return { name: column.name, value: columnValue(new Set([ref]), ref, column.type) };
  });
}
