// Documents that are masked part by part: what is shown, what is not, and that nothing of what is not gets through.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePath } from "#shared/masking/json-paths.ts";
import { planStatement } from "#shared/masking/plan.ts";
import type { LeafPlan, PathsPlan } from "#shared/masking/types.ts";
import { ALL, CATALOG, load, parts, reads } from "#test/support/bundles.ts";
import { column, masked, OID, planned, rewrite } from "#test/support/masking.ts";

const leaf = (mask: LeafPlan["mask"], ...detectors: string[]): LeafPlan => ({ mask, detectors });
const plan = (rest: LeafPlan["mask"], parts: Record<string, LeafPlan["mask"]>): PathsPlan => ({
  rest: leaf(rest),
  parts: Object.entries(parts).map(([path, mask]) => ({ path: parsePath(path)!, leaf: leaf(mask) })),
});

function shown(paths: PathsPlan, document: string, type: number = OID.jsonb, binary = false): string | null {
  const mask = masked([planned("redact", { paths })], [column(type, binary ? 1 : 0)]);
  const cell = rewrite(mask, [Buffer.from(`${binary ? "\u0001" : ""}${document}`)])[0]!;
  return cell === null ? null : Buffer.from(cell).toString();
}

const INSURANCE =
  '{"plan": "gold", "copay": 25.50, "member": "M-1", "holder": {"name": "Maria Garcia", "since": "1987-06-05"}, "x": 1}';

describe("a document of which parts are classified", () => {
  test.each([
    [{ "$.plan": "clear" }, '{"plan":"gold"}'],
    [{ "$.plan": "clear", "$.copay": "clear", "$.member": "redact" }, '{"plan":"gold","copay":25.50,"member":"***"}'],
    [{ "$.holder": "clear", "$.holder.name": "initial" }, '{"holder":{"name":"M.","since":"1987-06-05"}}'],
    [{ "$.holder.since": "year" }, '{"holder":{"since":"1987-01-01"}}'],
    [{ "$.holder": "redact", "$.copay": "redact" }, '{"copay":null,"holder":"***"}'],
    [{ "$.holder": "null" }, '{"holder":null}'],
    [{ "$.copay.deeper": "clear" }, '{"copay":null}'],
    [{ "$.nowhere": "clear" }, "{}"],
  ] as [Record<string, LeafPlan["mask"]>, string][])("%j", (parts, expected) => {
    expect(shown(plan("redact", parts), INSURANCE)).toBe(expected);
  });

  test("shows what no path names when that is revealed", () => {
    expect(
      shown(plan("clear", { "$.holder.name": "redact" }), '{"a": [1, 2.50], "holder": {"name": "x", "y": true}}'),
    ).toBe('{"a":[1,2.50],"holder":{"name":"***","y":true}}');
  });

  test("may hold lists", () => {
    const paths = plan("redact", { "$.lines[*].code": "clear", "$.lines[*].who": "redact" });
    expect(shown(paths, '{"lines": [{"code": "A", "who": "x", "z": 1}, {"code": null}, 7, "s"]}')).toBe(
      '{"lines":[{"code":"A","who":"***"},{"code":null},null,"***"]}',
    );
    expect(shown(plan("redact", { "$[*]": "clear" }), "[1, {}]")).toBe("[1,{}]");
    expect(shown(plan("redact", { "$.a": "clear" }), "[1, 2]")).toBe('"***"');
  });

  test("keeps every digit, and keys that mean something elsewhere", () => {
    const document = '{"__proto__": {"a": 1}, "n": 123456789012345678901234567890.10, "10": 1, "a": 2}';
    const out = shown(plan("clear", { "$.a": "redact" }), document)!;
    expect(out).toContain('"n":123456789012345678901234567890.10');
    expect(out).toContain('"__proto__":{"a":1}');
    expect(shown(plan("redact", { "$.constructor": "clear" }), '{"a": 1}')).toBe("{}");
  });

  test.each([
    ["is not one", "nonsense"],
    ["is nested too deeply", `${'{"a":['.repeat(20_000)}1${"]}".repeat(20_000)}`],
    ["is too long", JSON.stringify({ plan: "x".repeat(70_000) })],
  ])("that %s is hidden whole", (_, document) => {
    expect(shown(plan("redact", { "$.plan": "clear" }), document)).toBe('"***"');
  });

  test("is the same in binary, and a column of another type is hidden whole", () => {
    const paths = plan("redact", { "$.plan": "clear" });
    expect(shown(paths, INSURANCE, OID.jsonb, true)).toBe('\u0001{"plan":"gold"}');
    expect(shown(paths, INSURANCE, OID.json)).toBe('{"plan":"gold"}');
    expect(shown(paths, INSURANCE, OID.text)).toBe("***");
  });
});

test("of what is hidden nothing depends on its value, and what is shown is shown as it is", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const paths = plan("redact", {
    "$.shown": "clear",
    "$.list[*].shown": "clear",
    "$.hidden": "redact",
    "$.gone": "null",
  });
  const item = (part: unknown, hidden: unknown) => ({ shown: part, hidden });
  fc.assert(
    fc.property(value, value, value, fc.string(), (part, one, two, key) => {
      const document = (hidden: unknown, name: string) =>
        JSON.stringify({
          shown: part,
          list: [item(part, hidden)],
          hidden: [hidden],
          gone: hidden,
          [`key ${name}`]: hidden,
        });
      const out = shown(paths, document(one, key))!;
      expect(out).toBe(shown(paths, document(two, "other")));
      const read = JSON.parse(out);
      expect(read).toEqual({
        shown: JSON.parse(JSON.stringify(part)),
        list: [{ shown: read.shown }],
        hidden: "***",
        gone: null,
      });
    }),
    { numRuns: 500 },
  );
});

describe("paths", () => {
  test.each(["", "$", "a", "$.", "$.a.", "$a", "$.a[0]", "$.a[*", "$..a", "$.a b", '$."', "$.-"])(
    "%j is none",
    (text) => {
      expect(parsePath(text)).toBeNull();
    },
  );

  test('$.a."b \\"c\\""[*].d2', () => {
    expect(parsePath('$.a."b \\"c\\""[*].d2')).toEqual(["a", 'b "c"', null, "d2"]);
  });
});

describe("catalog.yaml", () => {
  const catalog = CATALOG.replace(
    "maiden_name: name",
    'maiden_name: name\n            insurance: { class: ssn, paths: { "$.plan": none, "$.holder.name": name } }',
  );
  const bundle = load({
    ...parts(ALL),
    "catalog.yaml": catalog,
  });
  if ("problems" in bundle) throw new Error(JSON.stringify(bundle.problems));
  const planOf = (...reveal: string[]) => {
    const made = planStatement(reads("public.patients", "insurance"), bundle.catalog, "clinic", new Set(reveal));
    return made.type === "columns" ? made.columns[0]! : null;
  };

  test("says what parts of a column are; the whole has the classes of all of them", () => {
    expect(bundle.catalog.classesOf("clinic", { relation: "public.patients", column: "insurance" })).toEqual([
      "ssn",
      "name",
    ]);
    expect(planOf()?.paths).toEqual({
      rest: leaf("redact"),
      parts: [
        { path: ["plan"], leaf: leaf("clear") },
        { path: ["holder", "name"], leaf: leaf("initial") },
      ],
    });
    expect(planOf("name")?.paths?.parts[1]?.leaf.mask).toBe("clear");
    expect(planOf("ssn")?.paths?.rest.mask).toBe("clear");
    expect(planOf("ssn", "name")?.mask).toBe("clear");
  });

  test("is read with every mistake in it", () => {
    const wrong = catalog.replace('"$.plan": none', '"plan": none, "$.x": nobody');
    const broken = load({ ...parts(ALL), "catalog.yaml": wrong });
    const said = "problems" in broken ? broken.problems.map((p) => p.message) : [];
    expect(said).toEqual([
      '"plan" is no path: write $.key, $.list[*].key, $."odd key"',
      'unknown class "nobody" of column insurance',
    ]);
  });

  test("without a class for the rest, the rest is what nobody has classified", () => {
    const open = load({
      ...parts(ALL),
      "catalog.yaml": catalog.replace("class: ssn, ", ""),
    });
    if ("problems" in open) throw new Error("refused");
    expect(open.catalog.classesOf("clinic", { relation: "public.patients", column: "insurance" })).toEqual([
      "unclassified",
      "name",
    ]);
  });
});
