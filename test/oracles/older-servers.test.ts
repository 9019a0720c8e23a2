// What is called harmless was looked at on the newest server. On an older one nothing may be called so that is not the same there.
import pg from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { isHarmless } from "#shared/analysis/sql/functions.ts";
import { startPostgres } from "#test/support/postgres.ts";
import { OLDER, QUERY, type Routine, routinesOf } from "./older-servers.ts";

type ByName = ReadonlyMap<string, readonly Routine[]>;
const byName = (routines: readonly Routine[]): ByName => Map.groupBy(routines, ({ name }) => name);

/** As a snapshot of that server has it. */
function harmless(all: ByName, name: string): boolean {
  const overloads = all.get(name) ?? [];
  return (
    overloads.length > 0 &&
    isHarmless(
      name,
      overloads.every(({ volatility }) => volatility === "i"),
    )
  );
}

/** Harmless where they are though the newest server does not have them, or has them otherwise: each was looked at. */
const LOOKED_AT: readonly (readonly [RegExp, string])[] = [
  [
    /^(path_center|dist_lb|dist_bl|close_sl|close_lb|point)$/,
    "geometry that was never written: they fail whatever they get",
  ],
  [/^interval_(accum|combine|accum_inv|avg)$/, "what the sum of intervals is kept in has another type"],
  [/^(interval_out|timezone|date_trunc)$/, "a setting of the session decides besides the arguments"],
  [/^jsonb?_strip_nulls$/, "an argument more"],
  [/^pg_stat_get_(bgwriter|checkpoint|buf)_/, "numbers about the server"],
  [/^pg_get_publication_tables$/, "names of objects"],
  [/^pg_stat_have_stats$/, "numbers for an object's number"],
];
const used = new Set<RegExp>();

let newest: ByName;
beforeAll(async () => {
  const server = await startPostgres();
  const client = new pg.Client(server);
  await client.connect();
  newest = byName((await client.query(QUERY)).rows.map(({ routine }) => routine as Routine));
  await client.end();
  await server.stop();
});

describe.each(Object.keys(OLDER) as (keyof typeof OLDER)[])("PostgreSQL %s", { timeout: 120_000 }, (major) => {
  test("calls nothing harmless that was not looked at", () => {
    const all = byName(routinesOf(major));
    expect(all.size).toBeGreaterThan(2500);
    const names = [...all.keys()].filter((name) => harmless(all, name));
    expect(names.length).toBeGreaterThan(1500);
    const definers = names.filter((name) => all.get(name)!.some(({ definer }) => definer));
    expect(definers).toEqual([]);
    const unknown = names.filter((name) => !harmless(newest, name));
    const looser = names.filter(
      (name) => harmless(newest, name) && all.get(name)!.some((r) => isOther(r, newest.get(name)!)),
    );
    const reason = (name: string) => LOOKED_AT.find(([pattern]) => pattern.test(name))?.[0];
    const left = [...unknown, ...looser].filter((name) => {
      const pattern = reason(name);
      if (pattern !== undefined) used.add(pattern);
      return pattern === undefined;
    });
    expect(left).toEqual([]);
  });
});

test("every reason is one for something", () => {
  expect(LOOKED_AT.filter(([pattern]) => !used.has(pattern))).toEqual([]);
});

/** An overload that the newest server does not have among its own, or that there does less. */
function isOther(routine: Routine, known: readonly Routine[]): boolean {
  const same = known.find(({ args, returns }) => args === routine.args && returns === routine.returns);
  return same === undefined || same.volatility !== routine.volatility || same.language !== routine.language;
}
