// A key for each purpose; what is sealed can be opened by those who are named, and by nobody else.

import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { deployment, sample, templates } from "#test/support/deployment.ts";

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal: Record<string, unknown>;
  readonly Action: string | string[];
  readonly Condition?: object;
}
const keysOf = (template: Template) =>
  Object.entries(template.findResources("AWS::KMS::Key")).map(([id, key]) => ({
    name: id.replace(/[0-9A-F]{8}$/, ""),
    ...key,
  })) as unknown as readonly {
    readonly name: string;
    readonly DeletionPolicy: string;
    readonly Properties: {
      readonly EnableKeyRotation?: boolean;
      readonly KeySpec?: string;
      readonly KeyUsage?: string;
      readonly KeyPolicy: { readonly Statement: readonly Statement[] };
    };
  }[];
const keys = keysOf(templates("minimal").keys);
const sealedBy = (all: typeof keys) =>
  all.find(({ name }) => name === "Sealed")?.Properties.KeyPolicy.Statement.find(({ Sid }) => Sid === "OnlyOpeners");

describe("the keys", () => {
  test("are one for each purpose, kept, and rotated where KMS can", () => {
    expect(keys.map(({ name }) => name).sort()).toEqual(["Evidence", "Ledger", "Sealed", "Secrets", "Service"]);
    for (const { name, DeletionPolicy, Properties } of keys) {
      expect(DeletionPolicy, name).toBe("Retain");
      if (name === "Ledger")
        expect(Properties).toMatchObject({ KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" });
      else expect(Properties.EnableKeyRotation, name).toBe(true);
    }
  });

  test("open what is sealed to the function of the officers alone, unless settings name a role", () => {
    const deny = {
      Effect: "Deny",
      Principal: { AWS: "*" },
      Action: ["kms:CreateGrant", "kms:Decrypt", "kms:ReEncryptFrom"],
    };
    expect(sealedBy(keys)).toMatchObject(deny);
    const openersOf = (statement: Statement | undefined) =>
      (statement?.Condition as { ArnNotEquals: Record<string, unknown[]> } | undefined)?.ArnNotEquals[
        "aws:PrincipalArn"
      ] ?? [];
    const [officers, ...more] = openersOf(sealedBy(keys));
    expect(more).toEqual([]);
    const { Properties } = Object.values(templates("minimal").control.findResources("AWS::IAM::Role")).find(
      (role) => role.Properties.RoleName !== undefined,
    ) as { Properties: { RoleName: unknown } };
    const name = ["Postern-officers-", { Ref: "AWS::Region" }];
    expect(Properties.RoleName).toEqual({ "Fn::Join": ["", name] });
    expect(JSON.stringify(officers)).toContain(`:role/${JSON.stringify(name).slice(2, -1)}`);
    const settings = sample("minimal");
    const opener = "arn:aws:iam::111122223333:role/privacy-office";
    const { stacks } = deployment({ ...settings, evidence: { ...settings.evidence, openers: [opener] } });
    const named = sealedBy(keysOf(Template.fromStack(stacks.keys)));
    expect(named).toMatchObject(deny);
    expect(openersOf(named)).toEqual([officers, opener]);
  });

  test("let services of AWS in for this account alone, but for EventBridge", () => {
    const service = keys.find(({ name }) => name === "Service")?.Properties.KeyPolicy.Statement ?? [];
    const admitted = service.filter(({ Principal }) => Principal.Service !== undefined);
    const [ours, byCdk] = [
      admitted.filter(({ Sid }) => Sid !== undefined),
      admitted.filter(({ Sid }) => Sid === undefined),
    ];
    expect(ours.map(({ Sid }) => Sid).sort()).toEqual(["Alarms", "Logs"]);
    for (const { Sid, Condition } of ours) expect(JSON.stringify(Condition), Sid).toContain("AWS::AccountId");
    // EventBridge meets no condition of a key: the queues themselves say whose events they take (flow-stack.test.ts).
    expect(new Set(byCdk.map(({ Principal }) => Principal.Service))).toEqual(new Set(["events.amazonaws.com"]));
  });
});
