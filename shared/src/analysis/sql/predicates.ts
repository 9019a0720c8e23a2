// Conditions: in which way they use the columns that they test.
import type { A_Expr, SubLink } from "libpg-query";
import type { Use } from "../../facts.ts";
import { type Run, type Scope, valueAt } from "./scope.ts";
import { bodyOf, type Node, strings } from "./tree.ts";
import { derive, shows, type Value } from "./value.ts";

/** Longer lists of constants are no look-up any more, but a search by halves. */
const LOOKUP_LIST = 100;

const RANGES = new Set(["<", ">", "<=", ">="]);
const PATTERNS = new Set(["~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", "^@", "@@", "@@@", "%", "<->"]);

/** Notes which columns a condition tests, and how. Returns its value. */
export function predicate(run: Run, node: Node, scope: Scope): Value {
  const value = valueAt(run, node, scope);
  note(run, node, scope, value);
  return value;
}

function note(run: Run, node: Node, scope: Scope, value: Value): void {
  const both = bodyOf(node, "BoolExpr");
  if (both !== null) {
    for (const arg of both.args ?? []) predicate(run, arg, scope);
    return;
  }
  run.out.glance(value.quiet);
  if (!shows(value)) return;
  const comparison = bodyOf(node, "A_Expr");
  const link = bodyOf(node, "SubLink");
  const test = bodyOf(node, "BooleanTest");
  if (comparison !== null) compare(run, comparison, scope);
  else if (link !== null) membership(run, link, scope, value);
  else if (test?.arg !== undefined) note(run, test.arg, scope, valueAt(run, test.arg, scope));
  else run.out.influence(value.sources, value.near ? "equality" : "other");
}

function compare(run: Run, body: A_Expr, scope: Scope): void {
  const left = body.lexpr === undefined ? null : valueAt(run, body.lexpr, scope);
  const right = body.rexpr === undefined ? null : rightSide(run, body, scope);
  const sides = [left, right].filter((v) => v !== null);
  const showing = sides.filter(shows);
  const use = showing.every((v) => v.near) ? useOf(body, showing.length) : "other";
  for (const side of showing) run.out.influence(side.sources, use);
}

/** A list is near when all its items are: each alone is compared. */
function rightSide(run: Run, body: A_Expr, scope: Scope): Value {
  const items = listItems(body.rexpr).map((item) => valueAt(run, item, scope));
  if (items.length === 0) return valueAt(run, body.rexpr!, scope);
  return derive(items, { near: items.every((v) => v.near || !shows(v)) });
}

function useOf(body: A_Expr, sides: number): Use {
  const name = strings(body.name).at(-1) ?? "";
  switch (body.kind) {
    case "AEXPR_BETWEEN":
    case "AEXPR_NOT_BETWEEN":
    case "AEXPR_BETWEEN_SYM":
    case "AEXPR_NOT_BETWEEN_SYM":
      return "range";
    case "AEXPR_LIKE":
    case "AEXPR_ILIKE":
    case "AEXPR_SIMILAR":
      return "pattern";
    case "AEXPR_IN":
      return sides > 1 ? "join" : listItems(body.rexpr).length <= LOOKUP_LIST ? "equality" : "other";
    case "AEXPR_OP_ANY":
    case "AEXPR_OP_ALL":
      // How many values the array holds is not known.
      return sides > 1 ? "join" : name === "=" && bodyOf(body.rexpr, "A_ArrayExpr") !== null ? "equality" : "other";
    case "AEXPR_DISTINCT":
    case "AEXPR_NOT_DISTINCT":
      return sides > 1 ? "join" : "equality";
  }
  if (name === "=" || name === "<>" || name === "!=") return sides > 1 ? "join" : "equality";
  if (RANGES.has(name)) return "range";
  return PATTERNS.has(name) ? "pattern" : "other";
}

/** `x IN (SELECT y ...)`, `x = ANY (SELECT ...)`: a join in other words. */
export function membership(run: Run, link: SubLink, scope: Scope, value: Value): void {
  const operator = strings(link.operName).at(-1) ?? "=";
  const test = link.testexpr === undefined ? null : valueAt(run, link.testexpr, scope);
  const use: Use =
    operator === "=" || operator === "<>" ? (test?.near === false && shows(test) ? "other" : "join") : "range";
  run.out.influence(value.sources, use);
}

/** Elements of the list on the right side of IN, or of BETWEEN. */
const listItems = (node: Node | undefined): readonly Node[] => bodyOf(node, "List")?.items ?? [];
