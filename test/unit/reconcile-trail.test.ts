// CloudTrail about what only the gateway should touch. Records are made as the CloudTrail User Guide shows them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTrails } from "#cli/reconcile/trails.ts";
import { TrailAccount } from "#shared/reconcile/cloudtrail.ts";

const ACCOUNT = "111122223333";
const TASK = `arn:aws:iam::${ACCOUNT}:role/postern-proxy-Task`;
const ROTATION = `arn:aws:iam::${ACCOUNT}:role/rotation`;
const SECRET = `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:postern/clinic-AbC123`;
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const BUCKET = "evidence-of-the-clinic";
const TABLE = "postern-journal";

const assumed = (role: string) => ({
  type: "AssumedRole",
  principalId: "AROAEXAMPLE:session",
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.slice(role.lastIndexOf("/") + 1)}/session`,
  accountId: ACCOUNT,
  sessionContext: { sessionIssuer: { type: "Role", principalId: "AROAEXAMPLE", arn: role, userName: "x" } },
});
const EVE = {
  type: "IAMUser",
  principalId: "AIDAEXAMPLE",
  arn: `arn:aws:iam::${ACCOUNT}:user/eve`,
  accountId: ACCOUNT,
};

function call(service: string, eventName: string, requestParameters: object | null, more: object = {}): object {
  return {
    eventVersion: "1.11",
    userIdentity: EVE,
    eventTime: "2026-11-20T14:00:00Z",
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: "eu-central-1",
    sourceIPAddress: "198.51.100.7",
    userAgent: "aws-cli/2",
    requestParameters,
    responseElements: null,
    readOnly: /^(?:Get|Describe|List|Decrypt|BatchGet)/.test(eventName),
    eventType: "AwsApiCall",
    managementEvent: true,
    ...more,
  };
}

function told(records: readonly object[], expected: readonly string[] = [TASK]) {
  const watched = {
    secrets: ["postern/clinic"],
    keys: [KEY],
    buckets: [BUCKET],
    tables: [TABLE],
    expected: new Set(expected),
  };
  const account = new TrailAccount(watched);
  for (const record of records) account.add(record);
  const findings = [...account.findings([], 0)];
  return { account, findings, kinds: findings.map(({ kind, event, count }) => [kind, event, count]) };
}

describe("what only the gateway should touch", () => {
  it.each([
    ["by its name", { secretId: "postern/clinic" }],
    ["by its ARN", { secretId: SECRET }],
    ["by its ARN without the end", { secretId: SECRET.slice(0, -7) }],
    ["in a batch", { secretIdList: ["other", "postern/clinic"] }],
  ])("the secret %s, asked for by somebody else", (_, parameters) => {
    const event = "secretIdList" in parameters ? "BatchGetSecretValue" : "GetSecretValue";
    expect(told([call("secretsmanager", event, parameters)]).kinds).toEqual([["secret-read", event, 1]]);
  });

  it("a read that was refused, as such, and the same one once", () => {
    const denied = call("secretsmanager", "GetSecretValue", { secretId: SECRET }, { errorCode: "AccessDenied" });
    expect(told([denied, denied]).findings).toEqual([
      {
        kind: "secret-read",
        source: "cloudtrail",
        principal: EVE.arn,
        event: "GetSecretValue",
        resource: "postern/clinic",
        host: "198.51.100.7",
        denied: "AccessDenied",
        count: 2,
        time: "2026-11-20T14:00:00Z",
      },
    ]);
  });

  it("the sealing key, by whatever uses or changes it", () => {
    const resources = [{ accountId: ACCOUNT, type: "AWS::KMS::Key", ARN: KEY }];
    const records = [
      call("kms", "Decrypt", { encryptionContext: { session: "S1" } }, { resources }),
      call("kms", "GenerateDataKey", { keyId: KEY }),
      call("kms", "CreateGrant", { keyId: KEY.slice(KEY.lastIndexOf("/") + 1) }),
      call("kms", "ScheduleKeyDeletion", { keyId: KEY }),
      call("kms", "DescribeKey", { keyId: KEY }),
      call("kms", "Decrypt", null, { resources: [{ ARN: KEY.replace("1234abcd", "9999abcd") }] }),
    ];
    expect(told(records).kinds.map(([kind, event]) => [kind, event])).toEqual([
      ["key-used", "Decrypt"],
      ["key-used", "GenerateDataKey"],
      ["key-used", "CreateGrant"],
      ["key-used", "ScheduleKeyDeletion"],
    ]);
  });

  it("the bucket and the tables of evidence, by whatever writes to them", () => {
    const item = { resources: [{ ARN: `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/${TABLE}` }] };
    const records = [
      call("s3", "PutObject", { bucketName: BUCKET, key: "events/v1/x" }),
      call("s3", "DeleteObjects", { bucketName: BUCKET }),
      call("s3", "PutObjectRetention", { bucketName: BUCKET, key: "events/v1/x" }),
      call("s3", "PutBucketLifecycle", { bucketName: BUCKET }),
      call("s3", "GetObject", { bucketName: BUCKET, key: "events/v1/x" }),
      call("s3", "PutObject", { bucketName: "another" }),
      call("dynamodb", "DeleteItem", { tableName: TABLE }),
      call("dynamodb", "BatchWriteItem", null, item),
      call("dynamodb", "Query", { tableName: TABLE }, { readOnly: true }),
    ];
    const { account, kinds } = told(records);
    expect(kinds.map(([, event]) => event)).toEqual([
      "PutObject",
      "DeleteObjects",
      "PutObjectRetention",
      "PutBucketLifecycle",
      "DeleteItem",
      "BatchWriteItem",
    ]);
    expect(account.totals).toEqual({ records: 9, others: 3, expected: {} });
  });
});

describe("who it was", () => {
  const read = (who: object) => call("secretsmanager", "GetSecretValue", { secretId: SECRET }, { userIdentity: who });

  it("is the role, whatever its session is called; a role with the same name elsewhere is another", () => {
    const other = TASK.replace(ACCOUNT, "999988887777");
    const records = [read(assumed(TASK)), read(assumed(ROTATION)), read(assumed(other))];
    const { account, findings } = told(records, [TASK, ROTATION]);
    expect(findings.map(({ principal }) => principal)).toEqual([other]);
    expect(account.totals.expected).toEqual({ [TASK]: 1, [ROTATION]: 1 });
  });

  it("is somebody, even where the record hardly says who", () => {
    const service = { type: "AWSService", invokedBy: "secretsmanager.amazonaws.com" };
    const strangers = [
      { type: "AWSAccount", accountId: "999988887777" },
      service,
      {},
      { type: "Root", arn: `arn:aws:iam::${ACCOUNT}:root` },
    ];
    expect(told(strangers.map(read)).findings.map(({ principal }) => principal)).toEqual([
      "999988887777",
      "secretsmanager.amazonaws.com",
      "unknown",
      `arn:aws:iam::${ACCOUNT}:root`,
    ]);
  });
});

it("the sealing key, used by those who may, but for what two officers agreed to", () => {
  const OFFICERS = `arn:aws:iam::${ACCOUNT}:role/officers`;
  const resources = [{ accountId: ACCOUNT, type: "AWS::KMS::Key", ARN: KEY }];
  const decrypt = (session: string | null, eventTime: string, more: object = {}) =>
    call("kms", "Decrypt", session === null ? null : { encryptionContext: { session, target: "clinic" } }, {
      userIdentity: assumed(OFFICERS),
      resources,
      eventTime,
      ...more,
    });
  const at = (time: string) => Date.parse(`2026-11-20T${time}Z`);
  const agreed = [{ of: "S1", from: at("14:00:00"), until: at("15:00:00") }];
  const { account } = told(
    [
      decrypt("S1", "2026-11-20T14:30:00Z"),
      decrypt("S1", "2026-11-20T14:00:00Z"),
      decrypt("S1", "2026-11-20T13:58:00Z"),
      decrypt("S1", "2026-11-20T15:02:00Z"),
      decrypt("S2", "2026-11-20T14:30:00Z"),
      decrypt(null, "2026-11-20T14:31:00Z"),
      decrypt("S2", "2026-11-20T14:32:00Z", { errorCode: "AccessDenied" }),
    ],
    [OFFICERS],
  );
  expect(account.opened).toBe(true);
  expect([...account.findings(agreed, 60_000)].map(({ kind, time }) => [kind, time.slice(11, 19)])).toEqual([
    ["opened-alone", "13:58:00"],
    ["opened-alone", "15:02:00"],
    ["opened-alone", "14:30:00"],
    ["opened-alone", "14:31:00"],
  ]);
});

describe("files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "postern-trail-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const empty = () => new TrailAccount({ secrets: [SECRET], keys: [], buckets: [], tables: [], expected: new Set() });

  it("are a trail's objects in their folders, and what the command line looks up", async () => {
    const day = join(folder, "AWSLogs/2026/11/20");
    mkdirSync(day, { recursive: true });
    const records = [1, 2, 3].map(() => call("secretsmanager", "GetSecretValue", { secretId: SECRET }));
    writeFileSync(join(day, "one.json.gz"), gzipSync(JSON.stringify({ Records: records })));
    writeFileSync(join(day, "two.json"), JSON.stringify({ Records: [] }));
    writeFileSync(join(day, "digest.json"), JSON.stringify({ awsAccountId: ACCOUNT, logFiles: [{ s3Bucket: "b" }] }));
    const found = { Events: records.map((record) => ({ EventId: "1", CloudTrailEvent: JSON.stringify(record) })) };
    writeFileSync(join(folder, "looked-up.json"), JSON.stringify(found, null, 2));
    const account = empty();
    await readTrails([folder], account);
    expect(account.totals.records).toBe(6);
    expect([...account.findings([], 0)].map(({ count }) => count)).toEqual([6]);
  });

  it("that are something else are said, not passed over", async () => {
    const file = join(folder, "bad.json");
    for (const text of ['{"Records":[{"no":"record"}]}', '{"Records":[', "nothing"]) {
      writeFileSync(file, text);
      await expect(readTrails([file], empty()), text).rejects.toThrow(file);
    }
    await expect(readTrails([join(folder, "gone")], empty())).rejects.toThrow("is not there");
  });

  it("in which there is nothing to find are not called well", async () => {
    const file = join(folder, "none.json");
    for (const text of ['{"Records":[]}', "[]", '{"Items":[{"eventName":"GetSecretValue"}]}']) {
      writeFileSync(file, text);
      await expect(readTrails([file], empty()), text).rejects.toThrow("there is no record of CloudTrail");
    }
    const blind = new TrailAccount({ secrets: [], keys: [], buckets: [], tables: [], expected: new Set() });
    writeFileSync(file, JSON.stringify({ Records: [call("secretsmanager", "GetSecretValue", { secretId: SECRET })] }));
    await expect(readTrails([file], blind)).rejects.toThrow("nothing that only the gateway should touch");
    await readTrails([], blind);
  });
});
