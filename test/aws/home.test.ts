// The gateway as a process whose home is AWS (in a stand-in), in front of a real PostgreSQL: what it keeps, what it refuses when a service fails,
// what is left when it is killed.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openKmsSigner } from "#functions/adapters/kms-signer.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import type { EvidenceLine } from "#shared/evidence/line-read.ts";
import { APPROVALS, parts } from "#test/support/bundles.ts";
import { says, startFakeWitness } from "#test/support/fake-witness.ts";
import type { Fault } from "#test/support/faulty.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";
import { type AwsGateway, BUCKET, startAwsGateway } from "./aws-gateway.ts";
import { linesIn } from "./bucket-lines.ts";
import { createTable } from "./ministack.ts";

const STARTING = 400_000;
const RUNNING = 120_000;
const ACCESS = `@id("all") permit (principal, action, resource);
@id("hide") forbid (principal, action == Action::"reveal", resource) unless { principal.name == "doctor" };`;
const OFFICERS = "officers: { groups: [privacy, auditor], validMinutes: 60 }\n";
const ANOTHER = "of-another-version";
const soon = { timeout: 90_000, interval: 100 };

let ground: AwsGateway;
/** The session that was shown masks. */
let masked = "";
/** Another one, which has its end. */
let quiet = "";
let killed = "";
let doctors = "";
let verifierKey = "";

beforeAll(async () => {
  ground = await startAwsGateway({ ...parts(ACCESS), "approvals.yaml": `${APPROVALS}${OFFICERS}` });
  await ground.server.sql(
    "CREATE TABLE patients (id int PRIMARY KEY, ssn text, full_name text, maiden_name text)",
    "clinic",
  );
  await ground.server.sql("CREATE TABLE drugs (id int)", "clinic");
}, STARTING);
afterEach(() => {
  ground.way.always = null;
});
afterAll(() => ground?.stop());

const evidence = () => linesIn(ground.store);
const types = (lines: readonly EvidenceLine[] | undefined) => lines?.map((line) => line.event.type);
/** The session that runs now, as the database sees it. */
async function running(): Promise<string> {
  const sql =
    "SELECT application_name FROM pg_stat_activity WHERE application_name ~ '^postern/[0-9a-z]{26}/' ORDER BY 1 DESC";
  const [[name] = []] = await ground.server.sql(sql);
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
const drugs = async () => Number((await ground.server.sql("SELECT count(*) FROM drugs", "clinic"))[0]?.[0]);

describe("a gateway whose home is AWS", () => {
  test("masks and records: what ran is in the bucket, locked, and nothing waits in the journal for long", {
    timeout: RUNNING,
  }, async () => {
    const client = await ground.connected();
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
    for await (const { key } of ground.store.list("")) locks.push(await ground.store.lock(key));
    expect(locks.length).toBeGreaterThan(2);
    for (const lock of locks) expect(lock?.mode).toBe("COMPLIANCE");
    const lanes = new Set<string>();
    for await (const { key } of ground.store.list("")) lanes.add(key.split("/")[0] ?? "");
    expect([...lanes].sort()).toEqual(["events", "recordings", "sealed"]);
  });

  test("says whose records were shown in clear", { timeout: RUNNING }, async () => {
    const client = await ground.connected("doctor");
    const { rows } = await client.query("SELECT id, full_name FROM patients");
    expect(rows).toEqual([{ id: 1, full_name: "Ada Lovelace" }]);
    doctors = await running();
    await client.end();
    expect(types(await ended(doctors))).toContain("disclosure");
  });

  test("tries the newest credential when the target refuses the one it has, and says so", {
    timeout: RUNNING,
  }, async () => {
    await ground.server.sql(`ALTER ROLE postern_gateway PASSWORD '${ANOTHER}'`);
    const value = JSON.stringify({ username: "postern_gateway", password: ANOTHER });
    const put = new PutSecretValueCommand({ SecretId: ground.credential, SecretString: value });
    const { VersionId } = await new SecretsManagerClient(ground.cloud.client as object).send(put);
    const client = await ground.connected();
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
      const client = await ground.connected();
      const session = await running();
      const before = await drugs();
      ground.way.always = fault;
      // The session is judged as before: it is the record that cannot be made.
      for (let i = 0; i < 3; i++)
        await expect(client.query("INSERT INTO drugs VALUES (1)")).rejects.toMatchObject({ code: "53100" });
      expect(await drugs()).toBe(before);
      ground.way.always = null;
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
    const client = await ground.connected("contractor");
    const over = new Promise((resolve) => client.once("end", resolve));
    await ground.cloud.revoke("contractor");
    await over;
    await expect(ground.connected("contractor")).rejects.toMatchObject({ code: "28000" });
  });

  test("that is killed is recovered by the next of the same task: all that ran is recorded, and every session has an end", {
    timeout: RUNNING,
  }, async () => {
    const client = await ground.connected();
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
    await Promise.all([ground.end("SIGKILL"), inserting]);
    const ran = (await drugs()) - before;
    await ground.start();
    const lines = await ended(session);
    expect(lines.at(-1)?.event.type).toBe("session.recovered");
    const announced = lines.filter(({ event }) => event.type === "statement" || event.type === "execute").length;
    expect(ran).toBeGreaterThanOrEqual(answered);
    expect(announced).toBeGreaterThanOrEqual(ran);
    expect(announced).toBeLessThanOrEqual(ran + 1);
    const { Items = [] } = await new DynamoDBClient(ground.cloud.client).send(
      new ScanCommand({ TableName: "journal" }),
    );
    expect(Items.filter((item) => item.fence === undefined).length).toBeLessThan(5);
  });
});

/** The command line of somebody who reads the bucket. @param token who they are at the door; @param place their own state directory */
async function postern(place: string, token: string, ...args: string[]) {
  const state = {
    POSTERN_STATE: join(ground.folder, place),
    POSTERN_STORE: `s3://${BUCKET}`,
    POSTERN_VERIFIER_KEY: verifierKey,
    ...(token === "" ? {} : { POSTERN_ANSWERS: ground.cloud.door, POSTERN_TOKEN: token }),
  };
  const program = [join(ROOT, "test/support/evidence-cli.ts"), ...args];
  const child = spawn(process.execPath, program, { env: { ...environment(), ...state } });
  const [out, err] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  return { out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

test("the ledger is written from the bucket, and `postern verify` reads it there", { timeout: RUNNING }, async () => {
  expect(await ground.end("SIGTERM")).toBe(0);
  const kms = new KMSClient(ground.cloud.client as object);
  const made = await kms.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" }));
  const key = made.KeyMetadata?.Arn ?? "";
  const name = "ledger.example.org";
  await createTable(new DynamoDBClient(ground.cloud.client), "ledger", { key: "S", sort: "N" });
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
    await createTable(new DynamoDBClient(ground.cloud.client), table, { key: "S", sort: "S" });
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
  await new SecretsManagerClient(ground.cloud.client as object).send(put);
  expect((await asking(byTable, "disclosures", "--subject", "1", "--json")).out).toContain(doctors);
  expect((await asking(byTable, "disclosures", "--subject", "1", "--hashes")).out.trim().split("\n")).toHaveLength(2);
  await asking({}, "sessions");
});

describe("two officers", () => {
  const officer = (name: string, ...groups: string[]) => ground.cloud.issuer.token(name, { groups });
  const requestIn = (text: string) => /request (\w{26})/.exec(text)?.[1] ?? "";

  test("see what a session has sealed, beside what was sent, after it is in the evidence", {
    timeout: RUNNING,
  }, async () => {
    await createTable(new DynamoDBClient(ground.cloud.client), "officers", { kind: "S", id: "S" });
    await ground.cloud.deploy("officers", {
      POSTERN_OFFICERS_TABLE: "officers",
      POSTERN_SEALED_KEYS: "sealed-keys",
      POSTERN_SEALED_KEY: ground.aws.keys.sealed,
      POSTERN_BUCKET: BUCKET,
      POSTERN_RETENTION_DAYS: "2192",
    });
    const [privacy, auditor] = [officer("pia", "privacy"), officer("ada", "auditor")];
    // What masks need to be laid again: as the gateway has it.
    const place = join(ground.folder, "officer");
    mkdirSync(join(place, "keys"), { recursive: true });
    writeFileSync(join(place, "proxy.json"), readFileSync(join(ground.folder, "proxy.json")));
    cpSync(join(ground.gateway.state, "catalog"), join(place, "catalog"), { recursive: true });
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
    for await (const { key } of ground.store.list("events/v1/"))
      if (key.includes(request)) locks.push(await ground.store.lock(key));
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
    const answer = await fetch(`${ground.cloud.door}/officers/${request}/open`, {
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
    await ground.cloud.revoke("ada");
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
  for await (const found of ground.store.list("events/")) object = found.key;
  const s3 = new S3Client({ ...(ground.cloud.client as object), forcePathStyle: true });
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: object, Body: (await ground.store.get(object)) ?? "" }));
  const bad = await run("verify", "--json");
  expect(bad.err).toBe("");
  const covered = JSON.parse(bad.out);
  expect(covered).toMatchObject({ ok: false, bad: { key: object, what: expect.stringMatching(/^lock missing/) } });
  const without = JSON.parse((await run("verify", "--json", "--no-locks")).out);
  expect(without).toMatchObject({ ok: true, checked: { locks: 0 } });
  expect(without.notes).toContain("what keeps objects from being deleted was not looked at");
});
