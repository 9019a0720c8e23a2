// A snapshot of a PostgreSQL target's catalog: what analysis resolves names against. Plain JSON, so that it can go to a worker
// thread, be kept in a file, and let `postern explain` work without a database.

export interface SnapshotColumn {
  readonly name: string;
  /** pg_attribute.attnum */
  readonly number: number;
  /** pg_type.oid */
  readonly type: number;
  readonly generated: boolean;
  /** A generated column's expression (pg_get_expr). */
  readonly expression?: string;
  /** Its collation is not that of its type. */
  readonly collated?: true;
}

export interface SnapshotRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind:
    | "table"
    | "partitioned"
    | "view"
    | "matview"
    | "foreign"
    | "sequence"
    | "index"
    | "composite"
    | "toast";
  /** In attnum order, dropped ones left out. */
  readonly columns: readonly SnapshotColumn[];
  /** pg_get_viewdef for views and materialized views. */
  readonly definition?: string;
  /** OIDs of parents (inheritance, partitions). */
  readonly parents: readonly number[];
  /** Functions (OIDs) run by enabled triggers; rules other than a view's own SELECT rule. */
  readonly triggers: readonly number[];
  readonly rules: boolean;
  readonly rowSecurity: boolean;
  /** Columns of the primary key, when it holds at every moment (it is not deferrable); absent when there is none. */
  readonly key?: readonly string[];
  /** Columns of other unique indexes. */
  readonly unique?: readonly string[];
}

export interface SnapshotType {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange */
  readonly kind: "b" | "c" | "d" | "e" | "p" | "r" | "m";
  /** pg_type.typcategory */
  readonly category: string;
  /** Domain: base type. */
  readonly base?: number;
  /** Array: element type. */
  readonly element?: number;
  /** Range: subtype. */
  readonly subtype?: number;
  /** Composite: pg_class.oid of its columns. */
  readonly relation?: number;
}

export interface SnapshotFunction {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Argument types of the input arguments. */
  readonly args: readonly number[];
  readonly returns: number;
  readonly returnsSet: boolean;
  /** Names of the input arguments, empty where they have none; absent when none has. */
  readonly argumentNames?: readonly string[];
  /** How many of the last arguments have defaults; -1 when the last one is VARIADIC. */
  readonly optional?: number;
  /** Expressions of the defaults, as a list separated by commas (pg_get_expr); absent for functions that came with the server. */
  readonly defaults?: string;
  /** Settings that hold while it runs (pg_proc.proconfig), such as `search_path=...`. */
  readonly settings?: readonly string[];
  /** Names of OUT and TABLE columns, if any. */
  readonly outputs: readonly string[];
  readonly language: string;
  /** f function, p procedure, a aggregate, w window */
  readonly kind: "f" | "p" | "a" | "w";
  readonly volatility: "i" | "s" | "v";
  readonly securityDefiner: boolean;
  /** The body, for SQL functions (pg_get_functiondef's or prosrc). */
  readonly body?: string;
}

/** An operator that did not come with the server. */
export interface SnapshotOperator {
  readonly schema: string;
  readonly name: string;
  /** pg_type.oid; 0 for none. */
  readonly left: number;
  readonly right: number;
  /** pg_proc.oid of what it runs. */
  readonly function: number;
  /** pg_proc.oid of what its commutator and its negator call: the planner may take these in its place. */
  readonly instead?: readonly number[];
}

/** A cast that did not come with the server. */
export interface SnapshotCast {
  readonly source: number;
  readonly target: number;
  /** pg_proc.oid of what it runs; 0 for none (binary coercible, or by the types' text form). */
  readonly function: number;
  /** pg_cast.castcontext: e explicit, a assignment, i implicit */
  readonly context: "e" | "a" | "i";
}

export interface CatalogSnapshot {
  readonly target: string;
  readonly database: string;
  /** server_version_num */
  readonly serverVersion: number;
  /** Changes whenever anything below changes. */
  readonly fingerprint: string;
  /** The search_path of a new session of the gateway's role, as a list of schema names. */
  readonly searchPath: readonly string[];
  readonly role: string;
  readonly schemas: readonly string[];
  readonly relations: readonly SnapshotRelation[];
  readonly types: readonly SnapshotType[];
  /** Functions outside pg_catalog, and those of pg_catalog (name and standing suffice for the latter). */
  readonly functions: readonly SnapshotFunction[];
  readonly operators?: readonly SnapshotOperator[];
  readonly casts?: readonly SnapshotCast[];
}
