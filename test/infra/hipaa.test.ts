// docs/hipaa.md names resources and commands: each of them is there.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { templates } from "#test/support/deployment.ts";
import { ROOT } from "#test/support/project.ts";

const page = readFileSync(`${ROOT}/docs/hipaa.md`, "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| 164."))
  .map((line) => line.split("|").map((cell) => cell.trim()));
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
/** Calls of AWS's command line that need something to be there: what makes it. */
const CALLS: Readonly<Record<string, string>> = {
  "aws cognito-idp describe-user-pool": "identity/AWS::Cognito::UserPool",
  "aws dynamodb describe-continuous-backups": "data/AWS::DynamoDB::Table",
  "aws elbv2 describe-load-balancers": "proxy/AWS::ElasticLoadBalancingV2::LoadBalancer",
  "aws kms list-keys": "keys/AWS::KMS::Key",
  "aws s3api get-bucket-policy": "data/AWS::S3::BucketPolicy",
  "aws s3api get-object-lock-configuration": "data/AWS::S3::Bucket",
};

describe("docs/hipaa.md", () => {
  const made = ["minimal", "existing-aurora", "three-targets"] as const;
  const types = new Set(
    made.flatMap((name) =>
      Object.entries(templates(name)).flatMap(([stack, template]) =>
        Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(
          ({ Type }) => `${stack}/${Type}`,
        ),
      ),
    ),
  );

  test("has a row for each section that software serves", () => {
    for (const section of [
      "164.308(a)(1)(ii)(D)",
      "164.308(a)(4)",
      "164.308(a)(5)(ii)(C)",
      "164.312(a)(1)",
      "164.312(b)",
      "164.312(c)(1)",
      "164.312(d)",
      "164.312(e)(1)",
      "164.316(b)(2)(i)",
    ])
      expect(
        rows.some(([, control]) => control?.startsWith(section)),
        section,
      ).toBe(true);
    for (const [, control, , served, shown] of rows) {
      expect(served, control).not.toBe("");
      expect(quoted(shown ?? ""), control).not.toEqual([]);
    }
  });

  test("names resources that are made", () => {
    const named = rows.flatMap((row) => quoted(row[3] ?? "")).filter((one) => one.includes("::"));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((one) => !types.has(one))).toEqual([]);
  });

  test("names commands that there are", { timeout: 120_000 }, () => {
    const help = execFileSync(process.execPath, ["cli/src/main.ts", "--help"], { cwd: ROOT, encoding: "utf8" });
    const known = new Set([...help.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((match) => match[1]));
    const scripts = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")).scripts as Record<string, string>;
    for (const command of new Set(rows.flatMap((row) => quoted(row[4] ?? "")))) {
      const [program, first = "", second = ""] = command.split(" ");
      if (program === "postern" && first === "query")
        expect(existsSync(`${ROOT}/infra/audit/queries/${second}.sql`), command).toBe(true);
      else if (program === "postern") expect(known.has(first), command).toBe(true);
      else if (program === "npm") expect(scripts[second], command).toBeDefined();
      else expect(types.has(CALLS[command] ?? ""), command).toBe(true);
    }
  });
});
