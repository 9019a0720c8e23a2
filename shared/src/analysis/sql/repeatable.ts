// Does a SELECT give the same rows when it runs again in the same snapshot, with nothing done twice?
import type { Collector } from "./collect.ts";
import { FIRST_USER_OID } from "./lookup.ts";
import type { Run } from "./scope.ts";
import { type Body, bodyOf, type Node, strings } from "./tree.ts";

/** Aggregates that do not depend on the order in which rows come. */
const ORDERLESS: ReadonlySet<string> = new Set(["count", "min", "max", "bool_and", "bool_or", "every"]);

/** What changes with every statement, though the server calls it stable. `pg_...` tell of the server, not of rows. */
const MOVING = /^(statement_timestamp|current_query|pg_.*)$/;

/** Nodes whose rows, or whose running twice, are another matter. */
const UNLIKE: ReadonlyMap<string, string> = new Map([
  ["InsertStmt", "a WITH that writes"],
  ["UpdateStmt", "a WITH that writes"],
  ["DeleteStmt", "a WITH that writes"],
  ["MergeStmt", "a WITH that writes"],
  ["RangeTableSample", "a sample"],
  ["JsonArrayAgg", "an aggregate that depends on order"],
  ["JsonObjectAgg", "an aggregate that depends on order"],
]);

/** @param found what the analysis of the statement found @returns why it may give other rows; null when it gives the same */
export function unrepeatable(run: Run, select: Body<"SelectStmt">, found: Collector): string | null {
  const { lookup } = run.base;
  for (const name of found.functions.keys()) {
    const why = ofFunction(run, name.slice(name.indexOf(".") + 1));
    if (why !== null) return why;
  }
  for (const [name, { system }] of found.relations) {
    const dot = name.indexOf(".");
    const relation = lookup.relation(name.slice(0, dot), name.slice(dot + 1));
    if (system || relation === undefined) return "a relation of the server or of the session";
    if (relation.rowSecurity) return "row security";
    if (relation.kind === "foreign") return "a foreign table";
    if (relation.kind !== "view") continue;
    const definition = run.base.parse(relation.definition ?? "").stmts?.[0]?.stmt;
    const why = definition === undefined ? "a view" : inside(run, definition);
    if (why !== null) return why;
  }
  const { limitCount, limitOffset, targetList, sortClause, ...rest } = select;
  return (
    inside(run, rest) ??
    // Windows and aggregates of the statement itself decide no rows: they come when all rows are there.
    inside(run, [limitCount, limitOffset, sortClause]) ??
    inside(run, targetList, true)
  );
}

/** @param outermost in the target list of the statement itself, outside of its sub-selects */
function inside(run: Run, root: unknown, outermost = false): string | null {
  const stack: { readonly value: unknown; readonly outermost: boolean }[] = [{ value: root, outermost }];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (typeof at.value !== "object" || at.value === null) continue;
    for (const [key, child] of Object.entries(at.value)) {
      const why = UNLIKE.get(key) ?? ofNode(run, { [key]: child } as unknown as Node, at.outermost);
      if (why !== null) return why;
      const own = at.outermost && key !== "SubLink";
      stack.push({ value: child, outermost: own });
    }
  }
  return null;
}

function ofNode(run: Run, node: Node, outermost: boolean): string | null {
  const call = bodyOf(node, "FuncCall") ?? (bodyOf(node, "func" as "FuncCall") as Body<"FuncCall"> | null);
  if (call !== null && call.funcname !== undefined) {
    const name = strings(call.funcname).at(-1) ?? "";
    if (!outermost && call.over !== undefined) return "a window inside";
    const aggregate = run.base.lookup.functions(name).some((f) => f.kind === "a");
    if (!outermost && aggregate && !ORDERLESS.has(name)) return "an aggregate that depends on order";
    return ofFunction(run, name);
  }
  if (bodyOf(node, "SubLink")?.subLinkType === "ARRAY_SUBLINK") return "a list of rows in no certain order";
  const operator = bodyOf(node, "A_Expr");
  if (operator !== null) return ofOperator(run, strings(operator.name).at(-1) ?? "");
  for (const tag of ["SelectStmt", "larg", "rarg"] as const) {
    const select = bodyOf(node, tag as "SelectStmt");
    if (select === null || typeof select !== "object") continue;
    if (select.limitCount !== undefined || select.limitOffset !== undefined) return "a LIMIT inside";
    if (select.lockingClause !== undefined) return "locks";
    if ((select.distinctClause ?? []).some((item) => Object.keys(item).length > 0)) return "DISTINCT ON";
  }
  return null;
}

function ofFunction(run: Run, name: string): string | null {
  const known = run.base.lookup.functions(name);
  if (MOVING.test(name) || known.some((f) => f.volatility === "v")) return "a function that may change something";
  return known.some((f) => f.oid >= FIRST_USER_OID) ? "a function of somebody's own" : null;
}

function ofOperator(run: Run, name: string): string | null {
  return run.base.lookup.operators(name).length > 0 ? "an operator of somebody's own" : null;
}
