// Random programs: what a client sends to ask one thing, in each of the ways the protocol has.
import { condition, expression, type Place, SIMPLE_TYPES } from "./expressions.ts";
import { Making, quote, tableAs } from "./making.ts";
import { type Query, query, scalarQuery } from "./queries.ts";
import type { Column, Relation, Vocabulary } from "./vocabulary.ts";

/** One message of a client with what it wants back. */
export type Step =
  | { readonly kind: "simple"; readonly sql: string }
  | {
      readonly kind: "extended";
      readonly sql: string;
      readonly parameters: readonly string[];
      readonly binary: boolean;
      /** Rows for each Execute; 0 for all. */
      readonly rows: number;
    };

export interface Program {
  readonly steps: readonly Step[];
  /** A masked column is mentioned. */
  readonly hidden: boolean;
  readonly way: Way;
}

const READING = ["simple", "extended", "copy", "cursor", "prepared", "several", "explain"] as const;
const WRITING = ["temporary", "view", "write", "writing-cte", "table-copy"] as const;
export type Way = (typeof READING)[number] | (typeof WRITING)[number];

const simple = (sql: string): Step => ({ kind: "simple", sql });

/** Programs that only read may run at the same time as others. */
export function readingProgram(numbers: readonly number[], vocabulary: Vocabulary): Program {
  const bound = (numbers[0] ?? 0) % 3 === 0;
  const m = new Making(numbers, vocabulary, scalarQuery, bound);
  const way = bound ? "extended" : m.choices.pick(READING.filter((w) => w !== "explain" || m.choices.percent(50)));
  const made = () => query(m, m.choices.below(3) + 1);
  const steps = reading(m, way, made);
  return { steps, hidden: m.hidden > 0, way };
}

function reading(m: Making, way: (typeof READING)[number], made: () => Query): Step[] {
  const { choices } = m;
  switch (way) {
    case "simple":
      return [simple(made().sql)];
    case "extended": {
      const { sql } = made();
      const rows = choices.pick([0, 0, 0, 2, 7]);
      return [{ kind: "extended", sql, parameters: m.parameters ?? [], binary: choices.percent(50), rows }];
    }
    case "copy":
      return [
        simple(`COPY (${made().sql}) TO STDOUT${choices.pick(["", " (FORMAT csv, HEADER)", " (FORMAT binary)"])}`),
      ];
    case "cursor": {
      const scroll = choices.pick(["", "SCROLL ", "NO SCROLL "]);
      const fetches = choices.some(1, 3, () =>
        simple(`${choices.pick(["FETCH 3 FROM", "FETCH ALL", "MOVE 2 FROM", "FETCH FORWARD 1"])} cur`),
      );
      return [simple("BEGIN"), simple(`DECLARE cur ${scroll}CURSOR FOR ${made().sql}`), ...fetches, simple("ROLLBACK")];
    }
    case "prepared":
      return [simple(`PREPARE p AS ${made().sql}`), simple("EXECUTE p"), simple("DEALLOCATE ALL")];
    case "several":
      return [simple(`${made().sql}; ${made().sql}`)];
    case "explain":
      return [simple(`EXPLAIN (${choices.pick(["VERBOSE", "COSTS OFF", "FORMAT JSON"])}) ${made().sql}`)];
  }
}

/** Programs that write run alone: what they leave behind until the next VACUUM is the same on both sides then. */
export function writingProgram(numbers: readonly number[], vocabulary: Vocabulary): Program {
  const m = new Making(numbers, vocabulary, scalarQuery, false);
  const way = m.choices.pick(WRITING);
  const steps = [simple("BEGIN"), ...writing(m, way).map(simple), simple("ROLLBACK")];
  return { steps, hidden: m.hidden > 0, way };
}

function writing(m: Making, way: (typeof WRITING)[number]): string[] {
  switch (way) {
    case "temporary": {
      const { sql, columns } = query(m, m.choices.below(2) + 1);
      const make = m.choices.pick([
        `CREATE TEMP TABLE made AS ${sql}`,
        `CREATE TEMP TABLE made ON COMMIT DROP AS ${sql}`,
      ]);
      return [make, readBack(m, "made", columns)];
    }
    case "view": {
      const { sql, columns } = query(m, m.choices.below(2) + 1);
      return [`CREATE TEMP VIEW made AS ${sql}`, readBack(m, "made", columns)];
    }
    case "write":
      return [change(m)];
    case "writing-cte":
      return [`WITH changed AS (${change(m)}) SELECT ${m.choices.pick(["*", "count(*)", "changed"])} FROM changed`];
    case "table-copy": {
      const relation = m.choices.pick(tables(m));
      const columns = relation.columns.filter((c) => c.name !== null && m.choices.percent(40));
      m.hidden += columns.filter((c) => c.hidden).length;
      const list = columns.length === 0 ? relation.columns[0]?.name : columns.map((c) => c.name).join(", ");
      return [`COPY ${relation.name} (${list}) TO STDOUT${m.choices.pick(["", " (FORMAT csv)", " (FORMAT binary)"])}`];
    }
  }
}

function readBack(m: Making, name: string, columns: readonly Column[]): string {
  const relation: Relation = { name, columns, kind: "table" };
  const narrow = new Making([], m.vocabulary, scalarQuery, false);
  const sources = [tableAs(relation, narrow.alias())];
  const place: Place = { sources, role: "shown" };
  const where = m.choices.percent(40) ? ` WHERE ${condition(m, place, 1)}` : "";
  const list = m.choices.percent(40) ? "*" : expression(m, m.choices.pick(columns)?.type ?? "text", place, 2);
  return `SELECT ${list} FROM ${name} a${where}`;
}

const tables = (m: Making) =>
  m.vocabulary.relations.filter(({ kind, name }) => kind === "table" && !/^lab_results_/.test(name));

/** UPDATE, DELETE, INSERT or MERGE of a table, mostly with RETURNING. */
function change(m: Making): string {
  const relation = m.choices.pick(tables(m));
  const target = tableAs(relation, "t");
  const at: Place = { sources: [target], role: "shown" };
  const where = `WHERE ${m.choices.percent(70) ? `t.id = ${m.choices.below(9) + 1}` : condition(m, at, 1)}`;
  const returning = m.choices.percent(75)
    ? ` RETURNING ${m.choices.some(1, 3, () => expression(m, m.choices.pick(SIMPLE_TYPES), at, 2)).join(", ")}`
    : "";
  const assigned = relation.columns.filter((c) => c.name !== null && c.name !== "id");
  const column = m.choices.pick(assigned);
  const value = () =>
    m.choices.way<string>([
      [3, () => m.constant(column.type)],
      [2, () => `t.${column.name}`],
      [2, () => expression(m, column.type, at, 1)],
      [column.type === "text" ? 2 : 0, () => quote(m.choices.pick(m.vocabulary.constants.get("text") ?? []))],
    ]);
  return m.choices.way<string>([
    [6, () => `UPDATE ${relation.name} t SET ${column.name} = ${value()} ${where}${returning}`],
    [2, () => `DELETE FROM ${relation.name} t ${where}${returning}`],
    [
      2,
      () =>
        `INSERT INTO ${relation.name} AS t (id, ${column.name}) VALUES (${m.choices.pick(["1", "990001"])}, ${m.constant(column.type)}) ${m.choices.pick(["", "ON CONFLICT DO NOTHING"])}${returning}`,
    ],
    [
      2,
      () =>
        `INSERT INTO ${relation.name} AS t SELECT * FROM ${relation.name} WHERE id = 3 ${m.choices.pick(["", "ON CONFLICT DO NOTHING", "ON CONFLICT (id) DO UPDATE SET id = 3"])}${returning}`,
    ],
    [
      1,
      () =>
        `MERGE INTO ${relation.name} t USING ${relation.name} s ON t.id = s.id AND s.id < 4 WHEN MATCHED AND ${condition(m, at, 1)} THEN UPDATE SET ${column.name} = s.${column.name}${returning}`,
    ],
    [
      1,
      () =>
        `UPDATE ${relation.name} t SET ${column.name} = s.${column.name} FROM ${relation.name} s WHERE s.id = t.id + 1 AND t.id < 4${returning}`,
    ],
  ]);
}
