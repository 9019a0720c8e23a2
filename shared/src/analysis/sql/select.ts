// SELECT, VALUES and set operations: the rows they give.
import type { SelectStmt, SortBy } from "libpg-query";
import { windowUse } from "./calls.ts";
import { itemOf } from "./column-refs.ts";
import { compositeFields } from "./composites.ts";
import { fromClause } from "./from.ts";
import { dependent, listed } from "./keys.ts";
import { columnName } from "./names.ts";
import { predicate } from "./predicates.ts";
import { equate } from "./rows.ts";
import {
  canFail,
  findColumn,
  noteRead,
  type Run,
  type Scope,
  scopeOf,
  spend,
  TooComplex,
  valueAt,
  valuesAt,
} from "./scope.ts";
import { bodyOf, integerOf, type Node, strings, tagOf } from "./tree.ts";
import { derive, either, type Field, type Item, isTooLong, PLAIN, type Value } from "./value.ts";
import { finishWith, withClause } from "./with.ts";

/** @param onLeft called with the columns of the first arm of a set operation, before the others are looked at */
export function selectRows(
  run: Run,
  stmt: SelectStmt,
  parent: Scope | null,
  onLeft?: (fields: readonly Field[]) => void,
): readonly Field[] {
  run.out.seen.add(stmt);
  spend(run);
  if (stmt.intoClause !== undefined && !run.out.seen.has(stmt.intoClause)) run.out.gap("into", "inner SELECT INTO");
  const outer = withClause(run, stmt.withClause, parent);
  const arms = stmt.op !== undefined && stmt.op !== "SETOP_NONE";
  const fields = arms
    ? setOperation(run, stmt, outer, onLeft)
    : stmt.valuesLists !== undefined
      ? valuesRows(run, stmt.valuesLists, outer)
      : plain(run, stmt, outer);
  if (arms || stmt.valuesLists !== undefined)
    for (const node of stmt.sortClause ?? [])
      use(run, sortKey(run, bodyOf(node, "SortBy"), fields, scopeOf(outer)), "order");
  for (const limit of [stmt.limitCount, stmt.limitOffset])
    if (limit !== undefined) use(run, valueAt(run, limit, outer), "other");
  for (const node of stmt.lockingClause ?? [])
    for (const locked of bodyOf(node, "LockingClause")?.lockedRels ?? [])
      run.out.seen.add(bodyOf(locked, "RangeVar") ?? locked);
  finishWith(outer);
  return fields;
}

function use(run: Run, value: Value, use: "order" | "group" | "other"): void {
  run.out.influence(value.sources, use);
  run.out.glance(value.quiet);
}

function setOperation(
  run: Run,
  stmt: SelectStmt,
  outer: Scope,
  onLeft?: (fields: readonly Field[]) => void,
): readonly Field[] {
  const left = stmt.larg === undefined ? [] : selectRows(run, stmt.larg, outer, onLeft);
  onLeft?.(left);
  const right = stmt.rarg === undefined ? [] : selectRows(run, stmt.rarg, outer);
  if (left.length !== right.length) run.out.gap("set-operation", "different numbers of columns");
  const fields = left.map((field, i) => ({ name: field.name, value: either([field.value, right[i]?.value ?? PLAIN]) }));
  // What is left of equal rows, or of rows that the other side has too, depends on the values.
  if (stmt.op !== "SETOP_UNION") for (const field of fields) use(run, field.value, "other");
  else if (stmt.all !== true) for (const field of fields) use(run, field.value, "group");
  return fields;
}

function valuesRows(run: Run, lists: readonly Node[], outer: Scope): readonly Field[] {
  const rows = lists.map((list) => valuesAt(run, bodyOf(list, "List")?.items, outer));
  const first = rows[0] ?? [];
  if (rows.some((row) => row.length !== first.length)) run.out.gap("values", "rows of different lengths");
  return first.map((_, i) => ({
    name: `column${i + 1}`,
    value: rows.length === 1 ? first[i]! : either(rows.map((row) => row[i] ?? PLAIN)),
  }));
}

function plain(run: Run, stmt: SelectStmt, outer: Scope): readonly Field[] {
  const items = fromClause(run, stmt.fromClause, outer);
  if (outer.parent === null) run.out.entries = items;
  const scope = scopeOf(outer, items);
  if (stmt.whereClause !== undefined) {
    predicate(run, stmt.whereClause, scope);
    equate(run, stmt.whereClause, scope);
  }
  const fields = targets(run, stmt.targetList, scope);
  grouping(run, stmt, fields, scope);
  if (stmt.havingClause !== undefined) predicate(run, stmt.havingClause, scope);
  for (const node of stmt.windowClause ?? []) {
    const window = bodyOf(node, "WindowDef");
    if (window !== null) windowUse(run, window, scope);
  }
  for (const node of stmt.distinctClause ?? [])
    if (tagOf(node) === null) distinct(run, stmt, fields, items);
    else use(run, keyOf(run, node, fields, scope), "group");
  for (const node of stmt.sortClause ?? []) use(run, sortKey(run, bodyOf(node, "SortBy"), fields, scope), "order");
  return fields;
}

/** MaxTupleAttributeNumber of access/htup_details.h: the server takes no more. */
const MOST_COLUMNS = 1664;

/** A target list, or the list of RETURNING. */
export function targets(run: Run, nodes: readonly Node[] | undefined, scope: Scope): readonly Field[] {
  if ((nodes?.length ?? 0) > MOST_COLUMNS) throw new TooComplex();
  const fields = (nodes ?? []).flatMap((node) => {
    const target = bodyOf(node, "ResTarget");
    if (target?.val === undefined) return [];
    const star = expandStar(run, target.val, scope);
    if (star !== null) return star;
    return [{ name: target.name ?? columnName(target.val), value: valueAt(run, target.val, scope) }];
  });
  if (fields.length > MOST_COLUMNS) throw new TooComplex();
  spend(run, fields.length);
  // A row that is too long fails.
  const values = fields.map((field) => field.value);
  if (isTooLong(values)) canFail(run, values);
  return fields;
}

/** `*`, `x.*`, `(row).*`: the columns; null for what is none of these. */
function expandStar(run: Run, node: Node, scope: Scope): readonly Field[] | null {
  const column = bodyOf(node, "ColumnRef");
  if (column !== null) {
    const star = bodyOf(column.fields?.at(-1), "A_Star");
    if (star === null) return null;
    run.out.seen.add(column).add(star);
    const names = strings(column.fields);
    const item = names.length === 0 ? null : itemOf(run, names, scope);
    const columns =
      names.length === 0 ? scope.items.filter((i) => i.bare).flatMap((i) => i.columns) : (item?.columns ?? []);
    if (names.length === 0 && scope.items.length === 0) run.out.gap("undefined-relation", "*");
    for (const field of columns) noteRead(run, field.value);
    return columns;
  }
  const body = bodyOf(node, "A_Indirection");
  const star = bodyOf(body?.indirection?.at(-1), "A_Star");
  if (body === null || star === null) return null;
  const whole = valueAt(run, node, scope);
  const inner =
    body.indirection!.length === 1
      ? body.arg
      : { A_Indirection: { ...body, indirection: body.indirection!.slice(0, -1) } };
  const value = inner === undefined ? whole : valueAt(run, inner, scope);
  const fields = value.fields ?? compositeFields(run, value.type, value);
  if (fields !== null) return fields;
  run.out.gap("unknown-row", "*");
  return [{ name: "?column?", value: derive([whole]) }];
}

function grouping(run: Run, stmt: SelectStmt, fields: readonly Field[], scope: Scope): void {
  const { items } = scope;
  const clause = stmt.groupClause ?? [];
  const columns = listed(stmt.targetList, items);
  const keys = clause.map(
    (node) => (columns.length === fields.length ? columns[(positionOf(node) ?? 0) - 1] : null) ?? node,
  );
  // Each set of GROUPING SETS groups by itself, with the key or without.
  const sets = clause.some((node) => bodyOf(node, "GroupingSet") !== null);
  const sorted = sortedBy(stmt, columns, fields);
  const free = sets ? NONE : dependent("group", keys, items, sorted);
  for (const [i, node] of clause.entries()) {
    const shapes = free.get(keys[i]!) ?? "group";
    run.out.openOrder ||= shapes === "order";
    if (shapes !== "nothing") groupKeys(run, node, fields, scope, items, shapes);
    else if (positionOf(node) !== null) run.out.literalFree = false;
    else valueAt(run, node, scope);
  }
}

function distinct(run: Run, stmt: SelectStmt, fields: readonly Field[], items: readonly Item[]): void {
  const columns = listed(stmt.targetList, items);
  const sorted = sortedBy(stmt, columns, fields);
  const free = columns.length === fields.length ? dependent("distinct", columns, items, sorted) : NONE;
  for (const [i, field] of fields.entries()) {
    const shapes = free.get(columns[i]!) ?? "group";
    run.out.openOrder ||= shapes === "order";
    if (shapes !== "nothing") use(run, field.value, shapes);
  }
}

const NONE: ReturnType<typeof dependent> = new Map();

/** The expressions of ORDER BY; of result columns that are named or numbered, their own. */
function sortedBy(stmt: SelectStmt, columns: readonly Node[], fields: readonly Field[]): readonly Node[] {
  return (stmt.sortClause ?? []).flatMap((sort) => {
    const node = bodyOf(sort, "SortBy")?.node;
    if (node === undefined || columns.length !== fields.length) return node ?? [];
    const position = positionOf(node);
    const names = strings(bodyOf(node, "ColumnRef")?.fields);
    const named = names.length === 1 ? fields.findIndex((field) => field.name === names[0]) : -1;
    return columns[position === null ? named : position - 1] ?? node;
  });
}

function groupKeys(
  run: Run,
  node: Node,
  fields: readonly Field[],
  scope: Scope,
  items: readonly Item[],
  shapes: "group" | "order",
): void {
  const set = bodyOf(node, "GroupingSet");
  if (set !== null) {
    for (const inner of set.content ?? []) groupKeys(run, inner, fields, scope, items, shapes);
    return;
  }
  // A name in GROUP BY is a column of FROM first, and a result column only then.
  const names = strings(bodyOf(node, "ColumnRef")?.fields);
  const local = names.length === 1 ? findColumn(scopeOf(null, items), names[0]!) : null;
  use(run, local !== null ? valueAt(run, node, scope) : keyOf(run, node, fields, scope), shapes);
}

function sortKey(run: Run, body: SortBy | null, fields: readonly Field[], scope: Scope): Value {
  const operator = strings(body?.useOp).at(-1);
  if (operator !== undefined && operator !== "<" && operator !== ">") run.out.gap("operator", operator);
  return body?.node === undefined ? PLAIN : keyOf(run, body.node, fields, scope);
}

function positionOf(node: Node): number | null {
  const constant = bodyOf(node, "A_Const");
  return constant === null ? null : integerOf(constant);
}

/** An item of ORDER BY or DISTINCT ON: a result column by name or number, or an expression. */
function keyOf(run: Run, node: Node, fields: readonly Field[], scope: Scope): Value {
  const position = positionOf(node);
  if (position !== null) {
    run.out.literalFree = false;
    return fields[position - 1]?.value ?? PLAIN;
  }
  const column = bodyOf(node, "ColumnRef");
  const names = strings(column?.fields);
  const named = names.length === 1 && column?.fields?.length === 1 ? fields.filter((f) => f.name === names[0]) : [];
  if (column === null || named.length === 0) return valueAt(run, node, scope);
  run.out.seen.add(column);
  return named.length === 1 ? named[0]!.value : derive(named.map((f) => f.value));
}
