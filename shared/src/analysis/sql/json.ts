// What SQL/JSON expressions can fail for, and the types that they name.
import type { TypeName } from "libpg-query";
import type { SnapshotCast } from "../../catalog.ts";
import { FIRST_USER_OID } from "./lookup.ts";
import { canFail, type Run, type Scope, valuesAt } from "./scope.ts";
import { bodyOf, isTextLiteral, type Node } from "./tree.ts";
import { isText, OID, throughCasts, typeOf } from "./types.ts";
import { derive, isTooLong, type Value } from "./value.ts";

export interface JsonConstructor {
  readonly exprs?: Node[];
  readonly output?: { readonly typeName?: object };
  readonly unique?: boolean;
}

/**
 * JSON_OBJECT, JSON_ARRAY: a key may be NULL or not unique, text in FORMAT JSON no JSON, and a result too long for its type; else it always
 * succeeds.
 */
export function jsonConstructor(run: Run, body: JsonConstructor, values: readonly Value[], scope: Scope): Value {
  const exprs = body.exprs ?? [];
  const keys = exprs.flatMap((node) => bodyOf(node, "JsonKeyValue")?.key ?? []);
  const items = exprs.map((node) => bodyOf(node, "JsonKeyValue")?.value ?? bodyOf(node, "JsonValueExpr"));
  const plain =
    body.output?.typeName === undefined &&
    body.unique !== true &&
    items.every((item) => (item?.format?.format_type ?? "JS_FORMAT_DEFAULT") === "JS_FORMAT_DEFAULT");
  canFail(run, plain && !isTooLong(values) ? valuesAt(run, keys, scope) : values);
  return derive(values, { risky: !plain || !keys.every(isTextLiteral) || values.some((v) => v.risky) });
}

/** IS JSON: of all that it takes, only bytes may be no text at all. */
export function jsonTest(run: Run, values: readonly Value[]): Value {
  const isTexts = values.every(({ type }) => isText(type) || TEXTUAL.has(type));
  if (!isTexts) canFail(run, values);
  return derive(values, { type: OID.bool, risky: !isTexts || values.some((v) => v.risky) });
}

const TEXTUAL: ReadonlySet<number> = new Set([OID.unknown, OID.json, OID.jsonb]);

/** The type that RETURNING names, or a column of JSON_TABLE: what casts of users do on the way to it is not followed. */
export function returnedAs(run: Run, name: TypeName): void {
  const type = typeOf(run, name);
  const reached = type === null ? [] : throughCasts(run, type.oid);
  const isOwn = ({ function: oid, target }: SnapshotCast) => oid >= FIRST_USER_OID && reached.includes(target);
  if ((run.base.lookup.snapshot.casts ?? []).some(isOwn)) run.out.gap("opaque-function", "cast");
}
