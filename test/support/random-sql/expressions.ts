// Random expressions of a wanted type, from columns, constants, and the functions and operators of the server's catalog.
import { TOTAL, TOTAL_IN_FIRST, TOTAL_IN_LAST } from "#shared/analysis/sql/functions.ts";
import type { Making, Role, Source } from "./making.ts";
import type { Operator, Signature, TypeName } from "./vocabulary.ts";

export interface Place {
  readonly sources: readonly Source[];
  readonly role: Role;
  /** Aggregates may stand here; window functions may. */
  readonly aggregates?: boolean;
  readonly windows?: boolean;
}

export const SIMPLE_TYPES: readonly TypeName[] = ["text", "integer", "text", "boolean", "date", "numeric", "text"];
const SHOWN_TYPES: readonly TypeName[] = [
  ...SIMPLE_TYPES,
  "jsonb",
  "inet",
  "bytea",
  "xml",
  "text[]",
  "timestamp with time zone",
  "interval",
  "bigint",
  "double precision",
  "uuid",
  "json",
  "tsvector",
  "money",
];

export const anyType = (m: Making): TypeName => m.choices.pick(SHOWN_TYPES);

/** Functions of which the analysis says that data cannot make them fail are tried more than others: that is what is being tested. */
const claimed = ({ name }: Signature): boolean =>
  TOTAL.has(name) || TOTAL_IN_FIRST.has(name) || TOTAL_IN_LAST.has(name);

export function expression(m: Making, type: TypeName, at: Place, depth: number): string {
  const leaf = () => m.column(type, at.sources, at.role) ?? m.constant(type);
  if (depth <= 0) return leaf();
  const inside = { ...at, windows: false };
  const again = (t: TypeName) => expression(m, t, inside, depth - 1);
  const functions = m.vocabulary.functions.get(type) ?? [];
  const operators = m.vocabulary.operators.get(type) ?? [];
  return m.choices.way<string>([
    [7, leaf],
    [functions.length > 0 ? 4 : 0, () => called(m, pickFunction(m, functions), again)],
    [operators.length > 0 ? 3 : 0, () => infix(m.choices.pick(operators), again)],
    [1, () => cast(m, type, again)],
    [at.role === "shown" ? 2 : 0, () => chosen(m, type, at)],
    [1, () => `CASE WHEN ${condition(m, inside, depth - 1)} THEN ${again(type)} ELSE ${again(type)} END`],
    [1, () => `${m.choices.pick(["coalesce", "greatest", "least", "nullif"])}(${again(type)}, ${again(type)})`],
    [depth > 1 && m.selects < 4 ? 1 : 0, () => m.subquery(m, type, at.sources, depth - 1)],
    [type === "text" ? 1 : 0, () => wholeRow(m, at)],
    [at.aggregates === true ? 8 : 0, () => aggregate(m, type, at, depth)],
    [at.windows === true ? 1 : 0, () => windowed(m, type, at, depth)],
  ]);
}

/** What stands in the data decides which constant it is. */
function chosen(m: Making, type: TypeName, at: Place): string {
  const test = probe(m, at, 85);
  if (test === null) return m.constant(type);
  const otherwise = m.choices.percent(60) ? ` ELSE ${m.constant(type)}` : "";
  return `CASE WHEN ${test} THEN ${m.constant(type)}${otherwise} END`;
}

/** A question to a column that some rows answer with yes, and others with no. @param masked the share of masked columns in a hundred */
function probe(m: Making, at: Place, masked: number): string | null {
  const hidden = m.choices.percent(masked);
  const all = at.sources
    .flatMap((source) => source.columns)
    .filter((column) => column.hidden === hidden && column.type !== "record");
  if (all.length === 0) return null;
  const column = m.use(m.choices.pick(all));
  return m.choices.pick([
    `left(${column}::text, 1) < ${m.choices.pick(["'5'", "'a'", "'k'", "'M'"])}`,
    `length(${column}::text) > ${m.choices.below(14)}`,
    `ascii(${column}::text) % 2 = 0`,
    `strpos(${column}::text, ${m.choices.pick(["'5'", "'a'", "'k'", "' '"])}) > 0`,
    `${column}::text > ${m.choices.pick(["'3'", "'K'", "'f'"])}`,
    `left(${column}::text, 1) IN ('q', 'S', '9', 'k')`,
  ]);
}

function pickFunction(m: Making, all: readonly Signature[]): Signature {
  const known = m.choices.percent(60) ? all.filter(claimed) : all;
  return m.choices.pick(known.length > 0 ? known : all);
}

/** Names that are words of the grammar. */
const GRAMMAR =
  /^(position|overlay|substring|normalize|extract|trim|bit|char|bpchar|varchar|numeric|interval|time|timetz|timestamp|timestamptz|float4|float8|bool|xmlexists|overlaps|timezone|date|name|text|int2|int4|int8|[A-Z"].*)$/;

function called(m: Making, { name, args }: Signature, argument: (type: TypeName) => string): string {
  // Numbers that are arguments beside others are mostly lengths and counts: small ones make sense.
  const small = (type: TypeName, i: number) => type === "integer" && i > 0 && m.choices.percent(60);
  const given = args.map((type, i) => (small(type, i) ? m.constant(type) : argument(type)));
  return `${GRAMMAR.test(name) ? `pg_catalog."${name}"` : name}(${given.join(", ")})`;
}

const infix = ({ name, left, right }: Operator, argument: (type: TypeName) => string): string =>
  left === null ? `(${name} ${argument(right)})` : `(${argument(left)} ${name} ${argument(right)})`;

const CAST_FROM: Readonly<Record<TypeName, readonly TypeName[]>> = {
  integer: ["text", "numeric", "bigint", "double precision", "jsonb", "boolean"],
  numeric: ["integer", "text", "money", "jsonb"],
  bigint: ["integer", "text"],
  date: ["timestamp with time zone", "text"],
  "timestamp with time zone": ["date", "text"],
  boolean: ["integer", "text"],
  jsonb: ["json", "text"],
  json: ["jsonb", "text"],
};

function cast(m: Making, type: TypeName, argument: (type: TypeName) => string): string {
  const from = type === "text" ? m.choices.pick(SHOWN_TYPES) : m.choices.pick(CAST_FROM[type] ?? ["text"]);
  return `(${argument(from)})::${type}`;
}

/** A row of a source as text, in one of the ways there are. */
function wholeRow(m: Making, at: Place): string {
  const rows = at.sources.filter(
    ({ row, columns }) => row !== null && (at.role === "shown" || (row === "made" && !columns.some((c) => c.hidden))),
  );
  if (rows.length === 0) return m.constant("text");
  const row = m.useRow(m.choices.pick(rows));
  return m.choices.pick([
    `(${row})::text`,
    `row_to_json(${row})::text`,
    `to_jsonb(${row}) ->> 'id'`,
    `concat(${row}, 1)`,
    `(${row} IS NULL)::text`,
    `md5(${row}::text)`,
    `quote_literal(${row})`,
  ]);
}

function aggregate(m: Making, type: TypeName, at: Place, depth: number): string {
  const all = (m.vocabulary.aggregates.get(type) ?? []).filter((s) => s.args.length <= 2);
  if (all.length === 0) return m.constant(type);
  const inner = { ...at, aggregates: false, windows: false };
  const { name, args } = m.choices.pick(all);
  const given = args.map((t) => expression(m, t, inner, depth - 1)).join(", ");
  const order = m.choices.percent(25)
    ? ` ORDER BY ${expression(m, m.choices.pick(SIMPLE_TYPES), { ...inner, role: "tested" }, 1)}`
    : "";
  const distinct = args.length === 1 && order === "" && m.choices.percent(8) ? "DISTINCT " : "";
  const filter = m.choices.percent(25) ? ` FILTER (WHERE ${condition(m, inner, 1)})` : "";
  return `${name}(${distinct}${given}${order})${filter}`;
}

function windowed(m: Making, type: TypeName, at: Place, depth: number): string {
  const inner = { ...at, windows: false };
  const shown = (t: TypeName) => expression(m, t, inner, depth - 1);
  const tested = () => expression(m, m.choices.pick(SIMPLE_TYPES), { ...inner, role: "tested" }, 1);
  const call = m.choices.way<string>([
    [2, () => `${m.choices.pick(["first_value", "last_value", "min", "max", "lag", "lead"])}(${shown(type)})`],
    [1, () => `lag(${shown(type)}, ${shown("integer")}, ${shown(type)})`],
    [1, () => `nth_value(${shown(type)}, ${shown("integer")})`],
    [type === "integer" ? 4 : 0, () => `ntile(${shown("integer")})`],
    [
      type === "integer" || type === "bigint" ? 4 : 0,
      () => m.choices.pick(["row_number()", "rank()", "dense_rank()", "count(*)"]),
    ],
    [type === "numeric" || type === "bigint" ? 2 : 0, () => `sum(${shown("integer")})`],
  ]);
  const parts = [
    ...(m.choices.percent(40) ? [`PARTITION BY ${tested()}`] : []),
    ...(m.choices.percent(70) ? [`ORDER BY ${tested()}`] : []),
  ];
  const frame =
    parts.length > 0 && m.choices.percent(15) ? ` ROWS BETWEEN ${m.constant("integer")} PRECEDING AND CURRENT ROW` : "";
  return `${call} OVER (${parts.join(" ")}${parts.at(-1)?.startsWith("ORDER") === true ? frame : ""})`;
}

/** A boolean for WHERE, ON, HAVING, FILTER and WHEN. */
export function condition(m: Making, at: Place, depth: number): string {
  const tested: Place = { ...at, role: "tested", windows: false };
  const any = (type: TypeName, d = depth - 1) => expression(m, type, tested, d);
  const number = () => any("integer");
  return m.choices.way<string>([
    [3, () => `${number()} ${m.choices.pick(["=", "<", ">=", "<>"])} ${number()}`],
    [1, () => `${any("text")} ${m.choices.pick(["LIKE", "=", "<", "NOT LIKE", "~", "ILIKE"])} ${any("text", 0)}`],
    [1, () => `${number()} BETWEEN ${number()} AND ${m.constant("integer")}`],
    [1, () => nullTest(m, at)],
    [2, () => probe(m, at, 15) ?? "true"],
    [1, () => `${number()} IN (${m.constant("integer")}, ${number()}, 4)`],
    [
      depth > 0 ? 2 : 0,
      () =>
        `(${condition(m, at, depth - 1)} ${m.choices.pick(["AND", "OR", "AND NOT"])} ${condition(m, at, depth - 1)})`,
    ],
    [depth > 0 ? 2 : 0, () => expression(m, "boolean", tested, depth)],
    [
      depth > 0 && m.selects < 4 ? 1 : 0,
      () =>
        `${number()} ${m.choices.pick(["IN ", "= ANY ", "> ALL "])}${m.subquery(m, "integer", at.sources, depth - 1, true)}`,
    ],
    [depth > 0 && m.selects < 4 ? 1 : 0, () => `EXISTS ${m.subquery(m, "integer", at.sources, depth - 1, true)}`],
  ]);
}

/** Whether a column is null may be known of any. */
function nullTest(m: Making, at: Place): string {
  const all = at.sources.flatMap((source) => source.columns);
  if (all.length === 0) return "true";
  return `${m.use(m.choices.pick(all))} IS ${m.choices.pick(["NOT ", ""])}NULL`;
}
