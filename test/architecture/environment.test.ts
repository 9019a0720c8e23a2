import { describe, expect, test } from "vitest";
import { ENVIRONMENT_FILES, environmentReads, environmentViolations } from "#test/support/environment-rule.ts";
import { projectFiles, ROOT } from "#test/support/project.ts";

const READS: readonly string[] = [
  "export const a = process.env.HOME;",
  'export const a = process["env"];',
  "const key = 'env'; export const a = process[key as 'env'];",
  "export const a = globalThis.process.env;",
  "export const a = (process as NodeJS.Process).env;",
  "const { env } = process;",
  "const { env: renamed } = process;",
  "const { argv, ...rest } = process;",
  "const p = process; p.env;",
  'import { env } from "node:process";',
  'import { env as e } from "process";',
  'import p from "node:process";',
  'import * as p from "node:process";',
  'import { default as p } from "node:process";',
];

const INNOCENT: readonly string[] = [
  "// process.env",
  'export const a = "process.env";',
  "export const a = settings.env;",
  "process.exitCode = process.argv.length;",
  "const { argv } = process;",
  'import process from "node:process";',
  'import { argv, exit } from "node:process";',
  'export const a = process["argv"];',
];

describe("the environment is read in one file per part", () => {
  test.for(READS)("seen: %s", (text) => {
    expect(environmentReads("a.ts", `\n${text}\n`)).toEqual([2]);
  });

  test.for(INNOCENT)("left alone: %s", (text) => {
    expect(environmentReads("a.ts", text)).toEqual([]);
  });

  test("the project keeps to it, and the rule looks at its files", () => {
    const files = projectFiles([".ts", ".mjs"]);
    expect(files.length).toBeGreaterThan(20);
    expect(environmentViolations(ROOT, files)).toEqual([]);
    expect(environmentViolations(ROOT, ["test/architecture/environment.test.ts"])).toEqual([]);
    expect(new Set(ENVIRONMENT_FILES.map((file) => file.split("/src/")[0])).size).toBe(ENVIRONMENT_FILES.length);
  });
});
