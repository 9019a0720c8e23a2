// Takes a snapshot of a target's catalog, and a cheap fingerprint that changes when the snapshot would.

import { FIRST_USER_OID } from "#shared/analysis/sql/lookup.ts";
import { parseSearchPath } from "#shared/analysis/sql/path.ts";
import type {
  CatalogSnapshot,
  SnapshotColumn,
  SnapshotFunction,
  SnapshotRelation,
  SnapshotType,
} from "#shared/catalog.ts";

/** Runs SQL over one connection and gives the rows of the last result, as text. */
export type Query = (sql: string) => Promise<readonly (readonly (string | null)[])[]>;

// Row versions (xmin) of what users can change; temporary objects come and go without meaning anything to others. ANALYZE and VACUUM
// change pg_class in place, so that they do not show here.
const versions = (catalog: string, id: string, where: string): string =>
  `SELECT sum(hashtextextended(${id}::text || ':' || x.xmin::text, 0)::numeric) AS h FROM ${catalog} x WHERE ${where}`;
const LASTING = "SELECT oid FROM pg_class WHERE oid >= 16384 AND relpersistence <> 't'";
const FINGERPRINT = `SELECT md5(current_database() || ' ' || current_user || ' ' || current_setting('server_version_num') || ' '
  || string_agg(coalesce(h::text, '-'), ' ' ORDER BY n)) FROM (
  SELECT 1 AS n, h FROM (${versions("pg_class", "x.oid", "x.oid >= 16384 AND x.relpersistence <> 't'")}) a
  UNION ALL SELECT 2, h FROM (${versions("pg_attribute", "(x.attrelid, x.attnum)", `x.attnum > 0 AND x.attrelid IN (${LASTING})`)}) a
  UNION ALL SELECT 3, h FROM (${versions("pg_attrdef", "x.oid", `x.adrelid IN (${LASTING})`)}) a
  UNION ALL SELECT 4, h FROM (${versions("pg_type", "x.oid", "x.oid >= 16384 AND x.typnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_')")}) a
  UNION ALL SELECT 5, h FROM (${versions("pg_proc", "x.oid", "x.oid >= 16384")}) a
  UNION ALL SELECT 6, h FROM (${versions("pg_inherits", "(x.inhrelid, x.inhparent)", "true")}) a
  UNION ALL SELECT 7, h FROM (${versions("pg_rewrite", "x.oid", `x.ev_class IN (${LASTING})`)}) a
  UNION ALL SELECT 8, h FROM (${versions("pg_trigger", "x.oid", `NOT x.tgisinternal AND x.tgrelid IN (${LASTING})`)}) a
  UNION ALL SELECT 9, h FROM (${versions("pg_namespace", "x.oid", "x.nspname !~ '^pg_(toast_)?temp_'")}) a
  UNION ALL SELECT 10, h FROM (${versions("pg_operator", "x.oid", "x.oid >= 16384")}) a
  UNION ALL SELECT 11, h FROM (${versions("pg_cast", "x.oid", "x.oid >= 16384")}) a
  UNION ALL SELECT 12, h FROM (${versions("pg_db_role_setting", "(x.setdatabase, x.setrole)", "true")}) a) all_of_them`;

const relationsFrom = (
  first: number,
): string => `SELECT json_agg(json_build_array(c.oid, n.nspname, c.relname, c.relkind::text,
  (SELECT json_agg(json_build_array(a.attname, a.attnum, a.atttypid, a.attgenerated <> '',
      CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
      c.oid >= 16384 AND a.attcollation <> (SELECT t.typcollation FROM pg_type t WHERE t.oid = a.atttypid)) ORDER BY a.attnum)
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  CASE WHEN c.relkind IN ('v', 'm') AND c.oid >= 16384 THEN pg_get_viewdef(c.oid) END,
  (SELECT json_agg(i.inhparent) FROM pg_inherits i WHERE i.inhrelid = c.oid),
  (SELECT json_agg(t.tgfoid) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'),
  EXISTS (SELECT 1 FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN' AND c.oid >= 16384),
  c.relrowsecurity,
  (SELECT json_agg(a.attname) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid AND i.indimmediate),
  (SELECT json_agg(DISTINCT a.attname) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = c.oid AND i.indisunique AND NOT i.indisprimary)) ORDER BY c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid >= ${first} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast'`;

const typesFrom = (
  first: number,
): string => `SELECT json_agg(json_build_array(t.oid, n.nspname, t.typname, t.typtype::text, t.typcategory::text,
  nullif(t.typbasetype, 0), CASE WHEN t.typcategory = 'A' THEN nullif(t.typelem, 0) END, r.rngsubtype, nullif(t.typrelid, 0)) ORDER BY t.oid)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_range r ON r.rngtypid = t.oid
  WHERE t.oid >= ${first} AND n.nspname !~ '^pg_(toast_)?temp_'`;

const functionsFrom = (
  first: number,
): string => `SELECT json_agg(json_build_array(p.oid, n.nspname, p.proname, p.proargtypes::oid[], p.prorettype, p.proretset, p.proargnames,
  p.proargmodes::text[], CASE WHEN p.provariadic <> 0 THEN -1 ELSE p.pronargdefaults END, p.proconfig, CASE WHEN p.oid >= 16384 THEN pg_get_expr(p.proargdefaults, 0) END, l.lanname, p.prokind::text,
  p.provolatile::text, p.prosecdef,
  CASE WHEN l.lanname = 'sql' AND p.oid >= 16384 THEN coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) END) ORDER BY p.oid)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  WHERE p.oid >= ${first}`;

const OPERATORS = `SELECT json_agg(json_build_object('schema', n.nspname, 'name', o.oprname, 'left', o.oprleft::int8, 'right', o.oprright::int8,
  'function', o.oprcode::oid::int8, 'instead', ARRAY(SELECT i.oprcode::oid::int8 FROM pg_operator i WHERE i.oid IN (o.oprcom, o.oprnegate)
  AND i.oprcode <> o.oprcode ORDER BY 1))) FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid >= 16384`;

const CASTS = `SELECT json_agg(json_build_object('source', castsource::int8, 'target', casttarget::int8, 'function', castfunc::int8,
  'context', castcontext::text)) FROM pg_cast WHERE oid >= 16384`;

const SCHEMAS = "SELECT json_agg(nspname ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'";

/** Changes whenever a snapshot taken now would differ from the one that has this fingerprint. Some milliseconds. */
export async function catalogFingerprint(query: Query): Promise<string> {
  return one(await query(FINGERPRINT));
}

/**
 * Takes a snapshot over a fresh connection (its search_path is what new sessions of this role get). Definitions come out with all
 * names in full, because the path is empty while they are read.
 * @param before an earlier snapshot: if it is of the same server and database, what came with the server is taken from it
 */
export async function takeSnapshot(query: Query, target: string, before?: CatalogSnapshot): Promise<CatalogSnapshot> {
  const path = one(await query("SELECT current_setting('search_path')"));
  await query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    await query("SET LOCAL search_path = ''");
    const list = async <T>(sql: string): Promise<T[]> =>
      (JSON.parse((await query(sql))[0]?.[0] ?? "[]") as T[] | null) ?? [];
    const [server] = await query("SELECT current_database(), current_user, current_setting('server_version_num')");
    const [database, role, serverVersion] = [server?.[0] ?? "", server?.[1] ?? "", Number(server?.[2])];
    const known = before?.database === database && before.serverVersion === serverVersion ? before : undefined;
    const first = known === undefined ? 0 : FIRST_USER_OID;
    return {
      target,
      database,
      role,
      serverVersion,
      fingerprint: await catalogFingerprint(query),
      searchPath: parseSearchPath(path),
      schemas: await list<string>(SCHEMAS),
      relations: [...builtIn(known?.relations), ...(await list<RelationRow>(relationsFrom(first))).map(relationOf)],
      types: [...builtIn(known?.types), ...(await list<TypeRow>(typesFrom(first))).map(typeOf)],
      functions: [...builtIn(known?.functions), ...(await list<FunctionRow>(functionsFrom(first))).map(functionOf)],
      operators: await list(OPERATORS),
      casts: await list(CASTS),
    };
  } finally {
    await query("ROLLBACK");
  }
}

/** What came with the server does not change while it runs: fingerprints do not look at it either. */
function builtIn<T extends { readonly oid: number }>(objects: readonly T[] = []): readonly T[] {
  return objects.filter(({ oid }) => oid < FIRST_USER_OID);
}

function one(rows: readonly (readonly (string | null)[])[]): string {
  const value = rows[0]?.[0];
  if (value === undefined || value === null) throw new Error("the catalog gave no answer");
  return value;
}

const KINDS: Readonly<Record<string, SnapshotRelation["kind"]>> = {
  r: "table",
  p: "partitioned",
  v: "view",
  m: "matview",
  f: "foreign",
  S: "sequence",
  c: "composite",
};

// OIDs arrive as strings or numbers, by the server's json functions: Number() takes both.
type Oid = number | string;
type ColumnRow = [string, number, Oid, boolean, string | null, boolean];
type RelationRow = [
  Oid,
  string,
  string,
  string,
  ColumnRow[] | null,
  string | null,
  Oid[] | null,
  Oid[] | null,
  boolean,
  boolean,
  string[] | null,
  string[] | null,
];

function relationOf(row: RelationRow): SnapshotRelation {
  const [oid, schema, name, kind, columns, definition, parents, triggers, rules, rowSecurity, key, unique] = row;
  return {
    oid: Number(oid),
    schema,
    name,
    kind: KINDS[kind] ?? "table",
    columns: (columns ?? []).map(columnOf),
    ...(definition === null ? {} : { definition }),
    parents: (parents ?? []).map(Number),
    triggers: (triggers ?? []).map(Number),
    rules,
    rowSecurity,
    ...(key === null ? {} : { key }),
    ...(unique === null ? {} : { unique }),
  };
}

const columnOf = ([name, number, type, generated, expression, collated]: ColumnRow): SnapshotColumn => ({
  name,
  number,
  type: Number(type),
  generated,
  ...(expression === null ? {} : { expression }),
  ...(collated ? { collated: true as const } : {}),
});

type TypeRow = [Oid, string, string, SnapshotType["kind"], string, Oid | null, Oid | null, Oid | null, Oid | null];

function typeOf([oid, schema, name, kind, category, base, element, subtype, relation]: TypeRow): SnapshotType {
  return {
    oid: Number(oid),
    schema,
    name,
    kind,
    category,
    ...(base === null ? {} : { base: Number(base) }),
    ...(element === null ? {} : { element: Number(element) }),
    ...(subtype === null ? {} : { subtype: Number(subtype) }),
    ...(relation === null ? {} : { relation: Number(relation) }),
  };
}

type FunctionRow = [
  Oid,
  string,
  string,
  Oid[],
  Oid,
  boolean,
  string[] | null,
  string[] | null,
  number,
  string[] | null,
  string | null,
  string,
  SnapshotFunction["kind"],
  SnapshotFunction["volatility"],
  boolean,
  string | null,
];

function functionOf(row: FunctionRow): SnapshotFunction {
  const [
    oid,
    schema,
    name,
    args,
    returns,
    returnsSet,
    names,
    modes,
    optional,
    settings,
    defaults,
    language,
    kind,
    volatility,
    definer,
    body,
  ] = row;
  // With modes, names are those of all arguments; without, of the input arguments.
  const argumentNames = (names ?? []).filter((_, i) => "ibv".includes(modes?.[i] ?? "i"));
  const outputs = (modes ?? []).flatMap((mode, i) => ("obt".includes(mode) ? (names?.[i] ?? "") : []));
  return {
    oid: Number(oid),
    schema,
    name,
    args: args.map(Number),
    returns: Number(returns),
    returnsSet,
    // The server calls those without a name by their place.
    outputs: outputs.map((output, i) => (output === "" && outputs.length > 1 ? `column${i + 1}` : output)),
    language,
    kind,
    volatility,
    securityDefiner: definer,
    ...(Number(oid) >= 16384 && argumentNames.some((n) => n !== "") ? { argumentNames } : {}),
    ...(optional === 0 ? {} : { optional }),
    ...(defaults === null ? {} : { defaults }),
    ...(settings === null ? {} : { settings }),
    ...(body === null ? {} : { body }),
  };
}
