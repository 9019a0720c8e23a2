// Random queries: what stands in FROM, joins, sub-selects, CTEs, set operations, grouping, windows, ordering, limits.
import { anyType, condition, expression, type Place, SIMPLE_TYPES } from "./expressions.ts";
import { type Making, type Source, sourceOf, tableAs } from "./making.ts";
import type { Column, TypeName } from "./vocabulary.ts";

export interface Query {
  readonly sql: string;
  readonly columns: readonly Column[];
}

/** A sub-select of one column in brackets, of one row unless it is `many`. It may refer to what is outside. */
export function scalarQuery(
  m: Making,
  type: TypeName,
  outside: readonly Source[],
  depth: number,
  many = false,
): string {
  m.selects++;
  const source = from(m, depth - 1, []);
  const place: Place = { sources: [...source.sources, ...outside], role: "shown" };
  const where = m.choices.percent(70) ? ` WHERE ${condition(m, place, 1)}` : "";
  const column =
    m.choices.percent(40) || many
      ? expression(m, type, many ? { ...place, role: "tested" } : place, depth)
      : expression(m, type, { ...place, sources: source.sources, aggregates: true }, depth);
  return `(SELECT ${column} FROM ${source.sql}${where}${many ? " LIMIT 20" : " LIMIT 1"})`;
}

interface From {
  readonly sql: string;
  readonly sources: readonly Source[];
}

function from(m: Making, depth: number, outside: readonly Source[]): From {
  const first = item(m, depth, outside);
  if (!m.choices.percent(35) || depth < 0) return first;
  const kind = m.choices.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
  const second = item(m, depth - 1, kind === "JOIN" || kind === "LEFT JOIN" ? [...outside, ...first.sources] : outside);
  const sources = [...first.sources, ...second.sources];
  return { sql: `${first.sql} ${kind} ${second.sql} ON ${joining(m, first.sources, second.sources)}`, sources };
}

function joining(m: Making, one: readonly Source[], other: readonly Source[]): string {
  const keys = (sources: readonly Source[]) =>
    sources.flatMap((s) => s.columns.filter((c) => c.type === "integer" && !c.hidden));
  const [left, right] = [keys(one), keys(other)];
  if (left.length === 0 || right.length === 0) return "false";
  const equal = `${m.choices.pick(left).sql} = ${m.choices.pick(right).sql}`;
  return m.choices.percent(20)
    ? `${equal} AND ${condition(m, { sources: [...one, ...other], role: "tested" }, 1)}`
    : equal;
}

function item(m: Making, depth: number, outside: readonly Source[]): From {
  const alias = m.alias();
  const table = (): From => {
    const relation = m.relation();
    return { sql: `${relation.name} ${alias}`, sources: [tableAs(relation, alias)] };
  };
  const derived = (lateral: boolean): From => {
    m.selects++;
    const { sql, columns } = query(m, depth - 1, lateral ? outside : []);
    return { sql: `${lateral ? "LATERAL " : ""}(${sql}) ${alias}`, sources: [sourceOf(alias, columns)] };
  };
  const nested = depth > 0 && m.selects < 4;
  return m.choices.way<From>([
    [8, table],
    [nested ? 2 : 0, () => derived(false)],
    [nested && outside.length > 0 ? 3 : 0, () => derived(true)],
    [
      m.ctes.length > 0 ? 4 : 0,
      () => {
        const cte = m.choices.pick(m.ctes);
        return { sql: `${cte.name} ${alias}`, sources: [sourceOf(alias, cte.columns)] };
      },
    ],
    [
      1,
      () => {
        const rows = m.choices.some(1, 3, () => `(${m.constant("integer")}, ${m.constant("text")})`);
        const columns = [named("n", "integer", false), named("t", "text", false)];
        return { sql: `(VALUES ${rows.join(", ")}) ${alias} (n, t)`, sources: [sourceOf(alias, columns)] };
      },
    ],
    [
      1,
      () => {
        const inside = outside.length > 0 && m.choices.percent(50);
        const upTo = inside ? `least(${expression(m, "integer", { sources: outside, role: "tested" }, 1)}, 5)` : "4";
        return {
          sql: `generate_series(1, ${upTo}) ${alias} (n)`,
          sources: [sourceOf(alias, [named("n", "integer", false)], null)],
        };
      },
    ],
    [
      outside.length > 0 ? 1 : 0,
      () => {
        const before = m.hidden;
        const list = expression(m, "text[]", { sources: outside, role: "tested" }, 1);
        return {
          sql: `unnest(${list}) ${alias} (t)`,
          sources: [sourceOf(alias, [named("t", "text", m.hidden > before)], null)],
        };
      },
    ],
  ]);
}

const named = (name: string, type: TypeName, hidden: boolean): Column => ({ sql: `{}.${name}`, name, type, hidden });

/** A query whose columns have names of their own. */
export function query(m: Making, depth: number, outside: readonly Source[] = [], types?: readonly TypeName[]): Query {
  if (types === undefined && depth > 0 && m.choices.percent(12)) return setOperation(m, depth, outside);
  if (types === undefined && depth > 0 && m.choices.percent(15)) return withQuery(m, depth, outside);
  return select(m, depth, outside, types);
}

function select(m: Making, depth: number, outside: readonly Source[], types?: readonly TypeName[]): Query {
  const source = from(m, depth, outside);
  const place: Place = { sources: [...source.sources, ...outside], role: "shown" };
  const grouped = m.choices.percent(25);
  const where = m.choices.percent(50) ? ` WHERE ${condition(m, place, Math.min(depth, 2))}` : "";
  const body = grouped ? groupedList(m, place, source.sources, depth, types) : plainList(m, place, depth, types);
  const distinct = grouped ? "" : distinctness(m, body.columns, source.sources);
  const order = distinct.includes("ON") ? "" : ordering(m, place, body.columns, grouped || distinct !== "");
  const limit = m.choices.percent(50) ? limiting(m, outside) : "";
  const ordered = distinct.includes("ON") ? ` ORDER BY ${distinct.slice("DISTINCT ON (".length, -2)}` : order;
  return {
    sql: `SELECT ${distinct}${body.list} FROM ${source.sql}${where}${body.after}${ordered}${limit}`,
    columns: body.columns,
  };
}

interface List {
  readonly list: string;
  readonly columns: readonly Column[];
  /** GROUP BY and HAVING. */
  readonly after: string;
}

function listed(
  m: Making,
  types: readonly TypeName[] | undefined,
  make: (type: TypeName) => string,
): { list: string[]; columns: Column[] } {
  const wanted = types ?? m.choices.some(1, 4, () => anyType(m));
  const columns: Column[] = [];
  const list = wanted.map((type, i) => {
    const before = m.hidden;
    const sql = make(type);
    columns.push(named(`c${i}`, type, m.hidden > before));
    return `${sql} AS c${i}`;
  });
  return { list, columns };
}

function plainList(m: Making, place: Place, depth: number, types?: readonly TypeName[]): List {
  const { list, columns } = listed(m, types, (type) => expression(m, type, { ...place, windows: true }, depth));
  if (types === undefined && m.choices.percent(12)) {
    const source = m.choices.pick(place.sources);
    const before = m.hidden;
    const row = m.useRow(source);
    const star = source.row !== null && m.choices.percent(50) ? `${row}.*` : row;
    const whole: Column = { sql: "NULL", name: null, type: "record", hidden: m.hidden > before };
    return { list: [...list, star].join(", "), columns: [...columns, whole], after: "" };
  }
  return { list: list.join(", "), columns, after: "" };
}

function groupedList(
  m: Making,
  place: Place,
  sources: readonly Source[],
  depth: number,
  types?: readonly TypeName[],
): List {
  const keys = m.choices
    .some(0, 2, () => {
      const type = m.choices.pick(SIMPLE_TYPES);
      return { type, sql: m.column(type, sources, "tested") };
    })
    .filter((key) => key.sql !== null);
  const { list, columns } = listed(m, types, (type) => {
    const key = keys.find((k) => k.type === type);
    if (key !== undefined && m.choices.percent(60)) return key.sql as string;
    return aggregated(m, type, place, depth);
  });
  if (keys.length === 0) return { list: list.join(", "), columns, after: having(m, place) };
  const names = keys.map((key) => key.sql).join(", ");
  const group = m.choices.pick([
    names,
    names,
    `ROLLUP (${names})`,
    `CUBE (${names})`,
    `GROUPING SETS ((${names}), ())`,
  ]);
  return { list: list.join(", "), columns, after: ` GROUP BY ${group}${having(m, place)}` };
}

/** An aggregate of the type, or something made of aggregates. */
function aggregated(m: Making, type: TypeName, place: Place, depth: number): string {
  const inner: Place = { ...place, aggregates: false };
  return m.choices.way<string>([
    [4, () => simpleAggregate(m, type, inner, depth)],
    [1, () => `coalesce(${simpleAggregate(m, type, inner, depth)}, ${m.constant(type)})`],
    [
      type === "text" ? 2 : 0,
      () =>
        `string_agg(${expression(m, "text", inner, depth - 1)}, ',' ORDER BY ${expression(m, "integer", { ...inner, role: "tested" }, 1)})`,
    ],
    [type === "jsonb" ? 2 : 0, () => `jsonb_agg(${expression(m, anyType(m), inner, depth - 1)})`],
    [type === "integer" || type === "bigint" ? 3 : 0, () => `count(${expression(m, anyType(m), inner, depth - 1)})`],
    [type === "numeric" ? 3 : 0, () => `sum(${expression(m, "integer", inner, depth - 1)})`],
  ]);
}

function simpleAggregate(m: Making, type: TypeName, place: Place, depth: number): string {
  const all = (m.vocabulary.aggregates.get(type) ?? []).filter((s) => s.args.length <= 2);
  if (all.length === 0) return `(array_agg(${expression(m, type, place, depth - 1)}))[1]`;
  const { name, args } = m.choices.pick(all);
  const given = args.map((t) => expression(m, t, place, depth - 1)).join(", ");
  const order = m.choices.percent(20)
    ? ` ORDER BY ${expression(m, m.choices.pick(SIMPLE_TYPES), { ...place, role: "tested" }, 1)}`
    : "";
  const filter = m.choices.percent(20) ? ` FILTER (WHERE ${condition(m, place, 1)})` : "";
  return `${name}(${given}${order})${filter}`;
}

function having(m: Making, place: Place): string {
  return m.choices.percent(15)
    ? ` HAVING count(*) > ${expression(m, "integer", { sources: [], role: "tested" }, 0)} OR max(${expression(m, "integer", { ...place, role: "tested" }, 1)}) > 1`
    : "";
}

function distinctness(m: Making, columns: readonly Column[], sources: readonly Source[]): string {
  if (
    m.choices.percent(6) &&
    columns.every((column) => !UNSORTED.has(column.type) && (!column.hidden || m.choices.percent(10)))
  )
    return "DISTINCT ";
  if (!m.choices.percent(6)) return "";
  const key = m.column("integer", sources, "tested");
  return key === null ? "" : `DISTINCT ON (${key}) `;
}

function ordering(m: Making, place: Place, columns: readonly Column[], byOutput: boolean): string {
  if (m.choices.percent(50)) return "";
  const open = columns.flatMap((column, i) =>
    UNSORTED.has(column.type) || (column.hidden && !m.choices.percent(4)) ? [] : [i + 1],
  );
  const suffix = m.choices.pick(["", " DESC", " NULLS FIRST"]);
  if (byOutput || m.choices.percent(50)) return open.length === 0 ? "" : ` ORDER BY ${m.choices.pick(open)}${suffix}`;
  // A constant would be the number of a column.
  return ` ORDER BY (${expression(m, m.choices.pick(SIMPLE_TYPES), { ...place, role: "tested" }, 1)}) IS NULL, ${keyOf(m, place)}${suffix}`;
}

/** Types that cannot be sorted or compared. */
const UNSORTED: ReadonlySet<TypeName> = new Set(["xml", "json", "record"]);

const keyOf = (m: Making, place: Place): string => m.column("integer", place.sources, "tested") ?? "NULL::int";

function limiting(m: Making, outside: readonly Source[]): string {
  return m.choices.way<string>([
    [6, () => ` LIMIT ${m.choices.below(30) + 1}`],
    [1, () => ` LIMIT 10 OFFSET ${m.choices.below(5)}`],
    [1, () => " FETCH FIRST 3 ROWS ONLY"],
    [
      m.selects < 4 ? 1 : 0,
      () => ` LIMIT (SELECT abs(${expression(m, "integer", { sources: outside, role: "tested" }, 1)}) % 7)`,
    ],
  ]);
}

function setOperation(m: Making, depth: number, outside: readonly Source[]): Query {
  m.selects++;
  const types = m.choices.some(1, 3, () => m.choices.pick(SIMPLE_TYPES));
  const [a, b] = [query(m, depth - 1, outside, types), query(m, depth - 1, outside, types)];
  // Those that compare rows are searches in what is masked.
  const shows = [...a.columns, ...b.columns].some((column) => column.hidden);
  const operation =
    shows && !m.choices.percent(5) ? "UNION ALL" : m.choices.pick(["UNION ALL", "UNION", "EXCEPT", "INTERSECT"]);
  const columns = a.columns.map((column, i) => ({ ...column, hidden: column.hidden || b.columns[i]?.hidden === true }));
  return { sql: `(${a.sql}) ${operation} (${b.sql})`, columns };
}

function withQuery(m: Making, depth: number, outside: readonly Source[]): Query {
  m.selects++;
  const outer = m.ctes;
  const name = `w${m.alias()}`;
  const inner = query(m, depth - 1);
  const how = m.choices.pick(["", "MATERIALIZED ", "NOT MATERIALIZED "]);
  m.ctes = [...outer, { name, columns: inner.columns }];
  const body = select(m, depth - 1, outside);
  m.ctes = outer;
  return { sql: `WITH ${name} AS ${how}(${inner.sql}) ${body.sql}`, columns: body.columns };
}
