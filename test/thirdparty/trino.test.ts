// The named queries, parsed by Trino itself: Athena's engine is made from it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "#test/support/project.ts";

const queries = join(ROOT, "infra/audit/queries");
const here = join(ROOT, "test/thirdparty/trino");
const folder = mkdtempSync(join(tmpdir(), "postern-trino-"));

beforeAll(() => {
  const goal = ["-q", "-B", "-f", join(here, "pom.xml"), "dependency:copy-dependencies"];
  execFileSync("mvn", [...goal, `-DoutputDirectory=${join(folder, "lib")}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function parse(files: readonly string[]): readonly string[] {
  const run = ["-cp", join(folder, "lib", "*"), join(here, "Parse.java"), ...files];
  return execFileSync("java", run, { encoding: "utf8" }).trim().split("\n");
}

it("takes every named query", () => {
  const files = readdirSync(queries);
  expect(files.length).toBeGreaterThanOrEqual(10);
  expect(parse(files.map((file) => join(queries, file)))).toEqual(files.map(() => "ok"));
}, 60_000);

it("does not take what Trino does not know", () => {
  const text = readFileSync(join(queries, "failed-logins.sql"), "utf8");
  const wrong = [
    text.replace("ORDER BY", "SORT BY"),
    text.replace("BETWEEN ? AND ?", "BETWEEN ? AND"),
    "SELECT 1 :: bigint",
  ];
  const files = wrong.map((sql, i) => {
    const file = join(folder, `${i}.sql`);
    writeFileSync(file, sql);
    return file;
  });
  for (const said of parse(files)) expect(said).toMatch(/^line \d+:\d+: /);
}, 60_000);
