// The twins are what they are said to be: equal in everything but masked values.
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { ROOT } from "#test/support/project.ts";
import { startTwins, type Twins } from "#test/support/twin-clinic.ts";
import { OTHER_VALUES } from "#test/support/twin-values.ts";

let twins: Twins;
let direct: pg.Client[];

beforeAll(async () => {
  twins = await startTwins();
  direct = await Promise.all(twins.sides.map((side) => side.direct()));
});
afterAll(async () => {
  for (const client of direct ?? []) await client.end();
  await twins?.stop();
});

/** Rows of both sides. */
const ask = async (sql: string): Promise<unknown[][][]> =>
  Promise.all(direct.map(async (client) => (await client.query({ text: sql, rowMode: "array" })).rows));

test("have the same objects, pages, statistics and rows at the same places", async () => {
  for (const sql of [
    "SELECT oid, relname, relkind, relpages, reltuples, relfilenode FROM pg_class ORDER BY oid",
    "SELECT starelid, staattnum, stanullfrac, stawidth, stadistinct, stanumbers1, stavalues1::text FROM pg_statistic ORDER BY 1, 2",
    ...Object.keys(OTHER_VALUES).map((table) => `SELECT ctid, id FROM ${table} ORDER BY 1`),
  ]) {
    const [one, other] = await ask(sql);
    expect(one?.length).toBeGreaterThan(5);
    expect(other, sql).toEqual(one);
  }
});

test("differ in all that is hidden whole from engineers, or but for the year, and in nothing else", async () => {
  const { classes, targets } = parse(readFileSync(`${ROOT}/policy/catalog.yaml`, "utf8"));
  const hidden = (name: string) => ["redact", "null", "year"].includes(classes[name].mask);
  const revealed = ["none", "clinical", "service-date", "staff-phone"];
  const [columns] =
    await ask(`SELECT n.nspname, c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'billing') AND c.relkind = 'r' AND NOT relispartition AND attnum > 0 ORDER BY 1, 2, attnum`);
  const wrong: string[] = [];
  for (const [schema, table, column] of columns as string[][]) {
    const listed = targets.clinic.schemas[schema as string][table as string]?.columns?.[column as string] ?? "none";
    const names = [listed].flat().filter((name) => !revealed.includes(name));
    const other = names.length > 0 && names.every(hidden);
    // Made from what stays: the words of a note, the year of a birth.
    const kept = ["birth_year", "search"].includes(column as string);
    const [a, b] = await ask(`SELECT ${column}::text FROM ${schema}.${table} ORDER BY ctid`);
    const differing = (a ?? []).filter((row, i) => row[0] !== b?.[i]?.[0]).length;
    const nulls = (a ?? []).filter((row, i) => (row[0] === null) !== (b?.[i]?.[0] === null)).length;
    if (differing > 0 !== (other && !kept)) wrong.push(`${table}.${column} differs in ${differing}`);
    if (nulls > 0) wrong.push(`${table}.${column} has other nulls`);
  }
  expect(wrong).toEqual([]);
});

test("are told apart by whoever may see, and not by engineers", async () => {
  const sql = "SELECT id, full_name, ssn, birth_date FROM patients ORDER BY id";
  const seen = async (identity: string) =>
    Promise.all(
      twins.sides.map(async (side) => {
        const client = await side.client(identity);
        const { rows } = await client.query(sql);
        await client.end();
        return rows;
      }),
    );
  const [one, other] = await seen("engineer");
  expect(one).toHaveLength(200);
  expect(other).toEqual(one);
  const [clear, otherwise] = await seen("privacy");
  expect(otherwise).not.toEqual(clear);
});
