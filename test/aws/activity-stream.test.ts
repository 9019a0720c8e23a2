// A database activity stream, sealed by AWS's own encryption SDK under a key of a stand-in for KMS, read by `postern reconcile`.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CreateKeyCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";
import { clientOf, type MiniStack, REGION, startMiniStack } from "./ministack.ts";

const STARTING = 300_000;
const CLUSTER = "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ";
const LIST = "DatabaseActivityMonitoringRecord";

let ministack: MiniStack;
let folder: string;
let sealed: readonly string[];
beforeAll(async () => {
  ministack = await startMiniStack();
  folder = mkdtempSync(join(tmpdir(), "postern-activity-"));
  mkdirSync(join(folder, "state/evidence"), { recursive: true });
  const kms = new KMSClient(clientOf(ministack.endpoint));
  const key = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  const EncryptionContext = { "aws:rds:dbc-id": CLUSTER };
  const made = await kms.send(new GenerateDataKeyCommand({ KeyId: key, KeySpec: "AES_256", EncryptionContext }));
  const base64 = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("base64");
  const texts = ["eve", "rdsadmin", "mallory"].map((dbUserName, i) =>
    JSON.stringify({ type: LIST, databaseActivityEventList: [event(dbUserName, i + 1)] }),
  );
  const input = JSON.stringify({ key: base64(made.Plaintext), wrapped: base64(made.CiphertextBlob), texts });
  const seal = [join(ROOT, "test/aws/seal-activity.py"), "AES_256_GCM_IV12_TAG16_HKDF_SHA256"];
  sealed = execFileSync(ministack.python, seal, { input, encoding: "utf8" }).trim().split("\n");
}, STARTING);
afterAll(() => {
  ministack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function event(dbUserName: string, statementId: number): object {
  const who = { dbUserName, databaseName: "clinic", clientApplication: "psql", remoteHost: "10.6.6.6" };
  const when = { logTime: `2026-11-20 14:00:0${statementId}.000000+00`, sessionId: "691f2f80.4f2" };
  const what = {
    command: "SELECT",
    commandText: "SELECT ssn FROM patients WHERE id = 4711",
    statementId,
    substatementId: 1,
  };
  return { type: "record", serverType: "PostgreSQL", class: "READ", ...who, ...when, ...what };
}

function reconcile(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: REGION };
  const env = {
    ...environment(),
    ...credentials,
    AWS_ENDPOINT_URL: ministack.endpoint,
    POSTERN_STATE: join(folder, "state"),
  };
  const all = ["reconcile", "clinic", "--policy", join(ROOT, "policy"), "--expect", "rdsadmin", ...args];
  return new Promise((resolve) => {
    execFile(join(ROOT, "cli/postern.mjs"), all, { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test("what Kinesis and Firehose have is opened with the stream's key, and what went around the gateway is in it", async () => {
  const firehose = join(folder, "firehose.gz");
  writeFileSync(firehose, gzipSync(sealed.join("")));
  const kinesis = join(folder, "get-records.json");
  const Records = sealed.map((text, i) => ({ SequenceNumber: String(i), Data: Buffer.from(text).toString("base64") }));
  writeFileSync(kinesis, JSON.stringify({ Records, MillisBehindLatest: 0 }, null, 4));
  for (const file of [firehose, kinesis]) {
    const { code, out, err } = await reconcile("--activity", file, "--resource", CLUSTER, "--json");
    expect(err).toBe("");
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.slice(0, -1).map(({ kind, source, user }) => [kind, source, user])).toEqual([
      ["around", "stream", "eve"],
      ["around", "stream", "mallory"],
    ]);
    expect(lines.at(-1)).toMatchObject({ commands: 2, expected: { rdsadmin: 1 } });
    expect(out).not.toContain("4711");
    expect(code).toBe(1);
  }
}, 120_000);

test("without the stream's name, in another's context, or changed, it says so", async () => {
  const file = join(folder, "one.json");
  writeFileSync(file, sealed[0] ?? "");
  expect(await reconcile("--activity", file)).toMatchObject({ code: 2, err: expect.stringContaining("--resource") });
  expect(await reconcile("--activity", file, "--resource", "stream")).toMatchObject({ code: 2 });
  const other = await reconcile("--activity", file, "--resource", CLUSTER.replace("4HNY", "5HNY"));
  expect(other).toMatchObject({ code: 1, out: "", err: expect.stringContaining("cannot be opened") });
  const record = JSON.parse(sealed[0] ?? "") as { databaseActivityEvents: string };
  const bytes = Buffer.from(record.databaseActivityEvents, "base64");
  bytes[bytes.length - 40] = (bytes.at(-40) ?? 0) ^ 1;
  writeFileSync(file, JSON.stringify({ ...record, databaseActivityEvents: bytes.toString("base64") }));
  const changed = await reconcile("--activity", file, "--resource", CLUSTER);
  expect(changed).toMatchObject({ code: 1, out: "", err: expect.stringContaining("cannot be opened") });
}, 120_000);

test("CloudTrail's records are looked at for what the target's policy and the options name", async () => {
  const role = "arn:aws:iam::111122223333:role/postern-Task";
  const call = (arn: string, eventName: string, requestParameters: object) => ({
    eventTime: "2026-11-20T14:00:00Z",
    eventSource: eventName === "PutObject" ? "s3.amazonaws.com" : "secretsmanager.amazonaws.com",
    eventName,
    sourceIPAddress: "10.0.0.7",
    readOnly: eventName !== "PutObject",
    userIdentity: { type: "AssumedRole", sessionContext: { sessionIssuer: { arn } } },
    requestParameters,
  });
  const eve = role.replace("postern-Task", "eve");
  const Records = [
    call(role, "GetSecretValue", { secretId: "postern/clinic" }),
    call(eve, "GetSecretValue", { secretId: "postern/clinic" }),
    call(eve, "GetSecretValue", { secretId: "something/else" }),
    call(eve, "PutObject", { bucketName: "evidence", key: "events/v1/x" }),
  ];
  const file = join(folder, "trail.json.gz");
  writeFileSync(file, gzipSync(JSON.stringify({ Records })));
  const watched = ["--secret", "postern/clinic", "--bucket", "evidence"];
  const { code, out } = await reconcile("--trail", file, ...watched, "--expect", role, "--json");
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.slice(0, -1).map(({ kind, principal }) => [kind, principal])).toEqual([
    ["secret-read", eve],
    ["evidence-touched", eve],
  ]);
  expect(lines.at(-1)).toMatchObject({ records: 4, otherRecords: 1, expected: { [role]: 1 }, findings: 2 });
  expect(code).toBe(1);
  const words = await reconcile("--trail", file, ...watched, "--expect", role, eve);
  expect(words.out).toContain("ok        nothing went around the gateway");
  expect(words.code).toBe(0);
}, 120_000);
