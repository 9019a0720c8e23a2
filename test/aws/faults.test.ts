// The table of docs/operations.md, row by row: an AWS service fails in front of a gateway that runs, and what the row says is refused is refused, what it says
// goes on goes on, and all is well afterwards. Then: another policy reaches this gateway, and what is missing keeps one from starting.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DeleteItemCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { loadPolicyFiles } from "#proxy/adapters/policy-folder.ts";
import { openRemoteAnswers } from "#proxy/adapters/remote-answers.ts";
import { APPROVALS, CATALOG, TARGETS } from "#test/support/bundles.ts";
import type { Asked, Fault } from "#test/support/faulty.ts";
import { ROOT } from "#test/support/project.ts";
import { environment, FAULTS } from "#test/support/settings.ts";
import { type AwsGateway, PASSWORD, startAwsGateway } from "./aws-gateway.ts";

const MANNERS: readonly Fault[] = ["500", "throttled", "refused", "slow"];
const soon = { timeout: 90_000, interval: 200 };
const RUNNING = 180_000;

/** Everything is permitted but to see PHI; deleting waits for a dba. */
const ACCESS = `@id("all") permit (principal, action, resource) unless { action == Action::"delete" };
@id("held") @approval("dba") permit (principal, action == Action::"delete", resource);
@id("hide") forbid (principal, action == Action::"reveal", resource);
`;
/** The bundle that is deployed with the gateway, and with the functions. */
const FILES: Readonly<Record<string, string>> = {
  "access.cedar": ACCESS,
  "catalog.yaml": CATALOG.replace("  name: {", "  note: { identifier: health, mask: scan }\n  name: {").replace(
    "            maiden_name: name\n",
    "            maiden_name: name\n            note: note\n",
  ),
  "targets.yaml": TARGETS,
  "approvals.yaml": `${APPROVALS}policyChange: { authors: [dba], groups: [privacy] }\n`,
};

let ground: AwsGateway;
/** Open before anything fails. */
let open: pg.Client;
beforeAll(async () => {
  ground = await startAwsGateway(FILES, { comprehendMedical: { targets: ["clinic"], timeoutSeconds: 2 } });
  await ground.server.sql(
    "CREATE TABLE patients (id int PRIMARY KEY, ssn text, full_name text, maiden_name text, note text)",
    "clinic",
  );
  await ground.server.sql(
    "CREATE TABLE drugs (id int); INSERT INTO patients VALUES (1, '123-45-6789', 'Ada', 'B', 'slept well')",
    "clinic",
  );
  open = await ground.connected();
  await vi.waitFor(() => open.query("SELECT id FROM patients"), soon);
}, 400_000);
afterEach(() => {
  ground.way.always = null;
  ground.way.concerns = null;
});
afterAll(async () => {
  await open?.end();
  await ground?.stop();
});

const code = (run: Promise<unknown>) =>
  run.then(
    () => "ran",
    (error: { code?: string }) => error.code ?? "broken",
  );
const insert = (client = open) => code(client.query("INSERT INTO drugs VALUES (1)"));
const held = () => code(open.query("DELETE FROM drugs WHERE id = 7"));
const drugs = async () => Number((await ground.server.sql("SELECT count(*) FROM drugs", "clinic"))[0]?.[0]);
const table = (name: string) => (asked: Asked) => asked.service === "DynamoDB" && asked.table === name;
const service = (name: string) => (asked: Asked) => asked.service === name;
/** A login and its first commands, as somebody else; how it ended. */
async function login(name = "nurse"): Promise<string> {
  return code(
    ground.connected(name).then(async (client) => {
      try {
        await client.query("INSERT INTO drugs VALUES (2)");
      } finally {
        await client.end();
      }
    }),
  );
}
const stale = () => new Promise((resolve) => setTimeout(resolve, 11_000));
const stored = async () => {
  const s3 = new S3Client({ ...(ground.cloud.client as object), forcePathStyle: true });
  return (await s3.send(new ListObjectsV2Command({ Bucket: "evidence" }))).KeyCount ?? 0;
};

interface Row {
  /** Null: the service itself goes away, for which there is one manner alone. */
  readonly fails: ((asked: Asked) => boolean) | null;
  /** Asserted while it fails. */
  during(fault: Fault): Promise<void>;
  /** Asserted when it works again; by default, that all does. */
  after?(): Promise<void>;
}

/** New sessions have no key, and nobody runs anything until they have. */
async function keyless(): Promise<void> {
  const client = await ground.connected("clerk");
  await client.query("SELECT id FROM patients").catch(() => {});
  await vi.waitFor(async () => expect(await insert()).toBe("53100"), soon);
  const before = await drugs();
  expect([await insert(client), await login()]).toEqual(["53100", "53100"]);
  expect(await drugs()).toBe(before);
  ground.way.always = null;
  await vi.waitFor(async () => expect(await insert(client)).toBe("ran"), soon);
  await client.end();
}

const ROWS: Readonly<Record<string, Row>> = {
  "DynamoDB, the journal": {
    fails: table("journal"),
    async during() {
      const before = await drugs();
      expect([await insert(), await login()]).toEqual(["53100", "53100"]);
      expect(await drugs()).toBe(before);
    },
  },
  "DynamoDB, the revocations": {
    fails: table("revocations"),
    async during() {
      await stale();
      expect([await login(), await insert()]).toEqual(["XX000", "ran"]);
    },
  },
  "DynamoDB, the approvals": {
    fails: table("approvals"),
    async during() {
      await stale();
      expect([await held(), await insert(), await login()]).toEqual(["58000", "ran", "ran"]);
      expect(await ground.metrics()).toContain('postern_policy_troubles_total{why="unread"}');
    },
  },
  "DynamoDB, the sealed keys": { fails: table("sealed-keys"), during: keyless },
  KMS: { fails: service("TrentService"), during: keyless },
  S3: {
    fails: service("S3"),
    async during() {
      const before = await stored();
      for (let i = 0; i < 3; i++) expect([await insert(), await login()]).toEqual(["ran", "ran"]);
      await new Promise((resolve) => setTimeout(resolve, 3000));
      expect(await stored()).toBe(before);
      ground.way.always = null;
      await vi.waitFor(async () => expect(await stored()).toBeGreaterThan(before + 3), soon);
    },
  },
  "Secrets Manager": {
    fails: service("secretsmanager"),
    async during() {
      expect([await insert(), await login()]).toEqual(["ran", "ran"]);
      await ground.server.sql("ALTER ROLE postern_gateway PASSWORD 'rotated'");
      expect([await insert(), await login()]).toEqual(["ran", "08004"]);
    },
    async after() {
      const value = JSON.stringify({ username: "postern_gateway", password: "rotated" });
      const put = new PutSecretValueCommand({ SecretId: "clinic", SecretString: value });
      await new SecretsManagerClient(ground.cloud.client as object).send(put);
      await vi.waitFor(async () => expect(await login()).toBe("ran"), soon);
      // As it was, for the next manner of failing.
      await ground.server.sql("ALTER ROLE postern_gateway PASSWORD 'of-the-gateway'");
      const back = JSON.stringify({ username: "postern_gateway", password: "of-the-gateway" });
      await new SecretsManagerClient(ground.cloud.client as object).send(
        new PutSecretValueCommand({ SecretId: "clinic", SecretString: back }),
      );
    },
  },
  Lambda: {
    fails: service("Lambda"),
    async during() {
      expect([await held(), await insert(), await login()]).toEqual(["58000", "ran", "ran"]);
    },
  },
  "Step Functions": {
    fails: null,
    async during() {
      await ground.cloud.workflow.stop();
      expect([await held(), await insert(), await login()]).toEqual(["58000", "ran", "ran"]);
      expect((await ground.cloud.store.latest(1))[0]?.status).toBe("cancelled");
    },
    after: () => ground.cloud.workflow.start(),
  },
  "Comprehend Medical": {
    fails: service("ComprehendMedical"),
    async during() {
      const { rows } = await open.query("SELECT id, note FROM patients");
      expect(rows).toEqual([{ id: 1, note: "***" }]);
      expect([await insert(), await login()]).toEqual(["ran", "ran"]);
    },
    async after() {
      expect((await open.query("SELECT note FROM patients")).rows).toEqual([{ note: "slept well" }]);
    },
  },
};

/** Each row with some manners of failing, so that all rows together have them all. */
const cases = Object.entries(ROWS).flatMap(([name, { fails }], i) =>
  fails === null
    ? [[name, "refused"] as const]
    : MANNERS.flatMap((_, n) => (n < FAULTS ? [[name, MANNERS[(i + n) % MANNERS.length] as Fault] as const] : [])),
);

test("every row of the table has its test, and every test its row", () => {
  const page = readFileSync(join(ROOT, "docs/operations.md"), "utf8");
  const section = /### When an AWS service fails\n([\s\S]*?)\n### /.exec(page)?.[1] ?? "";
  const rows = [...section.matchAll(/^\| ([^|]+?) \| .* \| .* \|$/gm)].map(([, name]) => name).slice(1);
  expect(rows).toEqual(Object.keys(ROWS));
});

test.each(cases)("%s, %s", { timeout: RUNNING }, async (name, fault) => {
  const row = ROWS[name] as Row;
  ground.way.concerns = row.fails;
  ground.way.always = row.fails === null ? null : fault;
  await row.during(fault);
  ground.way.always = null;
  await row.after?.();
  await vi.waitFor(async () => expect([await insert(), await login()]).toEqual(["ran", "ran"]), soon);
});

test("the gateway asks no other service", () => {
  expect([...ground.way.services].sort()).toEqual([
    "ComprehendMedical",
    "DynamoDB",
    "Lambda",
    "S3",
    "TrentService",
    "secretsmanager",
  ]);
});

test("another policy reaches it through the deployed API, once somebody else agrees; what it cannot read leaves the one from before", {
  timeout: RUNNING,
}, async () => {
  const ssn = async () => (await open.query("SELECT ssn FROM patients")).rows[0].ssn;
  const door = (name: string, group: string) => {
    const token = ground.cloud.issuer.token(name, { groups: [group] });
    return { token, answers: openRemoteAnswers(ground.cloud.door, token) };
  };
  const [ada, pia, nora] = [door("ada", "dba"), door("pia", "privacy"), door("nora", "nurse")];
  expect(await nora.answers.policy(nora.token)).toMatchObject({ refused: expect.any(String) });
  const standing = await ada.answers.policy(ada.token);
  expect(standing).toMatchObject({ inForce: null, files: FILES });
  const deployed = loadPolicyFiles(FILES);
  if ("problems" in deployed) throw new Error("it is a bundle");
  const files = { ...FILES, "catalog.yaml": FILES["catalog.yaml"]?.replace("mask: redact", "mask: last4") ?? "" };
  const wish = { token: ada.token, previous: deployed.version, reason: "ticket 9" };
  expect(await ada.answers.pushPolicy({ ...wish, files: { "access.cedar": "permit" } })).toMatchObject({
    refused: "broken",
  });
  const proposed = await ada.answers.pushPolicy({ ...wish, files });
  if ("refused" in proposed) throw new Error(proposed.message);
  expect(proposed.changes).toEqual(["weaker   class ssn: masked by last4, was redact"]);
  const { id } = proposed.state.request;
  expect(await ada.answers.answer({ token: ada.token, id, decision: "approve", reason: "mine" })).toMatchObject({
    refused: expect.any(String),
  });
  expect(await ssn()).toBe("***");

  ground.way.concerns = table("approvals");
  ground.way.always = "500";
  expect(await pia.answers.answer({ token: pia.token, id, decision: "approve", reason: "seen" })).toMatchObject({
    status: "approved",
  });
  await new Promise((resolve) => setTimeout(resolve, 5000));
  expect(await ssn()).toBe("***");
  ground.way.always = null;
  await vi.waitFor(async () => expect(await ssn()).toBe("***6789"), soon);
  // Its request is decided, and in the evidence: it is forgotten after a while.
  await vi.waitFor(async () => {
    const get = new GetItemCommand({ TableName: "approvals", Key: { key: { S: `request#${id}` } } });
    const { Item } = await new DynamoDBClient(ground.cloud.client).send(get);
    expect(Number(Item?.expires?.N) * 1000 - Date.now()).toBeGreaterThan(89 * 86_400_000);
  }, soon);
  expect(await ada.answers.policy(ada.token)).toMatchObject({ inForce: { push: id, by: "ada", approvedBy: ["pia"] } });
});

test.each([
  ["aws.bucket", { bucket: "never-made" }],
  ["aws.tables.journal", { tables: { journal: "gone", revocations: "revocations", sealedKeys: "sealed-keys" } }],
  ["aws.tables.revocations", { tables: { journal: "journal", revocations: "gone", sealedKeys: "sealed-keys" } }],
  ["aws.tables.sealedKeys", { tables: { journal: "journal", revocations: "revocations", sealedKeys: "gone" } }],
  ["aws.keys.sealed", { keys: { sealed: "00000000-0000-0000-0000-000000000000" } }],
  ["aws.secrets.pseudonyms", { secrets: { pseudonyms: "gone", subjects: "subjects" } }],
  ["aws.secrets.subjects", { secrets: { pseudonyms: "pseudonyms", subjects: "gone" } }],
  ["aws.approvals.table", { approvals: { table: "gone", requestFunction: "approval-request" } }],
  ["aws.approvals.requestFunction", { approvals: { table: "approvals", requestFunction: "gone" } }],
  ["tls", { tls: { secret: "gone" } }],
])("without %s it exits with one line, and never listens", { timeout: RUNNING }, async (setting, change) => {
  const { status, stdout, stderr } = await started("tls" in change ? change : { aws: { ...ground.aws, ...change } });
  expect(stderr).toMatch(
    new RegExp(`^postern: ${setting.replaceAll(".", "\\.")}: [^\n]+ cannot be (used|read) \\([^\n]+\\)\n$`),
  );
  expect([status, stdout]).toEqual([1, expect.not.stringContaining("listening")]);
});

test("what is missing or of another kind is said with a line for each", { timeout: RUNNING }, async () => {
  const s3 = new S3Client({ ...(ground.cloud.client as object), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "unlocked" }));
  const none = await started({
    aws: {
      ...ground.aws,
      bucket: "unlocked",
      tables: { journal: "approvals", revocations: "nothing", sealedKeys: "sealed-keys" },
      keys: { sealed: "00000000-0000-0000-0000-000000000000" },
      secrets: { pseudonyms: ground.credential, subjects: "nothing" },
      approvals: { table: "journal", requestFunction: "nothing" },
    },
  });

  expect(none.status).toBe(1);
  const lines = none.stderr
    .trim()
    .split("\n")
    .map((line) => line.replace("postern: ", ""));
  expect(lines.map((line) => line.split(":")[0])).toEqual(
    [
      "bucket",
      "tables.journal",
      "tables.revocations",
      "approvals.table",
      "keys.sealed",
      "approvals.requestFunction",
      "secrets.pseudonyms",
      "secrets.subjects",
    ].map((setting) => `aws.${setting}`),
  );
  expect(lines[0]).toContain("has no Object Lock");
  expect(lines[1]).toContain("should have (task, sequence)");
  expect(none.stderr).not.toContain(PASSWORD);
});

test("while the policy in force cannot be read it exits with one line, and never listens", {
  timeout: RUNNING,
}, async () => {
  const inForce = await ground.cloud.store.policyInForce();
  const Key = { key: { S: `push#${inForce?.push}` } };
  await new DynamoDBClient(ground.cloud.client).send(new DeleteItemCommand({ TableName: "approvals", Key }));
  const { status, stdout, stderr } = await started({ aws: { ...ground.aws, task: "task-2" } });
  expect(stderr).toMatch(/^postern: the policy in force cannot be read \([^\n]+\)\n$/);
  expect([status, stdout]).toEqual([1, expect.not.stringContaining("listening")]);
});

/** A gateway with something changed, until it exits. */
async function started(change: object) {
  const good = JSON.parse(readFileSync(ground.file, "utf8"));
  const file = `${ground.file}.changed.json`;
  writeFileSync(file, JSON.stringify({ ...good, listen: { port: 0 }, admin: { port: 0 }, ...change }));
  const env = { ...environment(), POSTERN_CONFIG: file };
  const child = spawn(process.execPath, ["fargate-proxy/src/main.ts"], { cwd: ROOT, env });
  const exit = once(child, "exit");
  const [out, err] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  const [status] = await exit;
  return { status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}
