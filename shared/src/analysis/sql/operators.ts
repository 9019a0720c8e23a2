// Operators and casts: what a result shows of its operands, and whether it can fail because of them.
import type { A_Expr } from "libpg-query";
import { useFunction } from "./calls.ts";
import { areUnlike, compositeFields, isComparable } from "./composites.ts";
import { canFail, type Run, type Scope, valueAt } from "./scope.ts";
import { bodyOf, type Node, strings } from "./tree.ts";
import { baseOf, elementType, fits, isText, OID, throughCasts } from "./types.ts";
import { derive, isTooLong, shows, type Value } from "./value.ts";

const COMPARISONS = new Set(["=", "<>", "!=", "<", ">", "<=", ">="]);
/** Parts of a document that are named by constants: comparing them compares the column. */
const PARTS = new Set(["->", "->>", "#>", "#>>"]);
const NEVER_FAIL = new Set([
  ..."= <> != < > <= >= ~~ !~~ ~~* !~~* || -> ->> #> #>> @> <@ ? ?| ?& && @@ & | # << >> ~ !~ ~* !~* ^@ -|- &< &>".split(
    " ",
  ),
]);
const FOLDED: ReadonlySet<number> = new Set([
  OID.unknown,
  OID.bool,
  OID.int2,
  OID.int4,
  OID.int8,
  OID.numeric,
  OID.text,
]);
const DATES: ReadonlySet<number> = new Set([OID.date, OID.timestamp, OID.timestamptz]);
/** Types whose columns can be added, as they are: addresses, ranges and documents cannot always. */
const SUMMED: ReadonlySet<number> = new Set([
  ...DATES,
  OID.interval,
  OID.int2,
  OID.int4,
  OID.int8,
  OID.numeric,
  OID.float4,
  OID.float8,
]);
const INTEGERS: ReadonlySet<number> = new Set([OID.int2, OID.int4, OID.int8]);

export function combineOperator(run: Run, body: A_Expr, scope: Scope): Value {
  run.out.seen.add(body);
  const names = strings(body.name);
  const left = body.lexpr === undefined ? null : valueAt(run, body.lexpr, scope);
  const right = body.rexpr === undefined ? null : valueAt(run, body.rexpr, scope);
  const operands = [left, right].filter((v) => v !== null);
  const name = names.at(-1) ?? "";
  const schema = names.length > 1 ? names.at(-2) : undefined;
  const other = body.kind === "AEXPR_OP_ANY" || body.kind === "AEXPR_OP_ALL" ? elementOf(run, right) : right;
  const made = operatorNames(body, names).flatMap((operator) => useOperators(run, operator, schema, left, other));
  if (made.length > 0) return derive([...operands, ...made], { type: 0, risky: true, constant: false });
  const unlike = name !== "||" && !isByColumn(body) && !compare(run, operands);
  if (body.kind === "AEXPR_NULLIF")
    return derive(operands, { type: left?.type ?? 0, chosen: true, ...(unlike ? { risky: true } : {}) });
  // IN, BETWEEN and comparisons of rows stop where they are decided: what comes after is evaluated for some values only.
  if (isInSteps(body, operands) && operands.some((v) => v.risky)) canFail(run, operands);
  const long = isTooLong(operands);
  const failing = long ? operands : failure(run, body, left, right);
  canFail(run, failing);
  // A pattern that ends in an escape fails for the texts that match so far.
  if (LIKE.has(name)) for (const operand of operands) run.out.influence(operand.sources, "pattern");
  const boolean = body.kind !== "AEXPR_OP";
  if (boolean || COMPARISONS.has(name)) {
    const risky = unlike || operands.some((v) => v.risky || (v.chosen && v.type === 0)) || MATCHING.has(name);
    return derive(operands, { type: OID.bool, risky, length: 1 });
  }
  // The planner folds these, so that their failure depends on no row. A text that is searched is not: it depends on a setting.
  const constant = name !== "@@" && name !== "@@@" && operands.every((v) => v.constant && FOLDED.has(v.type));
  return derive(operands, {
    type: resultType(run, name, left, right),
    // Only joining makes longer.
    ...(name === "||" ? {} : { length: Math.max(...operands.map((v) => v.length)) }),
    near: PARTS.has(name) && left?.near === true && right?.constant === true,
    risky:
      unlike ||
      long ||
      operands.some((v) => v.risky) ||
      (!constant &&
        !(neverFails(run, name, left, right) || (harmlessArithmetic(run, name, left, right) && !DIVIDING.has(name)))),
    constant,
  });
}

/**
 * Notes what the values are compared by, and what it tells when that fails.
 * @returns false when it can fail
 */
export function compare(run: Run, values: readonly Value[]): boolean {
  // A literal becomes what it is compared with; NULL is not compared.
  const sure =
    values.some((v) => v.constant && v.type === OID.unknown) ||
    (values.every((v) => isComparable(run, v)) && !areUnlike(run, values));
  if (!sure) canFail(run, values);
  return sure;
}

/** `CASE left WHEN right`: what `left = right` does. @returns false when it can fail */
export function equality(run: Run, left: Value, right: Value): boolean {
  useOperators(run, "=", undefined, left, right);
  return compare(run, [left, right]);
}

/** Rows that are written out are compared column by column, each pair as its types say. */
function isByColumn(body: A_Expr): boolean {
  const isRow = (node: Node | undefined): boolean =>
    bodyOf(node, "RowExpr") !== null || (bodyOf(node, "List")?.items ?? []).some(isRow);
  return (
    body.kind !== "AEXPR_NULLIF" && isRow(body.lexpr) && (isRow(body.rexpr) || bodyOf(body.rexpr, "SubLink") !== null)
  );
}

const IN_STEPS: ReadonlySet<string> = new Set([
  "AEXPR_IN",
  "AEXPR_BETWEEN",
  "AEXPR_NOT_BETWEEN",
  "AEXPR_BETWEEN_SYM",
  "AEXPR_NOT_BETWEEN_SYM",
]);

const isInSteps = (body: A_Expr, operands: readonly Value[]): boolean =>
  IN_STEPS.has(body.kind ?? "") ||
  operands.some((v) => v.fields !== null) ||
  [body.lexpr, body.rexpr].some((node) => bodyOf(node, "RowExpr") !== null);

/** Operators whose right side is a pattern. */
const MATCHING: ReadonlySet<string> = new Set("~ ~* !~ !~* ~~ ~~* !~~ !~~*".split(" "));
const LIKE: ReadonlySet<string> = new Set("~~ ~~* !~~ !~~*".split(" "));
/** Fail for a constant 0, which is then met by the rows that are looked at. */
const DIVIDING: ReadonlySet<string> = new Set(["/", "%"]);
/** Of bits and of addresses, both sides have to be of one size. */
const BITWISE: ReadonlySet<string> = new Set(["&", "|", "#"]);

/** The operands whose values decide whether the operator fails. */
function failure(run: Run, body: A_Expr, left: Value | null, right: Value | null): Value[] {
  const name = strings(body.name).at(-1) ?? "";
  const operands = [left, right].filter((v) => v !== null);
  if (!operands.some(shows)) return [];
  // A pattern that is data can be a pattern that does not compile.
  if (MATCHING.has(name) && left !== null) return right === null ? [] : [right];
  const chosen = operands.filter((v) => shows(v) && v.chosen);
  // Rows of different types cannot be compared.
  if (chosen.some((v) => v.type === 0)) return chosen;
  if (body.kind !== "AEXPR_OP" || COMPARISONS.has(name)) return [];
  if (left === null) return name === "+" || name === "~" ? [] : name === "-" ? chosen : operands;
  if (neverFails(run, name, left, right) || harmlessArithmetic(run, name, left, right)) return [];
  if ((name === "/" || name === "%") && right !== null) {
    const exact = INTEGERS.has(baseOf(run, left.type)) || baseOf(run, left.type) === OID.numeric;
    const ordinary = exact || (right.constant && right.type === OID.int4);
    return ordinary && !chosen.includes(left) ? [right] : [left, right];
  }
  return operands;
}

function neverFails(run: Run, name: string, left: Value | null, right: Value | null): boolean {
  const operands = [left, right].filter((v) => v !== null);
  // A text that is searched is made a query or a document on the way, with notices about what is in it.
  if (name === "@@" || name === "@@@" || MATCHING.has(name)) return operands.every((v) => v.near);
  if (name === "||")
    return operands.some((v) => isText(baseOf(run, v.type))) || operands.every((v) => v.near || v.constant);
  if (BITWISE.has(name)) return operands.every((v) => INTEGERS.has(baseOf(run, v.type)));
  return NEVER_FAIL.has(name);
}

/** Sums, differences and products that nobody can make overflow by choosing a constant. */
function harmlessArithmetic(run: Run, name: string, left: Value | null, right: Value | null): boolean {
  if (left === null || right === null) return name === "+" || (left ?? right)?.constant === true;
  const sides = [left, right];
  if (sides.some((v) => shows(v) && v.chosen)) return false;
  if (name === "/" || name === "%") return right.constant && right.type === OID.int4;
  if (name !== "+" && name !== "-" && name !== "*") return false;
  const types = [baseOf(run, left.type), baseOf(run, right.type)];
  if (name === "-" && types.every((type) => type === OID.date)) return true;
  // Numbers and times of somebody's own tables are as good as constants: they can be chosen so that the other side decides.
  if (sides.some(shows) && !sides.every((v) => shows(v) || v.small)) return isNumericWithConstant(types, sides);
  if (left.origin !== null && right.origin !== null) return types.every((type) => SUMMED.has(type));
  if (name === "-" && types.every((type) => DATES.has(type))) return true;
  return isNumericWithConstant(types, sides);
}

function isNumericWithConstant(types: readonly number[], sides: readonly Value[]): boolean {
  const numeric = types.includes(OID.numeric) || types.includes(OID.float8);
  return numeric && sides.some((v) => v.constant && v.type === OID.int4);
}

function resultType(run: Run, name: string, left: Value | null, right: Value | null): number {
  const l = left === null ? 0 : baseOf(run, left.type);
  const r = right === null ? 0 : baseOf(run, right.type);
  if (name === "||") return isText(l) || isText(r) || (l === OID.unknown && r === l) ? OID.text : l === r ? l : 0;
  if (name === "->>" || name === "#>>") return OID.text;
  if (name === "->" || name === "#>") return l;
  if (name === "-" && l === OID.date && r === OID.date) return OID.int4;
  if (name === "-" && DATES.has(l) && DATES.has(r)) return OID.interval;
  if (left === null) return r === OID.unknown ? 0 : r;
  if (l === r) return l === OID.unknown ? 0 : l;
  if (l === OID.unknown) return r;
  if (r === OID.unknown) return l;
  if (l === OID.numeric && INTEGERS.has(r)) return l;
  if (r === OID.numeric && INTEGERS.has(l)) return r;
  return 0;
}

/**
 * Notes the operators that users have made and that the server could pick here. Whether they fail, and what else they look at, their name does
 * not say.
 * @returns what they give
 */
export function useOperators(
  run: Run,
  name: string,
  schema: string | undefined,
  left: Value | null,
  right: Value | null,
): readonly Value[] {
  const operands = [left, right].filter((v) => v !== null);
  const given: Value[] = [];
  run.out.looksUp ||= schema === undefined;
  for (const operator of run.base.lookup.operators(name)) {
    if (schema === undefined ? !run.path.includes(operator.schema) : schema !== operator.schema) continue;
    if (!fits(run, left, operator.left) || !fits(run, right, operator.right)) continue;
    for (const oid of [operator.function, ...(operator.instead ?? [])])
      given.push(useFunction(run, oid, `${operator.schema}.${name}`, operands));
  }
  if (given.length > 0) canFail(run, [...operands, ...given]);
  return given;
}

/** One of an array. */
function elementOf(run: Run, array: Value | null): Value | null {
  return array === null ? null : { ...array, type: elementType(run, array.type) ?? 0 };
}

function operatorNames(body: A_Expr, names: readonly string[]): readonly string[] {
  switch (body.kind) {
    case "AEXPR_DISTINCT":
    case "AEXPR_NOT_DISTINCT":
    case "AEXPR_NULLIF":
      return ["="];
    case "AEXPR_BETWEEN":
    case "AEXPR_BETWEEN_SYM":
      return [">=", "<="];
    case "AEXPR_NOT_BETWEEN":
    case "AEXPR_NOT_BETWEEN_SYM":
      return ["<", ">"];
    default:
      return names.slice(-1);
  }
}

/** Notes the functions of casts that users have made and that an explicit cast to this type could run. @returns what they give */
export function castFunctions(run: Run, value: Value, target: number): readonly Value[] {
  const given: Value[] = [];
  const [from, to] = [throughCasts(run, value.type), throughCasts(run, target)];
  for (const cast of run.base.lookup.snapshot.casts ?? []) {
    if (cast.function === 0 || !to.includes(cast.target)) continue;
    if (value.type === 0 || from.includes(cast.source)) given.push(useFunction(run, cast.function, "cast", [value]));
  }
  // A row is cast field by field.
  const row = compositeFields(run, target, value);
  for (const [i, field] of (row ?? []).entries()) {
    const own = value.fields?.[i]?.value;
    if (own !== undefined && field.value.type !== target) given.push(...castFunctions(run, own, field.value.type));
  }
  canFail(run, given);
  return given;
}
