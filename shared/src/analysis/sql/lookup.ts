// A catalog snapshot, ready to be asked for names.
import type {
  CatalogSnapshot,
  SnapshotColumn,
  SnapshotFunction,
  SnapshotOperator,
  SnapshotRelation,
  SnapshotType,
} from "../../catalog.ts";
import type { ColumnRef } from "../../facts.ts";

/** Objects with OIDs from here on were made by users and extensions (FirstNormalObjectId in access/transam.h). */
export const FIRST_USER_OID = 16384;

export const fullName = (object: { readonly schema: string; readonly name: string }): string =>
  `${object.schema}.${object.name}`;

export const isSystemSchema = (schema: string): boolean => schema === "pg_catalog" || schema === "information_schema";

export class Lookup {
  readonly snapshot: CatalogSnapshot;
  readonly #relations = new Map<string, SnapshotRelation>();
  readonly #relationsByOid = new Map<number, SnapshotRelation>();
  readonly #children = new Map<number, SnapshotRelation[]>();
  readonly #types = new Map<string, SnapshotType>();
  readonly #typesByOid = new Map<number, SnapshotType>();
  readonly #arrays = new Map<number, SnapshotType>();
  readonly #functions = new Map<string, SnapshotFunction[]>();
  readonly #functionsByOid = new Map<number, SnapshotFunction>();
  readonly #operators = new Map<string, SnapshotOperator[]>();
  readonly #refs = new Map<string, Map<string, ColumnRef>>();
  readonly #families = new Map<number, readonly SnapshotRelation[]>();

  constructor(snapshot: CatalogSnapshot) {
    this.snapshot = snapshot;
    for (const relation of snapshot.relations) {
      this.#relations.set(fullName(relation), relation);
      this.#relationsByOid.set(relation.oid, relation);
      for (const parent of relation.parents) push(this.#children, parent, relation);
    }
    for (const type of snapshot.types) {
      this.#types.set(fullName(type), type);
      this.#typesByOid.set(type.oid, type);
      if (type.element !== undefined && type.name.startsWith("_")) this.#arrays.set(type.element, type);
    }
    for (const item of snapshot.functions) {
      push(this.#functions, item.name, item);
      this.#functionsByOid.set(item.oid, item);
    }
    for (const operator of snapshot.operators ?? []) push(this.#operators, operator.name, operator);
  }

  relation(schema: string, name: string): SnapshotRelation | undefined {
    return this.#relations.get(`${schema}.${name}`);
  }

  relationByOid(oid: number): SnapshotRelation | undefined {
    return this.#relationsByOid.get(oid);
  }

  type(schema: string, name: string): SnapshotType | undefined {
    return this.#types.get(`${schema}.${name}`);
  }

  typeByOid(oid: number): SnapshotType | undefined {
    return this.#typesByOid.get(oid);
  }

  arrayOf(element: number): SnapshotType | undefined {
    return this.#arrays.get(element);
  }

  /** All functions of that name, whatever their schema. */
  functions(name: string): readonly SnapshotFunction[] {
    return this.#functions.get(name) ?? [];
  }

  functionByOid(oid: number): SnapshotFunction | undefined {
    return this.#functionsByOid.get(oid);
  }

  /** Operators of that name that did not come with the server. */
  operators(name: string): readonly SnapshotOperator[] {
    return this.#operators.get(name) ?? [];
  }

  /** The one object that stands for a column. */
  ref(relation: string, column: string): ColumnRef {
    const columns = this.#refs.get(relation) ?? new Map<string, ColumnRef>();
    const known = columns.get(column);
    if (known !== undefined) return known;
    const ref = { relation, column };
    this.#refs.set(relation, columns.set(column, ref));
    return ref;
  }

  /**
   * The relation's ancestors and descendants by inheritance and partitioning: rows of one are rows of the other, so what is known
   * of a column of any of them concerns all.
   */
  family(relation: SnapshotRelation): readonly SnapshotRelation[] {
    const known = this.#families.get(relation.oid);
    if (known !== undefined) return known;
    const found = new Map<number, SnapshotRelation>();
    const add = (next: SnapshotRelation | undefined, onward: (r: SnapshotRelation) => void): void => {
      if (next === undefined || next.oid === relation.oid || found.has(next.oid) || next.kind === "index") return;
      found.set(next.oid, next);
      onward(next);
    };
    const up = (r: SnapshotRelation): void => {
      for (const parent of r.parents) add(this.#relationsByOid.get(parent), up);
    };
    const down = (r: SnapshotRelation): void => {
      for (const child of this.#children.get(r.oid) ?? []) add(child, down);
    };
    up(relation);
    down(relation);
    const family = [...found.values()];
    this.#families.set(relation.oid, family);
    return family;
  }

  /** Those that inherit from a relation, its partitions among them, and what inherits from these. */
  descendants(relation: SnapshotRelation): readonly SnapshotRelation[] {
    const found = new Set<SnapshotRelation>();
    const down = (r: SnapshotRelation): void => {
      for (const child of this.#children.get(r.oid) ?? [])
        if (child.oid !== relation.oid && !found.has(child)) {
          found.add(child);
          down(child);
        }
    };
    down(relation);
    return [...found];
  }

  column(relation: SnapshotRelation, name: string): SnapshotColumn | undefined {
    return relation.columns.find((column) => column.name === name);
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
