// What PostgreSQL itself says of a statement that it has just run: the columns of its result, the locks that it holds, and what a view
// of it depends on.

/** One lock on a relation of a user. */
export interface Lock {
  /** `schema.name`; temporary relations are `pg_temp.name`. */
  readonly relation: string;
  /** The name that it had before the statement, when that was another. */
  readonly was: string | null;
  /** pg_class.relkind */
  readonly kind: string;
  /** As pg_locks spells it, without `Lock`: `AccessShare`, `RowExclusive` ... */
  readonly mode: string;
  /** Reached by a foreign key to or from a relation that is locked too: referential integrity may have locked it. */
  readonly linked: boolean;
}

const NAMED = "CASE WHEN n.nspname ~ '^pg_temp' THEN 'pg_temp' ELSE n.nspname END || '.' || c.relname";

/** Relations of users that this session has locked. Indexes, TOAST tables and row types follow their tables, and are left out. */
export const LOCKS = `WITH held AS MATERIALIZED (
    SELECT l.relation, l.mode FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.mode <> 'SIReadLock' AND l.relation >= 16384)
  SELECT h.relation, ${NAMED}, c.relkind::text, pg_catalog.replace(h.mode, 'Lock', ''), EXISTS (
    SELECT 1 FROM pg_catalog.pg_constraint k JOIN held o ON o.relation IN (k.conrelid, k.confrelid)
    WHERE k.contype = 'f' AND h.relation IN (k.conrelid, k.confrelid) AND o.relation <> h.relation)
  FROM held h LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) ON c.oid = h.relation
  WHERE c.relkind IS NULL OR c.relkind NOT IN ('i', 'I', 't', 'c') ORDER BY 1, 4`;

/** Pairs of relations with a foreign key from the one to the other, or a constraint trigger about both. */
export const KEYS = `SELECT ${NAMED} || ' ' || CASE WHEN m.nspname ~ '^pg_temp' THEN 'pg_temp' ELSE m.nspname END || '.' || f.relname
  FROM (SELECT conrelid, confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'
    UNION SELECT tgrelid, tgconstrrelid FROM pg_catalog.pg_trigger WHERE tgconstrrelid <> 0) k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace m ON m.oid = f.relnamespace`;

export const EVENT_TRIGGERS = "SELECT 1 FROM pg_catalog.pg_event_trigger";

/** @param before the name of a relation before the statement, by pg_class.oid; null for one that was none of a user's */
export function locksOf(rows: readonly (readonly (string | null)[])[], before: (oid: number) => string | null): Lock[] {
  return rows.flatMap(([oid, name, kind, mode, linked]) => {
    const was = before(Number(oid));
    const relation = name ?? was;
    if (relation === null || relation === undefined) return [];
    return [
      { relation, was: was === relation ? null : was, kind: kind ?? "", mode: mode ?? "", linked: linked === "t" },
    ];
  });
}

/**
 * Columns that the view `oracle` depends on. It depends on relations as such, too: those it reads are locked, and the others are
 * constants of type regclass.
 */
const DEPENDENCIES = `SELECT ${NAMED}, a.attname
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
  JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
  WHERE r.ev_class = 'pg_temp.oracle'::pg_catalog.regclass AND c.oid <> r.ev_class AND c.relkind <> 'c' AND c.oid >= 16384`;

export interface Dependency {
  readonly relation: string;
  readonly column: string;
}

/**
 * Statements that make a view of a query and ask what it depends on: the last result holds that.
 * @param width of the query's result: its columns get names of their own, since a view cannot have two of one name
 */
export function dependenciesOf(query: string, width: number): string {
  const names = Array.from({ length: width }, (_, i) => `c${i}`).join(", ");
  return `CREATE TEMP VIEW oracle (${names}) AS ${query}\n;${DEPENDENCIES}`;
}

export const dependencyOf = ([relation, column]: readonly (string | null)[]): Dependency => ({
  relation: relation ?? "",
  column: column ?? "",
});
