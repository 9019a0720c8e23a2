// What names mean at one place of a statement: the server's ParseState and its namespace (parser/parse_relation.c).
import type { SnapshotColumn, SnapshotFunction, SnapshotRelation } from "../../catalog.ts";
import type { OutputFact } from "../../facts.ts";
import type { Collector } from "./collect.ts";
import type { Lookup } from "./lookup.ts";
import { told } from "./telling.ts";
import { type Node, type Parse, tagOf } from "./tree.ts";
import { type Field, type Item, NO_ROWS, NOTHING, PLAIN, rowOf, union, unionAll, type Value } from "./value.ts";

/** What stays the same for all statements analysed against one snapshot. */
export interface Base {
  readonly lookup: Lookup;
  readonly parse: Parse;
  /** What the policy's catalog vouches for, by `schema.name`. */
  readonly declared: ReadonlyMap<string, "nothing" | "arguments">;
  /** Columns that say whose record a row is; none where nobody asks for keys that a result does not show. */
  readonly keyColumns: ReadonlySet<string>;
  /** Views and SQL functions analysed so far, by OID. */
  readonly views: Map<number, ViewFacts>;
}

export interface ViewFacts {
  readonly fields: readonly Field[];
  readonly found: Collector;
}

/** The analysis of one statement in progress. */
export interface Run {
  readonly base: Base;
  readonly out: Collector;
  /** Schemas in which unqualified names are looked up, in order, pg_catalog among them; pg_temp left out. */
  readonly path: readonly string[];
  /** The schema in which unqualified new relations come to be; null when there is none. */
  readonly creation: string | null;
  readonly temporary: ReadonlyMap<string, readonly OutputFact[]>;
  /** The session's own `path` and `temporary`: what names mean in function bodies in quotes, wherever these are called. */
  readonly session: Pick<Run, "path" | "temporary">;
  /** OIDs of the views and functions that are being expanded, to stop at recursion. */
  readonly within: readonly number[];
  /** Is it kept how values are made? For those who want it explained; nothing is decided by it. */
  readonly telling: boolean;
  /** Work that is left: hostile statements end as a gap, not as a hang. */
  readonly budget: { left: number };
  /** Is there a string literal at this place of the statement (a byte offset), and not a name that is read as one? */
  readonly quoted: (location: number | undefined) => boolean;
  readonly on: Analyser;
}

/**
 * The parts of the analysis that need each other in a circle (expressions hold queries, queries hold expressions): handed along, so
 * that the modules need not import each other.
 */
export interface Analyser {
  expression(run: Run, node: Node, scope: Scope): Value;
  /** A SELECT, or a statement with RETURNING, where rows are wanted. */
  rows(run: Run, node: Node, scope: Scope): readonly Field[];
  /** The same, with a call-back once the first arm of a set operation is known. */
  arms(run: Run, node: Node, scope: Scope, onLeft: (fields: readonly Field[]) => void): readonly Field[];
  /** A whole statement inside another (DECLARE, PREPARE, CREATE TABLE AS): null when it returns no rows. */
  statement(run: Run, node: Node, scope: Scope): readonly Field[] | null;
  /** The columns of a view, from its definition. */
  view(run: Run, relation: SnapshotRelation): readonly Field[];
  /** The relations that a write into a view is passed on to: the one that it selects from, and so on. */
  written(run: Run, view: SnapshotRelation): readonly SnapshotRelation[];
  /** What a generated column is made from. */
  generated(run: Run, relation: SnapshotRelation, column: SnapshotColumn): Value;
  /** The rows that an SQL function returns, from its body; null when it cannot be followed. */
  body(run: Run, item: SnapshotFunction, args: readonly Value[]): readonly Field[] | null;
  /** Code that runs when rows of a relation are written. */
  writing(run: Run, relation: SnapshotRelation): void;
}

/** The value of an expression. Each node is looked at once in each scope. */
export function valueAt(run: Run, node: Node, scope: Scope): Value {
  const known = scope.values.get(node);
  if (known !== undefined) return known;
  spend(run);
  const value = run.telling ? told(node, run.on.expression(run, node, scope)) : run.on.expression(run, node, scope);
  spend(run, (value.sources.size + value.quiet.size) >> 3);
  scope.values.set(node, value);
  return value;
}

export const valuesAt = (run: Run, nodes: readonly Node[] | undefined, scope: Scope): Value[] =>
  (nodes ?? []).filter((node) => tagOf(node) !== null).map((node) => valueAt(run, node, scope));

export const rowsOf = (run: Run, node: Node, scope: Scope): readonly Field[] => run.on.rows(run, node, scope);

/** The failure of an expression would tell something of these values. */
export function canFail(run: Run, values: readonly Value[]): void {
  run.out.influence(
    unionAll(values, (v) => v.sources),
    "other",
  );
}

export class TooComplex extends Error {}

/** Counts one unit of work. @throws TooComplex */
export function spend(run: Run, units = 1): void {
  run.budget.left -= units;
  if (run.budget.left < 0) throw new TooComplex();
}

export interface Cte {
  readonly columns: () => readonly Field[];
}

/** Arguments of the SQL function whose body is analysed. */
export interface Parameters {
  readonly function: string;
  readonly values: readonly Value[];
  readonly names: readonly string[];
}

export interface Scope {
  readonly parent: Scope | null;
  readonly items: readonly Item[];
  readonly ctes: ReadonlyMap<string, Cte>;
  readonly parameters: Parameters | null;
  /** Values of expressions already analysed in this scope. */
  readonly values: Map<object, Value>;
}

const NO_CTES: ReadonlyMap<string, Cte> = new Map();

export function scopeOf(
  parent: Scope | null,
  items: readonly Item[] = [],
  ctes: ReadonlyMap<string, Cte> = NO_CTES,
  parameters: Parameters | null = null,
): Scope {
  return { parent, items, ctes, parameters, values: new Map() };
}

export function findCte(scope: Scope | null, name: string): Cte | undefined {
  for (let s = scope; s !== null; s = s.parent) {
    const cte = s.ctes.get(name);
    if (cte !== undefined) return cte;
  }
  return undefined;
}

export function parametersOf(scope: Scope): Parameters | null {
  for (let s: Scope | null = scope; s !== null; s = s.parent) if (s.parameters !== null) return s.parameters;
  return null;
}

export type Found = { readonly value: Value } | { readonly problem: "unknown" | "ambiguous" };

const SYSTEM_COLUMNS = new Set(["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"]);

/** A bare name: a column of the innermost scope that has one. */
export function findColumn(scope: Scope, name: string): Found | null {
  for (let s: Scope | null = scope; s !== null; s = s.parent) {
    const matches: { item: Item; column: Field | null }[] = [];
    for (const item of s.items) {
      if (!item.bare) continue;
      const columns = item.columns.filter((column) => column.name === name);
      for (const column of columns) matches.push({ item, column });
      if (columns.length === 0 && item.stored && SYSTEM_COLUMNS.has(name)) matches.push({ item, column: null });
    }
    if (matches.length > 1) return { problem: "ambiguous" };
    const match = matches[0];
    if (match !== undefined) return { value: match.column?.value ?? PLAIN };
  }
  return null;
}

/** The entry that `name` in front of a dot refers to. */
export function findItem(scope: Scope, name: string, schema?: string): Item | "ambiguous" | null {
  for (let s: Scope | null = scope; s !== null; s = s.parent) {
    const matches = s.items.filter((item) =>
      schema === undefined ? item.named && item.name === name : item.named && item.qualified === `${schema}.${name}`,
    );
    if (matches.length > 1) return "ambiguous";
    if (matches[0] !== undefined) return matches[0];
  }
  return null;
}

export function columnOf(item: Item, name: string): Found {
  const columns = item.columns.filter((column) => column.name === name);
  if (columns.length > 1) return { problem: "ambiguous" };
  const column = columns[0];
  if (column !== undefined) return { value: column.value };
  if (item.stored && SYSTEM_COLUMNS.has(name)) return { value: PLAIN };
  return { problem: "unknown" };
}

/** The whole row as one value. */
export function wholeRow(item: Item): Value {
  let sources = item.row;
  let quiet = NOTHING;
  let rows = NO_ROWS;
  for (const { value } of item.columns) {
    rows = union(rows, value.rows);
    sources = union(sources, value.sources);
    quiet = union(quiet, value.quiet);
  }
  return rowOf(item.columns, sources, quiet, rows);
}

/** An entry made of known columns: a sub-select, a CTE, a function. */
export function derivedItem(name: string | null, columns: readonly Field[]): Item {
  return {
    name,
    qualified: null,
    columns,
    named: name !== null,
    bare: true,
    stored: false,
    row: NOTHING,
    key: [],
    unique: [],
  };
}

/** Renames the columns of an entry, as `AS name (a, b)` does. */
export function aliased(item: Item, name: string, columns: readonly string[]): Item {
  return {
    ...item,
    name,
    qualified: null,
    named: true,
    columns: item.columns.map((column, i) => ({ name: columns[i] ?? column.name, value: column.value })),
  };
}

/** Notes that the columns behind a value are read. */
export function noteRead(run: Run, value: Value): void {
  for (const refs of [value.sources, value.quiet])
    for (const ref of refs) {
      const system = isSystemName(ref.relation);
      run.out.read(ref, system);
      // No class says what a system column that holds data may show.
      if (system && !ref.relation.startsWith("pg_temp.")) run.out.gap("system-data", `${ref.relation}.${ref.column}`);
    }
}

export const isSystemName = (relation: string): boolean =>
  relation.startsWith("pg_catalog.") || relation.startsWith("information_schema.") || relation.startsWith("pg_temp.");
