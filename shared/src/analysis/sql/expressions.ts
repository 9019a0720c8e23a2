// Expressions to values: which columns flow into what an expression shows.
import type { A_Const, A_Indirection, BoolExpr, CaseExpr, ColumnRef, SubLink, TypeCast, TypeName } from "libpg-query";
import type { SnapshotType } from "../../catalog.ts";
import { callFunction } from "./calls.ts";
import { columnRef } from "./column-refs.ts";
import { compositeFields } from "./composites.ts";
import { type JsonConstructor, jsonConstructor, jsonTest, returnedAs } from "./json.ts";
import { castFunctions, combineOperator, compare, equality, useOperators } from "./operators.ts";
import { membership, predicate } from "./predicates.ts";
import { castKeys } from "./rows.ts";
import { canFail, parametersOf, type Run, rowsOf, type Scope, valueAt, valuesAt } from "./scope.ts";
import { bodyOf, type Node, strings, tagOf } from "./tree.ts";
import { castIsTotal, isArray, isNumber, OID, typeOf } from "./types.ts";
import { constantOf, derive, either, isTooLong, nullTest, PLAIN, shows, unionAll, type Value } from "./value.ts";

/** The value of an expression, whatever its node: what `valueAt` remembers. */
export function evaluate(run: Run, node: Node, scope: Scope): Value {
  const tag = tagOf(node);
  const body = tag === null ? undefined : (node as Record<string, unknown>)[tag];
  switch (tag) {
    case null:
    case "SetToDefault":
    case "CurrentOfExpr":
    case "MergeSupportFunc":
    case "SQLValueFunction":
      return tag === "SQLValueFunction" ? sqlValue(body as { op?: string }) : PLAIN;
    case "A_Const":
      return constant(body as A_Const);
    case "ColumnRef":
      return columnRef(run, body as ColumnRef, scope);
    case "ParamRef":
      return parameter(run, (body as { number?: number }).number ?? 0, scope);
    case "BoolExpr":
      return boolean(run, body as BoolExpr, scope);
    case "NullTest":
      return nullTest(valueAt(run, (body as { arg: Node }).arg, scope), OID.bool);
    case "BooleanTest":
      return derive([valueAt(run, (body as { arg: Node }).arg, scope)], { type: OID.bool, near: true });
    case "CaseExpr":
      return caseExpression(run, body as CaseExpr, scope);
    case "CoalesceExpr":
      return branches(run, (body as { args?: Node[] }).args, scope);
    case "MinMaxExpr": {
      const value = branches(run, (body as { args?: Node[] }).args, scope);
      return compare(run, valuesAt(run, (body as { args?: Node[] }).args, scope)) ? value : { ...value, risky: true };
    }
    case "CollateClause":
      // Texts of two collations cannot be compared, which is found out when it is their turn.
      return { ...valueAt(run, (body as { arg: Node }).arg, scope), origin: null, risky: true };
    case "TypeCast":
      return typeCast(run, body as TypeCast, scope);
    case "SubLink":
      return subLink(run, body as SubLink, scope);
    case "A_Expr":
      return combineOperator(run, body as Parameters<typeof combineOperator>[1], scope);
    case "FuncCall":
      return callFunction(run, body as Parameters<typeof callFunction>[1], scope).value;
    case "A_Indirection":
      return indirection(run, body as A_Indirection, scope);
    case "RowExpr":
      return row(run, (body as { args?: Node[] }).args, scope);
    case "NamedArgExpr":
      return valueAt(run, (body as { arg: Node }).arg, scope);
    case "MultiAssignRef":
      return valueAt(run, (body as { source: Node }).source, scope);
    case "GroupingFunc":
      // The number of a grouping set: it depends on the statement only. Its arguments are looked at all the same.
      return { ...PLAIN, quiet: unionAll(valuesAt(run, (body as { args?: Node[] }).args, scope), (v) => v.sources) };
    case "A_ArrayExpr":
      return arrayOf(run, body, scope);
    case "JsonIsPredicate":
      return jsonTest(run, within(run, body, scope));
    case "JsonScalarExpr":
    case "JsonValueExpr":
    case "JsonArgument":
    case "JsonKeyValue":
    case "List":
      return derive(within(run, body, scope));
    case "JsonObjectConstructor":
    case "JsonArrayConstructor":
      return jsonConstructor(run, body as JsonConstructor, within(run, body, scope), scope);
    case "JsonArrayQueryConstructor":
    case "JsonObjectAgg":
    case "JsonArrayAgg":
    case "JsonFuncExpr":
    case "JsonParseExpr":
    case "JsonSerializeExpr":
    case "XmlExpr":
    case "XmlSerialize": {
      const values = within(run, body, scope);
      canFail(run, values);
      const { output, typeName = output?.typeName } = body as { output?: { typeName?: TypeName }; typeName?: TypeName };
      const type = typeName === undefined ? null : typeOf(run, typeName);
      return derive(values, { risky: true, ...(type === null ? {} : { type: type.oid }) });
    }
    default:
      run.out.gap("unknown-expression", tag);
      return derive(within(run, body, scope));
  }
}

/** Expression nodes that can stand in the fields of the SQL/JSON and XML nodes. */
export function within(run: Run, body: unknown, scope: Scope): Value[] {
  if (typeof body !== "object" || body === null) return [];
  if (Array.isArray(body)) return body.flatMap((item) => within(run, item, scope));
  const tag = tagOf(body as Node) as string | null;
  if (tag === null) return [];
  if (tag === "SelectStmt") return rowsOf(run, body as Node, scope).map((field) => field.value);
  if (tag === "SortBy" || tag === "ResTarget" || tag === "WindowDef")
    return within(run, (body as Record<string, unknown>)[tag], scope);
  if (tag >= "A" && tag <= "Z~") return tag === "TypeName" ? [] : [valueAt(run, body as Node, scope)];
  return Object.entries(body).flatMap(([key, child]) => {
    if (key !== "typeName") return within(run, child, scope);
    returnedAs(run, child);
    return [];
  });
}

/** Arrays in an array have to be of one size. */
function arrayOf(run: Run, body: unknown, scope: Scope): Value {
  const values = within(run, body, scope);
  canFail(
    run,
    values.filter((v) => !v.near && (isArray(run, v.type) || (v.type === 0 && v.chosen))),
  );
  const { type } = either(values);
  return derive(values, { type: isArray(run, type) ? type : (run.base.lookup.arrayOf(type)?.oid ?? 0) });
}

function constant(body: A_Const): Value {
  if ("ival" in body) return constantOf(OID.int4);
  if ("fval" in body) return constantOf(OID.numeric);
  if ("boolval" in body) return constantOf(OID.bool);
  if ("bsval" in body) return constantOf(OID.bit);
  return constantOf(OID.unknown);
}

function sqlValue(body: { op?: string }): Value {
  const types: Record<string, number> = {
    SVFOP_CURRENT_DATE: OID.date,
    SVFOP_CURRENT_TIMESTAMP: OID.timestamptz,
    SVFOP_CURRENT_TIMESTAMP_N: OID.timestamptz,
    SVFOP_LOCALTIMESTAMP: OID.timestamp,
    SVFOP_LOCALTIMESTAMP_N: OID.timestamp,
    SVFOP_LOCALTIME: OID.time,
  };
  const type = types[body.op ?? ""];
  return { ...PLAIN, type: type ?? OID.name, small: type !== undefined };
}

function parameter(run: Run, number: number, scope: Scope): Value {
  const parameters = parametersOf(scope);
  if (parameters === null) return { ...PLAIN, length: BIND };
  const value = parameters.values[number - 1];
  if (value !== undefined) return value;
  run.out.gap("unknown-parameter", `$${number}`);
  return PLAIN;
}

/** A bind value may be longer than any literal. */
const BIND = 64;

function boolean(run: Run, body: BoolExpr, scope: Scope): Value {
  const values = valuesAt(run, body.args, scope);
  // What can fail or take time is evaluated only for some values of the rest.
  const last = values.findLastIndex((v) => v.risky);
  for (const arg of (body.args ?? []).slice(0, Math.max(last, 0))) predicate(run, arg, scope);
  return derive(values, { type: OID.bool });
}

function caseExpression(run: Run, body: CaseExpr, scope: Scope): Value {
  const whens = (body.args ?? []).map((arg) => bodyOf(arg, "CaseWhen")).filter((when) => when !== null);
  const conditions = whens.flatMap((when) => (when.expr === undefined ? [] : [when.expr]));
  const results = [...whens.map((when) => when.result), body.defresult].filter((node) => node !== undefined);
  const tested = valuesAt(run, body.arg === undefined ? conditions : [body.arg, ...conditions], scope);
  const shown = valuesAt(run, results, scope);
  const [first, ...others] = tested;
  const sure = body.arg === undefined || first === undefined || others.every((other) => equality(run, first, other));
  // The first condition is evaluated always.
  if ([...shown, ...tested.slice(body.arg === undefined ? 1 : 2)].some((v) => v.risky)) {
    if (body.arg === undefined) for (const condition of conditions) predicate(run, condition, scope);
    else
      run.out.influence(
        unionAll(tested, (v) => v.sources),
        "equality",
      );
  }
  const made = derive([...tested, ...shown], { type: either(shown).type, constant: false, chosen: true });
  return sure ? made : { ...made, risky: true };
}

/** COALESCE, GREATEST, LEAST: the later arguments are evaluated depending on the earlier ones. */
function branches(run: Run, args: readonly Node[] | undefined, scope: Scope): Value {
  const values = valuesAt(run, args, scope);
  if (values.slice(1).some((v) => v.risky))
    run.out.influence(
      unionAll(values, (v) => v.sources),
      "condition",
    );
  return derive(values, {
    type: either(values).type,
    // What stands in for a NULL tells where one is.
    chosen: values.some((v) => v.chosen || (shows(v) && v.origin === null)),
    near: values.every((v) => v.near || v.constant) && values.filter(shows).length === 1,
  });
}

function typeCast(run: Run, body: TypeCast, scope: Scope): Value {
  run.out.seen.add(body);
  const arg = body.arg === undefined ? PLAIN : valueAt(run, body.arg, scope);
  const type = typeOf(run, body.typeName);
  if (type === null) return derive([arg], { risky: true });
  const made = castFunctions(run, arg, type.oid);
  if (made.length > 0) return castByUsers(run, [arg, ...made], type);
  const cut = (body.typeName?.typmods?.length ?? 0) > 0;
  // numeric(5, 2) is too narrow for some numerics. A bind value may have been given another type than its cast's.
  const total =
    (castIsTotal(run, arg, type.oid) && !(cut && type.oid === OID.numeric)) ||
    (arg.small && !cut && isNumber(type.oid));
  // A literal becomes a value of its type before anything runs, but a domain's constraints are tried when it is its turn.
  if (arg.constant && type.kind !== "d" && (arg.type === OID.unknown || total)) return constantOf(type.oid);
  if (!total || isTooLong([arg])) canFail(run, [arg]);
  const same = arg.type === type.oid && !cut;
  return derive([arg], {
    type: type.oid,
    near: arg.near,
    small: arg.small && total,
    risky: arg.risky || !total,
    origin: same ? arg.origin : null,
    keys: cut ? [] : castKeys(run, arg, type.oid),
    fields: type.relation === undefined ? null : compositeFields(run, type.oid, arg),
  });
}

/** Whether it fails, and what else it shows, is for the cast's function to say. */
function castByUsers(run: Run, values: readonly Value[], { oid }: SnapshotType): Value {
  const made = derive(values, { type: oid, risky: true, constant: false });
  canFail(run, [made]);
  return { ...made, fields: compositeFields(run, oid, made) };
}

function subLink(run: Run, body: SubLink, scope: Scope): Value {
  run.out.seen.add(body);
  const columns = body.subselect === undefined ? [] : rowsOf(run, body.subselect, scope);
  const values = columns.map((column) => column.value);
  switch (body.subLinkType) {
    case "EXISTS_SUBLINK":
      return { ...PLAIN, type: OID.bool, risky: true };
    case "EXPR_SUBLINK":
      return values.length === 1
        ? { ...values[0]!, constant: false, risky: true }
        : { ...derive(values, { risky: true, constant: false }), fields: columns };
    case "ARRAY_SUBLINK":
      return derive(values, { risky: true, constant: false });
    default: {
      const test = body.testexpr === undefined ? [] : [valueAt(run, body.testexpr, scope)];
      const made = test.flatMap((left) => comparedWith(run, body, left, values));
      const value = derive([...test, ...values, ...made], { type: OID.bool, risky: true, constant: false });
      // Rows are looked at up to the first that decides, and what comes after it may fail.
      if (shows(value)) membership(run, body, scope, value);
      return value;
    }
  }
}

/** The operator of `x = ANY (SELECT ...)`, for each column of the sub-select. */
function comparedWith(run: Run, body: SubLink, left: Value, columns: readonly Value[]): readonly Value[] {
  const names = strings(body.operName);
  const schema = names.length > 1 ? names.at(-2) : undefined;
  return columns.flatMap((column, i) =>
    useOperators(run, names.at(-1) ?? "=", schema, left.fields?.[i]?.value ?? left, column),
  );
}

function indirection(run: Run, body: A_Indirection, scope: Scope): Value {
  let value = body.arg === undefined ? PLAIN : valueAt(run, body.arg, scope);
  for (const step of body.indirection ?? []) {
    const name = bodyOf(step, "String")?.sval;
    if (name !== undefined) value = fieldOf(run, value, name);
    else if (bodyOf(step, "A_Star") !== null) {
      run.out.seen.add(bodyOf(step, "A_Star")!);
      value = derive([value]);
    } else {
      const indices = bodyOf(step, "A_Indices");
      const bounds = valuesAt(
        run,
        [indices?.lidx, indices?.uidx].filter((n) => n !== undefined),
        scope,
      );
      const chosen = value.chosen || bounds.some(shows);
      value = derive([value, ...bounds], { near: value.near && bounds.every((b) => b.constant), chosen });
    }
  }
  return value;
}

/** `(row).name`. A name that is no field calls a function of that name on the row, which is not followed. */
function fieldOf(run: Run, value: Value, name: string): Value {
  const fields = value.fields ?? compositeFields(run, value.type, value);
  const matches = fields?.filter((field) => field.name === name) ?? [];
  if (matches.length === 1) return matches[0]!.value;
  run.out.gap("unknown-field", name);
  return derive([value]);
}

function row(run: Run, args: readonly Node[] | undefined, scope: Scope): Value {
  const values = valuesAt(run, args, scope);
  return {
    ...derive(values, { near: values.every((v) => v.near || v.constant) }),
    record: true,
    fields: values.map((value, i) => ({ name: `f${i + 1}`, value })),
  };
}
