// Whose row a value comes from: each place where a statement names a relation gives rows of its own, and conditions tell which columns
// of two of them are equal. From it follows which result column says whose record is shown (facts.rows).
import type { BoolExpr, JoinExpr } from "libpg-query";
import { type Run, type Scope, spend, valueAt } from "./scope.ts";
import { bodyOf, type Node, strings } from "./tree.ts";
import { baseOf, OID } from "./types.ts";
import {
  type Column,
  columnsIn,
  either,
  type Field,
  type Item,
  NO_ROWS,
  type Row,
  type Rows,
  type Value,
} from "./value.ts";

/** Stands for rows of which nothing can be told. */
export const STRANGER: Row = { relations: [], links: [] };
export const STRANGERS: Rows = new Set([STRANGER]);

export const newRows = (relations: readonly string[]): Rows => new Set([{ relations, links: [] }]);

/** The same columns at another place: `FROM c a, c b` are different rows of one CTE or view. */
export function renewed(run: Run, fields: readonly Field[]): readonly Field[] {
  spend(run, fields.length >> 2);
  const sets = new Map<Rows, Rows>([[NO_ROWS, NO_ROWS]]);
  const made = new Map<Row, Row>([[STRANGER, STRANGER]]);
  const copy = (row: Row): Row => {
    const known = made.get(row);
    if (known !== undefined) return known;
    const fresh: Row = { relations: row.relations, links: [] };
    made.set(row, fresh);
    for (const link of row.links) fresh.links.push({ ...link, other: copy(link.other) });
    return fresh;
  };
  const again = ({ name, value }: Field): Field => {
    const rows = sets.get(value.rows) ?? new Set([...value.rows].map(copy));
    sets.set(value.rows, rows);
    const keys = value.keys.map(({ row, column }) => ({ row: copy(row), column }));
    return { name, value: { ...value, rows, keys, fields: value.fields?.map(again) ?? null } };
  };
  return fields.map(again);
}

/** The columns that are equal in what a WHERE clause lets through. */
export function equate(run: Run, condition: Node, scope: Scope): void {
  for (const [a, b] of equalities(run, condition, scope)) {
    const own = rowsIn(scope.items);
    if (own.has(a.row) || own.has(b.row)) link(a, b, true, true);
  }
}

/** The columns that are equal in what a join puts together. */
export function equateJoined(run: Run, join: JoinExpr, left: readonly Item[], right: readonly Item[], scope: Scope) {
  if (join.quals === undefined) return;
  for (const [a, b] of equalities(run, join.quals, scope)) equalIn(join, rowsIn(left), rowsIn(right), a, b);
}

/** The same for a column that USING merges. */
export function equateMerged(run: Run, join: JoinExpr, left: Value, right: Value): void {
  const [a, b] = [columnIn(left), columnIn(right)];
  if (a !== null && b !== null && comparable(run, left, right)) equalIn(join, left.rows, right.rows, a, b);
}

/** What the column of a FULL JOIN that USING merges says: of each side what its own column says, where the side is there. */
export function mergedValue(run: Run, left: Value, right: Value): Value {
  const keys = comparable(run, left, right) ? [...columnsIn(left), ...columnsIn(right)] : [];
  return { ...either([left, right]), keys };
}

/** The columns that a cast to another type shows in the same words. */
export function castKeys(run: Run, value: Value, type: number): Value["keys"] {
  const [from, to] = [baseOf(run, value.type), baseOf(run, type)];
  const alike = to === from || TEXTS.has(to) || (NUMBERS.has(from) && NUMBERS.has(to));
  const told = NUMBERS.has(from) || TEXTS.has(from) || from === OID.uuid;
  const own = run.base.lookup.snapshot.casts?.some((cast) => cast.source === from && cast.target === to);
  // A domain may cut what is cast to it.
  return told && alike && !own && to === type ? columnsIn(value) : [];
}

/** The column of a row that a value is, unchanged. */
function columnIn(value: Value): Column | null {
  const [only, ...others] = value.origin === null ? [] : columnsIn(value);
  return only === undefined || others.length > 0 ? null : only;
}

function equalIn(join: JoinExpr, left: Rows, right: Rows, a: Column, b: Column): void {
  const inner = join.jointype === "JOIN_INNER" || join.jointype === undefined;
  // Rows of the side that may be missing are there only where the condition holds.
  const optional = (row: Row): boolean =>
    (join.jointype === "JOIN_LEFT" && right.has(row)) || (join.jointype === "JOIN_RIGHT" && left.has(row));
  const across = (left.has(a.row) && right.has(b.row)) || (left.has(b.row) && right.has(a.row));
  if (inner ? left.has(a.row) || right.has(a.row) || left.has(b.row) || right.has(b.row) : across)
    link(a, b, inner || optional(a.row), inner || optional(b.row));
}

function link(a: Column, b: Column, fromA: boolean, fromB: boolean): void {
  if (a.row === b.row) return;
  a.row.links.push({ own: a.column, other: b.row, column: b.column, sure: fromA });
  b.row.links.push({ own: b.column, other: a.row, column: a.column, sure: fromB });
}

function rowsIn(items: readonly Item[]): Rows {
  const rows = new Set<Row>();
  for (const item of items) for (const { value } of item.columns) for (const row of value.rows) rows.add(row);
  return rows;
}

/** Pairs of columns that `=` compares in all of the ways in which the condition can hold. */
function* equalities(run: Run, node: Node, scope: Scope): Generator<readonly [Column, Column]> {
  const all = bodyOf(node, "BoolExpr") as BoolExpr | null;
  if (all !== null) {
    if (all.boolop === "AND_EXPR") for (const arg of all.args ?? []) yield* equalities(run, arg, scope);
    return;
  }
  const body = bodyOf(node, "A_Expr");
  const names = strings(body?.name);
  if (body === null || body.kind !== "AEXPR_OP" || names.length !== 1 || names[0] !== "=") return;
  if (body.lexpr === undefined || body.rexpr === undefined) return;
  const [left, right] = [valueAt(run, body.lexpr, scope), valueAt(run, body.rexpr, scope)];
  const [a, b] = [columnIn(left), columnIn(right)];
  if (a !== null && b !== null && comparable(run, left, right)) yield [a, b];
}

const NUMBERS: ReadonlySet<number> = new Set([OID.int2, OID.int4, OID.int8]);
const TEXTS: ReadonlySet<number> = new Set([OID.text, OID.varchar]);

/** Equal means of the same text: not so for `char(n)`, citext, or where somebody has made a `=` of their own. */
function comparable(run: Run, left: Value, right: Value): boolean {
  const types = [left.type, right.type].map((type) => baseOf(run, type));
  const alike = [NUMBERS, TEXTS, new Set([OID.uuid])].some((family) => types.every((type) => family.has(type)));
  return alike && !(run.base.lookup.snapshot.operators ?? []).some((operator) => operator.name === "=");
}
