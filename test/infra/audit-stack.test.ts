// The auditors' role: the questions, the answers, the lanes in the clear, and nothing that is sealed.
import { expect, test } from "vitest";
import { templates } from "#test/support/deployment.ts";

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const MADE = { minimal: templates("minimal").audit, "existing-aurora": templates("existing-aurora").audit };

function statements(of: keyof typeof MADE): readonly Statement[] {
  const policies = Object.entries(MADE[of].findResources("AWS::IAM::Policy"));
  return policies
    .filter(([id]) => id.startsWith("Auditor"))
    .flatMap(([, one]) => one.Properties.PolicyDocument.Statement);
}

test("nobody has it where settings name nobody", () => {
  expect(statements("minimal")).toEqual([]);
});

test("it is for those whom settings name, reads the clear lanes, and is denied the sealed one", () => {
  const found = statements("existing-aurora");
  const text = (of: Statement) => JSON.stringify(of.Resource);
  const [allowed, denied] = ["Allow", "Deny"].map((effect) => found.filter((one) => one.Effect === effect));
  expect(allowed?.filter((one) => /sealed|SealedKey/i.test(text(one)))).toEqual([]);
  expect(denied).toHaveLength(1);
  expect(text(denied?.[0] as Statement)).toContain("/sealed/*");
  const actions = new Set(allowed?.flatMap((one) => one.Action));
  expect(
    [...actions].filter((action) => /Delete|Update|Create|Retention$/.test(action) && !/Get/.test(action)),
  ).toEqual([]);
  const written = allowed?.filter((one) => [one.Action].flat().includes("s3:PutObject")) ?? [];
  expect(written.map(text)).toEqual([expect.stringContaining("answers/*")]);
  const [role] = Object.values(MADE["existing-aurora"].findResources("AWS::IAM::Role"));
  expect(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)).toContain("role/Auditors");
});
