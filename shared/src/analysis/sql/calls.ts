// Function calls: which function the server could pick, what is known of it, and what its result shows.
import type { FuncCall, WindowDef } from "libpg-query";
import type { SnapshotFunction } from "../../catalog.ts";
import { compositeFields, isComparable } from "./composites.ts";
import {
  CARRIERS,
  CHOOSING,
  CLOCK,
  COMPARING,
  isHarmless,
  KEYED,
  NEAR,
  NULLNESS,
  ORDINARY,
  SLOW,
  SMALL,
  SMALL_FIELDS,
  TOTAL,
  TOTAL_FOR_COLUMNS,
  TOTAL_IN_FIRST,
  TOTAL_IN_LAST,
  TYPE_ONLY,
} from "./functions.ts";
import { FIRST_USER_OID, fullName } from "./lookup.ts";
import { predicate } from "./predicates.ts";
import { STRANGERS } from "./rows.ts";
import { canFail, type Run, type Scope, valueAt, valuesAt } from "./scope.ts";
import { callSequence, callSetting } from "./settings.ts";
import { bodyOf, integerOf, isTextLiteral, stringOf, strings } from "./tree.ts";
import { baseOf, fits, isArray, isNumber, isVague, OID } from "./types.ts";
import {
  derive,
  ENDLESS,
  type Field,
  isTooLong,
  lengthOf,
  nullness,
  PLAIN,
  shows,
  unionAll,
  type Value,
  vouched,
} from "./value.ts";

export interface Called {
  readonly value: Value;
  /** Its columns in a FROM clause; null when it is one value. */
  readonly fields: readonly Field[] | null;
  /** The name that its one column has by itself (a single OUT argument). */
  readonly column: string | null;
}

export function callFunction(run: Run, call: FuncCall, scope: Scope): Called {
  const made = calledAlone(run, call, scope);
  // A window shows what other rows hold.
  return call.over === undefined ? made : { ...made, value: { ...made.value, rows: STRANGERS } };
}

function calledAlone(run: Run, call: FuncCall, scope: Scope): Called {
  run.out.seen.add(call);
  const args = valuesAt(run, call.args, scope);
  const order = valuesAt(
    run,
    (call.agg_order ?? []).flatMap((node) => bodyOf(node, "SortBy")?.node ?? []),
    scope,
  );
  if (call.agg_filter !== undefined) predicate(run, call.agg_filter, scope);
  for (const value of order) run.out.influence(value.sources, "order");
  if (call.agg_distinct === true) for (const value of args) run.out.influence(value.sources, "group");
  if (call.over !== undefined) windowUse(run, call.over, scope);
  // WITHIN GROUP: what is ordered is what is shown.
  const shown = call.agg_within_group === true ? [...args, ...order] : args;
  // What is not ordered is a fraction, which has to be between 0 and 1.
  if (call.agg_within_group === true) canFail(run, args);

  const names = strings(call.funcname);
  const candidates = candidatesFor(run, names, shown);
  if (candidates.length === 0) return notAFunction(run, names, shown);
  const built = candidates.filter(isBuiltIn);
  const named = (call.args ?? []).some((node) => bodyOf(node, "NamedArgExpr") !== null);
  const results = candidates.filter((item) => !isBuiltIn(item)).map((item) => callUser(run, item, shown, named));
  if (built.length > 0) results.push(callBuiltIn(run, call, built, shown));
  if (results.length === 1) return results[0]!;
  // Which of them it is, the types decide; it shows no more than all of them together.
  const value = derive(results.map((r) => r.value));
  return { value, fields: results[0]?.fields?.map(({ name }) => ({ name, value })) ?? null, column: null };
}

/** Notes that a function runs under another name, as those of operators, casts and triggers do. @returns what it gives */
export function useFunction(run: Run, oid: number, label: string, args: readonly Value[]): Value {
  const item = run.base.lookup.functionByOid(oid);
  if (item !== undefined && !isBuiltIn(item)) return callUser(run, item, args).value;
  // Users can make operators of what came with the server, too.
  if (item === undefined || !isHarmless(item.name, item.volatility === "i")) run.out.gap("opaque-function", label);
  if (item !== undefined && CARRIERS.has(item.name) && args.some(shows)) run.out.gap("carrier", label);
  return derive(args, { risky: true, constant: false });
}

/** PARTITION BY, ORDER BY and frame of a window. */
export function windowUse(run: Run, window: WindowDef, scope: Scope): void {
  for (const value of valuesAt(run, window.partitionClause, scope)) run.out.influence(value.sources, "group");
  for (const node of window.orderClause ?? []) {
    const sorted = bodyOf(node, "SortBy")?.node;
    if (sorted !== undefined) run.out.influence(valueAt(run, sorted, scope).sources, "order");
  }
  for (const offset of [window.startOffset, window.endOffset])
    if (offset !== undefined) canFail(run, [valueAt(run, offset, scope)]);
}

const isBuiltIn = (item: SnapshotFunction): boolean => item.oid < FIRST_USER_OID;

/** All functions that the server could resolve the call to: it picks by types among those of all schemas on the path. */
function candidatesFor(run: Run, names: readonly string[], args: readonly Value[]): SnapshotFunction[] {
  const name = names.at(-1) ?? "";
  const schema = names.length > 1 ? names.at(-2) : undefined;
  const named = run.base.lookup
    .functions(name)
    .filter((item) => (schema === undefined ? run.path.includes(item.schema) : item.schema === schema));
  return named.filter((item) => isBuiltIn(item) || accepts(run, item, args));
}

function accepts(run: Run, item: SnapshotFunction, args: readonly Value[]): boolean {
  const optional = item.optional ?? 0;
  if (optional < 0) return args.length >= item.args.length - 1;
  if (args.length > item.args.length || args.length < item.args.length - optional) return false;
  return args.every((arg, i) => fits(run, arg, item.args[i] ?? 0));
}

/** `name(row)` takes a column out of a row, `type(value)` casts. */
function notAFunction(run: Run, names: readonly string[], args: readonly Value[]): Called {
  const name = names.at(-1) ?? "";
  const field = args.length === 1 ? args[0]?.fields?.find((f) => f.name === name) : undefined;
  if (field !== undefined) return { value: field.value, fields: null, column: null };
  run.out.gap("undefined-function", names.join("."));
  return { value: derive(args, { risky: true }), fields: null, column: null };
}

/** @param named arguments are given by name, in any order: each may be any of the function's */
function callUser(run: Run, item: SnapshotFunction, args: readonly Value[], named = false): Called {
  const name = fullName(item);
  const declared = run.base.declared.get(name);
  if (declared !== undefined) {
    run.out.called(name, "declared");
    return called(run, item, declared === "nothing" ? vouched(args, {}) : derive(args, { risky: true }), args);
  }
  if (item.returnsSet) canFail(run, args);
  const fields = named ? namedBody(run, item, args) : run.on.body(run, item, args);
  if (fields !== null) {
    run.out.called(name, "analysed");
    // A strict function gives NULL for a NULL: what an argument holds may be told by that, whatever the body makes of it.
    const nulls = nullness(args, 0);
    const loosen = (all: readonly Field[]) => all.map((f) => ({ ...f, value: derive([f.value, nulls]) }));
    const loose = args.some(shows) ? loosen(fields) : fields;
    const inner = fields[0]?.value.fields ?? null;
    const parts = inner !== null && args.some(shows) ? loosen(inner) : inner;
    const one = loose.length === 1 ? { ...loose[0]!.value, fields: parts } : undefined;
    const value: Value =
      one === undefined ? { ...derive(loose.map((f) => f.value)), fields: loose } : { ...one, type: item.returns };
    const shaped = called(run, item, { ...value, risky: true, constant: false }, args);
    const renamed =
      shaped.fields?.length === fields.length
        ? shaped.fields.map((f, i) => ({ name: f.name, value: loose[i]!.value }))
        : null;
    return {
      ...shaped,
      value: { ...shaped.value, fields: renamed ?? shaped.value.fields },
      fields: renamed ?? shaped.fields,
    };
  }
  run.out.called(name, "opaque");
  run.out.gap("opaque-function", name);
  return called(run, item, derive(args, { risky: true }), args);
}

function namedBody(run: Run, item: SnapshotFunction, args: readonly Value[]): readonly Field[] | null {
  if ((item.optional ?? 0) !== 0) return null;
  const any = derive(args, { constant: false });
  return run.on.body(
    run,
    item,
    item.args.map(() => any),
  );
}

function callBuiltIn(run: Run, call: FuncCall, overloads: readonly SnapshotFunction[], args: readonly Value[]): Called {
  const item = bestOf(run, overloads, args);
  const { name } = item;
  const label = fullName(item);
  const declared = run.base.declared.get(label);
  const harmless =
    isHarmless(
      name,
      overloads.every((o) => o.volatility === "i"),
    ) || item.schema === "information_schema";
  run.out.called(label, declared !== undefined ? "declared" : harmless ? "harmless" : "opaque");
  if (!harmless && declared === undefined) run.out.gap("opaque-function", label);
  if (CARRIERS.has(name) && args.some(shows)) run.out.gap("carrier", label);
  if (name === "set_config") callSetting(run, call.args ?? []);
  if (name === "nextval" || name === "setval") callSequence(run, call.args?.[0]);

  const length = lengthMade(run, call, name, args);
  const total = isTotal(run, name, args) && !SLOW.has(name) && harmless && !isTooLong(args, length);
  if (!total || overloads.some((o) => o.returnsSet)) canFail(run, args);
  const risky = args.some((v) => v.risky) || !total || canBeMadeToFail(run, call, name, args);
  const type = returnType(run, overloads, item, args);
  if (NULLNESS.has(name) && call.func_variadic !== true)
    return called(run, item, { ...nullness(args, type), risky }, args);
  if (TYPE_ONLY.has(name)) return called(run, item, { ...PLAIN, type, quiet: unionAll(args, (v) => v.sources) }, args);
  if (declared === "nothing") return called(run, item, vouched(args, { type, risky }), args);
  const near = NEAR.has(name) && args.length === 1 && args[0]!.near;
  const small =
    SMALL.has(name) || CLOCK.has(name) || ((name === "extract" || name === "date_part") && smallField(run, call));
  const chosen = args.some((v) => v.chosen) || (CHOOSING.has(name) && args.slice(1).some(shows));
  const made = { near, risky, type, small, chosen, length: isNumber(baseOf(run, type)) ? 1 : length };
  return called(run, item, derive(args, { ...made, constant: false }), args);
}

/** How long a result may be: a literal that is put in many times, or said to be of some length, counts by what it says. */
function lengthMade(run: Run, call: FuncCall, name: string, args: readonly Value[]): number {
  const sum = lengthOf(args);
  const put = INSERTING.get(name);
  const padding = PADDING.has(name);
  if (put === undefined && !padding) return sum * (QUOTING.has(name) ? 2 : 1);
  const node = call.args?.[put ?? 1];
  const constant = bodyOf(node, "A_Const");
  const said = constant === null ? null : padding ? integerOf(constant) : (stringOf(constant)?.length ?? null);
  if (node !== undefined) run.out.literalFree = false;
  if (node === undefined) return sum;
  if (said === null) return ENDLESS;
  return Math.min(padding && name !== "repeat" ? sum + said / UNIT : sum * Math.max(said, 1), ENDLESS);
}

/** Bytes of a unit of `Value.length`. */
const UNIT = 262_144;
/** Put one of their arguments, by number, between or in place of parts of the first. */
const INSERTING: ReadonlyMap<string, number> = new Map([
  ["replace", 2],
  ["regexp_replace", 2],
  ["array_to_string", 1],
]);
const PADDING: ReadonlySet<string> = new Set(["lpad", "rpad", "repeat"]);
/** Escape what they are given, which doubles it at worst. */
const QUOTING: ReadonlySet<string> = new Set(
  `quote_literal quote_nullable quote_ident to_json to_jsonb row_to_json array_to_json json_build_array jsonb_build_array
  json_build_object jsonb_build_object`.split(/\s+/),
);

function isTotal(run: Run, name: string, args: readonly Value[]): boolean {
  const showing = args.filter(shows);
  if (showing.some((v) => v.chosen) && (ORDINARY.has(name) || showing.some((v) => isVague(run, v)))) return false;
  if (COMPARING.has(name) && !args.every((v) => isComparable(run, v))) return false;
  if (TOTAL_FOR_COLUMNS.has(name)) return args.slice(-1).every((v) => shows(v) && v.near);
  // Arrays of different sizes make no array, and a long text for each of many matches makes one that is too long.
  if (name === "array_agg" && showing.some((v) => !v.near && isArray(run, v.type))) return false;
  if (REPLACING.has(name) && !args.slice(2, 3).every((v) => v.constant)) return false;
  if (TOTAL_IN_LAST.has(name)) return !args.slice(0, -1).some(shows);
  if (KEYED.has(name)) return !args.some((v, i) => i % 2 === 0 && shows(v));
  if (TOTAL_IN_FIRST.has(name)) return !args.slice(1).some(shows);
  return TOTAL.has(name);
}

/** Would it fail for arguments that somebody may have chosen for it? Then it tells whether it was evaluated. */
function canBeMadeToFail(run: Run, call: FuncCall, name: string, args: readonly Value[]): boolean {
  if (TOTAL_IN_LAST.has(name) && !smallField(run, call)) return true;
  // A key may be NULL, and have no value after it.
  if (KEYED.has(name))
    return args.length % 2 > 0 || (call.args ?? []).some((arg, i) => i % 2 === 0 && !isTextLiteral(arg));
  // With a length it may be negative; two texts are a pattern.
  if (TOTAL_IN_FIRST.has(name))
    return !((name === "substr" || name === "substring") && args.length === 2 && args[1]!.type === OID.int4);
  return ORDINARY.has(name) && !args.every((v) => (shows(v) && !v.chosen) || v.small || isPlainLiteral(v));
}

const isPlainLiteral = ({ constant, type }: Value): boolean => constant && (type === OID.unknown || type === OID.int4);

/** Take what to put for each match as their third argument. */
const REPLACING: ReadonlySet<string> = new Set(["replace", "regexp_replace"]);

/** Is the part of a date that is taken a number of few digits? That is for the literal to say, unless it is a plain name in the text. */
function smallField(run: Run, call: FuncCall): boolean {
  const field = bodyOf(call.args?.[0], "A_Const");
  if (field === null || !SMALL_FIELDS.has(stringOf(field)?.toLowerCase() ?? "")) return false;
  if (run.quoted(field.location)) run.out.literalFree = false;
  return true;
}

/** The overload whose argument types are those of the call, else the first that takes so many arguments. */
function bestOf(run: Run, overloads: readonly SnapshotFunction[], args: readonly Value[]): SnapshotFunction {
  const taking = overloads.filter((o) => o.args.length === args.length);
  const exact = taking.find((o) => args.every((arg, i) => arg.type === o.args[i]));
  const isArray = run.base.lookup.typeByOid(args[0]?.type ?? 0)?.element !== undefined;
  const ofArray = isArray ? taking.find((o) => o.args[0] === ANY_ARRAY) : undefined;
  const generic = ofArray ?? taking.find((o) => o.args.some((oid) => run.base.lookup.typeByOid(oid)?.kind === "p"));
  return exact ?? generic ?? taking[0] ?? overloads[0]!;
}

const ANY_ARRAY = 2277;
const ANY_ELEMENT = 2283;
const POLYMORPHIC: ReadonlySet<number> = new Set([ANY_ELEMENT, 3500, 2776, 5077]);

function returnType(
  run: Run,
  overloads: readonly SnapshotFunction[],
  best: SnapshotFunction,
  args: readonly Value[],
): number {
  const first = args[0]?.type ?? 0;
  if (best.args[0] === ANY_ARRAY && best.returns === ANY_ELEMENT) return run.base.lookup.typeByOid(first)?.element ?? 0;
  const exact = best.args.length === args.length && args.every((arg, i) => arg.type === best.args[i]);
  const same = overloads.every((o) => o.returns === best.returns);
  if (!exact && !same && !POLYMORPHIC.has(best.returns)) return 0;
  if (POLYMORPHIC.has(best.returns)) return first;
  return run.base.lookup.typeByOid(best.returns)?.kind === "p" ? 0 : best.returns;
}

/** Gives a result the columns that the function's declaration says. */
function called(run: Run, item: SnapshotFunction, value: Value, args: readonly Value[]): Called {
  const polymorphic = item.args[0] === ANY_ARRAY ? value.type : (args[0]?.type ?? 0);
  const returns = POLYMORPHIC.has(item.returns) ? polymorphic : item.returns;
  const part = { ...value, origin: null, keys: [], fields: null, near: false };
  const fields =
    item.outputs.length > 1
      ? item.outputs.map((name) => ({ name, value: { ...part, type: 0 } }))
      : compositeFields(run, returns, value);
  const column = item.outputs.length === 1 && item.outputs[0] !== "" ? item.outputs[0]! : null;
  return { value: fields === null ? value : { ...value, fields }, fields, column };
}
