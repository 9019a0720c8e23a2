// The analysis port: what is cached and what is not, and what hostile SQL costs.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANALYSIS_LIMITS, createAnalysis, type RunningAnalysis } from "#proxy/adapters/analysis.ts";
import { AnalysisCache } from "#proxy/adapters/analysis-cache.ts";
import type { CatalogSource } from "#proxy/adapters/catalog-watch.ts";
import type { AnalysisContext } from "#proxy/ports/analysis.ts";
import type { CatalogSnapshot, SnapshotFunction, SnapshotRelation } from "#shared/catalog.ts";
import { Refusal } from "#shared/errors.ts";
import type { Analysis, SyntaxProblem } from "#shared/facts.ts";

const table = (oid: number, name: string, columns: readonly string[]): SnapshotRelation => ({
  oid,
  schema: "public",
  name,
  kind: "table",
  columns: columns.map((column, i) => ({ name: column, number: i + 1, type: 25, generated: false })),
  parents: [],
  triggers: [],
  rules: false,
  rowSecurity: false,
});

const snapshotWith = (fingerprint: string, columns: readonly string[]): CatalogSnapshot => ({
  target: "clinic",
  database: "clinic",
  serverVersion: 180000,
  fingerprint,
  searchPath: ["public"],
  role: "gateway",
  schemas: ["public", "other"],
  relations: [table(20000, "patients", columns)],
  types: [],
  functions: [],
});

let now = snapshotWith("one", ["id", "ssn"]);
let broken = false;
const source: CatalogSource = {
  snapshot: async () => (broken ? Promise.reject(new Error("down")) : now),
  fingerprint: async () => (broken ? Promise.reject(new Error("down")) : now.fingerprint),
  close: async () => {},
};
const kept: string[] = [];
let analysis: RunningAnalysis;

const context = (more: Partial<AnalysisContext> = {}): AnalysisContext => ({
  target: "clinic",
  searchPath: ["public"],
  temporary: new Map(),
  ...more,
});

beforeAll(async () => {
  analysis = createAnalysis(
    { catalogs: new Map([["clinic", source]]), declared: () => null, onSnapshot: (s) => kept.push(s.fingerprint) },
    { ...ANALYSIS_LIMITS, timeoutMs: 5000 },
  );
  await analysis.start();
});
afterAll(() => analysis.close());

async function analysed(sql: string, where = context()): Promise<Analysis> {
  const found = await analysis.analyse(sql, where);
  if (found instanceof Refusal || "syntax" in found) throw new Error(`not analysed: ${JSON.stringify(found)}`);
  return found;
}
const sources = async (sql: string, where = context()): Promise<unknown> =>
  (await analysed(sql, where)).statements[0]?.facts.outputs?.map((o) => o.sources.map((r) => r.column));

describe("repeated statements", () => {
  const where = context();

  test("are answered at once, whatever their literals", async () => {
    const first = await analysed("SELECT ssn FROM patients WHERE id = 1", where);
    expect(analysis.analyse("SELECT ssn FROM patients WHERE id = 2", where)).toBe(first);
    expect(analysis.analyse("SELECT ssn FROM patients WHERE id = 3", context())).toBe(first);
  });

  test("are analysed anew where a literal decides", async () => {
    const first = await analysed("SELECT id, ssn FROM patients ORDER BY 1", where);
    const second = analysis.analyse("SELECT id, ssn FROM patients ORDER BY 2", where);
    expect(second).toBeInstanceOf(Promise);
    expect((await analysed("SELECT id, ssn FROM patients ORDER BY 2", where)).statements[0]?.facts.influence).toEqual([
      { relation: "public.patients", column: "ssn", use: "order" },
    ]);
    expect(analysis.analyse("SELECT id, ssn FROM patients ORDER BY 1", where)).toBe(first);
  });

  test("share one analysis when they are asked for together", () => {
    const text = "SELECT id FROM patients WHERE ssn = 'x'";
    expect(analysis.analyse(text, where)).toBe(analysis.analyse(text, where));
  });

  test("are analysed anew for another kind of literal, search path, or temporary relation", async () => {
    const text = "SELECT ssn FROM patients WHERE ssn > 4";
    const first = await analysed(text, where);
    expect(await analysed("SELECT ssn FROM patients WHERE ssn > '4'", where)).not.toBe(first);
    expect((await analysed(text, context({ searchPath: ["other"] }))).statements[0]?.facts.complete).toBe(false);
    const temporary = new Map([["patients", [{ name: "ssn", sources: [], direct: false }]]]);
    const gaps = (await analysed(text, context({ temporary }))).statements[0]?.facts.gaps;
    expect(gaps).toEqual([{ reason: "temporary-shadows", what: "public.patients" }]);
    const unsettled = (await analysed(text, context({ unsettled: true }))).statements[0]?.facts.gaps;
    expect(unsettled?.[0]?.reason).toBe("catalog-changed");
  });
});

test("what policy vouches for from now on holds for what is asked from now on, though the same is being analysed", async () => {
  const band: SnapshotFunction = {
    ...{ oid: 30000, schema: "public", name: "band", args: [25], returns: 25, returnsSet: false, outputs: [] },
    ...{ language: "c", kind: "f", volatility: "i", securityDefiner: false },
  };
  const catalog = { ...snapshotWith("one", ["id", "ssn"]), functions: [band] };
  let vouched = true;
  const own = createAnalysis({
    catalogs: new Map([
      ["clinic", { snapshot: async () => catalog, fingerprint: async () => "one", close: async () => {} }],
    ]),
    declared: (_, name) => (vouched && name === "public.band" ? { reveals: "nothing" } : null),
  });
  await own.start();
  await own.analyse("SELECT 1", context());
  const ask = () => Promise.resolve(own.analyse("SELECT band(ssn) FROM patients", context()));
  const before = ask();
  vouched = false;
  own.redeclare();
  const standing = (found: Awaited<ReturnType<typeof ask>>) =>
    "statements" in found && found.statements[0]?.facts.functions.map((f) => f.standing);
  expect((await Promise.all([before, ask()])).map(standing)).toEqual([["declared"], ["opaque"]]);
  await own.close();
});

describe("the catalog", () => {
  test("is looked at again on request, and what was known of it is forgotten", async () => {
    const where = context();
    expect(await sources("SELECT * FROM patients", where)).toEqual([["id"], ["ssn"]]);
    now = snapshotWith("two", ["id", "ssn", "note"]);
    await analysis.refresh("clinic");
    expect(await sources("SELECT * FROM patients", where)).toEqual([["id"], ["ssn"], ["note"]]);
    expect(analysis.snapshot("clinic")?.fingerprint).toBe("two");
    expect(kept).toEqual(["one", "two"]);
  });

  test("is not taken again while its fingerprint stays", async () => {
    await analysis.refresh("clinic");
    expect(kept).toEqual(["one", "two"]);
  });

  test("stays as it was while the target is down", async () => {
    broken = true;
    await expect(analysis.refresh("clinic")).rejects.toThrow("down");
    broken = false;
    expect(await sources("SELECT ssn AS x FROM patients")).toEqual([["ssn"]]);
  });

  test("that was never read refuses", async () => {
    expect(await analysis.analyse("SELECT 1", context({ target: "elsewhere" }))).toMatchObject({ code: "target-down" });
  });
});

describe("what cannot be parsed", () => {
  test("is the parser's word, with its place", async () => {
    const found = (await analysis.analyse("SELECT 1 FRO m x", context())) as SyntaxProblem;
    expect(found).toMatchObject({
      syntax: 'syntax error at or near "m"',
      position: 14,
      normalized: "SELECT $0 FRO m x",
    });
  });

  test("is not repeated whole", async () => {
    const found = (await analysis.analyse(`SELECT '${"x".repeat(5000)}`, context())) as SyntaxProblem;
    expect(found.syntax.length).toBeLessThanOrEqual(200);
    expect(found.normalized).toBe("SELECT '?'");
  });

  test("with a zero byte is refused: the parser would see only what stands before it", async () => {
    expect(await analysis.analyse("SELECT 1\0; DROP TABLE patients", context())).toMatchObject({
      code: "statement-syntax",
    });
  });

  test("empty texts have no statements", async () => {
    for (const text of ["", "  ", ";", "-- nothing", "/* */ ;;"]) expect((await analysed(text)).statements).toEqual([]);
  });
});

describe("hostile statements", () => {
  const nested = (n: number): string => {
    let sql = "1";
    for (let i = 0; i < n; i++) sql = `(WITH x AS (UPDATE t SET (a, b, c, d, e) = ${sql} RETURNING 1) SELECT 1, 2)`;
    return `UPDATE t SET (a, b, c, d, e) = ${sql}`;
  };
  const doubling = `WITH a0 AS (SELECT * FROM patients), ${Array.from({ length: 60 }, (_, i) => `a${i + 1} AS (SELECT * FROM a${i} x, a${i} y)`).join(", ")} SELECT count(*) FROM a60`;
  const ring = Array.from(
    { length: 300 },
    (_, i) => `a${i} AS (SELECT * FROM a${(i + 1) % 300} UNION SELECT * FROM a${(i + 7) % 300})`,
  );

  test.for([
    ["50 000 terms", `SELECT 1${"+1".repeat(50_000)}`],
    ["50 000 parentheses", `SELECT ${"(".repeat(50_000)}1${")".repeat(50_000)}`],
    ["3000 nested queries", `SELECT ${"(SELECT ".repeat(3000)}1${")".repeat(3000)}`],
    ["5000 unions", `SELECT 1${" UNION ALL SELECT 1".repeat(5000)}`],
    ["what the parser multiplies", nested(15)],
    ["CTEs that double", doubling],
    ["CTEs that refer to each other", `WITH RECURSIVE ${ring.join(", ")} SELECT * FROM a0`],
    ["20 000 columns", `SELECT ${"ssn, ".repeat(20_000)}1 FROM patients`],
    ["cases in cases", `SELECT ${"CASE WHEN ssn = '1' THEN ".repeat(900)}1${" END".repeat(900)} FROM patients`],
    ["many entries", `SELECT 1 FROM ${Array.from({ length: 2000 }, (_, i) => `patients p${i}`).join(", ")}`],
    ["more than a megabyte", `SELECT '${"x".repeat(1024 * 1024)}'`],
    ["unclosed comments", "/*".repeat(20_000)],
  ] as const)("%s end soon", { timeout: 15_000 }, async ([, sql]) => {
    const found = await analysis.analyse(sql, context());
    // Whatever comes of them, the next statement is served.
    if (!(found instanceof Refusal) && !("syntax" in found)) expect(found.statements).toHaveLength(1);
    expect(await sources("SELECT ssn FROM patients")).toEqual([["ssn"]]);
  });

  test("a process that hangs or breaks is replaced; those that wait are served by the next", {
    timeout: 20_000,
  }, async () => {
    const strict = createAnalysis(
      { catalogs: new Map([["clinic", source]]), declared: () => null },
      { ...ANALYSIS_LIMITS, timeoutMs: 1500, depth: 1e9, heapMegabytes: 32 },
    );
    await strict.start();
    // Deep enough to break the parser, and wide enough to fill the heap: neither may happen with the limits in place.
    const deep = strict.analyse(`SELECT 1${"+1".repeat(100_000)}`, context());
    const wide = strict.analyse(`SELECT ${"f(),".repeat(150_000)} 1`, context());
    const plain = strict.analyse("SELECT ssn FROM patients", context());
    const codes = (await Promise.all([deep, wide, plain])).map((found) => ("code" in found ? found.code : "analysed"));
    expect(codes).toEqual(["statement-too-complex", "statement-too-complex", "analysed"]);
    expect(strict.killed).toBeGreaterThanOrEqual(2);
    await strict.close();
  });

  test("after closing, everything is refused", async () => {
    const closed = createAnalysis({ catalogs: new Map([["clinic", source]]), declared: () => null });
    await closed.start();
    await closed.close();
    expect(await closed.analyse("SELECT 1", context())).toMatchObject({ code: "statement-too-complex" });
  });
});

describe("the cache", () => {
  const made = (normalized: string, literalFree = true): Analysis => ({
    statements: [],
    normalized,
    fingerprint: "",
    literalFree,
  });

  test("forgets what was not used for longest", () => {
    const cache = new AnalysisCache(3, 1e6);
    const [a, b, c, d] = ["a", "b", "c", "d"].map((text) => made(text)) as [Analysis, Analysis, Analysis, Analysis];
    for (const one of [a, b, c]) cache.keep(one.normalized, one);
    expect(cache.find("a", "a")).toBe(a);
    cache.keep("d", d);
    expect(["a", "b", "c", "d"].map((text) => cache.find(text, text))).toEqual([a, undefined, c, d]);
  });

  test("is bounded in bytes, and takes nothing that would empty it", () => {
    const cache = new AnalysisCache(1000, 20_000);
    for (let i = 0; i < 100; i++) cache.keep(`${i}`, made(`${i}`));
    expect(cache.size).toBeLessThan(10);
    cache.keep("x".repeat(10_000), made("x".repeat(10_000)));
    expect(cache.find("x".repeat(10_000), "")).toBeUndefined();
    expect(cache.find("99", "99")).toBeDefined();
  });

  test("never answers by normalized text where literals decided", () => {
    const cache = new AnalysisCache(10, 1e6);
    const one = made("n", false);
    cache.keep("n1", one);
    expect(cache.find("n", "n1")).toBe(one);
    expect(cache.find("n", "n2")).toBeUndefined();
  });

  test("keeps no syntax errors", () => {
    const cache = new AnalysisCache(10, 1e6);
    cache.keep("x", { syntax: "no", normalized: "x", fingerprint: "" });
    expect(cache.size).toBe(0);
  });
});
