// INSERT, UPDATE, DELETE, MERGE: what flows into which column, and what RETURNING shows.
import type {
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  MergeWhenClause,
  OnConflictClause,
  RangeVar,
  ReturningClause,
  UpdateStmt,
} from "libpg-query";
import type { Action } from "../../facts.ts";
import { useFunction } from "./calls.ts";
import { fromClause, fromItem } from "./from.ts";
import { FIRST_USER_OID, fullName } from "./lookup.ts";
import { predicate } from "./predicates.ts";
import { type Named, namedItem, nameRelation, touchFamily } from "./relations.ts";
import { equate, renewed, STRANGERS } from "./rows.ts";
import { canFail, derivedItem, noteRead, type Run, rowsOf, type Scope, scopeOf, valueAt, valuesAt } from "./scope.ts";
import { targets } from "./select.ts";
import { bodyOf, type Node } from "./tree.ts";
import { columnValue, derive, type Field, type Item, NOTHING, PLAIN, union, type Value } from "./value.ts";
import { finishWith, withClause } from "./with.ts";

/** The relation that a statement writes to. */
interface Target {
  readonly named: Named | null;
  readonly item: Item;
  /** As facts call it. */
  readonly full: string;
}

function targetOf(run: Run, rangeVar: RangeVar | undefined, action: Action): Target {
  const named = rangeVar === undefined ? null : nameRelation(run, rangeVar);
  const name = rangeVar?.alias?.aliasname ?? rangeVar?.relname ?? "";
  const full = named?.relation == null ? `pg_temp.${rangeVar?.relname ?? ""}` : fullName(named.relation);
  if (named === null) return { named, item: derivedItem(name, []), full };
  const item = namedItem(run, rangeVar?.relname ?? "", named, action);
  if (named.relation !== null) {
    codeOnWrite(run, named.relation);
    for (const base of run.on.written(run, named.relation)) {
      touchFamily(run, base, action);
      codeOnWrite(run, base);
    }
  }
  const aliased = rangeVar?.alias === undefined ? item : { ...item, name, qualified: null };
  return { named, item: aliased, full };
}

/** Triggers and rules run code of their own when rows are written; those of partitions too. */
export function codeOnWrite(run: Run, relation: NonNullable<Named["relation"]>): void {
  for (const table of [relation, ...run.base.lookup.family(relation)]) {
    for (const oid of table.triggers)
      if (oid >= FIRST_USER_OID) useFunction(run, oid, `trigger on ${fullName(table)}`, []);
    if (table.rules) run.out.gap("rule", fullName(table));
  }
}

/** Notes that a value is written into a column, and into the base column behind it when the target is a view. */
function flow(run: Run, target: Target, column: string, value: Value): void {
  const field = target.item.columns.find((c) => c.name === column);
  if (field === undefined) {
    if (target.named !== null) run.out.gap("undefined-column", column);
    return;
  }
  // Whoever made a temporary table chose what its columns take: whether the value does tells of it.
  if (target.named !== null && target.named.relation === null) canFail(run, [value]);
  run.out.flow(run.base.lookup.ref(target.full, column), value);
  // A temporary table only has values that came from there: nothing is written back.
  if (target.named?.relation != null) for (const ref of field.value.sources) run.out.flow(ref, value);
}

/** Temporary relations live outside the catalog: the session learns what flowed into them. */
function remember(run: Run, target: Target, rangeVar: RangeVar | undefined): void {
  if (target.named === null || target.named.relation !== null) return;
  const name = rangeVar?.relname ?? "";
  const columns = target.item.columns.map((field) => {
    const into = run.base.lookup.ref(target.full, field.name);
    const sources = union(field.value.sources, run.out.flowsInto(into));
    return { name: field.name, sources: [...sources], direct: false };
  });
  run.out.effects.push({ type: "temporary", name, columns });
}

export function insertRows(run: Run, body: InsertStmt, parent: Scope | null): readonly Field[] | null {
  const outer = withClause(run, body.withClause, parent);
  const target = targetOf(run, body.relation, "write");
  const listed = (body.cols ?? []).map((node) => bodyOf(node, "ResTarget"));
  const subscripts = listed.map((column) => indices(run, column?.indirection, outer));
  const columns = body.cols === undefined ? target.item.columns.map((c) => c.name) : listed.map((c) => c?.name ?? "");
  const rows = body.selectStmt === undefined ? [] : rowsOf(run, body.selectStmt, outer);
  if (rows.length > columns.length && target.named !== null)
    run.out.gap("undefined-column", "more values than columns");
  const written = body.cols === undefined && rows.length > 0 ? columns.slice(0, rows.length) : columns;
  for (const [i, column] of written.entries())
    flow(run, target, column, placed(rows[i]?.value ?? PLAIN, subscripts[i] ?? []));
  if (body.onConflictClause !== undefined) onConflict(run, body.onConflictClause, target, columns, rows, outer);
  remember(run, target, body.relation);
  const shown = returning(run, body.returningClause, target, [], outer, "new");
  finishWith(outer);
  return shown;
}

function onConflict(
  run: Run,
  body: OnConflictClause,
  target: Target,
  columns: readonly string[],
  rows: readonly Field[],
  outer: Scope,
): void {
  const own = scopeOf(outer, [target.item]);
  for (const node of body.infer?.indexElems ?? []) {
    const element = bodyOf(node, "IndexElem");
    const expression = element?.expr ?? (element?.name === undefined ? undefined : columnNode(element.name));
    if (expression !== undefined) run.out.influence(valueAt(run, expression, own).sources, "equality");
  }
  if (body.infer?.whereClause !== undefined) predicate(run, body.infer.whereClause, own);
  const excluded = target.item.columns.map(({ name }) => {
    const at = columns.indexOf(name);
    return { name, value: at < 0 ? PLAIN : derive([rows[at]?.value ?? PLAIN], { constant: false }) };
  });
  const scope = scopeOf(outer, [target.item, derivedItem("excluded", excluded)]);
  assign(run, body.targetList, target, scope);
  if (body.whereClause !== undefined) predicate(run, body.whereClause, scope);
}

const columnNode = (name: string): Node => ({ ColumnRef: { fields: [{ String: { sval: name } }] } });

export function updateRows(run: Run, body: UpdateStmt, parent: Scope | null): readonly Field[] | null {
  const outer = withClause(run, body.withClause, parent);
  const target = targetOf(run, body.relation, "write");
  const items = fromClause(run, body.fromClause, outer);
  const scope = scopeOf(outer, [target.item, ...items]);
  assign(run, body.targetList, target, scope);
  if (body.whereClause !== undefined) where(run, body.whereClause, scope);
  remember(run, target, body.relation);
  const shown = returning(run, body.returningClause, target, items, outer, "new");
  finishWith(outer);
  return shown;
}

function where(run: Run, condition: Node, scope: Scope): void {
  predicate(run, condition, scope);
  equate(run, condition, scope);
}

/** SET a = ..., (b, c) = ... */
function assign(run: Run, list: readonly Node[] | undefined, target: Target, scope: Scope): void {
  for (const node of list ?? []) {
    const set = bodyOf(node, "ResTarget");
    if (set?.val === undefined) continue;
    flow(run, target, set.name ?? "", placed(assigned(run, set.val, scope), indices(run, set.indirection, scope)));
  }
}

function assigned(run: Run, node: Node, scope: Scope): Value {
  const multiple = bodyOf(node, "MultiAssignRef");
  if (multiple?.source === undefined) return valueAt(run, node, scope);
  const row = valueAt(run, multiple.source, scope);
  return row.fields?.[(multiple.colno ?? 1) - 1]?.value ?? row;
}

/** The subscripts of `SET a[i] = ...`. One that is NULL, or too large, fails. */
function indices(run: Run, indirection: readonly Node[] | undefined, scope: Scope): readonly Value[] {
  const values = (indirection ?? []).flatMap((step) => {
    const at = bodyOf(step, "A_Indices");
    const bounds = [at?.lidx, at?.uidx].filter((n) => n !== undefined);
    return valuesAt(run, bounds, scope);
  });
  canFail(run, values);
  return values;
}

/** What is written into a part of a column: where it is put shows as much as what it is. */
const placed = (value: Value, subscripts: readonly Value[]): Value =>
  subscripts.length === 0 ? value : derive([value, ...subscripts]);

export function deleteRows(run: Run, body: DeleteStmt, parent: Scope | null): readonly Field[] | null {
  const outer = withClause(run, body.withClause, parent);
  const target = targetOf(run, body.relation, "delete");
  const items = fromClause(run, body.usingClause, outer);
  if (body.whereClause !== undefined) where(run, body.whereClause, scopeOf(outer, [target.item, ...items]));
  const shown = returning(run, body.returningClause, target, items, outer, "old");
  finishWith(outer);
  return shown;
}

export function mergeRows(run: Run, body: MergeStmt, parent: Scope | null): readonly Field[] | null {
  const outer = withClause(run, body.withClause, parent);
  const clauses = (body.mergeWhenClauses ?? [])
    .map((node) => bodyOf(node, "MergeWhenClause"))
    .filter((c) => c !== null);
  const deletes = clauses.some((c) => c.commandType === "CMD_DELETE");
  const target = targetOf(run, body.relation, deletes ? "delete" : "write");
  const source = body.sourceRelation === undefined ? [] : fromItem(run, body.sourceRelation, outer, []);
  const scope = scopeOf(outer, [...source, target.item]);
  if (body.joinCondition !== undefined) predicate(run, body.joinCondition, scope);
  for (const clause of clauses) mergeWhen(run, clause, target, source, outer);
  const into = target.named?.relation;
  if (deletes && into != null)
    for (const relation of [into, ...run.on.written(run, into)]) run.out.touch(fullName(relation), "write", false);
  remember(run, target, body.relation);
  const shown = returning(run, body.returningClause, target, source, outer, "merge");
  finishWith(outer);
  return shown;
}

function mergeWhen(run: Run, clause: MergeWhenClause, target: Target, source: readonly Item[], outer: Scope): void {
  const items =
    clause.matchKind === "MERGE_WHEN_NOT_MATCHED_BY_TARGET"
      ? source
      : clause.matchKind === "MERGE_WHEN_NOT_MATCHED_BY_SOURCE"
        ? [target.item]
        : [...source, target.item];
  const scope = scopeOf(outer, items);
  if (clause.condition !== undefined) predicate(run, clause.condition, scope);
  if (clause.commandType !== "CMD_INSERT") {
    assign(run, clause.targetList, target, scope);
    return;
  }
  const listed = (clause.targetList ?? []).map((node) => bodyOf(node, "ResTarget"));
  const columns = listed.length > 0 ? listed.map((c) => c?.name ?? "") : target.item.columns.map((c) => c.name);
  const subscripts = listed.map((column) => indices(run, column?.indirection, scope));
  const values = valuesAt(run, clause.values, scope);
  for (const [i, column] of columns.entries())
    flow(run, target, column, placed(values[i] ?? PLAIN, subscripts[i] ?? []));
}

/** RETURNING: the row as it is now, so with what has just flowed into it; `old` and `new` by name. */
function returning(
  run: Run,
  clause: ReturningClause | undefined,
  target: Target,
  others: readonly Item[],
  outer: Scope,
  row: "old" | "new" | "merge",
): readonly Field[] | null {
  if (clause === undefined) return null;
  const written = target.item.columns.map((field) => {
    const flows = run.out.flowsInto(run.base.lookup.ref(target.full, field.name));
    const value = [...flows].every((ref) => field.value.sources.has(ref))
      ? field.value
      : derive([field.value, columnValue(flows, null, 0, STRANGERS)], { type: field.value.type });
    return { name: field.name, value };
  });
  const shown: Item =
    row === "old"
      ? target.item
      : { ...target.item, columns: written, row: written.reduce((all, f) => union(all, f.value.sources), NOTHING) };
  const names = { old: "old", new: "new" };
  for (const node of clause.options ?? []) {
    const option = bodyOf(node, "ReturningOption");
    if (option?.option === "RETURNING_OPTION_OLD") names.old = option.value ?? "old";
    else if (option?.option === "RETURNING_OPTION_NEW") names.new = option.value ?? "new";
  }
  const versions: Item[] = [
    // Whose row it was may have been changed.
    { ...target.item, columns: renewed(run, target.item.columns), name: names.old, qualified: null, bare: false },
    { ...shown, name: names.new, qualified: null, bare: false },
  ].filter((item) => item.name !== shown.name && !others.some((other) => other.name === item.name));
  const items = row === "merge" ? [...others, shown, ...versions] : [shown, ...others, ...versions];
  const fields = targets(run, clause.exprs, scopeOf(outer, items));
  for (const field of fields) noteRead(run, field.value);
  return fields;
}
