// Random queries over the clinic, made so that the server takes most of them.
import fc from "fast-check";

/** Tables with some columns of one kind, so that expressions fit together. */
const TABLES: Readonly<Record<string, { readonly text: readonly string[]; readonly number: readonly string[] }>> = {
  patients: { text: ["mrn", "given_name", "family_name", "ssn", "phone", "full_name"], number: ["id", "birth_year"] },
  encounters: { text: ["reason"], number: ["id", "patient_id", "clinician_id", "department_id"] },
  diagnoses: { text: ["code", "comment"], number: ["id", "patient_id", "encounter_id", "rank"] },
  departments: { text: ["name"], number: ["id", "floor"] },
  lab_results: { text: ["loinc", "unit"], number: ["id", "patient_id", "value"] },
  patient_directory: { text: ["mrn", "full_name", "city"], number: ["id"] },
  outreach: { text: ["summary"], number: ["id", "patient_id"] },
};

interface Source {
  readonly sql: string;
  readonly text: readonly string[];
  readonly number: readonly string[];
}

const pick = <T>(items: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...(items as [T, ...T[]]));

function table(alias: string): fc.Arbitrary<Source> {
  return pick(Object.keys(TABLES)).map((name) => {
    const { text, number } = TABLES[name]!;
    const named = (columns: readonly string[]): string[] => columns.map((column) => `${alias}.${column}`);
    return { sql: `${name} ${alias}`, text: named(text), number: named(number) };
  });
}

/** A sub-select, whose columns are t0, n0. */
function derived(alias: string, depth: number): fc.Arbitrary<Source> {
  return select(depth - 1, "inner").map((sql) => ({
    sql: `(${sql}) ${alias}`,
    text: [`${alias}.t0`],
    number: [`${alias}.n0`],
  }));
}

const source = (alias: string, depth: number): fc.Arbitrary<Source> =>
  depth <= 0
    ? table(alias)
    : fc.oneof({ weight: 4, arbitrary: table(alias) }, { weight: 1, arbitrary: derived(alias, depth) });

function text(from: Source, depth: number): fc.Arbitrary<string> {
  const column = pick(from.text);
  if (depth <= 0) return column;
  const inner = text(from, depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: column },
    fc.tuple(pick(["upper", "lower", "reverse", "md5"]), inner).map(([f, x]) => `${f}(${x})`),
    fc.tuple(inner, inner).map(([a, b]) => `${a} || ${b}`),
    fc.tuple(inner, fc.nat(5)).map(([x, n]) => `substr(${x}, ${n + 1})`),
    fc.tuple(condition(from, depth - 1), inner, inner).map(([c, a, b]) => `CASE WHEN ${c} THEN ${a} ELSE ${b} END`),
    fc.tuple(inner, inner).map(([a, b]) => `coalesce(${a}, ${b})`),
    select(depth - 2, "one").map((q) => `(${q})`),
    number(from, depth - 1).map((n) => `(${n})::text`),
  );
}

function number(from: Source, depth: number): fc.Arbitrary<string> {
  const column = pick(from.number);
  if (depth <= 0) return column;
  const inner = number(from, depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: column },
    fc.tuple(inner, pick(["+", "-", "*"]), inner).map(([a, o, b]) => `(${a} ${o} ${b})`),
    text(from, depth - 1).map((t) => `length(${t})`),
    fc.tuple(inner, inner).map(([a, b]) => `greatest(${a}, ${b})`),
    fc.tuple(inner).map(([a]) => `row_number() OVER (PARTITION BY ${a})`),
  );
}

function condition(from: Source, depth: number): fc.Arbitrary<string> {
  const t = text({ ...from, number: from.number }, 0);
  const n = pick(from.number);
  return fc.oneof(
    fc.tuple(t, t).map(([a, b]) => `${a} < ${b}`),
    fc.tuple(n, fc.nat(9)).map(([a, k]) => `${a} = ${k}`),
    t.map((a) => `${a} LIKE 'a%'`),
    n.map((a) => `${a} BETWEEN 1 AND 5`),
    t.map((a) => `${a} IS NOT NULL`),
    ...(depth > 0
      ? [
          fc.tuple(condition(from, depth - 1), condition(from, depth - 1)).map(([a, b]) => `(${a} OR NOT ${b})`),
          fc.tuple(n, select(depth - 1, "number")).map(([a, q]) => `${a} IN (${q})`),
          table("x").map((x) => `EXISTS (SELECT 1 FROM ${x.sql} WHERE ${x.number[0]} = ${from.number[0]})`),
        ]
      : []),
  );
}

type Shape = "outer" | "inner" | "one" | "number";

function joined(depth: number): fc.Arbitrary<Source> {
  const kinds = pick(["JOIN", "LEFT JOIN", "FULL JOIN", "CROSS JOIN", ","]);
  return fc.tuple(source("a", depth), kinds, source("b", depth)).map(([a, kind, b]) => {
    const on = kind.endsWith("JOIN") && kind !== "CROSS JOIN" ? ` ON ${a.number[0]} = ${b.number[0]}` : "";
    return { sql: `${a.sql} ${kind} ${b.sql}${on}`, text: [...a.text, ...b.text], number: [...a.number, ...b.number] };
  });
}

function select(depth: number, shape: Shape): fc.Arbitrary<string> {
  const from = depth <= 0 ? table("a") : fc.oneof(source("a", depth), joined(depth));
  return from.chain((source) => {
    const t = text(source, Math.max(depth, 0));
    const n = number(source, Math.max(depth, 0));
    const targets = {
      outer: fc
        .array(fc.oneof(t, n, fc.constant("count(*) OVER ()")), { minLength: 1, maxLength: 4 })
        .map((list) => list.map((x, i) => `${x} AS c${i}`).join(", ")),
      inner: fc.tuple(t, n).map(([a, b]) => `${a} AS t0, ${b} AS n0`),
      one: t.map((x) => `max(${x.includes("OVER") ? source.text[0] : x})`),
      number: pick(source.number),
    }[shape];
    const where = fc.option(condition(source, Math.min(depth, 1)), { nil: null });
    return fc.tuple(targets, where, fc.boolean()).map(([list, test, order]) => {
      const sql = `SELECT ${list} FROM ${source.sql}${test === null ? "" : ` WHERE ${test}`}`;
      return order && shape === "outer" ? `${sql} ORDER BY 1` : sql;
    });
  });
}

const union = fc
  .tuple(select(1, "inner"), pick(["UNION", "UNION ALL", "EXCEPT"]), select(1, "inner"))
  .map(([a, op, b]) => `${a} ${op} ${b}`);
const cte = fc
  .tuple(select(1, "inner"), select(1, "inner"))
  .map(([a, b]) => `WITH patients AS (${a}) SELECT p.t0, q.n0 FROM patients p, (${b}) q`);

export const randomSelect: fc.Arbitrary<string> = fc.oneof({ weight: 6, arbitrary: select(2, "outer") }, union, cte);
