// The gateway as a process whose home is AWS (in a stand-in), in front of a real PostgreSQL: what it keeps, what it refuses when a service fails,
// what is left when it is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openKmsSigner } from "#functions/adapters/kms-signer.ts";
import { S3Store } from "#functions/adapters/s3-store.ts";
import { type Certificates, ensureCertificates } from "#local/certificates.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { decompress } from "#proxy/adapters/node-zstd.ts";
import { genesis, link } from "#shared/evidence/chain.ts";
import { type EvidenceLine, readLine } from "#shared/evidence/line-read.ts";
import { parts } from "#test/support/bundles.ts";
import { says, startFakeWitness } from "#test/support/fake-witness.ts";
import { type Fault, type FaultyWay, startFaultyWay } from "#test/support/faulty.ts";
import { type Gateway, prepareGateway } from "#test/support/gateway.ts";
import { startTestPostgres, type TestPostgres } from "#test/support/postgres.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";
import { type Cloud, startCloud } from "./cloud.ts";
import { createTable, REGION } from "./ministack.ts";

const STARTING = 400_000;
const RUNNING = 120_000;
const ACCESS = `@id("all") permit (principal, action, resource);
@id("hide") forbid (principal, action == Action::"reveal", resource) unless { principal.name == "doctor" };`;
const BUCKET = "evidence";
const PASSWORDS = ["the-first", "the-second"] as const;
const soon = { timeout: 40_000, interval: 100 };

let cloud: Cloud;
let way: FaultyWay;
let server: TestPostgres;
let folder: string;
let certificates: Certificates;
let gateway: Gateway;
let child: ChildProcess;
let store: S3Store;
let credential = "";
let tls = "";
let killed = "";
/** The session that was shown masks. */
let masked = "";
/** Another one, which has its end. */
let quiet = "";
let verifierKey = "";
let doctors = "";
/** What the target takes now. */
let current: string = PASSWORDS[0];
let aws: Record<string, unknown>;

beforeAll(async () => {
  cloud = await startCloud([], new Set());
  const endpoint = String(cloud.client.endpoint);
  way = await startFaultyWay(Number(new URL(endpoint).port), 20_000);
  folder = mkdtempSync(join(tmpdir(), "postern-aws-home-"));
  certificates = await ensureCertificates(folder);
  aws = await makeCloud();
  server = await startDatabase();
  await direct("CREATE TABLE patients (id int PRIMARY KEY, ssn text, full_name text, maiden_name text)");
  await direct("CREATE TABLE drugs (id int)");
  vi.stubEnv("AWS_ENDPOINT_URL", way.endpoint);
  vi.stubEnv("AWS_REGION", REGION);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  gateway = await prepareGateway({
    folder,
    certificates,
    policy: policy(),
    target: { name: "clinic", port: server.port, password: "not used" },
  });
  configure({ aws });
  child = await gateway.start();
}, STARTING);
afterEach(() => {
  way.always = null;
});
afterAll(async () => {
  child?.kill("SIGKILL");
  await gateway?.close();
  await server?.stop();
  await way?.close();
  await cloud?.stop();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** What the stacks make, and what operators fill in. */
async function makeCloud(): Promise<Record<string, unknown>> {
  const client = cloud.client as object;
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
  await s3.send(new CreateBucketCommand({ Bucket: "unlocked" }));
  store = new S3Store({ client: s3, bucket: BUCKET, retentionDays: 2192, now: Date.now });
  const dynamo = new DynamoDBClient(client);
  await createTable(dynamo, "journal", { task: "S", sequence: "N" });
  await createTable(dynamo, "sealed-keys", { session: "S" });
  const key = await new KMSClient(client).send(new CreateKeyCommand({}));
  const secrets = new SecretsManagerClient(client);
  const secret = async (Name: string, value: object) =>
    (await secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }))).ARN ?? "";
  const hmac = { version: 1, key: "k".repeat(64) };
  credential = await secret("clinic", { username: "postern_gateway", password: PASSWORDS[0] });
  const pem = (name: "certFile" | "keyFile") => readFileSync(certificates[name], "utf8");
  tls = await secret("tls", { cert: pem("certFile"), key: pem("keyFile") });
  return {
    bucket: BUCKET,
    tables: { journal: "journal", revocations: "revocations", sealedKeys: "sealed-keys" },
    keys: { sealed: key.KeyMetadata?.Arn },
    secrets: { pseudonyms: await secret("pseudonyms", hmac), subjects: await secret("subjects", hmac) },
    approvals: { table: "approvals", requestFunction: "approval-request" },
    task: "task-1",
  };
}

async function startDatabase(): Promise<TestPostgres> {
  const pem = { cert: readFileSync(certificates.certFile, "utf8"), key: readFileSync(certificates.keyFile, "utf8") };
  const started = await startTestPostgres(pem);
  await started.sql(`CREATE ROLE postern_gateway LOGIN SUPERUSER PASSWORD '${PASSWORDS[0]}'`);
  await started.sql("CREATE DATABASE clinic OWNER postern_gateway");
  return started;
}

function policy(): string {
  const to = join(folder, "policy");
  mkdirSync(to, { recursive: true });
  for (const [name, text] of Object.entries(parts(ACCESS))) writeFileSync(join(to, name), text);
  return to;
}

/** Writes the configuration anew, with something changed. */
function configure(more: object): void {
  const file = join(folder, "proxy.json");
  const { targets, ...rest } = JSON.parse(readFileSync(file, "utf8"));
  targets.clinic.credential = { type: "secret", id: credential };
  writeFileSync(file, JSON.stringify({ ...rest, targets, tls: { secret: tls }, limits: { graceSeconds: 1 }, ...more }));
}

async function connected(name = "engineer"): Promise<pg.Client> {
  const client = new pg.Client({
    host: "localhost",
    port: gateway.port,
    user: name,
    database: "clinic",
    password: gateway.token(name),
    ssl: { ca: readFileSync(certificates.caFile, "utf8") },
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Of all sessions that are in the bucket: their lines, in order and chained, by session. */
async function evidence(): Promise<Map<string, EvidenceLine[]>> {
  const sessions = new Map<string, { lines: EvidenceLine[]; prev: string }>();
  const keys: string[] = [];
  for await (const { key } of store.list("events/v1/")) keys.push(key);
  for (const key of keys.sort()) {
    const text = Buffer.from(await decompress((await store.get(key)) ?? new Uint8Array(0))).toString("utf8");
    for (const one of text.trimEnd().split("\n")) {
      const line = readLine(one);
      if (line === null) throw new Error(`${key} has a line that is not one`);
      const session = sessions.get(line.session) ?? { lines: [], prev: genesis(line.session, nodeSha256) };
      expect(line.prev).toBe(session.prev);
      expect(line.seq).toBe(session.lines.length + 1);
      session.lines.push(line);
      session.prev = link(one, nodeSha256);
      sessions.set(line.session, session);
    }
  }
  return new Map([...sessions].map(([id, { lines }]) => [id, lines]));
}
const types = (lines: readonly EvidenceLine[] | undefined) => lines?.map((line) => line.event.type);
/** The session that runs now, as the database sees it. */
async function running(): Promise<string> {
  const sql =
    "SELECT application_name FROM pg_stat_activity WHERE application_name ~ '^postern/[0-9a-z]{26}/' ORDER BY 1 DESC";
  const [[name] = []] = await server.sql(sql);
  return String(name).split("/")[1] ?? "";
}
/** A session's lines, once it has its end. */
function ended(session: string): Promise<readonly EvidenceLine[]> {
  return vi.waitFor(async () => {
    const lines = (await evidence()).get(session) ?? [];
    expect(["session.closed", "session.recovered"]).toContain(lines.at(-1)?.event.type);
    return lines;
  }, soon);
}
/** At the database itself, past the gateway. */
async function direct(sql: string): Promise<Record<string, number>> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: server.port,
    user: "postern_gateway",
    password: current,
    database: "clinic",
    ssl: { rejectUnauthorized: false },
  });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows[0];
}
const drugs = async () => (await direct("SELECT count(*)::int AS n FROM drugs")).n ?? 0;

describe("a gateway whose home is AWS", () => {
  test("masks and records: what ran is in the bucket, locked, and nothing waits in the journal for long", {
    timeout: RUNNING,
  }, async () => {
    const client = await connected();
    await client.query("INSERT INTO patients VALUES (1, '123-45-6789', 'Ada Lovelace', 'Byron')");
    const { rows: shown } = await client.query("SELECT id, ssn, full_name FROM patients");
    expect(shown).toEqual([{ id: 1, ssn: "***", full_name: "A." }]);
    const session = await running();
    masked = session;
    await client.end();
    const lines = await ended(session);
    expect(types(lines)?.slice(0, 2)).toEqual(["session.opened", "statement"]);
    expect(lines[0]?.event).toMatchObject({ credential: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const locks = [];
    for await (const { key } of store.list("")) locks.push(await store.lock(key));
    expect(locks.length).toBeGreaterThan(2);
    for (const lock of locks) expect(lock?.mode).toBe("COMPLIANCE");
    const lanes = new Set<string>();
    for await (const { key } of store.list("")) lanes.add(key.split("/")[0] ?? "");
    expect([...lanes].sort()).toEqual(["events", "recordings", "sealed"]);
  });

  test("says whose records were shown in clear", { timeout: RUNNING }, async () => {
    const client = await connected("doctor");
    const { rows } = await client.query("SELECT id, full_name FROM patients");
    expect(rows).toEqual([{ id: 1, full_name: "Ada Lovelace" }]);
    doctors = await running();
    await client.end();
    expect(types(await ended(doctors))).toContain("disclosure");
  });

  test("tries the newest credential when the target refuses the one it has, and says so", {
    timeout: RUNNING,
  }, async () => {
    await server.sql(`ALTER ROLE postern_gateway PASSWORD '${PASSWORDS[1]}'`);
    const value = JSON.stringify({ username: "postern_gateway", password: PASSWORDS[1] });
    const put = new PutSecretValueCommand({ SecretId: credential, SecretString: value });
    const { VersionId } = await new SecretsManagerClient(cloud.client as object).send(put);
    current = PASSWORDS[1];
    const client = await connected();
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    const session = await running();
    quiet = session;
    await client.end();
    const lines = await ended(session);
    expect(types(lines)?.slice(0, 3)).toEqual(["session.opened", "credential.renewed", "statement"]);
    expect(lines[1]?.event).toMatchObject({ credential: VersionId });
  });

  test.each<Fault>(["refused", "lost", "cut", "slow", "throttled", "500"])(
    "%s at every request: nothing runs, and all is well afterwards",
    {
      timeout: RUNNING,
    },
    async (fault) => {
      const client = await connected();
      const session = await running();
      const before = await drugs();
      way.always = fault;
      // The session is judged as before: it is the record that cannot be made.
      for (let i = 0; i < 3; i++)
        await expect(client.query("INSERT INTO drugs VALUES (1)")).rejects.toMatchObject({ code: "53100" });
      expect(await drugs()).toBe(before);
      way.always = null;
      await vi.waitFor(() => client.query("INSERT INTO drugs VALUES (2)"), soon);
      expect(await drugs()).toBe(before + 1);
      await client.end();
      const lines = await ended(session);
      const ends = lines.flatMap(({ event }) => (event.type === "finished" ? [event.sqlstate] : []));
      expect(ends.filter((sqlstate) => sqlstate === "00000")).toHaveLength(1);
      expect(ends.every((sqlstate) => sqlstate === "00000" || sqlstate === "53100")).toBe(true);
    },
  );

  test("ends the sessions of who is revoked within seconds", { timeout: RUNNING }, async () => {
    const client = await connected("contractor");
    const over = new Promise((resolve) => client.once("end", resolve));
    await cloud.revoke("contractor");
    await over;
    await expect(connected("contractor")).rejects.toMatchObject({ code: "28000" });
  });

  test("that is killed is recovered by the next of the same task: all that ran is recorded, and every session has an end", {
    timeout: RUNNING,
  }, async () => {
    const client = await connected();
    const before = await drugs();
    const session = await running();
    killed = session;
    let answered = 0;
    const inserting = (async () => {
      for (;;) {
        await client.query("INSERT INTO drugs VALUES (3)");
        answered++;
      }
    })().catch(() => {});
    await vi.waitFor(() => expect(answered).toBeGreaterThan(20), soon);
    child.kill("SIGKILL");
    await Promise.all([once(child, "exit"), inserting]);
    const ran = (await drugs()) - before;
    child = await gateway.start();
    const lines = await ended(session);
    expect(lines.at(-1)?.event.type).toBe("session.recovered");
    const announced = lines.filter(({ event }) => event.type === "statement" || event.type === "execute").length;
    expect(ran).toBeGreaterThanOrEqual(answered);
    expect(announced).toBeGreaterThanOrEqual(ran);
    expect(announced).toBeLessThanOrEqual(ran + 1);
    const { Items = [] } = await new DynamoDBClient(cloud.client).send(new ScanCommand({ TableName: "journal" }));
    expect(Items.filter((item) => item.fence === undefined).length).toBeLessThan(5);
  });
});

/** The command line of somebody who reads the bucket. @param token who they are at the door; @param place their own state directory */
async function postern(place: string, token: string, ...args: string[]) {
  const state = {
    POSTERN_STATE: join(folder, place),
    POSTERN_STORE: `s3://${BUCKET}`,
    POSTERN_VERIFIER_KEY: verifierKey,
    ...(token === "" ? {} : { POSTERN_ANSWERS: cloud.door, POSTERN_TOKEN: token }),
  };
  const program = [join(ROOT, "test/support/evidence-cli.ts"), ...args];
  const child = spawn(process.execPath, program, { env: { ...environment(), ...state } });
  const [out, err] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  return { out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

test("the ledger is written from the bucket, and `postern verify` reads it there", { timeout: RUNNING }, async () => {
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
  const kms = new KMSClient(cloud.client as object);
  const made = await kms.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" }));
  const key = made.KeyMetadata?.Arn ?? "";
  const name = "ledger.example.org";
  await createTable(new DynamoDBClient(cloud.client), "ledger", { key: "S", sort: "N" });
  for (const [variable, value] of Object.entries({
    LEDGER_TABLE: "ledger",
    LEDGER: name,
    LEDGER_KEY: key,
    BUCKET,
    RETENTION_DAYS: "2192",
  }))
    vi.stubEnv(`POSTERN_${variable}`, value);
  const { handler } = await import("#functions/seal-ledger/handler.ts");
  expect(await handler({ list: "" })).toMatchObject({ next: null });
  ({ verifierKey } = await openKmsSigner({ client: kms, key, name, sha256: nodeSha256 }));
  const run = (...args: string[]) => postern("auditor", "", ...args);
  const all = await run("verify", "--json");
  expect(all.err).toBe("");
  const report = JSON.parse(all.out);
  expect(report).toMatchObject({ ok: true, bad: null, open: [] });
  expect(report.checked.sessions).toBe((await evidence()).size);
  expect(report.checked.locks).toBeGreaterThan(report.checked.objects);
  // The one that was killed, and the gateway's own log of then.
  expect(report.recovered).toContain(killed);
  expect((await run("sessions")).out).toContain(killed);
  expect((await run("show", killed)).out).toContain("closed by recovery");
  expect((await run("tail", "--once")).err).toContain("cannot be followed");

  const witness = await startFakeWitness("witness.example");
  vi.stubEnv("POSTERN_WITNESS_POLICY", `witness w ${witness.key} ${witness.url}\nquorum w\n`);
  const { handler: cosign } = await import("#functions/cosign-ledger/handler.ts");
  const { ledgerEntries } = report.checked;
  witness.plan.push(says(500));
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const failed = { head: ledgerEntries, cosigned: 0, refused: { "witness.example": "failed" } };
  expect(await cosign({})).toEqual(failed);
  expect(warned.mock.calls.join()).toContain("short of its quorum of witnesses");
  warned.mockRestore();
  expect(await cosign({})).toEqual({ head: ledgerEntries, cosigned: ledgerEntries, refused: {} });
  await witness.close();
  const seen = JSON.parse((await run("verify", "--json", "--witness", witness.key)).out);
  expect(seen).toMatchObject({ ok: true, cosigned: { size: ledgerEntries, by: [{ name: "witness.example" }] } });
  expect(seen.checked.locks).toBe(report.checked.locks + 1);
});

test("who saw whom is found by the index in DynamoDB, and keys in Secrets Manager", { timeout: RUNNING }, async () => {
  const asking = async (settings: Record<string, string>, ...args: string[]) => {
    for (const name of ["POSTERN_INDEX", "POSTERN_DISCLOSURE_SECRET"]) vi.stubEnv(name, settings[name] ?? "");
    return postern("auditor", "", ...args);
  };
  // The index that `index-segment` keeps finds the same, and one that has nothing finds nothing: it is what is asked.
  for (const table of ["index", "empty"])
    await createTable(new DynamoDBClient(cloud.client), table, { key: "S", sort: "S" });
  vi.stubEnv("POSTERN_INDEX_TABLE", "index");
  const follow = await import("#functions/index-segment/handler.ts");
  expect(await follow.handler({ list: "events/v1/" })).toMatchObject({ next: null });
  const byTable = { POSTERN_INDEX: "dynamodb://index", POSTERN_DISCLOSURE_SECRET: "subjects" };
  expect((await asking({}, "disclosures", "--subject", "1")).err).toContain("POSTERN_DISCLOSURE_SECRET");
  for (const more of [{ POSTERN_DISCLOSURE_SECRET: "subjects" }, byTable]) {
    const shown = await asking(more, "disclosures", "--subject", "001", "--json");
    expect(JSON.parse(shown.out)).toMatchObject({ session: doctors, who: "doctor", relations: ["public.patients"] });
    expect((await asking(more, "disclosures", "--subject", "2", "--json")).out).toBe("");
    expect((await asking(more, "accounting", "--subject", "1")).out).toMatch(/received by {2}doctor/);
    expect((await asking(more, "disclosures", "--session", doctors.slice(0, 20), "--json")).out).toContain(doctors);
  }
  const nowhere = { ...byTable, POSTERN_INDEX: "dynamodb://empty" };
  expect((await asking(nowhere, "disclosures", "--subject", "1", "--target", "clinic", "--json")).out).toBe("");
  // The gateway's next key: what is in the evidence is still found by the one before.
  const next = JSON.stringify({ version: 2, key: "n".repeat(64) });
  const put = new PutSecretValueCommand({ SecretId: "subjects", SecretString: next });
  await new SecretsManagerClient(cloud.client as object).send(put);
  expect((await asking(byTable, "disclosures", "--subject", "1", "--json")).out).toContain(doctors);
  expect((await asking(byTable, "disclosures", "--subject", "1", "--hashes")).out.trim().split("\n")).toHaveLength(2);
  await asking({}, "sessions");
});

describe("two officers", () => {
  const officer = (name: string, ...groups: string[]) => cloud.issuer.token(name, { groups });
  const requestIn = (text: string) => /request (\w{26})/.exec(text)?.[1] ?? "";

  test("see what a session has sealed, beside what was sent, after it is in the evidence", {
    timeout: RUNNING,
  }, async () => {
    await createTable(new DynamoDBClient(cloud.client), "officers", { kind: "S", id: "S" });
    await cloud.deploy("officers", {
      POSTERN_OFFICERS_TABLE: "officers",
      POSTERN_SEALED_KEYS: "sealed-keys",
      POSTERN_SEALED_KEY: String((aws.keys as { sealed: string }).sealed),
      POSTERN_BUCKET: BUCKET,
      POSTERN_RETENTION_DAYS: "2192",
    });
    const [privacy, auditor] = [officer("pia", "privacy"), officer("ada", "auditor")];
    // What masks need to be laid again: as the gateway has it.
    const place = join(folder, "officer");
    mkdirSync(join(place, "keys"), { recursive: true });
    writeFileSync(join(place, "proxy.json"), readFileSync(join(folder, "proxy.json")));
    cpSync(join(gateway.state, "catalog"), join(place, "catalog"), { recursive: true });
    writeFileSync(join(place, "keys/pseudonym.key"), Buffer.alloc(32, 1));

    const before = [...(await evidence()).keys()].length;
    expect((await postern("officer", officer("eve", "nurse"), "proof", masked, "--reason", "mine")).err).toContain(
      "none of the officers",
    );
    const alone = await postern("officer", privacy, "proof", masked, "--reason", "case 12");
    expect(alone.out).toBe("");
    const request = requestIn(alone.err);
    const refused = async (token: string, reason: string) =>
      (await postern("officer", token, "agree", request, "--reason", reason)).err;
    expect(await refused(privacy, "me again")).toContain("whoever asked cannot agree");
    expect(await refused(officer("pia2", "privacy", "auditor"), " ")).toContain("needs a --reason");
    expect((await postern("officer", privacy, "proof", masked)).err).toContain("another officer has to agree");
    expect((await evidence()).size).toBe(before);
    expect(await refused(auditor, "seen")).toBe("");

    const [line, end] = (await evidence()).get(request) ?? [];
    expect(line?.event).toMatchObject({
      type: "sealed.opened",
      of: masked,
      target: "clinic",
      agreed: { reason: "seen" },
    });
    expect(end?.event.type).toBe("session.closed");
    const locks = [];
    for await (const { key } of store.list("events/v1/")) if (key.includes(request)) locks.push(await store.lock(key));
    expect(locks).toMatchObject([{ mode: "COMPLIANCE" }]);
    const shown = await postern("officer", privacy, "proof", masked, "--json");
    expect(shown.err).toBe("");
    const said = shown.out
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text));
    expect(said.at(-1)).toMatchObject({ differing: 0, unproven: 0, whole: true });
    expect(shown.out).toContain('"original":"123-45-6789","delivered":"***"');
    // By whoever has not the gateway's configuration: what is not hidden is compared.
    expect((await postern("elsewhere", auditor, "proof", masked)).out).toContain("123-45-6789");
    // Somebody else's request is nobody else's key.
    const third = officer("zoe", "auditor");
    const answer = await fetch(`${cloud.door}/officers/${request}/open`, {
      method: "POST",
      headers: { authorization: `Bearer ${third}` },
      body: JSON.stringify({ publicKey: "A".repeat(43) }),
    });
    expect(answer.status).toBe(404);
  });

  test("destroy its key, and the evidence is whole without it", { timeout: RUNNING }, async () => {
    const [privacy, auditor] = [officer("pia", "privacy"), officer("ada", "auditor")];
    const asked = await postern("officer", auditor, "shred", masked, "--reason", "asked for");
    expect((await postern("officer", privacy, "agree")).out).toContain("asked for");
    expect((await postern("officer", privacy, "agree", requestIn(asked.err), "--reason", "yes")).err).toBe("");
    expect((await postern("officer", privacy, "proof", masked)).out).toContain("123-45-6789");
    expect((await postern("officer", auditor, "shred", masked)).out).toContain("is destroyed");
    expect((await postern("officer", privacy, "proof", masked)).err).toContain("its key was destroyed");
    const { handler } = await import("#functions/seal-ledger/handler.ts");
    await handler({ list: "" });
    const report = JSON.parse((await postern("auditor", "", "verify", "--json")).out);
    expect(report).toMatchObject({ ok: true, bad: null });
    expect(report.checked.sessions).toBe((await evidence()).size);
    expect((await postern("auditor", "", "show", requestIn(asked.err))).out).toContain(
      `shredded what session ${masked}`,
    );
  });

  test("who was offboarded opens nothing, nor anybody what they have agreed to", { timeout: RUNNING }, async () => {
    const [privacy, auditor] = [officer("pia", "privacy"), officer("ada", "auditor")];
    const request = requestIn((await postern("officer", privacy, "proof", quiet, "--reason", "x")).err);
    await postern("officer", auditor, "agree", request, "--reason", "y");
    await cloud.revoke("ada");
    expect((await postern("officer", auditor, "proof", quiet)).err).toContain("offboarded");
    expect((await postern("officer", privacy, "proof", quiet)).err).toContain("offboarded");
  });
});

test("an object that lost its lock is found", { timeout: RUNNING }, async () => {
  const run = (...args: string[]) => postern("auditor", "", ...args);
  const { handler } = await import("#functions/seal-ledger/handler.ts");
  expect(await handler({ list: "" })).toMatchObject({ next: null });
  // The same bytes, put over an object by somebody who leaves the lock out.
  let object = "";
  for await (const found of store.list("events/")) object = found.key;
  const s3 = new S3Client({ ...(cloud.client as object), forcePathStyle: true });
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: object, Body: (await store.get(object)) ?? "" }));
  const bad = await run("verify", "--json");
  expect(bad.err).toBe("");
  const covered = JSON.parse(bad.out);
  expect(covered).toMatchObject({ ok: false, bad: { key: object, what: expect.stringMatching(/^lock missing/) } });
  const without = JSON.parse((await run("verify", "--json", "--no-locks")).out);
  expect(without).toMatchObject({ ok: true, checked: { locks: 0 } });
  expect(without.notes).toContain("what keeps objects from being deleted was not looked at");
});

test("what is missing or of another kind keeps it from starting, with a line for each", {
  timeout: RUNNING,
}, async () => {
  const file = join(folder, "proxy.json");
  const good = readFileSync(file, "utf8");
  const start = async (change: object) => {
    writeFileSync(file, JSON.stringify({ ...JSON.parse(good), listen: { port: 0 }, admin: { port: 0 }, ...change }));
    const env = { ...environment(), POSTERN_CONFIG: file };
    const started = spawn(process.execPath, ["fargate-proxy/src/main.ts"], { cwd: ROOT, env });
    const exit = once(started, "exit");
    const stderr = Buffer.concat(await started.stderr.toArray()).toString();
    return { status: (await exit)[0], stderr };
  };
  try {
    const none = await start({
      aws: {
        ...aws,
        bucket: "unlocked",
        tables: { journal: "approvals", revocations: "nothing", sealedKeys: "sealed-keys" },
        keys: { sealed: "00000000-0000-0000-0000-000000000000" },
        secrets: { pseudonyms: credential, subjects: "nothing" },
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
    expect(none.stderr).not.toContain(PASSWORDS[0]);
    const gone = await start({ aws: { ...aws, bucket: "never-made" }, tls: { secret: "nothing" } });
    expect([gone.status, gone.stderr]).toEqual([
      1,
      "postern: tls: nothing cannot be read (ResourceNotFoundException)\n",
    ]);
  } finally {
    writeFileSync(file, good);
  }
});
