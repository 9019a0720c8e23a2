// SQL that stands in the catalog: definitions of views, generated columns, bodies of SQL functions.
import type { SnapshotColumn, SnapshotFunction, SnapshotRelation } from "../../catalog.ts";
import { checkSeen } from "./check.ts";
import { Collector } from "./collect.ts";
import { fullName } from "./lookup.ts";
import { searchPathOf } from "./path.ts";
import {
  type Base,
  derivedItem,
  isSystemName,
  type Run,
  rowsOf,
  scopeOf,
  TooComplex,
  type ViewFacts,
  valueAt,
} from "./scope.ts";
import { bodyOf, type Node, tagOf } from "./tree.ts";
import { columnValue, derive, type Field, PLAIN, type Value } from "./value.ts";

/** Views in views, functions in functions: deeper is a gap. */
const DEEPEST = 32;

/** A run for SQL of the catalog: names there are complete, but for those of pg_catalog. */
function innerRun(run: Run, oid: number, out: Collector, path: readonly string[]): Run {
  return { ...run, out, path, quoted: () => false, temporary: new Map(), within: [...run.within, oid] };
}

export function viewFields(run: Run, relation: SnapshotRelation): readonly Field[] {
  let facts = run.base.views.get(relation.oid);
  if (facts === undefined) {
    if (run.within.includes(relation.oid) || run.within.length >= DEEPEST) {
      run.out.gap("recursive", fullName(relation));
      return [];
    }
    facts = expandView(run, relation);
    run.base.views.set(relation.oid, facts);
  }
  importFacts(run, facts, fullName(relation));
  return facts.fields;
}

function expandView(run: Run, relation: SnapshotRelation): ViewFacts {
  const found = new Collector();
  const inner = innerRun(run, relation.oid, found, searchPathOf(run.base.lookup, []));
  const name = fullName(relation);
  try {
    const tree = run.base.parse(relation.definition ?? "");
    const query = tree.stmts?.[0]?.stmt;
    if (query === undefined) return { fields: [], found };
    const fields = rowsOf(inner, query, scopeOf(null));
    checkSeen(found, query);
    if (fields.length !== relation.columns.length) found.gap("view", name);
    return { fields, found };
  } catch (error) {
    if (isFatal(error)) throw error;
    found.gap("view", name);
    return { fields: [], found };
  }
}

/** A syntax error in stored SQL makes one view opaque; anything else is the parser's or our own failure. */
const isFatal = (error: unknown): boolean =>
  error instanceof TooComplex || !(error instanceof Error && error.name === "SqlError");

/** What a view's definition does is done by whoever reads the view. Its columns count as read where they are used. */
function importFacts(run: Run, facts: ViewFacts, view: string): void {
  for (const [relation, { system }] of facts.found.relations) run.out.touch(relation, "read", system);
  for (const influence of facts.found.influences) {
    const ref = run.base.lookup.ref(influence.relation, influence.column);
    run.out.influence(new Set([ref]), influence.use, influence.through ?? view);
    run.out.read(ref, isSystemName(ref.relation));
  }
  for (const [name, standing] of facts.found.functions) run.out.called(name, standing);
  for (const { reason, what } of facts.found.gaps.values()) run.out.gap(reason, what);
}

export function generatedValue(run: Run, relation: SnapshotRelation, column: SnapshotColumn): Value {
  const { lookup } = run.base;
  const others = relation.columns
    .filter((c) => !c.generated)
    .map((c) => {
      const ref = lookup.ref(fullName(relation), c.name);
      return { name: c.name, value: columnValue(new Set([ref]), ref, c.type) };
    });
  const all = derive(others.map((c) => c.value));
  if (column.expression === undefined) return all;
  try {
    const target = bodyOf(run.base.parse(`SELECT ${column.expression}`).stmts?.[0]?.stmt, "SelectStmt")
      ?.targetList?.[0];
    const expression = bodyOf(target, "ResTarget")?.val;
    if (expression === undefined) return all;
    const found = new Collector();
    const inner = innerRun(run, relation.oid, found, searchPathOf(lookup, []));
    const value = valueAt(inner, expression, scopeOf(null, [derivedItem(relation.name, others)]));
    return found.gaps.size > 0 ? all : value;
  } catch (error) {
    if (isFatal(error)) throw error;
    return all;
  }
}

/** The rows that the last statement of an SQL function gives, with the arguments bound to their values; null when it is opaque. */
export function bodyFields(run: Run, item: SnapshotFunction, args: readonly Value[]): readonly Field[] | null {
  if (item.language !== "sql" || item.securityDefiner || item.body === undefined) return null;
  if (item.kind !== "f" && item.kind !== "p") return null;
  if (run.within.includes(item.oid) || run.within.length >= DEEPEST) return null;
  const statements = statementsOf(run.base, item.body);
  if (statements === null) return null;
  const inner: Run = innerRun(run, item.oid, run.out, bodyPath(run, item));
  const values = item.args.map((type, i): Value => args[i] ?? { ...PLAIN, type });
  const scope = scopeOf(null, [], new Map(), {
    function: item.name,
    values: values.map((v, i) => (v.type === 0 ? { ...v, type: item.args[i] ?? 0 } : v)),
    names: item.argumentNames ?? [],
  });
  let fields: readonly Field[] = [];
  for (const statement of statements) {
    const returned = bodyOf(statement, "ReturnStmt")?.returnval;
    if (returned !== undefined) fields = [{ name: item.name, value: valueAt(inner, returned, scope) }];
    else fields = rowsOf(inner, statement, scope);
    checkSeen(run.out, statement);
  }
  return fields;
}

/** A body in quotes is read with the caller's search_path, unless the function sets its own; a parsed one names all in full. */
function bodyPath(run: Run, item: SnapshotFunction): readonly string[] {
  if (isParsedBody(item.body ?? "")) return searchPathOf(run.base.lookup, []);
  const own = item.settings?.find((setting) => setting.startsWith("search_path="));
  if (own === undefined) return run.path;
  const names = own
    .slice("search_path=".length)
    .split(",")
    .map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
  return searchPathOf(run.base.lookup, names);
}

const isParsedBody = (body: string): boolean => /^\s*(BEGIN\s+ATOMIC\b|RETURN\b)/i.test(body);

function statementsOf(base: Base, body: string): readonly Node[] | null {
  try {
    if (!isParsedBody(body)) return (base.parse(body).stmts ?? []).flatMap((raw) => raw.stmt ?? []);
    const tree = base.parse(`CREATE FUNCTION f() RETURNS void LANGUAGE sql ${body}`);
    const parsed = bodyOf(tree.stmts?.[0]?.stmt, "CreateFunctionStmt")?.sql_body;
    if (parsed === undefined) return null;
    return tagOf(parsed) === "List" ? flatten(parsed) : [parsed];
  } catch (error) {
    if (isFatal(error)) throw error;
    return null;
  }
}

const flatten = (node: Node): Node[] => {
  const list = bodyOf(node, "List");
  return list === null ? [node] : (list.items ?? []).flatMap(flatten);
};
