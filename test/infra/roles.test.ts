// Every statement of every role, as a list that people can read: test/infra/roles.txt. A permission more or less is a change of that file, which is reviewed.
import { readFileSync, writeFileSync } from "node:fs";
import type { Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { SAMPLES, templates } from "#test/support/deployment.ts";
import { rolesOf } from "#test/support/roles.ts";
import { REWRITE_ROLES } from "#test/support/settings.ts";

const FILE = `${import.meta.dirname}/roles.txt`;

/** The parts of the file: a heading for each sample, then its roles. */
function written(): string {
  const parts = SAMPLES.map((name) => {
    const all = Object.entries(templates(name)) as [string, Template][];
    return [`# ${name}`, "", ...all.flatMap(([stack, template]) => rolesOf(stack, template))].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
}

describe("the roles", { timeout: 180_000 }, () => {
  test("may do what roles.txt lists, and nothing else", () => {
    const found = written();
    const known = readFileSync(FILE, "utf8");
    const reasons = known.slice(0, known.indexOf("# minimal"));
    if (REWRITE_ROLES) writeFileSync(FILE, reasons + found);
    else expect(found).toBe(known.slice(reasons.length));
  });

  test("have no wildcard that the file does not explain at its head", () => {
    const known = readFileSync(FILE, "utf8");
    const reasons = known.slice(0, known.indexOf("# minimal"));
    const wild = written()
      .split("\n")
      .filter((line) => line.startsWith("  allow ") && line.includes("*"));
    const actions = wild.flatMap((line) => (line.match(/^ {2}allow (.*?) on /)?.[1] ?? "").split(", "));
    expect(wild.length).toBeGreaterThan(0);
    for (const action of new Set(actions)) expect(reasons, action).toContain(action);
  });
});
