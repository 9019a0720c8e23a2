// Postern as it is deployed, from the first `cdk bootstrap` to what is left when it is taken away: once with MiniStack's own S3, and once with the
// evidence in the strictest judge of Object Lock. What only a real account can show is at the end of docs/deploy.md.
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DescribeKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { DeleteObjectCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from "@aws-sdk/client-sfn";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { partOf } from "#shared/evidence/session-part.ts";
import { type Ceph, startCeph } from "../locks/ceph.ts";
import { type Conditions, startConditions } from "../locks/conditions.ts";
import type { Assembly } from "./assembly.ts";
import { type Deployed, openAccount, program } from "./deployed.ts";
import type { Task } from "./fargate.ts";
import { type Ground, prepareGround } from "./ground.ts";
import { openNotices, type Tell, tellOfObjects } from "./notices.ts";
import { type Kept, watch } from "./watching.ts";

const STARTING = 900_000;
const RUNNING = 300_000;
const soon = { timeout: 120_000, interval: 250 };
const started = Date.now();
const say = (line: string) => process.stderr.write(`deploy ${Math.round((Date.now() - started) / 1000)} s: ${line}\n`);

/** What changes between two deployments: a limit, and a table that engineers may no longer read. */
const NO_FORMULARY = `
@id("formulary-is-closed")
forbid (principal in Group::"engineer", action == Action::"read", resource == Relation::"clinic/public.formulary");
`;
let ground: Ground;
let before: Assembly;
let after: Assembly;
beforeAll(async () => {
  execFileSync(join(import.meta.dirname, "setup.sh"), { stdio: "inherit" });
  say("PostgreSQL with the demo clinic, cdk synth twice");
  ground = await prepareGround();
  await ground.direct.query("CREATE TABLE scratch.work (n int); GRANT ALL ON scratch.work TO postern_gateway");
  before = await ground.synthesize({ graceSeconds: 2, sessions: 100, policy: (_, text) => text });
  after = await ground.synthesize({
    graceSeconds: 2,
    sessions: 90,
    policy: (file, text) => (file === "access.cedar" ? text + NO_FORMULARY : text),
  });
}, STARTING);
afterAll(() => ground?.stop());

test("all is deployed but what the stand-in for AWS does not know, which the tests of templates hold", () => {
  expect(before.cut).toEqual([
    "PosternAudit AWS::Athena::NamedQuery",
    "PosternNetwork AWS::EC2::FlowLog",
    "PosternProxy AWS::ApplicationAutoScaling::ScalableTarget",
    "PosternProxy AWS::ApplicationAutoScaling::ScalingPolicy",
    "PosternProxy AWS::EC2::SecurityGroupEgress",
    "PosternProxy AWS::EC2::SecurityGroupIngress",
    "PosternProxy image",
    "PosternWatch AWS::CloudWatch::Alarm",
  ]);
});

const HOMES = [
  { where: "in the stand-in for AWS", strict: false },
  { where: "before the strict judge of locks", strict: true },
];
describe.each(HOMES)("deployed, with its evidence $where", ({ strict }) => {
  let ceph: Ceph | null = null;
  let conditions: Conditions | null = null;
  let cloud: Deployed;
  let kept: Kept;
  let task: Task;
  let tell: Tell;
  let quiet = async () => {};

  beforeAll(async () => {
    say(strict ? "Ceph and MiniStack" : "MiniStack");
    ceph = strict ? await startCeph() : null;
    conditions = ceph === null ? null : await startConditions(ceph.endpoint);
    cloud = await openAccount(ground, conditions?.endpoint ?? null, say);
    await cloud.deploy(before);
    kept = watch(cloud);
    tell = await openNotices(cloud.client);
    if (ceph !== null) quiet = tellOfObjects(tell, cloud.store, cloud.names.POSTERN_BUCKET ?? "");
    say("the first task");
    task = await cloud.task();
  }, STARTING);
  afterAll(async () => {
    await quiet();
    await cloud?.stop();
    await conditions?.stop();
    await ceph?.stop();
  });

  const psql = async (name: string, sql: string, through = task) => {
    const env = { PATH: "/usr/bin:/bin", ...(await cloud.login(through, name)) };
    return program("psql", ["--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--command", sql], env);
  };
  const connected = async (name: string, through = task) => {
    const { PGPASSWORD: password = "" } = await cloud.login(through, name);
    const client = new pg.Client({
      host: "localhost",
      port: through.port,
      database: "clinic",
      user: name,
      password,
      ssl: { ca: ground.ca },
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  /** The session that somebody has open, as the database sees it. */
  const running = async () => {
    const { rows } = await ground.direct.query(
      "SELECT application_name FROM pg_stat_activity WHERE application_name ~ '^postern/[0-9a-z]{26}/'",
    );
    expect(rows).toHaveLength(1);
    return String(rows[0].application_name).split("/")[1] ?? "";
  };
  const worked = async () => Number((await ground.direct.query("SELECT count(*) FROM scratch.work")).rows[0].count);
  const invoke = async (name: string, event: object) => {
    const Payload = Buffer.from(JSON.stringify(event));
    const done = await new LambdaClient(cloud.client).send(new InvokeCommand({ FunctionName: name, Payload }));
    const text = Buffer.from(done.Payload ?? []).toString();
    expect(done.FunctionError, text).toBeUndefined();
    return JSON.parse(text);
  };

  test("a task runs as its definition says, and is found well by its own check", { timeout: RUNNING }, async () => {
    expect(await task.healthy()).toBe(true);
    expect(JSON.parse(task.configuration)).toMatchObject({ limits: { sessions: 100 }, aws: { retentionDays: 2192 } });
  });

  test("somebody of the user pool logs in with psql, and sees masked values", { timeout: RUNNING }, async () => {
    say("psql, masked");
    const sql = "SELECT full_name, ssn, birth_date FROM patients ORDER BY id LIMIT 2";
    const masked = await psql("engineer", sql);
    expect(masked.err).toBe("");
    for (const row of masked.out.trim().split("\n")) expect(row).toMatch(/^\*\*\*\|\*\*\*\|\d{4}-01-01$/);
    const clear = await psql("nurse", sql);
    const { rows } = await ground.direct.query("SELECT full_name FROM patients ORDER BY id LIMIT 2");
    expect(
      clear.out
        .trim()
        .split("\n")
        .map((row) => row.split("|")[0]),
    ).toEqual(rows.map((row) => row.full_name));
    expect(await psql("stranger", "SELECT 1")).toMatchObject({ code: 2, err: expect.stringContaining("FATAL") });
  });

  test("a DELETE waits, is answered through the HTTP API, and runs once", { timeout: RUNNING }, async () => {
    say("a DELETE that waits");
    const { rows } = await ground.direct.query("SELECT min(id) AS id FROM prescriptions");
    const env = { PATH: "/usr/bin:/bin", ...(await cloud.login(task, "engineer")) };
    const sql = `DELETE FROM prescriptions WHERE id = ${rows[0].id}`;
    const waiting = spawn("psql", ["--no-psqlrc", "--no-password", "--command", sql], { env });
    let said = "";
    for (const stream of [waiting.stdout, waiting.stderr]) stream.on("data", (chunk) => (said += chunk));
    const over = new Promise((resolve) => waiting.once("exit", resolve));
    const id = await vi.waitFor(() => {
      const [, found] = /\(request (\w+)\)/.exec(said) ?? [];
      expect(found, said).toBeDefined();
      return found as string;
    }, soon);
    const own = await cloud.postern(["approve", id, "--reason", "my own"], await cloud.token("engineer"));
    expect(own.code).toBe(1);
    const dba = await cloud.token("dba");
    expect((await cloud.postern(["approvals"], dba)).out).toContain(id.slice(0, 8));
    const taken = await cloud.postern(["approve", id, "--reason", "ticket 4711"], dba);
    expect(taken).toMatchObject({ code: 0 });
    expect(await over).toBe(0);
    expect(said).toContain("DELETE 1");
    const states = new SFNClient(cloud.client);
    const { executions = [] } = await states.send(
      new ListExecutionsCommand({ stateMachineArn: cloud.names.POSTERN_WORKFLOW }),
    );
    expect(executions).toHaveLength(1);
    const [{ executionArn } = {}] = executions;
    await vi.waitFor(async () => {
      const { status } = await states.send(new DescribeExecutionCommand({ executionArn }));
      expect(status).toBe("SUCCEEDED");
    }, soon);
  });

  test("what happened is in the bucket, locked, in the index and in the ledger", { timeout: RUNNING }, async () => {
    say("evidence, index, ledger");
    const session = await vi.waitFor(async () => {
      const [, second] = await kept.sessions("engineer");
      expect(second).toBeDefined();
      return second?.session ?? "";
    }, soon);
    const last = await kept.ended(session);
    expect(last).toMatchObject({ target: "clinic", relations: expect.arrayContaining(["public.prescriptions"]) });
    const types = (await kept.events(last.session)).map(({ event }) => event.type);
    expect(types).toEqual(
      expect.arrayContaining(["session.opened", "approval.requested", "execute", "session.closed"]),
    );
    expect(await kept.sealed()).toBeGreaterThan(3);
    let locked = 0;
    for await (const { key } of kept.store.list("")) {
      expect(await kept.store.lock(key), key).toMatchObject({ mode: "COMPLIANCE" });
      locked++;
    }
    expect(locked).toBeGreaterThan(5);
    expect(await kept.verified()).toMatchObject({ ok: true });
  });

  test("a task that is killed at work is recovered by what ECS says of it", { timeout: RUNNING }, async () => {
    say("kill -9, recover-session");
    const client = await connected("dba");
    await client.query("SELECT 1");
    const session = await running();
    const had = await worked();
    let answered = 0;
    const working = (async () => {
      for (;;) {
        await client.query("INSERT INTO scratch.work VALUES (1)");
        answered++;
      }
    })().catch(() => {});
    await vi.waitFor(() => expect(answered).toBeGreaterThan(20), soon);
    await task.kill();
    await working;
    const killed = task;
    task = await cloud.task();
    const ran = (await worked()) - had;
    const { cluster, service } = await cloud.service();
    const stopped = {
      clusterArn: cluster,
      group: `service:${service.split("/").at(-1)}`,
      lastStatus: "STOPPED",
      taskArn: killed.arn,
    };
    expect(await tell("aws.ecs", "ECS Task State Change", stopped)).toBe(1);
    await kept.ended(session);
    const events = await kept.events(session);
    expect(events.at(-1)?.event.type).toBe("session.recovered");
    const announced = events.filter(({ event }) => event.type === "statement" || event.type === "execute").length - 1;
    expect(ran).toBeGreaterThanOrEqual(answered);
    expect(announced).toBeGreaterThanOrEqual(ran);
    expect(announced).toBeLessThanOrEqual(ran + 1);
    await kept.sealed();
    expect(await kept.verified()).toMatchObject({ ok: true });
  });

  test("the activity review is opened by the schedule's function, and attested", { timeout: RUNNING }, async () => {
    say("the activity review");
    expect(await invoke(cloud.names.review ?? "", {})).toEqual({ open: 0, overdue: 0 });
    // Weeks are reviewed when they are over: one of these sessions is said to have been a week ago.
    const [one] = await kept.sessions("nurse");
    const session = "01aaaaaaaaaaaaaaaaaaaaaaaa";
    const lines = await kept.events(one?.session ?? "");
    const part = partOf(lines.map((line) => ({ ...line, session, time: line.time - 7 * 86_400_000 })));
    await kept.index.add(part as NonNullable<typeof part>, []);
    expect(await invoke(cloud.names.review ?? "", {})).toEqual({ open: 1, overdue: 0 });
    const privacy = await cloud.token("privacy");
    const listed = await cloud.postern(["reviews", "--json"], privacy);
    expect(listed.code, listed.err).toBe(0);
    const { review } = JSON.parse(listed.out);
    expect(review.sample).toMatchObject([{ session }]);
    const now = await cloud.postern(["reviews", "--open", "--days", "1"], privacy);
    expect(now).toMatchObject({ code: 1, err: expect.stringContaining("not begun here") });
    const attested = await cloud.postern(["attest", review.id, "--findings", "in order"], privacy);
    expect(attested).toMatchObject({ code: 0, out: expect.stringContaining("attested by privacy") });
    expect((await cloud.postern(["reviews"], await cloud.token("dba"))).out).toContain("no reviews");
  });

  test("an upgrade while a session is open loses nothing of it", { timeout: RUNNING }, async () => {
    say("an upgrade");
    const client = await connected("engineer");
    const ended = new Promise<pg.DatabaseError>((resolve) =>
      client.once("error", (error) => resolve(error as pg.DatabaseError)),
    );
    await client.query("SELECT count(*) FROM formulary");
    const session = await running();
    await cloud.deploy(after);
    const old = task;
    task = await cloud.task();
    expect(task.definition).not.toBe(old.definition);
    expect(JSON.parse(task.configuration)).toMatchObject({ limits: { sessions: 90 } });
    // The balancer sends nobody to the old one any more; who is there goes on under the policy that they came in under.
    await client.query("SELECT count(*) FROM formulary");
    expect((await psql("engineer", "SELECT count(*) FROM formulary")).err).toContain("formulary-is-closed");
    const stopping = old.stop();
    await vi.waitFor(() => expect(old.ready()).resolves.toBe(false), soon);
    expect(await stopping).toBe(0);
    expect(await ended).toMatchObject({ code: "57P01" });
    await kept.ended(session);
    const types = (await kept.events(session)).map(({ event }) => event.type);
    expect(types.filter((type) => type === "statement" || type === "execute")).toHaveLength(2);
    expect(types.filter((type) => type === "finished")).toHaveLength(2);
    expect(types.at(-1)).toBe("session.closed");
  });

  test("taken away, it leaves what must be kept, and that can be verified", { timeout: RUNNING }, async () => {
    say("cdk destroy");
    expect(await task.stop()).toBe(0);
    const objects = await kept.sealed();
    await expect(cloud.destroy(["PosternWatch"])).rejects.toThrow("TerminationProtection");
    const stacks = ["Watch", "Audit", "Flow", "Proxy", "Control", "Identity", "Network", "Data", "Keys"].map(
      (name) => `Postern${name}`,
    );
    await cloud.unprotect(stacks);
    await cloud.destroy(stacks);
    await quiet();
    const dynamo = new DynamoDBClient(cloud.client);
    for (const name of ["TABLE", "INDEX_TABLE", "JOURNAL_TABLE", "REVOCATIONS", "LEDGER_TABLE"]) {
      const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: cloud.names[`POSTERN_${name}`] }));
      expect(Table).toMatchObject({ TableStatus: "ACTIVE", DeletionProtectionEnabled: true });
    }
    const { KeyMetadata } = await new KMSClient(cloud.client).send(
      new DescribeKeyCommand({ KeyId: cloud.names.POSTERN_LEDGER_KEY }),
    );
    expect(KeyMetadata?.Enabled).toBe(true);
    expect(await kept.sealed()).toBe(objects);
    expect(await kept.verified()).toMatchObject({ ok: true });
    // Nobody can take a version away, whoever asks: in the stand-in nothing judges that.
    if (!strict) return;
    const Bucket = cloud.names.POSTERN_BUCKET;
    const { Versions = [] } = await cloud.store.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 5 }));
    expect(Versions).toHaveLength(5);
    for (const { Key, VersionId } of Versions)
      await expect(cloud.store.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))).rejects.toThrow();
  });
});
