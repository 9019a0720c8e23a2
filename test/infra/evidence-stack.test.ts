// What the synthesized template promises of the evidence bucket. What S3 makes of it, only a real account can show.
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { EvidenceStack } from "../../infra/stacks/evidence-stack.ts";

const template = Template.fromStack(new EvidenceStack(new App(), "Test"));
const bucket = (properties: object) => template.hasResourceProperties("AWS::S3::Bucket", properties);
const denied = (statement: object) =>
  template.hasResourceProperties("AWS::S3::BucketPolicy", {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Effect: "Deny", ...statement })]) },
  });

describe("the evidence bucket", () => {
  test("is the only bucket, and outlives its stack", () => {
    template.resourceCountIs("AWS::S3::Bucket", 1);
    for (const type of ["AWS::S3::Bucket", "AWS::KMS::Key"])
      template.hasResource(type, { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  });

  test("locks every object for six years in COMPLIANCE mode, and keeps versions", () => {
    bucket({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: "Enabled",
        Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: 2192 } },
      },
      VersioningConfiguration: { Status: "Enabled" },
    });
  });

  test("six years hold in any six years of the calendar", () => {
    const longest = Array.from(
      { length: 400 },
      (_, i) => (Date.UTC(2006 + i, 0, 1) - Date.UTC(2000 + i, 0, 1)) / 86_400_000,
    );
    expect(Math.max(...longest)).toBe(2192);
  });

  test("is encrypted with a key of its own that rotates", () => {
    bucket({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          Match.objectLike({
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: Match.anyValue() },
          }),
        ],
      },
    });
    template.hasResourceProperties("AWS::KMS::Key", { EnableKeyRotation: true });
  });

  test("is closed to the public, and has one owner", () => {
    bucket({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    });
  });

  test("speaks TLS 1.2 or later only", () => {
    denied({ Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } });
    denied({ Action: "s3:*", Condition: { NumericLessThan: { "s3:TlsVersion": 1.2 } } });
  });

  test("lets nobody choose a weaker lock, delete versions or loosen its rules", () => {
    denied({
      Action: ["s3:PutObject", "s3:PutObjectRetention"],
      Condition: {
        Null: { "s3:object-lock-mode": "false" },
        StringNotEquals: { "s3:object-lock-mode": "COMPLIANCE" },
      },
    });
    denied({ Action: "s3:DeleteObjectVersion" });
    denied({ Action: ["s3:PutBucketVersioning", "s3:PutLifecycleConfiguration"] });
  });
});
