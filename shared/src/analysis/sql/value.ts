// What is known of the value of an expression: which base columns flow into it, and how much of them it shows.
import type { ColumnRef } from "../../facts.ts";

/** Base columns, interned by the `Lookup`: equal columns are the same object. */
export type Sources = ReadonlySet<ColumnRef>;

/** The rows of one place in FROM (or of what is written to). */
export interface Row {
  /** Relations that they are rows of: the one that was named, and those that share its rows (partitions, children, parents). */
  readonly relations: readonly string[];
  readonly links: Link[];
}

/**
 * A column of these rows equals one of others. `sure`: whenever these are there at all; else only when the other column is not NULL, as for
 * the side that an outer join keeps.
 */
interface Link {
  readonly own: string;
  readonly other: Row;
  readonly column: string;
  readonly sure: boolean;
}

export interface Column {
  readonly row: Row;
  readonly column: string;
}

/** Rows that a value can come from, by their places in the statement. */
export type Rows = ReadonlySet<Row>;

export interface Value {
  /** Columns that the value may show, in part or in whole. */
  readonly sources: Sources;
  /** Columns that were looked at by what shows nothing of them (`count(x)`, `x IS NULL`). */
  readonly quiet: Sources;
  /** The base column whose value this is, unchanged; null for all else. */
  readonly origin: ColumnRef | null;
  /** Whose rows the sources are of. Sources without rows: it is not known. */
  readonly rows: Rows;
  /** What is no column as it stands, and says the same as these in other words (a cast, the merged column of a join), whenever their rows are there. */
  readonly keys: readonly Column[];
  /** A constant compared with this value says what it would say of the column itself: no part of it was cut out by choice. */
  readonly near: boolean;
  /** Evaluation can fail or take long because of something that stands in the expression (a division, a subquery ...). */
  readonly risky: boolean;
  /** pg_type.oid, 0 when not known. */
  readonly type: number;
  /** A literal, or made of literals alone. */
  readonly constant: boolean;
  /** A number of few digits, whatever the data: no number type is too narrow for it. */
  readonly small: boolean;
  /** Data decides which of several values it is, so that who wrote the statement may have chosen each of them. */
  readonly chosen: boolean;
  /** A row of no declared type, or an array of such: what its columns are, the statement says. */
  readonly record: boolean;
  /** How long it may be, in units of the longest literal (a column is taken for one). */
  readonly length: number;
  /** The operations that it was made by, in words; kept only for those who ask (`Run.telling`). */
  readonly made: ReadonlySet<string>;
  /** A row: its fields, in order. */
  readonly fields: readonly Field[] | null;
}

export interface Field {
  readonly name: string;
  readonly value: Value;
}

/** One entry of a FROM clause, as names can refer to it. */
export interface Item {
  /** The name in front of the dot; null when it has none (a join without alias). */
  readonly name: string | null;
  /** `schema.name`, when a relation is named without an alias: then `schema.name.column` works too. */
  readonly qualified: string | null;
  readonly columns: readonly Field[];
  /** Can `name.column` refer to it? */
  readonly named: boolean;
  /** Can a bare column name refer to it? */
  readonly bare: boolean;
  /** Has ctid, xmin and the like. */
  readonly stored: boolean;
  /** Sources of the row as a whole, when they are not just those of its columns. */
  readonly row: Sources;
  /** The relation that is named, `schema.name`, whatever it is called here; absent for all else. */
  readonly of?: string;
  /** Positions in `columns` of what tells its rows apart: its table's primary key. Empty when nothing is known to. */
  readonly key: readonly number[];
  /** Positions of columns that are in other unique indexes. */
  readonly unique: readonly number[];
}

export const NOTHING: Sources = new Set();
export const NO_ROWS: Rows = new Set();

export const PLAIN: Value = {
  sources: NOTHING,
  quiet: NOTHING,
  origin: null,
  rows: NO_ROWS,
  keys: [],
  near: false,
  risky: false,
  type: 0,
  constant: false,
  small: false,
  chosen: false,
  record: false,
  length: 1,
  made: new Set(),
  fields: null,
};

export const constantOf = (type: number): Value => ({ ...PLAIN, type, constant: true });

export const columnValue = (sources: Sources, origin: ColumnRef | null, type: number, rows: Rows = NO_ROWS): Value => ({
  ...PLAIN,
  sources,
  origin,
  rows,
  near: true,
  type,
});

export function union<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): ReadonlySet<T> {
  if (a === b || b.size === 0) return a;
  if (a.size === 0) return b;
  if (a.size >= b.size && holds(a, b)) return a;
  if (b.size > a.size && holds(b, a)) return b;
  return new Set([...a, ...b]);
}

function holds<T>(all: ReadonlySet<T>, some: ReadonlySet<T>): boolean {
  for (const ref of some) if (!all.has(ref)) return false;
  return true;
}

export function unionAll<T>(values: readonly Value[], part: (value: Value) => ReadonlySet<T>): ReadonlySet<T> {
  let out: ReadonlySet<T> = new Set();
  for (const value of values) out = union(out, part(value));
  return out;
}

/** The columns of rows whose values this shows, whenever these rows are there. */
export function columnsIn(value: Value): readonly Column[] {
  const { origin, rows } = value;
  const [row] = rows;
  return origin === null || rows.size !== 1 || row === undefined ? value.keys : [{ row, column: origin.column }];
}

/** As long as whoever wrote the statement likes. */
export const ENDLESS = 1e9;
/** MaxAllocSize of utils/memutils.h, in units of 256 KB: what would be longer fails, and so does a row. */
const LONGEST = 4000;

/** How long it can be to have them one behind the other. */
export const lengthOf = (values: readonly Value[]): number =>
  values.length === 0
    ? 1
    : Math.min(
        values.reduce((sum, v) => sum + v.length, 0),
        ENDLESS,
      );

/** Does it depend on the values whether the server can make something of this length of them? */
export const isTooLong = (values: readonly Value[], length = lengthOf(values)): boolean =>
  length > LONGEST && values.some(shows);

/** A value made from others in a way that may show all of them. */
export function derive(values: readonly Value[], more: Partial<Value> = {}): Value {
  return {
    ...PLAIN,
    sources: unionAll(values, (v) => v.sources),
    quiet: unionAll(values, (v) => v.quiet),
    rows: unionAll(values, (v) => v.rows),
    made: unionAll(values, (v) => v.made),
    risky: values.some((v) => v.risky),
    chosen: values.some((v) => v.chosen),
    record: (more.type ?? 0) === 0 && values.some((v) => v.record),
    length: lengthOf(values),
    constant: values.length > 0 && values.every((v) => v.constant),
    ...more,
  };
}

/**
 * A value that tells only whether others are null. That shows nothing of a column, but all of an expression that was made so that
 * its being null tells (`nullif(ssn, '1')`), so it holds for columns only.
 */
export function nullness(values: readonly Value[], type: number): Value {
  const shown = values.filter((v) => v.origin === null && v.fields === null);
  const hidden = values.filter((v) => v.origin !== null || v.fields !== null);
  return {
    ...derive(shown, { type, risky: values.some((v) => v.risky) }),
    quiet: union(
      unionAll(values, (v) => v.quiet),
      unionAll(hidden, (v) => v.sources),
    ),
  };
}

/** Of a row, `IS NULL` tells whether all of its fields are null, and `IS NOT NULL` whether none is: what it tells, it tells of them. */
export function nullTest(value: Value, type: number): Value {
  return nullness(leaves(value), type);
}

function leaves(value: Value): Value[] {
  return value.origin !== null || value.fields === null
    ? [value]
    : value.fields.flatMap((field) => leaves(field.value));
}

/**
 * What a function gives of which the catalog says that it reveals nothing. That is said of columns as they stand: of an expression the client
 * chooses what becomes of the value (`nullif(ssn, '1')`), and by other arguments where a band or a step begins.
 */
export function vouched(args: readonly Value[], more: Partial<Value>): Value {
  const columns = args.every((arg) => arg.origin !== null);
  if (!columns && args.some(shows)) return derive(args, { risky: true, constant: false, ...more });
  return { ...PLAIN, ...more, quiet: unionAll(args, (v) => union(v.sources, v.quiet)) };
}

/** One of several values, as a set operation or a join's merged column gives: unchanged only if all are the same column. */
export function either(values: readonly Value[]): Value {
  const first = values[0];
  if (first === undefined) return PLAIN;
  const same = <T>(part: (v: Value) => T, none: T): T =>
    values.every((v) => part(v) === part(first)) ? part(first) : none;
  return {
    ...derive(values),
    origin: same((v) => v.origin, null),
    near: values.every((v) => v.near || v.constant),
    length: Math.max(...values.map((v) => v.length)),
    type: same((v) => v.type, 0),
    constant: false,
    fields: eitherFields(values),
  };
}

function eitherFields(values: readonly Value[]): readonly Field[] | null {
  const first = values[0]?.fields ?? null;
  if (first === null) return null;
  const rows = values.map((v) => v.fields);
  if (rows.some((row) => row === null || row.length !== first.length)) return null;
  return first.map((field, i) => ({ name: field.name, value: either(rows.map((row) => row![i]!.value)) }));
}

/** A whole row of these fields. */
export function rowOf(fields: readonly Field[], sources: Sources, quiet: Sources, rows: Rows): Value {
  return { ...PLAIN, sources, quiet, fields, rows, record: true };
}

export const shows = (value: Value): boolean => value.sources.size > 0;
