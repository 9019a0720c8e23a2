// SQL that stands in the catalog: definitions of views, generated columns, bodies of SQL functions.
import type { SnapshotColumn, SnapshotFunction, SnapshotRelation } from "../../catalog.ts";
import { checkSeen } from "./check.ts";
import { Collector } from "./collect.ts";
import { fullName } from "./lookup.ts";
import { parseSearchPath, searchPathOf } from "./path.ts";
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
import { isForbidden } from "./settings.ts";
import { bodyOf, type Node } from "./tree.ts";
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
    if (!facts.found.readsPath) run.base.views.set(relation.oid, facts);
  }
  importFacts(run, facts, fullName(relation));
  return facts.fields;
}

function expandView(run: Run, relation: SnapshotRelation): ViewFacts {
  const found = new Collector();
  const inner = innerRun(run, relation.oid, found, searchPathOf(run.base.lookup, []));
  const query = parsed(run.base, relation.definition ?? "")?.[0];
  const fields = query === undefined ? [] : rowsOf(inner, query, scopeOf(null));
  if (query !== undefined) checkSeen(found, query);
  if (fields.length !== relation.columns.length) found.gap("view", fullName(relation));
  return { fields, found };
}

/** As the server rewrites writes into a view: only one that selects from a single relation takes them without triggers or rules. */
export function writtenThrough(run: Run, view: SnapshotRelation): readonly SnapshotRelation[] {
  const passed: SnapshotRelation[] = [];
  let at = view;
  while (at.kind === "view" && passed.length < DEEPEST) {
    const query = bodyOf(parsed(run.base, at.definition ?? "")?.[0], "SelectStmt");
    const from = query?.fromClause?.length === 1 ? bodyOf(query.fromClause[0], "RangeVar") : null;
    const next =
      from === null ? undefined : run.base.lookup.relation(from.schemaname ?? "pg_catalog", from.relname ?? "");
    if (next === undefined) break;
    passed.push(next);
    at = next;
  }
  return passed;
}

/** A syntax error in stored SQL makes one view opaque; anything else is the parser's or our own failure. */
const isFatal = (error: unknown): boolean =>
  error instanceof TooComplex || !(error instanceof Error && error.name === "SqlError");

/** What a view's definition does is done by whoever reads the view. Its columns count as read where they are used. */
function importFacts(run: Run, facts: ViewFacts, view: string): void {
  for (const [relation, { actions, system }] of facts.found.relations)
    for (const action of new Set([...actions, "read" as const])) run.out.touch(relation, action, system);
  run.out.readsPath ||= facts.found.readsPath;
  // Functions that it calls may write, and change settings.
  for (const { into, from } of facts.found.flows)
    run.out.flow(run.base.lookup.ref(into.relation, into.column), { sources: from });
  for (const effect of facts.found.effects) if (!run.out.effects.includes(effect)) run.out.effects.push(effect);
  for (const influence of facts.found.influences) {
    const ref = run.base.lookup.ref(influence.relation, influence.column);
    run.out.influence(new Set([ref]), influence.use, { ...influence, through: influence.through ?? view });
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
  const query = column.expression === undefined ? null : parsed(run.base, `SELECT ${column.expression}`);
  const expression = bodyOf(bodyOf(query?.[0], "SelectStmt")?.targetList?.[0], "ResTarget")?.val;
  if (expression === undefined) return all;
  const found = new Collector();
  const inner = innerRun(run, relation.oid, found, searchPathOf(lookup, []));
  const value = valueAt(inner, expression, scopeOf(null, [derivedItem(relation.name, others)]));
  return found.gaps.size > 0 ? all : value;
}

/** The rows that the last statement of an SQL function gives, with the arguments bound to their values; null when it is opaque. */
export function bodyFields(run: Run, item: SnapshotFunction, args: readonly Value[]): readonly Field[] | null {
  if (item.language !== "sql" || item.securityDefiner || item.body === undefined) return null;
  if (item.kind !== "f" && item.kind !== "p") return null;
  if (run.within.includes(item.oid) || run.within.length >= DEEPEST) return null;
  if (item.settings?.some((setting) => isForbidden(setting.slice(0, setting.indexOf("=")))) === true) return null;
  const statements = statementsOf(run.base, item.body);
  if (statements === null) return null;
  const inner = bodyRun(run, item);
  const defaults = defaultsOf(inner, item, args.length);
  if (defaults === null) return null;
  const scope = scopeOf(null, [], new Map(), {
    function: item.name,
    values: [...bound(item, args), ...defaults].map((v, i) => (v.type === 0 ? { ...v, type: item.args[i] ?? 0 } : v)),
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

/** The arguments as the body sees them: those of VARIADIC as one. */
function bound(item: SnapshotFunction, args: readonly Value[]): readonly Value[] {
  if (item.optional !== -1) return args;
  const before = item.args.length - 1;
  return [...args.slice(0, before), derive(args.slice(before), { constant: false })];
}

/** The values of the arguments that a call leaves out: the last ones of all. Null when they cannot be read. */
function defaultsOf(run: Run, item: SnapshotFunction, given: number): readonly Value[] | null {
  const missing = item.args.length - given;
  if (missing <= 0) return [];
  if (item.defaults === undefined) return null;
  const tree = parsed(run.base, `SELECT ${item.defaults}`);
  const expressions = (bodyOf(tree?.[0], "SelectStmt")?.targetList ?? []).map((node) => bodyOf(node, "ResTarget")?.val);
  const own = { ...run, path: searchPathOf(run.base.lookup, []) };
  const values = expressions.map((node) => (node === undefined ? PLAIN : valueAt(own, node, scopeOf(null))));
  return values.length < missing ? null : values.slice(values.length - missing);
}

/** The statements of stored SQL; null when they cannot be parsed. @throws what is no syntax error */
function parsed(base: Base, sql: string): readonly Node[] | null {
  if (sql.trim() === "") return [];
  try {
    return (base.parse(sql).stmts ?? []).flatMap((raw) => raw.stmt ?? []);
  } catch (error) {
    if (isFatal(error)) throw error;
    return null;
  }
}

/** A body in quotes is read with the session's names, unless the function sets its own search_path; a parsed one names all in full. */
function bodyRun(run: Run, item: SnapshotFunction): Run {
  const { temporary } = run.session;
  const session = { path: ownPath(run, item) ?? run.session.path, temporary };
  if (isParsedBody(item.body ?? ""))
    return { ...innerRun(run, item.oid, run.out, searchPathOf(run.base.lookup, [])), session };
  run.out.readsPath = true;
  return { ...innerRun(run, item.oid, run.out, session.path), temporary, session };
}

/** The search_path that a function sets for itself and for what it calls; null when it sets none. */
function ownPath(run: Run, item: SnapshotFunction): readonly string[] | null {
  const own = item.settings?.find((setting) => setting.startsWith("search_path="));
  return own === undefined ? null : searchPathOf(run.base.lookup, parseSearchPath(own.slice("search_path=".length)));
}

const isParsedBody = (body: string): boolean => /^\s*(BEGIN\s+ATOMIC\b|RETURN\b)/i.test(body);

function statementsOf(base: Base, body: string): readonly Node[] | null {
  if (!isParsedBody(body)) return parsed(base, body);
  const made = parsed(base, `CREATE FUNCTION f() RETURNS void LANGUAGE sql ${body}`);
  const own = bodyOf(made?.[0], "CreateFunctionStmt")?.sql_body;
  return own === undefined ? null : flatten(own);
}

const flatten = (node: Node): Node[] => {
  const list = bodyOf(node, "List");
  return list === null ? [node] : (list.items ?? []).flatMap(flatten);
};
