// Types of expressions, as far as they are needed: to tell which operators, casts and overloads the server could pick.
import type { TypeName } from "libpg-query";
import type { SnapshotType } from "../../catalog.ts";
import { FIRST_USER_OID } from "./lookup.ts";
import type { Run } from "./scope.ts";
import { strings } from "./tree.ts";
import type { Value } from "./value.ts";

/** OIDs of pg_type.dat; they never change. */
export const OID = {
  bool: 16,
  bytea: 17,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  xml: 142,
  float4: 700,
  float8: 701,
  unknown: 705,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  bit: 1560,
  varbit: 1562,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
  jsonpath: 4072,
} as const;

const TEXTS: ReadonlySet<number> = new Set([OID.text, OID.varchar, OID.bpchar]);
const NUMBERS: readonly number[] = [OID.int2, OID.int4, OID.int8, OID.numeric];

/** The type that a name means; null, with a gap, when there is none. */
export function typeOf(run: Run, name: TypeName | undefined): SnapshotType | null {
  const names = strings(name?.names);
  const last = names.at(-1) ?? "";
  const schema = names.length > 1 ? names.at(-2) : undefined;
  const { lookup } = run.base;
  run.out.looksUp ||= schema === undefined;
  // Temporary relations bring a type of their name, which is found before all others.
  if (schema === undefined && run.temporary.has(last)) run.out.gap("temporary-shadows", `type ${last}`);
  const base =
    schema === undefined
      ? run.path.map((s) => lookup.type(s, last)).find((type) => type !== undefined)
      : lookup.type(schema, last);
  if (base === undefined) {
    run.out.gap("unknown-type", names.join("."));
    return null;
  }
  if ((name?.arrayBounds?.length ?? 0) === 0) return base;
  return lookup.arrayOf(base.oid) ?? null;
}

/** Can a cast of the value not fail? Dates go further than times: a date that was chosen for it has no time. */
export function castIsTotal(run: Run, value: Value, to: number): boolean {
  const from = value.type;
  const ordinary = !(value.chosen && value.sources.size > 0);
  if (from === to || TEXTS.has(to)) return true;
  const source = baseOf(run, from);
  if (source === to) return true;
  const wide = NUMBERS.indexOf(to);
  if (wide >= 0) return NUMBERS.indexOf(source) >= 0 && NUMBERS.indexOf(source) <= wide;
  if (to === OID.date) return source === OID.timestamp || source === OID.timestamptz;
  if (to === OID.timestamp || to === OID.timestamptz)
    return (
      source === to || (ordinary && (source === OID.timestamp || source === OID.timestamptz || source === OID.date))
    );
  if (to === OID.jsonb) return false;
  return (
    to === OID.float8 && (source === OID.int2 || source === OID.int4 || source === OID.int8 || source === OID.float4)
  );
}

/** A domain's base type, or the type itself. */
export function baseOf(run: Run, oid: number): number {
  let type = run.base.lookup.typeByOid(oid);
  for (let i = 0; i < 32 && type?.kind === "d" && type.base !== undefined; i++)
    type = run.base.lookup.typeByOid(type.base);
  return type?.oid ?? oid;
}

/** What an array's elements are, also under a domain; undefined for no array. */
export const elementType = (run: Run, oid: number): number | undefined =>
  run.base.lookup.typeByOid(baseOf(run, oid))?.element;

/** The types that a cast from or to this one goes by: a domain's base, an array's elements. */
export function throughCasts(run: Run, oid: number): readonly number[] {
  const element = elementType(run, oid);
  return [oid, baseOf(run, oid), ...(element === undefined ? [] : [element, baseOf(run, element)])];
}

const isUserType = (oid: number): boolean => oid >= FIRST_USER_OID;
export const isNumber = (oid: number): boolean => NUMBERS.includes(oid) || oid === OID.float4 || oid === OID.float8;
export const isText = (oid: number): boolean => TEXTS.has(oid);

export const isArray = (run: Run, oid: number): boolean => run.base.lookup.typeByOid(oid)?.category === "A";

/** Could it be a row or an array, whose parts differ from one value to the next? */
export const isVague = (run: Run, value: Value): boolean =>
  value.type === 0 || value.fields !== null || isArray(run, value.type);

/** Could an operand of this type go where `wanted` is declared? Not known is yes; a built-in type does not become a user's type by itself. */
export function fits(run: Run, operand: Value | null, wanted: number): boolean {
  if (operand === null || wanted === 0) return operand === null && wanted === 0;
  if (operand.type === 0 || operand.type === OID.unknown || operand.type === wanted) return true;
  const type = run.base.lookup.typeByOid(wanted);
  if (type === undefined || type.kind === "p") return true;
  // A row of what inherits goes for a row of its parent.
  const given = run.base.lookup.typeByOid(baseOf(run, operand.type));
  if (!isUserType(wanted) || type.kind === "d" || (type.relation !== undefined && given?.relation !== undefined))
    return true;
  const casts = run.base.lookup.snapshot.casts ?? [];
  return casts.some(
    (cast) => cast.context === "i" && cast.target === wanted && cast.source === baseOf(run, operand.type),
  );
}
