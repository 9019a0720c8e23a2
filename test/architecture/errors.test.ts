import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ERRORS } from "#shared/errors.ts";
import { pageEntries, pageProblems } from "#test/support/error-pages.ts";
import { ROOT } from "#test/support/project.ts";

const page = readFileSync(`${ROOT}/docs/errors.md`, "utf8");

describe("docs/errors.md", () => {
  test("lists exactly the codes of the catalogue, with their SQLSTATEs", () => {
    expect(pageEntries(page)).toHaveLength(Object.keys(ERRORS).length);
    expect(pageProblems(pageEntries(page), ERRORS)).toEqual([]);
  });

  test("is caught when a code is missing, foreign, doubled, or has another SQLSTATE", () => {
    const catalogue = { one: { sqlstate: "42501" }, two: { sqlstate: "08P01" } };
    const rows = (...lines: string[]) => pageEntries(lines.join("\n"));
    const [one, two] = ["| `one` | `42501` | x | y |", "| `two` | `08P01` | x | y |"] as const;
    expect(pageProblems(rows(one, two), catalogue)).toEqual([]);
    expect(pageProblems(rows(one), catalogue)).toEqual(["two is missing from the page"]);
    expect(pageProblems(rows(one, two, "| `three` | `42501` | x |"), catalogue)).toEqual([
      "three is not in the catalogue",
    ]);
    expect(pageProblems(rows(one, two, two), catalogue)).toEqual(["two is listed twice"]);
    expect(pageProblems(rows(one, "| `two` | `08006` | x |"), catalogue)).toEqual([
      "two is 08P01, the page says 08006",
    ]);
  });
});

test("every refusal says what happened and what to do, and speaks SQLSTATE", () => {
  for (const [code, { sqlstate, message, hint }] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(sqlstate, code).toMatch(/^[0-9A-Z]{5}$/);
    expect(message, code).toMatch(/^[a-z].*[^.]$/);
    expect(hint, code).toMatch(/^[A-Z].*\.$/);
  }
});
