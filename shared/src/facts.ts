// What one statement does, as far as can be told without running it. Policy decides on facts, never on text.
// Facts are plain JSON: they are stored in evidence (so: no literals in them).

/** A base relation, always `schema.name` as the server's catalog spells it (no quoting). */
export type RelationName = string;

export interface ColumnRef {
  readonly relation: RelationName;
  /** The column, or `*` for the whole row or where the column cannot be told. */
  readonly column: string;
}

export type StatementKind =
  | "select"
  | "insert"
  | "update"
  | "delete"
  | "merge"
  | "truncate"
  | "copy-out"
  | "copy-in"
  | "declare"
  | "fetch"
  | "close"
  | "prepare"
  | "execute"
  | "deallocate"
  | "explain"
  | "call"
  | "do"
  | "define"
  | "grant"
  | "set"
  | "show"
  | "transaction"
  | "lock"
  | "listen"
  | "notify"
  | "maintain"
  | "empty"
  | "other";

export type Action = "read" | "write" | "delete" | "define" | "grant" | "export" | "execute";

/** How a column shapes a result without being shown. */
export type Use = "equality" | "range" | "pattern" | "order" | "group" | "join" | "condition" | "other";

export interface RelationFact {
  readonly relation: RelationName;
  readonly actions: readonly Action[];
  /** Base columns read, `*` when all or not known. */
  readonly columns: readonly string[];
  /** True for pg_catalog, information_schema and temporary relations of this session. */
  readonly system: boolean;
}

export interface InfluenceFact extends ColumnRef {
  readonly use: Use;
  /** Set when what is tested is known to reveal nothing of the column (`IS NULL`): it tells no more than where it is shown. */
  readonly reveals?: "nothing";
  /** The view in whose definition it stands: fixed by who made the view, not by who asks. */
  readonly through?: RelationName;
}

export interface FunctionFact {
  /** `schema.name` */
  readonly name: string;
  /** What is known of it: `harmless` built-in, `analysed` SQL body, `declared` in the policy catalog, or `opaque`. */
  readonly standing: "harmless" | "analysed" | "declared" | "opaque";
}

/** One output column and where it can come from. */
export interface OutputFact {
  readonly name: string;
  readonly sources: readonly ColumnRef[];
  /** The value is exactly the one source column's value, unchanged: its class's own mask applies. */
  readonly direct: boolean;
  /** Set when what flows in is known to reveal nothing of the sources (`count(*)`, `IS NULL`): the function that says so. */
  readonly reveals?: "nothing";
  /** Positions in `Facts.rows`: whose rows flow in. Absent with sources: it cannot be told. */
  readonly rows?: readonly number[];
  /** Operations that it is made by, in words; only where somebody asked (`postern explain`). */
  readonly made?: readonly string[];
}

/** Rows that flow into result columns: those of one place where the statement names a relation. */
export interface RowFact {
  /** The relation, and those that share its rows; empty for rows of which nothing can be told. */
  readonly relations: readonly RelationName[];
  /** Columns of these rows, and the result column that holds the same value wherever it is not NULL: itself, or one that a condition equates. */
  readonly shown: Readonly<Record<string, number>>;
}

/** A write: into this column can flow these. */
export interface FlowFact {
  readonly into: ColumnRef;
  readonly from: readonly ColumnRef[];
}

/** Why the analysis cannot vouch for a statement. Each is a reason to refuse where PHI is in reach. */
export interface Gap {
  readonly reason: string;
  /** Object or construct concerned; never a literal of the statement. */
  readonly what: string;
}

export interface Facts {
  readonly kind: StatementKind;
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
  readonly relations: readonly RelationFact[];
  readonly influence: readonly InfluenceFact[];
  /** A column shapes by `order` because DISTINCT or GROUP BY gives the rows in an order of its own: an ORDER BY of the primary keys would settle it. */
  readonly openOrder?: true;
  readonly functions: readonly FunctionFact[];
  /** In result order; null when the statement returns no rows, or when `complete` is false and they cannot be told. */
  readonly outputs: readonly OutputFact[] | null;
  /** What `OutputFact.rows` speaks of; absent when that is nothing. */
  readonly rows?: readonly RowFact[];
  readonly flows: readonly FlowFact[];
  /** For UPDATE, DELETE: is there a WHERE? */
  readonly hasWhere: boolean;
  /** EXECUTE, FETCH, EXPLAIN EXECUTE ...: the session-level name whose facts have to be added by who knows the session. */
  readonly refers?: {
    readonly kind: "prepared" | "cursor";
    readonly name: string;
    /** EXPLAIN ANALYZE: what is shown was measured, and tells of all that it reads. */
    readonly measured?: true;
  };
}

/** What a statement changes in the session when it completes: kept by the protocol machine, applied on CommandComplete. */
export type SessionEffect =
  | { readonly type: "prepare"; readonly name: string; readonly facts: Facts }
  | { readonly type: "deallocate"; readonly name: string | null }
  | { readonly type: "declare"; readonly name: string; readonly facts: Facts }
  | { readonly type: "close"; readonly name: string | null }
  | { readonly type: "search_path" }
  | {
      readonly type: "transaction";
      readonly what: "begin" | "commit" | "rollback" | "savepoint" | "rollback-to" | "release";
    }
  | { readonly type: "catalog" }
  /** A temporary relation came to be: its columns and what flowed into each. */
  | { readonly type: "temporary"; readonly name: string; readonly columns: readonly OutputFact[] }
  | { readonly type: "discard" };

/** How COPY TO STDOUT writes its rows: the statement's options, with PostgreSQL's defaults filled in. */
export type CopyFormat =
  | { readonly format: "binary" }
  | {
      readonly format: "text";
      readonly delimiter: string;
      readonly null: string;
      readonly header: boolean;
      /** The option ENCODING; absent when the client's holds. */
      readonly encoding?: string;
    }
  | {
      readonly format: "csv";
      readonly delimiter: string;
      readonly null: string;
      readonly header: boolean;
      readonly quote: string;
      readonly escape: string;
      readonly encoding?: string;
    };

/** How the rows that a write concerns can be read before it. Not a fact: it decides nothing. */
export interface ImageTemplate {
  readonly relation: RelationName;
  /** Those whose rows are its rows: partitions, and what inherits. */
  readonly family: readonly RelationName[];
  /** Columns of the primary key; empty when there is none. */
  readonly key: readonly string[];
  /** Their types, as they are written in a cast. */
  readonly keyTypes: readonly string[];
  /**
   * A query, as pieces of SQL and ranges of the statement's own words (first, behind the last), counted without comments. Empty where there
   * are no rows before; null where they cannot be told, see `why`.
   */
  readonly before: readonly (string | readonly [number, number])[] | null;
  readonly why: string;
  /** It may find a row more than once. */
  readonly repeats?: true;
  /** To be run before it, so that nothing changes between the two. */
  readonly lock?: string;
  /** Of an INSERT: `before` gives the values by which the rows that it makes, or meets, are found. */
  readonly made?: MadeRows;
  /** Of a MERGE that inserts: how it is known before which rows those will be. */
  readonly inserts?: InsertedRows;
}

/** The rows that a MERGE inserts. */
export interface InsertedRows {
  /** A query for the values of their primary key, and whether a row has it already, as in `ImageTemplate.before`; null when they cannot be told, see `why`. */
  readonly keys: readonly (string | readonly [number, number])[] | null;
  readonly why: string;
}

/** How the rows of an INSERT are found. */
export interface MadeRows {
  /** Columns whose values say which rows: those of the conflict, or of the primary key. */
  readonly by: readonly string[];
  /** Their types, as they are written in a cast. */
  readonly types: readonly string[];
  /** The values are not in the statement: a sequence gives them. */
  readonly generated: boolean;
  /** What becomes of a row that is there already. */
  readonly conflict: "error" | "nothing" | "update";
  /** Such rows are looked for before it: it may meet them, or a trigger may move a new row away from the key of one. */
  readonly meets: boolean;
  /** Rows of the relation itself: not of what inherits from it. */
  readonly only: boolean;
}

/**
 * How the keys can be asked for that a SELECT does not show: its own words, with columns put behind those of its result. Not a fact: it decides nothing.
 */
export interface KeyQueryTemplate {
  /** Up to the end of the target list, and from there on: pieces as in `ImageTemplate`. */
  readonly head: readonly (string | readonly [number, number])[];
  readonly rest: readonly (string | readonly [number, number])[];
  /** Per position in `Facts.rows`: columns of these rows, and an expression that holds the same value wherever they are there. */
  readonly columns: readonly Readonly<Record<string, KeyExpression>>[];
  /** SELECT DISTINCT: with keys there may be more rows than without. */
  readonly distinct: boolean;
  /** What LIMIT says: the rows are certain only where there are fewer. Null when there is none. */
  readonly limit: readonly (string | readonly [number, number])[] | null;
}

export interface KeyExpression {
  /** To be put into the target list. */
  readonly sql: string;
  /** A relation's own column: reading it takes permission. Null for columns of what stands in the statement itself. */
  readonly of: ColumnRef | null;
}

/** One statement of a command string. */
export interface AnalysedStatement {
  readonly facts: Facts;
  readonly effects: readonly SessionEffect[];
  /** For `copy-out` to the client: how its rows are written. Not a fact: it decides nothing, and holds literals of the statement. */
  readonly copy?: CopyFormat;
  /** Of a write that is alone in its command string. */
  readonly images?: readonly ImageTemplate[];
  /** Of a SELECT that is alone in its command string, and does not show all keys of the rows that it shows. */
  readonly keyQuery?: KeyQueryTemplate;
  /** Of a definition that is alone in its command string: it may run inside of a transaction block. */
  readonly transactional?: true;
}

/** The analysis of one command string (a simple Query may hold several statements, a Parse at most one). */
export interface Analysis {
  readonly statements: readonly AnalysedStatement[];
  /** The text with every literal replaced by a placeholder: what evidence keeps in the clear. */
  readonly normalized: string;
  /** Hex SHA-256 of `normalized` (first 16 bytes): equal for statements that differ in literals only. */
  readonly fingerprint: string;
  /** True when literals decided nothing: the analysis holds for every statement with the same `normalized` text. */
  readonly literalFree: boolean;
}

/** The statement cannot be parsed: the parser's own words, and a 1-based character position when known. */
export interface SyntaxProblem {
  readonly syntax: string;
  readonly position?: number;
  readonly normalized: string;
  readonly fingerprint: string;
}

/** It calls functions in SQL: what names in their bodies mean is settled when they are first called. */
export function callsSql({ functions }: Facts): boolean {
  return functions.some(({ standing }) => standing === "analysed");
}

/** Names of the session mean something else after it. */
export function movesNames({ type }: SessionEffect): boolean {
  return type === "search_path" || type === "temporary" || type === "catalog";
}
