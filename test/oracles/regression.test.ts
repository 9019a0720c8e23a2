// PostgreSQL's own regression SQL: each statement that the server runs either yields facts that agree with the server, or is marked as
// not fully analysed.
import { beforeAll, expect, test } from "vitest";
import { REGRESSION_SECONDS } from "#test/support/settings.ts";
import { type FileResult, fetchScripts, GROUND, runFiles } from "./regression.ts";

/** Of the statements that the server runs, so many must be complete. It may be raised, never lowered; docs/analysis.md has the figures. */
const FLOOR = 0.86;
/** On a slow machine not all of them run in the time that there is; with fewer than these the suite says nothing. */
const FEWEST = 10_000;
const LANES = 2;

let results: readonly FileResult[];
let left: readonly string[];

beforeAll(async () => {
  const found = new Map<string, FileResult>();
  const waiting = fetchScripts().filter((file) => !GROUND.includes(file));
  const end = performance.now() + REGRESSION_SECONDS * 1000;
  const take = (): string | undefined => (performance.now() < end ? waiting.shift() : undefined);
  await Promise.all(Array.from({ length: LANES }, () => runFiles(take, (result) => found.set(result.file, result))));
  results = [...found.values()].sort((one, other) => (one.file < other.file ? -1 : 1));
  left = waiting;
}, 1_200_000);

const sum = (part: (result: FileResult) => number): number =>
  results.reduce((total, result) => total + part(result), 0);

test("facts agree with the server", () => {
  expect(sum((result) => result.ran)).toBeGreaterThan(FEWEST);
  const wrong = results.flatMap(({ file, disagreements }) =>
    disagreements.map(({ sql, what }) => `${file}: ${what}\n${sql}`),
  );
  expect(wrong).toEqual([]);
});

test("most statements are followed to the end", () => {
  const [ran, complete] = [sum((result) => result.ran), sum((result) => result.complete)];
  const line = (name: string, all: number, part: number): string =>
    `${name.padEnd(28)}${String(all).padStart(6)}${all === 0 ? "" : `${((100 * part) / all).toFixed(1)} %`.padStart(9)}`;
  const gaps = new Map<string, number>();
  for (const result of results) for (const [gap, times] of result.gaps) gaps.set(gap, (gaps.get(gap) ?? 0) + times);
  const often = [...gaps].sort((a, b) => b[1] - a[1]).slice(0, 20);
  const report = [
    ...results.map((result) => line(result.file, result.ran, result.complete)),
    line("all", ran, complete),
    ...(left.length > 0 ? [`not run, for want of time: ${left.join(" ")}`] : []),
    "gaps that stood alone:",
    ...often.map(([gap, times]) => `${String(times).padStart(6)}  ${gap}`),
  ];
  console.log(report.join("\n"));
  expect(complete / ran).toBeGreaterThan(FLOOR);
});
