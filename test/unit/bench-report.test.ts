// The bench's arithmetic: what its ratios are made of.

import { expect, test } from "vitest";
import type { Results } from "#test/bench/measure.ts";
import { FULL, QUICK } from "#test/bench/plan.ts";
import { markdown, ratios } from "#test/bench/report.ts";

const run = (tps: number, cpu: number | null = null) => ({ tps, p50: 1e6 / tps, p99: 2e6 / tps, cpu });
const RESULTS: Results = {
  cells: [
    {
      load: { script: "select-only", protocol: "simple", clients: 32 },
      runs: { pgbouncer: run(1000, 20), postern: run(500, 40), direct: run(2000) },
    },
    {
      load: { script: "tpcb-like", protocol: "simple", clients: 32 },
      runs: { pgbouncer: run(100, 20), postern: run(200, 40) },
    },
    {
      load: { script: "select-only", protocol: "prepared", clients: 1 },
      runs: { pgbouncer: run(10, 20), postern: run(9, 40), direct: run(20) },
    },
  ],
  large: [{ way: "stream", masked: true, seconds: { direct: 1, pgbouncer: 1.5, postern: 3 } }],
  memory: { postern: { idle: 80, now: 100, peak: 120 } },
};

test("throughput is the geometric mean over the cells of as many clients, Postern's by the other's", () => {
  expect(ratios(RESULTS)).toEqual({
    pgbouncer_c32: 1,
    pgbouncer_c32_select: 0.5,
    pgbouncer_c32_tpcb: 2,
    direct_c32: 0.25,
    pgbouncer_c1: 0.9,
    pgbouncer_c1_select: 0.9,
    direct_c1: 0.45,
    select_500k_masked_vs_direct: 3,
    select_500k_masked_vs_pgbouncer: 2,
  });
});

test("both modes measure the same cells at 32 clients, and pgbouncer and Postern equally often", () => {
  const at32 = (plan: typeof FULL) => plan.cells.map((c) => c.load).filter((load) => load.clients === 32);
  expect(at32(QUICK)).toEqual(at32(FULL));
  expect(at32(FULL)).toHaveLength(6);
  expect(new Set(FULL.cells.map((c) => c.load.clients))).toEqual(new Set([1, 8, 32]));
});

test("the report shows what a gateway adds to the direct way", () => {
  const lines = markdown(RESULTS).split("\n");
  expect(lines).toContain(
    "| select-only, prepared | 1 | 20 | 10 | 9 | 0.90 | 50000 / 100000 | 61111 / 122222 | 20 / 40 |",
  );
  expect(lines).toContain("| SELECT, node-postgres, row by row, masked | 1.00 | 1.50 | 3.00 | 3.00 | 2.00 |");
});
