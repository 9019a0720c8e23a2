// `npm run check`: everything that can be said about the code without running it, in one go and in under half a minute.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { ERRORS } from "#shared/errors.ts";
import { environmentViolations } from "#test/support/environment-rule.ts";
import { pageEntries, pageProblems } from "#test/support/error-pages.ts";
import { projectFiles, ROOT, TSC } from "#test/support/project.ts";

interface Step {
  readonly name: string;
  /** @returns what is wrong, in words; empty when nothing is */
  run(): Promise<string>;
}

const PARTS = ["shared", "fargate-proxy", "functions", "cli", "infra", "test"];

function tool(name: string, command: string, args: readonly string[]): Step {
  const run = () =>
    new Promise<string>((resolve) => {
      execFile(process.execPath, [command, ...args], { cwd: ROOT, maxBuffer: 64 << 20 }, (error, out, err) =>
        resolve(error === null ? "" : `${out}${err}`.trim() || String(error)),
      );
    });
  return { name, run };
}

const STEPS: readonly Step[] = [
  tool("types", TSC, ["-p", "tsconfig.json"]),
  tool("types of shared, without Node's", TSC, ["-p", "shared/tsconfig.json"]),
  tool("imports", "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs", ["-T", "err-long", ...PARTS]),
  tool("lint and format", "node_modules/@biomejs/biome/bin/biome", ["ci", "--error-on-warnings", "--colors=off", "."]),
  tool("dead code", "node_modules/knip/bin/knip.js", ["--no-progress", "--treat-config-hints-as-errors"]),
  {
    name: "environment read in one file per part",
    run: async () => environmentViolations(ROOT, projectFiles([".ts", ".mjs"])).join("\n"),
  },
  {
    name: "docs/errors.md lists the error codes",
    run: async () => pageProblems(pageEntries(readFileSync(`${ROOT}/docs/errors.md`, "utf8")), ERRORS).join("\n"),
  },
];

let failed = 0;
const waiting = [...STEPS];
const lane = async (): Promise<void> => {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const started = performance.now();
    const problem = await step.run();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${problem === "" ? "ok  " : "FAIL"} ${step.name} (${seconds} s)`);
    if (problem === "") continue;
    failed++;
    console.log(problem.replace(/^/gm, "     "));
  }
};
await Promise.all([lane(), lane(), lane()]);
console.log(`${STEPS.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
