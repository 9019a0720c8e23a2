// Composite types: the fields of a value whose type is a row.
import type { SnapshotType } from "../../catalog.ts";
import type { Run } from "./scope.ts";
import { baseOf, OID } from "./types.ts";
import { derive, type Field, type Value } from "./value.ts";

/** The fields of a composite type, each showing what the whole shows; null for other types. */
export function compositeFields(run: Run, oid: number, whole: Value): readonly Field[] | null {
  const { lookup } = run.base;
  const type = lookup.typeByOid(baseOf(run, oid));
  const relation = type?.relation === undefined ? undefined : lookup.relationByOid(type.relation);
  if (relation === undefined) return null;
  return relation.columns.map((column) => ({
    name: column.name,
    value: derive([whole], { near: whole.near, type: column.type, constant: false }),
  }));
}

const UNORDERED: ReadonlySet<number> = new Set([OID.json, OID.xml, OID.jsonpath]);

/**
 * Can it be compared with another of its type whatever both hold? Rows and arrays are compared part by part, up to the first that differs: only
 * then is it found out that parts are of different types, or of one that has no order (record_cmp of utils/adt/rowtypes.c).
 */
export function isComparable(run: Run, value: Value): boolean {
  const type = run.base.lookup.typeByOid(baseOf(run, value.type));
  return !value.record && (type === undefined || isScalar(type) || isOrdered(run, type.oid));
}

/** Rows of two declared types. */
export function areUnlike(run: Run, values: readonly Value[]): boolean {
  const rows = values.filter((v) => run.base.lookup.typeByOid(baseOf(run, v.type))?.relation !== undefined);
  return new Set(rows.map((v) => baseOf(run, v.type))).size > 1;
}

const isScalar = ({ element, relation }: SnapshotType): boolean => element === undefined && relation === undefined;

function isOrdered(run: Run, oid: number): boolean {
  const { lookup } = run.base;
  const type = lookup.typeByOid(baseOf(run, oid));
  if (type === undefined) return false;
  if (type.element !== undefined) return isOrdered(run, type.element);
  if (type.relation === undefined) return !UNORDERED.has(type.oid) && type.category !== "G";
  return lookup.relationByOid(type.relation)?.columns.every((column) => isOrdered(run, column.type)) === true;
}
