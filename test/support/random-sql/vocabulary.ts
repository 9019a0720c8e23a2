// What random statements are made of: the clinic's relations, and the functions, aggregates and operators of the server's own catalog.
import type pg from "pg";

/** Types are names as `format_type` gives them; types that convert by themselves (domains, char(n), smallint) are taken as one. */
export type TypeName = string;

export interface Column {
  /** As SQL, with `{}` for the relation: `{}.ssn`, `({}.home).city`. */
  readonly sql: string;
  /** The plain name; null for a part of a column. */
  readonly name: string | null;
  readonly type: TypeName;
  /** Masked for whoever asks. */
  readonly hidden: boolean;
}

export interface Relation {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly kind: "table" | "view";
}

export interface Signature {
  readonly name: string;
  readonly args: readonly TypeName[];
  readonly returns: TypeName;
}

export interface Operator {
  readonly name: string;
  readonly left: TypeName | null;
  readonly right: TypeName;
  readonly returns: TypeName;
}

export interface Vocabulary {
  readonly relations: readonly Relation[];
  /** By the type of the result. */
  readonly functions: ReadonlyMap<TypeName, readonly Signature[]>;
  readonly aggregates: ReadonlyMap<TypeName, readonly Signature[]>;
  readonly operators: ReadonlyMap<TypeName, readonly Operator[]>;
  readonly constants: ReadonlyMap<TypeName, readonly string[]>;
}

const SAME: Readonly<Record<string, TypeName>> = {
  mrn: "text",
  email_address: "text",
  amount: "numeric",
  character: "text",
  "character varying": "text",
  smallint: "integer",
  name: "text",
};
const familyOf = (type: string): TypeName => SAME[type.replace(/\(.*\)/, "")] ?? type.replace(/\(.*\)/, "");

/** Literals without quotes, by type. */
const LITERALS: Readonly<Record<TypeName, readonly string[]>> = {
  text: [
    "a",
    "",
    "%",
    "\\",
    "_",
    "1",
    "0",
    "(",
    "[a",
    "x\\",
    "Smith",
    "es",
    "2020-01-01",
    "{}",
    "year",
    "YYYY",
    "en",
    "hex",
    "base64",
    "$.a",
  ],
  integer: ["1", "0", "2", "-1", "3", "5", "10", "57", "2147483647", "-2147483648"],
  bigint: ["1", "0", "-1", "7", "9223372036854775807"],
  numeric: ["1", "0", "0.5", "-1", "1e9", "NaN", "9e131071"],
  "double precision": ["1", "0", "0.5", "-2", "1e308", "1e-307"],
  boolean: ["true", "false"],
  date: ["2020-02-29", "1950-01-01", "infinity", "5874897-12-31"],
  "timestamp with time zone": ["2025-01-01 10:00+00", "2020-02-29 00:00+00", "infinity"],
  "timestamp without time zone": ["2025-01-01 10:00", "2000-01-01"],
  "time without time zone": ["10:30", "00:00"],
  interval: ["1 day", "3 hours", "-1 month", "infinity"],
  uuid: ["00000000-0000-0000-0000-000000000000"],
  inet: ["192.0.2.1", "10.0.0.0/8", "::1"],
  macaddr: ["00:00:5e:00:53:01"],
  bytea: ["\\x00ff", ""],
  "bit varying": ["101", "1"],
  jsonb: ["{}", '{"a": 1}', '["a"]', "1", "null", '"x"'],
  json: ["{}", "[1]"],
  tsvector: ["a b", ""],
  tsquery: ["a & b", "pain"],
  xml: ["<a/>"],
  money: ["1.50", "0"],
  numrange: ["[1,2)", "empty"],
  tstzrange: ["[2025-01-01,2026-01-01)", "empty"],
  "text[]": ["{}", "{en}", "{a,b}", "{{a,b},{c,d}}"],
  "integer[]": ["{1,2}", "{}"],
  jsonpath: ["$.a", "$.holder.name", "$.a ? (@ > 1)"],
};
const TYPES = new Set(Object.keys(LITERALS));

/** Parts of columns of structured types. */
const PARTS: Readonly<Record<TypeName, readonly (readonly [string, TypeName])[]>> = {
  postal_address: [
    ["({}).city", "text"],
    ["({}).zip", "text"],
  ],
  contact: [
    ["({}).name", "text"],
    ["({}).phone", "text"],
  ],
  "text[]": [["({})[1]", "text"]],
  jsonb: [
    ["{} ->> 'member'", "text"],
    ["{} -> 'holder' ->> 'name'", "text"],
    ["{} #>> '{pulse}'", "text"],
    ["{} -> 'copay'", "jsonb"],
  ],
  tstzrange: [["lower({})", "timestamp with time zone"]],
};

/** Read the clock or the session, take long, or make much of little. */
const NOT_REPEATABLE =
  /^(pg_(stat|ls|read|current|last|blocking|lock|log|timezone|tablespace|database|relation|total|indexes|table|conf|get|encoding|xact|hba|ident|show|cursor|prepared|sequence|partition|is_|backend|my|postmaster|export|visible|available|input_error|snapshot)|txid|inet_(client|server)|current_|session_|repeat$|factorial$|generate_series|ts_stat|ts_rewrite|query_to|table_to|schema_to|cursor_to|database_to|has_|to_reg|row_security|binary_upgrade|getdatabase|version|timeofday|lo_|brin|gin_|xml_is|ts_debug|ts_parse|ts_token|array_sample|array_shuffle|array_fill|jsonb_populate|json_populate|json_to_rec|jsonb_to_rec)/;
const POLYMORPHIC: Readonly<Record<string, (type: TypeName) => TypeName>> = {
  anyelement: (type) => type,
  anynonarray: (type) => type,
  anycompatible: (type) => type,
  anycompatiblenonarray: (type) => type,
  '"any"': (type) => type,
  anyarray: (type) => `${type}[]`,
  anycompatiblearray: (type) => `${type}[]`,
  anyrange: (type) => (type === "numeric" ? "numrange" : "tstzrange"),
  anycompatiblerange: (type) => (type === "numeric" ? "numrange" : "tstzrange"),
};
const INSTANCES: readonly TypeName[] = ["text", "integer", "numeric", "date", "timestamp with time zone"];

/** @param hidden says of `schema.table.column` whether it is masked; `derived` columns of views are asked for too */
export async function readVocabulary(
  client: pg.Client,
  hidden: (relation: string, column: string) => boolean,
): Promise<Vocabulary> {
  const ask = async (sql: string): Promise<string[][]> => (await client.query({ text: sql, rowMode: "array" })).rows;
  const functions = await ask(`SELECT proname, prokind, format_type(prorettype, NULL),
      array(SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY AS u(t, n) ORDER BY n)
    FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile <> 'v' AND pronargs BETWEEN 1 AND 4
      AND prokind IN ('f', 'a') AND NOT proretset AND NOT 'int2'::regtype = ANY (proargtypes)
      AND (prokind = 'a' OR oid NOT IN (SELECT oprcode FROM pg_operator) AND proname !~ '_(send|cmp)(_|$)|sortsupport') AND oid NOT IN (SELECT aggfnoid FROM pg_aggregate WHERE aggkind <> 'n') ORDER BY oid`);
  const operators =
    await ask(`SELECT oprname, CASE WHEN oprleft <> 0 THEN format_type(oprleft, NULL) END, format_type(oprright, NULL),
      format_type(oprresult, NULL) FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprright <> 0 ORDER BY oid`);
  const signatures = functions.flatMap(([name, kind, returns, args]) =>
    NOT_REPEATABLE.test(name as string)
      ? []
      : instances([returns as string, ...(args as unknown as string[])]).map(([result, ...rest]) => ({
          kind,
          name: name as string,
          args: rest,
          returns: result as string,
        })),
  );
  const infix = operators.flatMap(([name, left, right, returns]) =>
    instances([returns as string, right as string, ...(left === null ? [] : [left as string])]).map(
      ([result, r, l]) => ({
        name: name as string,
        left: l ?? null,
        right: r as string,
        returns: result as string,
      }),
    ),
  );
  const constants = new Map(Object.entries(LITERALS));
  return {
    relations: await readRelations(ask, hidden),
    functions: byResult(signatures.filter(({ kind }) => kind === "f")),
    aggregates: byResult(signatures.filter(({ kind }) => kind === "a")),
    operators: byResult(infix),
    constants,
  };
}

/** A signature with its types as we take them, once for each way to fill in polymorphic ones; none when a type is not ours. */
function instances(types: readonly string[]): TypeName[][] {
  const ways = types.some((type) => type in POLYMORPHIC) ? INSTANCES : [INSTANCES[0] as TypeName];
  return ways
    .map((way) => types.map((type) => POLYMORPHIC[type]?.(way) ?? familyOf(type)))
    .filter((all) => all.every((type) => TYPES.has(type)));
}

function byResult<T extends { readonly returns: TypeName }>(items: readonly T[]): ReadonlyMap<TypeName, readonly T[]> {
  const seen = new Set<string>();
  const out = new Map<TypeName, T[]>();
  for (const item of items) {
    const key = JSON.stringify(item);
    if (seen.has(key)) continue;
    seen.add(key);
    const list = out.get(item.returns);
    if (list === undefined) out.set(item.returns, [item]);
    else list.push(item);
  }
  return out;
}

async function readRelations(
  ask: (sql: string) => Promise<string[][]>,
  hidden: (relation: string, column: string) => boolean,
): Promise<Relation[]> {
  const rows = await ask(`SELECT n.nspname, c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'billing', 'research') AND c.relkind IN ('r', 'p', 'v', 'm') AND attnum > 0
    ORDER BY c.oid, attnum`);
  const relations = new Map<string, { name: string; kind: "table" | "view"; columns: Column[] }>();
  for (const [schema, table, kind, column, type] of rows as [string, string, string, string, string][]) {
    const name = schema === "public" ? table : `${schema}.${table}`;
    const relation = relations.get(name) ?? { name, kind: "rp".includes(kind) ? "table" : "view", columns: [] };
    relations.set(name, relation);
    // Set by the clock when a row changes.
    if (column === "updated_at") continue;
    const family = familyOf(type);
    const masked = hidden(`${schema}.${table}`, column);
    relation.columns.push({ sql: `{}.${column}`, name: column, type: family, hidden: masked });
    for (const [part, of] of PARTS[family] ?? [])
      relation.columns.push({ sql: part.replace("{}", `{}.${column}`), name: null, type: of, hidden: masked });
  }
  return [...relations.values()];
}
