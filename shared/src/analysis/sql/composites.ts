// Composite types: the fields of a value whose type is a row.
import type { Run } from "./scope.ts";
import { baseOf } from "./types.ts";
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
