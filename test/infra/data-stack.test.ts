// What the synthesized template promises of the evidence bucket and the tables. What S3 makes of it, only a real account can show.
import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { INDEXES } from "#functions/adapters/dynamo-approvals.ts";
import { templates } from "#test/support/deployment.ts";

const { data: template, keys } = templates("minimal");
const bucket = (properties: object) => template.hasResourceProperties("AWS::S3::Bucket", properties);
const denied = (statement: object) =>
  template.hasResourceProperties("AWS::S3::BucketPolicy", {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Effect: "Deny", ...statement })]) },
  });

describe("the evidence bucket", () => {
  test("is the only bucket, and outlives its stack", () => {
    template.resourceCountIs("AWS::S3::Bucket", 1);
    template.hasResource("AWS::S3::Bucket", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
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
    keys.hasResourceProperties("AWS::KMS::Key", {
      Description: Match.stringLikeRegexp("evidence"),
      EnableKeyRotation: true,
    });
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

describe("where copies and access logs go", () => {
  test("nowhere, unless settings say so", () =>
    bucket({ ReplicationConfiguration: Match.absent(), LoggingConfiguration: Match.absent() }));

  test("to the bucket, the key and the account that settings name", () => {
    templates("existing-aurora").data.hasResourceProperties("AWS::S3::Bucket", {
      ReplicationConfiguration: {
        Rules: [
          Match.objectLike({
            Status: "Enabled",
            Destination: Match.objectLike({ Account: "444455556666", Bucket: "arn:aws:s3:::evidence-copies" }),
            SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: "Enabled" } },
          }),
        ],
      },
      LoggingConfiguration: Match.objectLike({ DestinationBucketName: "access-logs-of-the-account" }),
    });
  });
});

describe("every table", () => {
  const tables = Object.entries(template.findResources("AWS::DynamoDB::Table"));
  const named = (name: string) => tables.find(([id]) => id.startsWith(name))?.[1].Properties;

  test.each(tables)("%s is encrypted with our key, recoverable, and outlives its stack", (_, table) => {
    expect(table).toMatchObject({
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        BillingMode: "PAY_PER_REQUEST",
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: expect.anything() },
        StreamSpecification: { StreamViewType: "KEYS_ONLY" },
      },
    });
  });

  test("has the keys that the adapters use", () => {
    const keysOf = (name: string) => named(name)?.KeySchema.map((key: { AttributeName: string }) => key.AttributeName);
    expect(tables.map(([id]) => id.replace(/Table[0-9A-F]+$/, "")).sort()).toEqual([
      "Approvals",
      "Fleet",
      "Index",
      "Journal",
      "Officers",
      "Revocations",
      "SealedKeys",
      "Sequence",
    ]);
    expect(keysOf("Approvals")).toEqual(["key"]);
    expect(keysOf("Fleet")).toEqual(["key"]);
    expect(keysOf("Journal")).toEqual(["task", "sequence"]);
    expect(keysOf("Index")).toEqual(["key", "sort"]);
    expect(keysOf("Revocations")).toEqual(["name"]);
    expect(keysOf("SealedKeys")).toEqual(["session"]);
    expect(keysOf("Officers")).toEqual(["kind", "id"]);
    expect(keysOf("Sequence")).toEqual(["key", "sort"]);
  });

  test("forgets what has its time, and nothing else", () => {
    for (const name of ["Approvals", "Journal", "Officers"])
      expect(named(name)?.TimeToLiveSpecification).toEqual({ AttributeName: "expires", Enabled: true });
    for (const name of ["Index", "Revocations", "SealedKeys", "Sequence"])
      expect(named(name)?.TimeToLiveSpecification).toBeUndefined();
    // What was shredded cannot be had back for long.
    expect(named("SealedKeys")?.PointInTimeRecoverySpecification.RecoveryPeriodInDays).toBe(7);
  });

  test("of approvals has the indexes that the store asks", () => {
    const indexes = named("Approvals")?.GlobalSecondaryIndexes as { IndexName: string; KeySchema: object[] }[];
    const keys = indexes.map(({ IndexName, KeySchema }) => [IndexName, KeySchema]);
    expect(Object.fromEntries(keys)).toEqual(
      Object.fromEntries(
        Object.entries(INDEXES).map(([name, sort]) => [
          name,
          [
            { AttributeName: name, KeyType: "HASH" },
            { AttributeName: sort, KeyType: "RANGE" },
          ],
        ]),
      ),
    );
  });
});
