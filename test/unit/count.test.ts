import { expect, test } from "vitest";
import { count, wrong } from "#test/suites/count.ts";

const report = (passed: number, failed = 0, pending = 0, todo = 0) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: pending,
  numTodoTests: todo,
  testResults: [],
});

test("a command without a report counts as one test", () => {
  expect(count(0, null)).toMatchObject({ passed: 1, failed: 0 });
  expect(count(2, null)).toMatchObject({ passed: 0, failed: 1, why: "exit 2" });
});

test("a report is taken at its word", () => {
  expect(count(0, report(7))).toMatchObject({ passed: 7, failed: 0 });
  expect(count(1, report(7, 2))).toMatchObject({ passed: 7, failed: 2 });
});

test("what did not run has failed", () => {
  expect(count(0, report(7, 0, 1, 2))).toMatchObject({ passed: 7, failed: 3, why: "3 did not run" });
  expect(count(0, report(0))).toMatchObject({ passed: 0, failed: 1 });
});

test("an error outside of any test has failed", () => {
  expect(count(1, report(7))).toMatchObject({ passed: 7, failed: 1 });
});

test("what did not pass is named, with why", () => {
  const of = (status: string, fullName: string, ...failureMessages: string[]) => ({
    status,
    fullName,
    failureMessages,
  });
  const files = [
    {
      name: "a.test.ts",
      status: "failed",
      message: "",
      assertionResults: [of("passed", "is"), of("failed", "was", "no\nat x")],
    },
    { name: "b.test.ts", status: "failed", message: "cannot be read", assertionResults: [] },
    { name: "c.test.ts", status: "passed", message: "", assertionResults: [of("skipped", "will be")] },
  ];
  expect([...wrong({ ...report(1, 1, 1), testResults: files })]).toEqual([
    "a.test.ts > was\n    no\n    at x",
    "b.test.ts\n    cannot be read",
    "c.test.ts > will be\n    skipped",
  ]);
});
