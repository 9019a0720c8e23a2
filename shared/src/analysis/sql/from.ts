// FROM: the entries that names can refer to, left to right, as parser/parse_clause.c makes them.
import type { JoinExpr, JsonTable, JsonTableColumn, RangeFunction, RangeSubselect, RangeTableFunc } from "libpg-query";
import { callFunction } from "./calls.ts";
import { within } from "./expressions.ts";
import { returnedAs } from "./json.ts";
import { columnName } from "./names.ts";
import { equality } from "./operators.ts";
import { predicate } from "./predicates.ts";
import { relationItem } from "./relations.ts";
import { equateJoined, equateMerged, mergedValue } from "./rows.ts";
import {
  aliased,
  canFail,
  derivedItem,
  noteRead,
  type Run,
  rowsOf,
  type Scope,
  scopeOf,
  spend,
  valueAt,
  valuesAt,
} from "./scope.ts";
import { bodyOf, type Node, strings, tagOf } from "./tree.ts";
import { typeOf } from "./types.ts";
import { derive, type Field, type Item, PLAIN, union, type Value } from "./value.ts";

/** @param outer the scope around the query, with its CTEs */
export function fromClause(run: Run, nodes: readonly Node[] | undefined, outer: Scope): Item[] {
  const items: Item[] = [];
  for (const node of nodes ?? []) items.push(...fromItem(run, node, outer, items));
  return items;
}

export function fromItem(run: Run, node: Node, outer: Scope, left: readonly Item[]): Item[] {
  spend(run);
  const relation = bodyOf(node, "RangeVar");
  if (relation !== null) return [relationItem(run, relation, outer)];
  const query = bodyOf(node, "RangeSubselect");
  if (query !== null) return [subselect(run, query, outer, left)];
  const join = bodyOf(node, "JoinExpr");
  if (join !== null) return joinItems(run, join, outer, left);
  const lateral = scopeOf(outer, left);
  const called = bodyOf(node, "RangeFunction");
  if (called !== null) return [functionItem(run, called, lateral)];
  const xml = bodyOf(node, "RangeTableFunc");
  if (xml !== null) return [xmlTable(run, xml, lateral)];
  const json = bodyOf(node, "JsonTable");
  if (json !== null) return [jsonTable(run, json, lateral)];
  const sample = bodyOf(node, "RangeTableSample");
  if (sample?.relation !== undefined) {
    const method = strings(sample.method).at(-1) ?? "";
    if (method !== "bernoulli" && method !== "system") run.out.gap("opaque-function", method);
    const items = fromItem(run, sample.relation, outer, left);
    canFail(run, [
      ...valuesAt(run, sample.args, lateral),
      ...valuesAt(run, sample.repeatable ? [sample.repeatable] : [], lateral),
    ]);
    return items;
  }
  run.out.gap("unknown-from", tagOf(node) ?? "");
  return [];
}

function subselect(run: Run, body: RangeSubselect, outer: Scope, left: readonly Item[]): Item {
  const scope = body.lateral === true ? scopeOf(outer, left) : outer;
  const fields = body.subquery === undefined ? [] : rowsOf(run, body.subquery, scope);
  const name = body.alias?.aliasname ?? null;
  const item = derivedItem(name, fields);
  return name === null ? item : aliased(item, name, strings(body.alias?.colnames));
}

function functionItem(run: Run, body: RangeFunction, scope: Scope): Item {
  const alias = body.alias?.aliasname ?? null;
  const calls = (body.functions ?? []).map((node) => bodyOf(node, "List")?.items ?? []);
  const columns: Field[] = [];
  for (const [call, definitions] of calls) {
    if (call === undefined) continue;
    const own = bodyOf(definitions, "List")?.items ?? (calls.length === 1 ? body.coldeflist : undefined);
    columns.push(...functionColumns(run, call, own, calls.length === 1 ? alias : null, scope));
  }
  if (body.ordinality === true) columns.push({ name: "ordinality", value: PLAIN });
  const name = alias ?? columnName(calls[0]?.[0]);
  return aliased(derivedItem(name, columns), name, strings(body.alias?.colnames));
}

function functionColumns(
  run: Run,
  node: Node,
  definitions: readonly Node[] | undefined,
  alias: string | null,
  scope: Scope,
): Field[] {
  const call = bodyOf(node, "FuncCall");
  if (call === null) return [{ name: alias ?? columnName(node), value: valueAt(run, node, scope) }];
  const name = strings(call.funcname).at(-1) ?? "";
  // unnest(a, b) in FROM stands for one unnest of each.
  if (name === "unnest" && (call.args?.length ?? 0) > 1) {
    callFunction(run, call, scope);
    return valuesAt(run, call.args, scope).map((value) => ({ name, value: derive([value]) }));
  }
  const called = callFunction(run, call, scope);
  if (definitions !== undefined && definitions.length > 0)
    return definitions.map((definition) => {
      const column = bodyOf(definition, "ColumnDef");
      return {
        name: column?.colname ?? "",
        value: { ...part(called.value), type: typeOf(run, column?.typeName)?.oid ?? 0 },
      };
    });
  if (called.fields !== null) return [...called.fields];
  return [{ name: called.column ?? alias ?? name, value: called.value }];
}

const part = (whole: Value): Value => derive([whole], { constant: false });

function xmlTable(run: Run, body: RangeTableFunc, scope: Scope): Item {
  const document = derive(
    within(
      run,
      [body.docexpr, body.rowexpr, body.namespaces].filter((n) => n !== undefined),
      scope,
    ),
  );
  canFail(run, [document]);
  const columns = (body.columns ?? []).map((node): Field => {
    const column = bodyOf(node, "RangeTableFuncCol");
    const own = within(
      run,
      [column?.colexpr, column?.coldefexpr].filter((n) => n !== undefined),
      scope,
    );
    // A path that is data may be none, and a default NULL where NOT NULL is wanted.
    canFail(run, own);
    return {
      name: column?.colname ?? "",
      value: column?.for_ordinality === true ? PLAIN : derive([document, ...own], { risky: true }),
    };
  });
  const name = body.alias?.aliasname ?? "xmltable";
  return aliased(derivedItem(name, columns), name, strings(body.alias?.colnames));
}

function jsonTable(run: Run, body: JsonTable, scope: Scope): Item {
  const document = derive(within(run, [body.context_item, body.pathspec, body.passing, body.on_error], scope));
  canFail(run, [document]);
  const columns = jsonColumns(run, body.columns, document, scope);
  const name = body.alias?.aliasname ?? "json_table";
  return aliased(derivedItem(name, columns), name, strings(body.alias?.colnames));
}

function jsonColumns(run: Run, nodes: readonly Node[] | undefined, document: Value, scope: Scope): Field[] {
  const columns = (nodes ?? []).flatMap((node) => bodyOf(node, "JsonTableColumn") ?? []);
  const [nested, plain] = [true, false].map((which) =>
    columns.filter(({ coltype }) => (coltype === "JTC_NESTED") === which),
  ) as [JsonTableColumn[], JsonTableColumn[]];
  const fields = plain.map((column) => {
    const own = within(run, [column.pathspec, column.on_empty, column.on_error], scope);
    canFail(run, own);
    if (column.typeName !== undefined) returnedAs(run, column.typeName);
    const value = column.coltype === "JTC_FOR_ORDINALITY" ? PLAIN : derive([document, ...own], { risky: true });
    return { name: column.name ?? "", value };
  });
  // Wherever they stand, those of nested paths come behind.
  return [...fields, ...nested.flatMap((column) => jsonColumns(run, column.columns, document, scope))];
}

function joinItems(run: Run, body: JoinExpr, outer: Scope, before: readonly Item[]): Item[] {
  const left = body.larg === undefined ? [] : fromItem(run, body.larg, outer, before);
  const right = body.rarg === undefined ? [] : fromItem(run, body.rarg, outer, [...before, ...left]);
  const leftColumns = bareColumns(left);
  const rightColumns = bareColumns(right);
  const shared =
    body.isNatural === true
      ? leftColumns.map((c) => c.name).filter((name) => rightColumns.some((c) => c.name === name))
      : strings(body.usingClause);
  const merged = shared.map((name) => mergeColumn(run, name, body, leftColumns, rightColumns));
  if (body.quals !== undefined) {
    const both = scopeOf(outer, [...left, ...right]);
    predicate(run, body.quals, both);
    equateJoined(run, body, left, right, both);
  }
  const rest = (columns: readonly Field[]): readonly Field[] => columns.filter((c) => !shared.includes(c.name));
  const columns = [...merged, ...rest(leftColumns), ...rest(rightColumns)];
  spend(run, columns.length);
  const alias = body.alias?.aliasname;
  if (alias !== undefined) return [aliased(derivedItem(alias, columns), alias, strings(body.alias?.colnames))];
  const hidden = [...left, ...right].map((item) => ({ ...item, bare: false }));
  const using = body.join_using_alias?.aliasname;
  if (using !== undefined) hidden.push({ ...derivedItem(using, merged), bare: false });
  return [...hidden, derivedItem(null, columns)];
}

const bareColumns = (items: readonly Item[]): Field[] =>
  items.filter((item) => item.bare).flatMap((item) => item.columns);

function mergeColumn(run: Run, name: string, body: JoinExpr, left: readonly Field[], right: readonly Field[]): Field {
  const sides = [left, right].map((columns) => columns.filter((c) => c.name === name));
  const [l, r] = [sides[0]?.[0], sides[1]?.[0]];
  if (l === undefined || r === undefined || sides.some((side) => side.length > 1)) {
    run.out.gap("undefined-column", name);
    return { name, value: derive([l?.value, r?.value].filter((v) => v !== undefined)) };
  }
  noteRead(run, l.value);
  noteRead(run, r.value);
  equality(run, l.value, r.value);
  run.out.influence(union(l.value.sources, r.value.sources), "join");
  equateMerged(run, body, l.value, r.value);
  if (body.jointype === "JOIN_RIGHT") return { name, value: r.value };
  return { name, value: body.jointype === "JOIN_FULL" ? mergedValue(run, l.value, r.value) : l.value };
}
