// How the keys of people can be asked for whose rows a SELECT shows without their keys: the statement's own words, word for word, with the keys put
// behind its columns. Words are named by their number, as for the rows before a write (image.ts).
import type { KeyExpression, KeyQueryTemplate } from "../../facts.ts";
import type { Collector } from "./collect.ts";
import { unrepeatable } from "./repeatable.ts";
import { columnsAt, heldBy, placesOf } from "./row-facts.ts";
import { findItem, type Run, scopeOf } from "./scope.ts";
import { type Body, bodyOf, type Node, strings, tagOf } from "./tree.ts";
import type { Item } from "./value.ts";
import { fill, quoted, same, Words } from "./words.ts";

/** Columns of a result beyond which nothing is put behind them: the server takes 1664 (access/htup_details.h). */
const MOST_COLUMNS = 1000;

/** @param found what the analysis of the statement found @returns nothing where no key is missing, or none could be had */
export function keyQueryOf(run: Run, node: Node, text: string, found: Collector): KeyQueryTemplate | null {
  try {
    return keyQuery(run, node, text, found);
  } catch (error) {
    // Too deep to be walked.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function keyQuery(run: Run, node: Node, text: string, found: Collector): KeyQueryTemplate | null {
  const select = bodyOf(node, "SelectStmt");
  if (run.base.keyColumns.size === 0 || select === null || found.kind !== "select") return null;
  if (found.gaps.size > 0 || found.fields.length > MOST_COLUMNS || !isPlain(run, select)) return null;
  const columns = missing(run, found);
  if (columns.every((row) => Object.keys(row).length === 0)) return null;
  const words = new Words(text);
  const verb = words.find("select", 0);
  const from = words.find("from", verb, "distinct");
  const { end } = words;
  const limit = limitOf(run, select, words, text, [from, end]);
  if (limit === undefined || unrepeatable(run, select, found) !== null) return null;
  const template = {
    head: [[0, from] as const],
    rest: [[from, end] as const],
    columns,
    distinct: select.distinctClause !== undefined,
    limit,
  };
  return saysTheSame(run, template, text, select) ? template : null;
}

/** One row of it is one row of what stands in FROM. */
function isPlain(run: Run, select: Body<"SelectStmt">): boolean {
  if (
    (select.op ?? "SETOP_NONE") !== "SETOP_NONE" ||
    select.valuesLists !== undefined ||
    select.intoClause !== undefined
  )
    return false;
  if (select.groupClause !== undefined || select.havingClause !== undefined || select.lockingClause !== undefined)
    return false;
  if ((select.distinctClause ?? []).some((item) => tagOf(item) !== null)) return false;
  return !mayAggregate(run, [select.targetList, select.sortClause], new Set());
}

/**
 * Aggregates make one row of many. One in a sub-select is that sub-select's when it looks at a column of it, or at none; else it may
 * be the statement's own.
 * @param own names of the sub-select's FROM
 */
function mayAggregate(run: Run, root: unknown, own: ReadonlySet<string>): boolean {
  if (typeof root !== "object" || root === null) return false;
  for (const [key, child] of Object.entries(root)) {
    if (/^(JsonArrayAgg|JsonObjectAgg|GroupingFunc)$/.test(key)) return true;
    const call = key === "FuncCall" ? (child as Body<"FuncCall">) : null;
    if (call !== null && call.over === undefined && isAggregate(run, call) && !isOf(call, own)) return true;
    const select = key === "SelectStmt" ? (child as Body<"SelectStmt">) : null;
    if (mayAggregate(run, child, select === null ? own : namesIn(select))) return true;
  }
  return false;
}

const isAggregate = (run: Run, { funcname }: Body<"FuncCall">): boolean =>
  run.base.lookup.functions(strings(funcname).at(-1) ?? "").some((f) => f.kind === "a");

function isOf(call: Body<"FuncCall">, own: ReadonlySet<string>): boolean {
  if (own.size === 0) return false;
  if (call.agg_star === true) return true;
  return (call.args ?? []).some((arg) => {
    const names = strings(bodyOf(arg, "ColumnRef")?.fields);
    return names.length === 2 && own.has(names[0]!);
  });
}

/** What the FROM clause names, outside of joins in parentheses and the like. */
function namesIn({ fromClause = [] }: Body<"SelectStmt">): ReadonlySet<string> {
  const names = new Set<string>();
  const stack = [...fromClause];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const relation = bodyOf(node, "RangeVar");
    if (relation !== null) names.add(relation.alias?.aliasname ?? relation.relname ?? "");
    const join = bodyOf(node, "JoinExpr");
    for (const side of [join?.larg, join?.rarg]) if (side !== undefined) stack.push(side);
  }
  return names;
}

/** Per position in facts.rows: the columns that say whose rows they are, that the result does not hold, and that an entry of FROM does. */
function missing(run: Run, { entries, fields, rows = [] }: Collector): Record<string, KeyExpression>[] {
  const { keyColumns } = run.base;
  const holders = columnsAt(entries.flatMap((item) => columnsOf(run, item, entries)));
  return [...placesOf(fields)].map(([row, place]) => {
    const shown = rows[place]?.shown ?? {};
    return Object.fromEntries(
      [...heldBy(row, holders)].filter(([column]) => keyColumns.has(column) && !Object.hasOwn(shown, column)),
    );
  });
}

function columnsOf(run: Run, item: Item, entries: readonly Item[]) {
  const { name, columns, of } = item;
  if (name === null || findItem(scopeOf(null, entries), name) !== item) return [];
  const dot = of?.indexOf(".") ?? -1;
  const relation = of === undefined ? undefined : run.base.lookup.relation(of.slice(0, dot), of.slice(dot + 1));
  return columns.flatMap((field, i) => {
    if (columns.some((other, j) => j !== i && other.name === field.name)) return [];
    const own = relation?.columns[i]?.name;
    const expression: KeyExpression = {
      sql: `${quoted(name)}.${quoted(field.name)}`,
      of: of === undefined || own === undefined ? null : { relation: of, column: own },
    };
    return [[field.value, expression] as const];
  });
}

/** The words of LIMIT; null when there is none, undefined where what it says is not known for certain. */
function limitOf(
  run: Run,
  { limitCount, limitOffset, limitOption }: Body<"SelectStmt">,
  words: Words,
  text: string,
  [from, end]: readonly [number, number],
): KeyQueryTemplate["limit"] | undefined {
  if (limitCount === undefined && limitOffset === undefined) return null;
  if (limitCount === undefined || limitOffset !== undefined || limitOption !== "LIMIT_OPTION_COUNT") return undefined;
  const isNumber = bodyOf(limitCount, "ParamRef") !== null || bodyOf(limitCount, "A_Const")?.ival !== undefined;
  const at = words.find("limit", from);
  const pieces = [[at + 1, end] as const];
  if (!isNumber || at >= end) return undefined;
  const target = selectIn(run, `SELECT ${fill(pieces, text)}`)?.targetList?.[0];
  return same(bodyOf(target, "ResTarget")?.val, limitCount) ? pieces : undefined;
}

/** The words were cut in the right place when the parser finds the same statement in what was put together, and one column more. */
function saysTheSame(run: Run, { head, rest }: KeyQueryTemplate, text: string, select: Body<"SelectStmt">): boolean {
  const made = selectIn(run, fill([...head, ", NULL", ...rest], text));
  if (made === null) return false;
  const { targetList: columns = [], ...others } = select;
  const { targetList: more = [], ...madeOthers } = made;
  return more.length === columns.length + 1 && same(more.slice(0, -1), columns) && same(madeOthers, others);
}

function selectIn(run: Run, sql: string): Body<"SelectStmt"> | null {
  try {
    const { stmts = [] } = run.base.parse(sql);
    return stmts.length === 1 ? bodyOf(stmts[0]?.stmt, "SelectStmt") : null;
  } catch {
    return null;
  }
}
