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

function main(folder: string): void {
  let passed = 0;
  let failed = 0;
  console.log("");
  for (const line of readFileSync(`${folder}/suites.tsv`, "utf8").trim().split("\n")) {
    const [name = "", code = "1", seconds = "0"] = line.split("\t");
    const path = `${folder}/${name}.json`;
    const result = count(Number(code), existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null);
    passed += result.passed;
    failed += result.failed;
    const columns = [name.padEnd(12), `${result.passed} passed`.padStart(12), `${result.failed} failed`.padStart(10)];
    console.log([...columns, `${seconds} s`.padStart(7), result.why].join("  ").trimEnd());
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (import.meta.main) main(process.argv[2] ?? ".");
