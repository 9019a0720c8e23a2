// From a type's OID to the little that masking needs to know of it.
import type { CatalogSnapshot, SnapshotRelation, SnapshotType } from "../catalog.ts";

export type Family =
  | "text"
  | "char"
  | "int2"
  | "int4"
  | "int8"
  | "float4"
  | "float8"
  | "numeric"
  | "date"
  | "timestamp"
  | "timestamptz"
  | "uuid"
  | "json"
  | "jsonb"
  | "xml"
  | "array"
  /** Everything else: bool, times, intervals, network addresses, bytes, bits, ranges, composites, enums, geometry, extensions ... */
  | "other";

/** OIDs of built-in types (pg_type.dat): they are the same in every PostgreSQL. */
const BUILT_IN: ReadonlyMap<number, Family> = new Map([
  [18, "char"],
  [19, "text"],
  [20, "int8"],
  [21, "int2"],
  [23, "int4"],
  [25, "text"],
  [114, "json"],
  [142, "xml"],
  [700, "float4"],
  [701, "float8"],
  [705, "text"],
  [1042, "text"],
  [1043, "text"],
  [1082, "date"],
  [1114, "timestamp"],
  [1184, "timestamptz"],
  [1700, "numeric"],
  [2275, "text"],
  [2950, "uuid"],
  [3802, "jsonb"],
]);

/** `int2vector` and `oidvector` are in category A, but their text form is not that of an array. */
const VECTORS: ReadonlySet<number> = new Set([22, 30]);

export interface TypeFacts {
  readonly family: Family;
  /** Arrays: the element's type. */
  readonly element: number;
}

export interface CatalogIndex {
  type(oid: number): TypeFacts;
  relation(oid: number): SnapshotRelation | undefined;
  /** By `schema.name`. */
  named(name: string): SnapshotRelation | undefined;
}

const OTHER: TypeFacts = { family: "other", element: 0 };
const indexes = new WeakMap<CatalogSnapshot, CatalogIndex>();

/** The snapshot, ready to be asked by OID; made once for each. */
export function indexOf(snapshot: CatalogSnapshot): CatalogIndex {
  const known = indexes.get(snapshot);
  if (known !== undefined) return known;
  const types = new Map(snapshot.types.map((type) => [type.oid, type]));
  const relations = new Map(snapshot.relations.map((relation) => [relation.oid, relation]));
  const names = new Map(snapshot.relations.map((relation) => [`${relation.schema}.${relation.name}`, relation]));
  const index: CatalogIndex = {
    type: (oid) => describe(oid, types, 0),
    relation: (oid) => relations.get(oid),
    named: (name) => names.get(name),
  };
  indexes.set(snapshot, index);
  return index;
}

function describe(oid: number, types: ReadonlyMap<number, SnapshotType>, depth: number): TypeFacts {
  const family = BUILT_IN.get(oid);
  if (family !== undefined) return { family, element: 0 };
  const type = types.get(oid);
  if (type === undefined) return OTHER;
  if (type.kind === "d" && type.base !== undefined && depth < 16) return describe(type.base, types, depth + 1);
  if (type.kind !== "b") return OTHER;
  if (type.category === "A" && type.element !== undefined && !VECTORS.has(oid))
    return { family: "array", element: type.element };
  // The citext extension: text in all but its comparisons.
  return type.name === "citext" && type.category === "S" ? { family: "text", element: 0 } : OTHER;
}
