// What the facts say of small statements, construct by construct, written by hand.
import { beforeAll, describe, expect, test } from "vitest";
import type { SnapshotFunction, SnapshotRelation } from "#shared/catalog.ts";
import type { Facts, OutputFact, SessionEffect } from "#shared/facts.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";

const INT = 23;
const TEXT = 25;
const DATE = 1082;

let oid = 20_000;
function relation(
  name: string,
  columns: Record<string, number>,
  more: Partial<SnapshotRelation> = {},
): SnapshotRelation {
  return {
    oid: ++oid,
    schema: "public",
    name,
    kind: "table",
    columns: Object.entries(columns).map(([column, type], i) => ({
      name: column,
      number: i + 1,
      type,
      generated: false,
    })),
    parents: [],
    triggers: [],
    rules: false,
    rowSecurity: false,
    ...more,
  };
}
function routine(name: string, args: number[], more: Partial<SnapshotFunction> = {}): SnapshotFunction {
  return {
    oid: ++oid,
    schema: "public",
    name,
    args,
    returns: TEXT,
    returnsSet: false,
    outputs: [],
    language: "sql",
    kind: "f",
    volatility: "s",
    securityDefiner: false,
    ...more,
  };
}
const builtIn = (name: string, args: number[], more: Partial<SnapshotFunction> = {}): SnapshotFunction =>
  routine(name, args, { schema: "pg_catalog", oid: 100 + name.length, language: "internal", volatility: "i", ...more });

const people = relation("people", { id: INT, ssn: TEXT, born: DATE, note: TEXT });
const TEMPORARY = { type: "temporary", name: "people", columns: [{ name: "a", sources: [], direct: false }] };
const trigger = routine("trigger_function", [], { language: "plpgsql" });
const relations = [
  people,
  relation("visits", { id: INT, person: INT, reason: TEXT }),
  relation("parts", { id: INT, ssn: TEXT }, { kind: "partitioned", oid: 30_000 }),
  relation("parts_1", { id: INT, ssn: TEXT }, { parents: [30_000] }),
  relation(
    "names",
    { who: TEXT, n: INT },
    {
      kind: "view",
      definition: "SELECT p.ssn AS who, p.id + 1 AS n FROM public.people p WHERE p.born IS NOT NULL",
    },
  ),
  relation(
    "turning",
    { who: TEXT },
    { kind: "view", definition: "SELECT set_config('search_path'::text, 'other'::text, false) AS who" },
  ),
  relation(
    "keeping",
    { who: TEXT },
    { kind: "view", definition: "SELECT public.keep(p.ssn) AS who FROM public.people p" },
  ),
  relation("guarded", { id: INT }, { triggers: [trigger.oid] }),
  relation("shadow", { ssn: TEXT }, { schema: "other" }),
  relation("constructor", { toString: TEXT }),
];
const functions = [
  trigger,
  builtIn("lower", [TEXT]),
  builtIn("count", [], { kind: "a", returns: 20 }),
  builtIn("max", [TEXT], { kind: "a" }),
  builtIn("now", [], { volatility: "s", returns: 1184 }),
  builtIn("query_to_xml", [TEXT], { volatility: "v" }),
  routine("prefix", [TEXT, INT], {
    body: "SELECT lower(a) FROM people WHERE ssn = a AND id = n",
    argumentNames: ["a", "n"],
  }),
  builtIn("set_config", [TEXT, TEXT, 16], { volatility: "v" }),
  routine("keep", [TEXT], { body: "INSERT INTO public.visits (reason) VALUES ($1); SELECT 'x'::text" }),
  routine("first_ssn", [], { body: "SELECT ssn FROM people LIMIT 1" }),
  routine("own", [TEXT], { body: "SELECT $1", securityDefiner: true }),
  routine("loop", [TEXT], { body: "SELECT loop($1)" }),
  routine("vouched", [TEXT], { language: "plpgsql" }),
  routine("banded", [TEXT, TEXT], { language: "plpgsql" }),
  routine("standing", [TEXT, TEXT], {
    body: "RETURN standing.a",
    argumentNames: ["a", "b"],
    optional: 1,
    defaults: "query_to_xml('x'::text)",
  }),
];

let analyse: Analyse;
beforeAll(async () => {
  const names = ["int4", "text", "date", "int8", "timestamptz"];
  analyse = await analyser(
    {
      target: "t",
      database: "db",
      serverVersion: 180000,
      fingerprint: "f",
      searchPath: ["public"],
      role: "gateway",
      schemas: ["public", "other"],
      relations,
      types: [INT, TEXT, DATE, 20, 1184].map((type, i) => ({
        oid: type,
        schema: "pg_catalog",
        name: names[i]!,
        kind: "b",
        category: "S",
      })),
      functions,
    },
    new Map([
      ["public.vouched", "nothing"],
      ["public.banded", "nothing"],
    ]),
  );
});

const facts = (sql: string): Facts => analyse(sql).statements.at(-1)!.facts;
const effects = (sql: string): readonly SessionEffect[] => analyse(sql).statements.flatMap((s) => s.effects);
const from = (output: OutputFact): string => {
  const sources = output.sources.map((ref) => `${ref.relation.replace("public.", "")}.${ref.column}`).join(" ");
  return `${output.name}${output.direct ? "=" : output.reveals === "nothing" ? "~" : "<"}${sources}`;
};
const outputs = (sql: string): string[] | undefined => facts(sql).outputs?.map(from);
const uses = (sql: string): string[] =>
  facts(sql).influence.map(
    (i) => `${i.reveals === "nothing" ? "~" : ""}${i.use} ${i.relation.replace("public.", "")}.${i.column}`,
  );
const gaps = (sql: string): string[] => facts(sql).gaps.map((gap) => `${gap.reason} ${gap.what}`);

describe("outputs: = unchanged, < derived, ~ reveals nothing", () => {
  test.for([
    ["SELECT ssn, ssn AS x, lower(ssn) FROM people", ["ssn=people.ssn", "x=people.ssn", "lower<people.ssn"]],
    ["SELECT p FROM people p", ["p<people.* people.id people.ssn people.born people.note"]],
    ["SELECT count(*), count(ssn), ssn IS NULL FROM people", ["count<", "count~people.ssn", "?column?~people.ssn"]],
    [
      "SELECT max(ssn), ssn || 'x', 1, 'x' FROM people",
      ["max<people.ssn", "?column?<people.ssn", "?column?<", "?column?<"],
    ],
    ["SELECT * FROM names", ["who=people.ssn names.who", "n<names.n people.id"]],
    ["SELECT ssn FROM parts", ["ssn=parts.ssn parts_1.ssn"]],
    ["SELECT ssn FROM parts_1", ["ssn=parts_1.ssn parts.ssn"]],
    ["SELECT ssn FROM people UNION ALL SELECT ssn FROM people", ["ssn=people.ssn"]],
    ["SELECT ssn FROM people UNION ALL SELECT note FROM people", ["ssn<people.ssn people.note"]],
    [
      "SELECT * FROM people JOIN visits USING (id)",
      [
        "id=people.id",
        "ssn=people.ssn",
        "born=people.born",
        "note=people.note",
        "person=visits.person",
        "reason=visits.reason",
      ],
    ],
    ["SELECT people.id FROM people FULL JOIN visits USING (id)", ["id=people.id"]],
    ["SELECT id FROM people FULL JOIN visits USING (id)", ["id<people.id visits.id"]],
    ["SELECT (SELECT ssn FROM people) AS one", ["one=people.ssn"]],
    ["SELECT (p).ssn, (ROW(1, p.note)).f2 FROM people p", ["ssn=people.ssn", "f2=people.note"]],
    ['SELECT "toString" FROM constructor', ["toString=constructor.toString"]],
    [
      "INSERT INTO people (note) SELECT reason FROM visits RETURNING note, id",
      ["note<people.note visits.reason", "id=people.id"],
    ],
    ["UPDATE people SET note = ssn RETURNING note, old.note", ["note<people.note people.ssn", "note=people.note"]],
    ["EXPLAIN SELECT ssn FROM people", ["QUERY PLAN<"]],
    ["EXPLAIN (ANALYZE) SELECT ssn FROM people", ["QUERY PLAN<people.ssn"]],
    ["EXPLAIN (ANALYZE off) SELECT ssn FROM people", ["QUERY PLAN<"]],
    ["SELECT vouched(ssn) FROM people", ["vouched~people.ssn"]],
    ["SELECT vouched(x) FROM (SELECT ssn AS x FROM people) p", ["vouched~people.ssn"]],
    ["SELECT banded(ssn, note) FROM people", ["banded~people.ssn people.note"]],
    // What is vouched for is said of columns, not of what the client makes of them, nor of bounds that it chooses.
    ["SELECT vouched(nullif(ssn, '1')) FROM people", ["vouched<people.ssn"]],
    ["SELECT vouched(CASE WHEN ssn = '1' THEN note END) FROM people", ["vouched<people.ssn people.note"]],
    ["SELECT vouched(ssn || 'x') FROM people", ["vouched<people.ssn"]],
    ["SELECT banded(ssn, '5') FROM people", ["banded<people.ssn"]],
    ["SELECT vouched((SELECT nullif(ssn, '1') FROM people))", ["vouched<people.ssn"]],
    ["SELECT count(vouched(nullif(ssn, '1'))) FROM people", ["count<people.ssn"]],
    ["SELECT ROW(ssn, note) IS NULL FROM people", ["?column?~people.ssn people.note"]],
    ["SELECT ROW(nullif(ssn, '1'), note) IS NULL FROM people", ["?column?<people.ssn"]],
    ["SELECT s IS NULL FROM (SELECT nullif(ssn, '1') AS x FROM people) s", ["?column?<people.ssn"]],
  ] as const)("%s", ([sql, expected]) => expect(outputs(sql)).toEqual(expected));
});

test("columns of JSON_TABLE: those of nested paths come behind", () => {
  const sql =
    "SELECT t.* FROM people p, JSON_TABLE(p.ssn::jsonb, '$' COLUMNS (NESTED PATH '$.a' COLUMNS (b int PATH '$'), c int PATH '$.c')) t";
  expect(facts(sql).outputs?.map(({ name }) => name)).toEqual(["c", "b"]);
});

describe("how columns shape a result", () => {
  test.for([
    ["ssn = '1'", ["equality people.ssn"]],
    ["'1' = ssn OR NOT ssn <> $1", ["equality people.ssn"]],
    ["lower(ssn) = 'x'", ["equality people.ssn"]],
    ["ssn || '' = 'x'", ["other people.ssn"]],
    ["ssn IN ('1', '2')", ["equality people.ssn"]],
    [`ssn IN (${"'1', ".repeat(200)}'2')`, ["other people.ssn"]],
    ["ssn = ANY ($1)", ["other people.ssn"]],
    ["ssn BETWEEN '1' AND '2'", ["range people.ssn"]],
    ["ssn < '5'", ["range people.ssn"]],
    ["ssn LIKE '1%'", ["pattern people.ssn"]],
    ["ssn ~ '^1'", ["pattern people.ssn"]],
    ["ssn IS NULL", ["~condition people.ssn"]],
    ["nullif(ssn, '1') IS NULL", ["other people.ssn"]],
    [
      "(ssn IS NULL AND born IS NULL) = (ssn = '1')",
      ["~condition people.ssn", "~condition people.born", "other people.ssn"],
    ],
    ["ssn = note", ["join people.ssn", "join people.note"]],
    ["id IN (SELECT person FROM visits)", ["join people.id", "join visits.person"]],
    ["(ssn, note) = ('1', '2')", ["equality people.ssn", "equality people.note"]],
  ] as const)("WHERE %s", ([condition, expected]) =>
    expect(uses(`SELECT 1 FROM people WHERE ${condition}`)).toEqual(expected),
  );

  test.for([
    ["SELECT 1 FROM people ORDER BY ssn", ["order people.ssn"]],
    ["SELECT ssn FROM people ORDER BY 1", ["order people.ssn"]],
    ["SELECT ssn AS note FROM people ORDER BY note", ["order people.ssn"]],
    ["SELECT ssn AS note FROM people GROUP BY note", ["group people.note"]],
    ["SELECT DISTINCT ssn FROM people", ["group people.ssn"]],
    ["SELECT count(*) FILTER (WHERE ssn LIKE '1%') FROM people", ["pattern people.ssn"]],
    ["SELECT 1 FROM people p JOIN visits v ON p.id = v.person", ["join people.id", "join visits.person"]],
    ["SELECT 100 / id FROM people", ["other people.id"]],
    ["SELECT id / 100, born - born, id * id FROM people", []],
    ["SELECT CASE WHEN ssn < '1' THEN id ELSE 0 END FROM people", []],
    ["SELECT CASE WHEN ssn < '1' THEN 1 / id END FROM people", ["other people.id", "range people.ssn"]],
    // What looks as if it could not fail, and can.
    ["SELECT CASE WHEN ssn < '1' THEN id / 0 END FROM people", ["range people.ssn"]],
    ["SELECT ssn LIKE 'x' FROM people", ["pattern people.ssn"]],
    [
      "SELECT percentile_disc(length(ssn)) WITHIN GROUP (ORDER BY id) FROM people",
      ["order people.id", "other people.ssn"],
    ],
    ["SELECT who FROM names", ["~condition people.born", "other people.id"]],
    [
      "SELECT born IS NULL, count(*) FROM people GROUP BY 1 HAVING count(ssn) > 1",
      ["~condition people.born", "~condition people.ssn"],
    ],
    [
      "SELECT 1 FROM people ORDER BY born IS NULL, ssn IS NULL OR ssn < '1'",
      ["~condition people.born", "order people.ssn", "~condition people.ssn"],
    ],
    // A key may be NULL, bytes no text.
    ["SELECT JSON_OBJECT('a': ssn) FROM people", []],
    ["SELECT CASE WHEN ssn < '1' THEN JSON_OBJECT(NULL: 1) END FROM people", ["range people.ssn"]],
    ["SELECT CASE WHEN ssn < '1' THEN '{}'::bytea IS JSON END FROM people", ["range people.ssn"]],
    ["SELECT JSON_ARRAY(ssn RETURNING varchar(9)) FROM people", ["other people.ssn"]],
  ] as const)("%s", ([sql, expected]) => expect(uses(sql)).toEqual(expected));

  test("a view's own conditions name the view", () => {
    expect(facts("SELECT who FROM names WHERE who = 'x'").influence).toEqual([
      { relation: "public.people", column: "born", use: "condition", reveals: "nothing", through: "public.names" },
      { relation: "public.people", column: "id", use: "other", through: "public.names" },
      { relation: "public.names", column: "who", use: "equality" },
      { relation: "public.people", column: "ssn", use: "equality" },
    ]);
  });
});

describe("names", () => {
  test.for([
    ["SELECT nothing FROM people", ["undefined-column nothing"]],
    ["SELECT p.nothing FROM people p", ["undefined-column p.nothing"]],
    ["SELECT people.id FROM people p", ["undefined-column people.id"]],
    ["SELECT * FROM nowhere", ["undefined-relation nowhere"]],
    ["SELECT id FROM people, visits", ["ambiguous-column id"]],
    ["SELECT nothing(1)", ["undefined-function nothing"]],
    ["SELECT 'x'::nothing", ["unknown-type nothing"]],
    ["SELECT * FROM people p, (SELECT p.ssn) x", ["undefined-column p.ssn"]],
    ["SELECT ssn FROM shadow", ["undefined-relation shadow", "undefined-column ssn"]],
    ["SELECT * FROM elsewhere.public.people", ["undefined-relation public.people"]],
    ["SET search_path = other; ROLLBACK; SELECT ssn FROM public.people", ["setting search_path"]],
    ["SET search_path = other; ROLLBACK; SELECT lower('x')", ["setting search_path"]],
    ["CREATE TYPE pg_temp.text AS ENUM ('a')", ["temporary type"]],
    ["SET search_path = pg_temp; CREATE DOMAIN text AS pg_catalog.text", ["temporary type"]],
    ["CREATE TYPE pg_temp.text AS (a int)", ["temporary type"]],
    ["ALTER TABLE pg_temp.nowhere RENAME TO people", ["undefined-relation pg_temp.nowhere"]],
  ] as const)("%s", ([sql, expected]) => expect(gaps(sql)).toEqual(expected));

  test.for([
    ["SELECT * FROM people p, LATERAL (SELECT p.ssn) x", []],
    ["SELECT (SELECT p.ssn) FROM people p", []],
    ['SELECT PEOPLE.SSN, "people"."ssn", public.people.ssn, db.public.people.ssn FROM db.public.people', []],
    ["SELECT ssn FROM other.shadow", []],
    ["SET search_path = other; SELECT ssn FROM shadow", []],
    ["SET search_path = other; ROLLBACK; SELECT 1", []],
    ["WITH people AS (SELECT 1 AS a) SELECT a FROM people", []],
    ["WITH RECURSIVE x(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM x) SELECT a FROM x", []],
  ] as const)("%s", ([sql, expected]) => expect(gaps(sql)).toEqual(expected));

  test("a sub-select sees the query around it, not its neighbours", () => {
    expect(outputs("SELECT (SELECT x.y FROM (VALUES (1)) n(id), (SELECT ssn AS y) x) FROM people")).toEqual([
      "y=people.ssn",
    ]);
  });
});

describe("code", () => {
  test.for([
    ["SELECT query_to_xml('x')", ["opaque-function pg_catalog.query_to_xml"]],
    ["SELECT own('x')", ["opaque-function public.own"]],
    ["SELECT loop('x')", ["opaque-function public.loop"]],
    ["UPDATE guarded SET id = 1", ["opaque-function public.trigger_function"]],
    ["SELECT standing('a')", ["opaque-function pg_catalog.query_to_xml"]],
    ["SELECT standing('a', 'b')", []],
    ["SELECT vouched('x')", []],
    ["DO $$ $$", ["opaque-code do"]],
  ] as const)("%s", ([sql, expected]) => expect(gaps(sql)).toEqual(expected));

  test("an SQL body is followed, with its arguments bound", () => {
    const found = facts("SELECT prefix(v.reason, 5) FROM visits v");
    expect(found.functions).toContainEqual({ name: "public.prefix", standing: "analysed" });
    expect(found.outputs?.map(from)).toEqual(["prefix<visits.reason"]);
    expect(found.influence).toContainEqual({ relation: "public.people", column: "ssn", use: "join" });
  });

  test("arguments given by name may be any of the function's", () => {
    expect(outputs("SELECT prefix(n => v.id, a => v.reason) FROM visits v")).toEqual([
      "prefix<visits.id visits.reason",
    ]);
  });
});

describe("what statements do to the session", () => {
  test.for([
    [
      "CREATE TEMP TABLE t AS SELECT ssn AS a FROM people",
      [
        {
          type: "temporary",
          name: "t",
          columns: [{ name: "a", sources: [{ relation: "public.people", column: "ssn" }], direct: true }],
        },
      ],
    ],
    ["CREATE TABLE t (a int)", [{ type: "catalog" }]],
    ["COMMIT PREPARED 't'", [{ type: "catalog" }]],
    ["CREATE TABLE pg_temp_3.people AS SELECT 1 AS a", [TEMPORARY]],
    [
      "SET search_path = nowhere, pg_temp, public; CREATE TABLE people AS SELECT 1 AS a",
      [{ type: "search_path" }, TEMPORARY],
    ],
    [
      "BEGIN; ROLLBACK TO s; COMMIT AND CHAIN",
      ["begin", "rollback-to", "commit", "begin"].map((what) => ({ type: "transaction", what })),
    ],
    ["DEALLOCATE ALL", [{ type: "deallocate", name: null }]],
    ["CLOSE c", [{ type: "close", name: "c" }]],
    ["SET search_path = other", [{ type: "search_path" }]],
    ["DISCARD ALL", [{ type: "discard" }, { type: "search_path" }]],
    ["SELECT 1", []],
    // A function in a view's definition does what it does for whoever reads the view.
    ["SELECT who FROM turning", [{ type: "search_path" }]],
    ["SELECT a.who FROM turning a, turning b", [{ type: "search_path" }]],
  ] as const)("%s", ([sql, expected]) => expect(effects(sql)).toEqual(expected));

  test("a temporary table that is renamed holds what it held", () => {
    const [made, , renamed] = effects(
      "CREATE TEMP TABLE copy AS SELECT ssn FROM people; ALTER TABLE copy RENAME TO visits",
    );
    expect(renamed).toEqual({ ...made, name: "visits" });
  });

  test("a cursor and a prepared statement carry the facts of their query", () => {
    for (const sql of ["DECLARE c CURSOR FOR SELECT ssn FROM people", "PREPARE c AS SELECT ssn FROM people"]) {
      const [effect] = effects(sql);
      expect(effect).toMatchObject({ name: "c", facts: { kind: "select", outputs: [{ name: "ssn", direct: true }] } });
      expect(facts(sql).outputs).toBeNull();
    }
    expect(facts("FETCH 5 FROM c").refers).toEqual({ kind: "cursor", name: "c" });
    expect(facts("EXECUTE q(1)").refers).toEqual({ kind: "prepared", name: "q" });
    expect(gaps("EXECUTE q(lower('x'))")).toEqual([]);
    expect(gaps("EXECUTE q(first_ssn())")).toEqual(["carrier a parameter of EXECUTE"]);
  });

  test("what functions in a view write is written by whoever reads the view", () => {
    const { flows, relations } = facts("SELECT who FROM keeping");
    expect(flows).toEqual([
      { into: { relation: "public.visits", column: "reason" }, from: [{ relation: "public.people", column: "ssn" }] },
    ]);
    expect(relations.find(({ relation }) => relation === "public.visits")?.actions).toContain("write");
  });

  test("a temporary relation that was written to carries what flowed in, and never loses it", () => {
    const sql = "CREATE TEMP TABLE t (a text, b text); INSERT INTO t (a) SELECT ssn FROM people; SELECT a, b FROM t";
    expect(outputs(sql)).toEqual(
      ["a=people.ssn", "b=pg_temp.t.b"].map((text) => text.replace("a=people.ssn", "a<people.ssn")),
    );
  });
});

describe("literals that decide something bind the analysis to the exact text", () => {
  test.for([
    ["SELECT ssn FROM people WHERE id = 1 LIMIT 5", true],
    ["SELECT ssn FROM people ORDER BY 1", false],
    ["SELECT ssn FROM people GROUP BY 1", false],
    ["SET search_path = 'other'", false],
    ["CREATE VIEW v AS SELECT 'x' AS a", false],
    ["INSERT INTO people VALUES (1, 'a', 'b', 'c')", true],
  ] as const)("%s: %s", ([sql, free]) => expect(analyse(sql).literalFree).toBe(free));
});
