// Adds up what the suites of .ci/run reported: `count.ts <folder>` with suites.tsv (name, exit code, seconds) and vitest's <name>.json.
import { existsSync, readFileSync } from "node:fs";

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly why: string;
}

/** What of vitest's JSON report is read (the shape of Jest's). */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
  }[];
}

/** A suite's own report if it wrote one; else its exit code as one test. What did not run has failed. */
export function count(code: number, report: Report | null): Count {
  if (report === null)
    return code === 0 ? { passed: 1, failed: 0, why: "" } : { passed: 0, failed: 1, why: `exit ${code}` };
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + skipped;
  const why = skipped === 0 ? "" : `${skipped} did not run`;
  if (failed > 0) return { passed: report.numPassedTests, failed, why };
  if (code !== 0) return { passed: report.numPassedTests, failed: 1, why: `exit ${code} outside of any test` };
  if (report.numPassedTests === 0) return { passed: 0, failed: 1, why: "no test was found" };
  return { passed: report.numPassedTests, failed: 0, why: "" };
}

/** What did not pass, for the end of a long log: file, test, and the first lines of why. */
export function* wrong(report: Report): Generator<string> {
  for (const file of report.testResults) {
    const tests = file.assertionResults.filter((test) => test.status !== "passed");
    if (tests.length === 0 && file.status === "failed") yield told(file.name, file.message);
    for (const test of tests)
      yield told(`${file.name} > ${test.fullName}`, test.failureMessages.join("\n") || test.status);
  }
}

const told = (what: string, why: string) =>
  [what, ...why.split("\n", LINES_OF_WHY).map((line) => `    ${line}`)].join("\n");
const LINES_OF_WHY = 12;

function main(folder: string): void {
  let passed = 0;
  let failed = 0;
  const all: string[] = [];
  console.log("");
  for (const line of readFileSync(`${folder}/suites.tsv`, "utf8").trim().split("\n")) {
    const [name = "", code = "1", seconds = "0"] = line.split("\t");
    const path = `${folder}/${name}.json`;
    const report: Report | null = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
    const result = count(Number(code), report);
    if (report !== null) all.push(...wrong(report));
    passed += result.passed;
    failed += result.failed;
    const columns = [name.padEnd(12), `${result.passed} passed`.padStart(12), `${result.failed} failed`.padStart(10)];
    console.log([...columns, `${seconds} s`.padStart(7), result.why].join("  ").trimEnd());
  }
  for (const one of all) console.log(`\n${one}`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (import.meta.main) main(process.argv[2] ?? ".");
