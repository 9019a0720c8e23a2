// Random queries over the clinic of disclosing.ts that show keys and values of several tables, joined in all kinds of ways.
import fc from "fast-check";

const TABLES: Readonly<Record<string, { readonly key: string; readonly text: readonly string[] }>> = {
  patients: { key: "id", text: ["given_name", "full_name", "note", "phone"] },
  encounters: { key: "patient_id", text: ["reason"] },
  diagnoses: { key: "patient_id", text: ["comment", "code"] },
  devices: { key: "patient_id", text: ["kind", "serial"] },
  lab_results: { key: "patient_id", text: ["test"] },
  patient_directory: { key: "id", text: ["full_name"] },
};

interface Source {
  readonly sql: string;
  readonly key: string;
  readonly text: readonly string[];
}

const table = (alias: string): fc.Arbitrary<Source> =>
  fc.constantFrom(...Object.keys(TABLES)).map((name) => {
    const { key, text } = TABLES[name]!;
    return { sql: `${name} ${alias}`, key: `${alias}.${key}`, text: text.map((column) => `${alias}.${column}`) };
  });

/** A sub-select with columns k and t, grouped or not. */
const derived = (alias: string, depth: number): fc.Arbitrary<Source> =>
  fc
    .oneof(
      table("x").map(
        ({ sql, key, text }) => `SELECT ${key} AS k, string_agg(${text[0]}, ' ') AS t FROM ${sql} GROUP BY ${key}`,
      ),
      table("x").map(({ sql, key, text }) => `SELECT DISTINCT ${key} AS k, ${text[0]} AS t FROM ${sql}`),
      table("x").map(
        ({ sql, key, text }) => `SELECT ${key} AS k, first_value(${text[0]}) OVER (ORDER BY ${key}) AS t FROM ${sql}`,
      ),
      from(depth - 1).map(
        ({ sql, items }) => `SELECT ${items.at(-1)!.key} AS k, ${items[0]!.text[0]} AS t FROM ${sql}`,
      ),
    )
    .map((sql) => ({ sql: `(${sql}) ${alias}`, key: `${alias}.k`, text: [`${alias}.t`] }));

interface From {
  readonly sql: string;
  readonly items: readonly Source[];
}

const source = (alias: string, depth: number): fc.Arbitrary<Source> =>
  depth <= 0
    ? table(alias)
    : fc.oneof({ weight: 3, arbitrary: table(alias) }, { weight: 1, arbitrary: derived(alias, depth) });

const JOINS = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"];

function from(depth: number): fc.Arbitrary<From> {
  const one = source(`a${depth}`, depth).map((s): From => ({ sql: s.sql, items: [s] }));
  const two = fc
    .tuple(source(`a${depth}`, depth), source(`b${depth}`, depth), fc.constantFrom(...JOINS), fc.nat(5))
    .map(([a, b, join, on]): From => {
      const condition =
        on < 3
          ? `${b.key} = ${a.key}`
          : on === 3
            ? `${b.key} = ${a.key} AND ${a.key} > 2`
            : on === 4
              ? `${b.key} = ${a.key} + 1`
              : "true";
      return {
        sql: `${a.sql} ${join === "FULL JOIN" && on > 3 ? "JOIN" : join} ${b.sql} ON ${condition}`,
        items: [a, b],
      };
    });
  const comma = fc.tuple(source(`a${depth}`, depth), source(`b${depth}`, depth), fc.boolean()).map(
    ([a, b, not]): From => ({
      sql: `${a.sql}, ${b.sql} WHERE ${not ? "NOT " : ""}(${a.key} = ${b.key}) AND ${a.key} < 4`,
      items: [a, b],
    }),
  );
  // What an outer join may leave out says nothing of the two that it keeps.
  const three = fc
    .tuple(table("p"), table("q"), table("r"), fc.boolean(), fc.constantFrom("LEFT", "FULL"))
    .map(([p, q, r, across, join]): From => {
      const on = across ? `${r.key} = ${p.key} AND ${r.key} = ${q.key}` : `${p.key} = ${q.key}`;
      const kept = `(${p.sql} JOIN ${q.sql} ON ${p.key} < 3)`;
      return { sql: `${kept} ${across ? join : "LEFT"} JOIN ${r.sql} ON ${on}`, items: [p, q, r] };
    });
  return fc.oneof(one, { weight: 3, arbitrary: two }, comma, { weight: 2, arbitrary: three });
}

/** A column that a join merges is of either side. */
const merging: fc.Arbitrary<From> = fc
  .tuple(
    fc.subarray(["encounters", "diagnoses", "devices", "lab_results"], { minLength: 2, maxLength: 3 }),
    fc.constantFrom(...JOINS),
    fc.boolean(),
  )
  .map(([names, join, cut]) => {
    const [first, ...others] = names.map((name, i) =>
      cut && i === 1 ? `(SELECT * FROM ${name} WHERE patient_id > 3) m${i}` : `${name} m${i}`,
    );
    const items = names.map((name, i): Source => {
      const text = TABLES[name]!.text.map((column) => `m${i}.${column}`);
      return { sql: name, key: "patient_id", text };
    });
    return { sql: [first, ...others.map((other) => `${join} ${other} USING (patient_id)`)].join(" "), items };
  });

function value({ items }: From): fc.Arbitrary<string> {
  const column = fc.constantFrom(...items.flatMap((item) => item.text));
  const key = fc.constantFrom(...items.map((item) => item.key));
  return fc.oneof(
    { weight: 4, arbitrary: column },
    column.map((c) => `upper(${c})`),
    fc.tuple(column, column).map(([a, b]) => `${a} || ${b}`),
    fc.tuple(column, column).map(([a, b]) => `CASE WHEN ${a} IS NULL THEN ${b} END`),
    key.map((k) => `(SELECT string_agg(s.reason, ' ') FROM encounters s WHERE s.patient_id = ${k})`),
    key.map((k) => `(SELECT string_agg(s.kind, ' ') FROM devices s WHERE s.patient_id <= ${k})`),
    column.map((c) => `lag(${c}) OVER ()`),
  );
}

const CASTS = ["", "", "::text", "::int8", "::varchar", "::numeric"];

const keysOf = ({ items }: From): fc.Arbitrary<string[]> =>
  fc
    .tuple(fc.subarray([...new Set(items.map((item) => item.key))]), fc.constantFrom(...CASTS))
    .map(([keys, cast]) => keys.map((key) => `${key}${cast}`));

const plain: fc.Arbitrary<string> = fc
  .oneof({ weight: 4, arbitrary: from(2) }, merging)
  .chain((f) =>
    fc
      .tuple(keysOf(f), fc.array(value(f), { minLength: 1, maxLength: 3 }))
      .map(([keys, values]) => `SELECT ${[...keys, ...values].join(", ")} FROM ${f.sql}`),
  );

const grouped: fc.Arbitrary<string> = from(1).chain((f) =>
  fc
    .tuple(
      fc.constantFrom(...f.items.map((item) => item.key)),
      fc.constantFrom(...f.items.flatMap((item) => item.text)),
      fc.boolean(),
    )
    .map(([key, text, rollup]) => {
      const by = rollup ? `ROLLUP (${key})` : key;
      return `SELECT ${key}, string_agg(${text}, ' ') FROM ${f.sql} GROUP BY ${by}`;
    }),
);

const twice: fc.Arbitrary<string> = from(1).chain((f) =>
  fc.boolean().map((same) => {
    const { key, text } = { key: f.items.at(-1)!.key, text: f.items[0]!.text[0] };
    return `WITH c AS (SELECT ${key} AS k, ${text} AS t FROM ${f.sql}) SELECT u.k, v.t FROM c u JOIN c v ON ${same ? "u.k = v.k" : "u.k < 3"}`;
  }),
);

/** Every statement shows at most some hundred rows. */
export const disclosingQuery: fc.Arbitrary<string> = fc
  .oneof({ weight: 5, arbitrary: plain }, grouped, twice)
  .map((sql) => `${sql} LIMIT 300`);
