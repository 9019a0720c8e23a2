// Every sample passes CloudFormation's own validation, HIPAA.Security and AwsSolutions; what is meant otherwise has its reason beside it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deployment, SAMPLES, sample } from "#test/support/deployment.ts";

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly { readonly ruleName?: string; readonly severity?: string }[];
  }[];
}

describe.each(SAMPLES)("the rules, of %s", (name) => {
  test("find nothing that is not explained", { timeout: 180_000 }, () => {
    const { app } = deployment(sample(name));
    const assembly = app.synth();
    const report = JSON.parse(readFileSync(join(assembly.directory, "validation-report.json"), "utf8")) as Report;
    const found = report.pluginReports.flatMap(({ violations }) => violations);
    expect(found).toEqual([]);
  });
});
