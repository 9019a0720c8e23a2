import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTlsAcceptor, dialer, listen } from "#proxy/adapters/socket.ts";
import type { Permit } from "#proxy/gate/permit.ts";
import type { TargetConnection } from "#proxy/protocols/postgres/connection.ts";
import { openQuestions } from "#proxy/protocols/postgres/questions.ts";
import { TargetFailure, type UpstreamParts } from "#proxy/protocols/postgres/reach.ts";
import { connectTarget } from "#proxy/protocols/postgres/upstream.ts";
import type { Target } from "#shared/target.ts";
import { CLINIC } from "#test/support/fake-gate.ts";
import {
  type GroundOptions,
  type LoginGround,
  loginGround,
  type TestCertificates,
  testCertificates,
} from "#test/support/login-ground.ts";
import { freePort } from "#test/support/net.ts";
import { startTestPostgres, type TestPostgres } from "#test/support/postgres.ts";
import { errorFields, password, request, startup, typed, WireClient } from "#test/support/wire-client.ts";

const SECRET = "päss word/=,'";
const HBA = [
  "hostssl all md5er all md5",
  "hostssl all cleartext all password",
  "hostnossl all nocrypt all password",
  "hostnossl all plainscram all scram-sha-256",
];

let server: TestPostgres;
let certificates: TestCertificates;
let parts: UpstreamParts;

const target = (user: string, more: Partial<Target> = {}): Target => ({
  ...CLINIC,
  port: server.port,
  database: "postgres",
  user,
  tls: { mode: "verify-full", serverName: "localhost" },
  ...more,
});
const login = (more: object = {}) => ({ password: SECRET, application: "postern/s/p", settings: new Map(), ...more });
const failure = (promise: Promise<unknown>): Promise<TargetFailure> =>
  promise.then(
    () => {
      throw new Error("it worked");
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(TargetFailure);
      return error as TargetFailure;
    },
  );
const PLAIN = { tls: { mode: "disable" } } as const;

beforeAll(async () => {
  certificates = await testCertificates();
  server = await startTestPostgres(certificates, HBA);
  parts = { dialer, connectMs: 3000, authorities: new Map([["clinic", certificates.ca]]) };
  const quoted = SECRET.replaceAll("'", "''");
  for (const user of ["scram", "plainscram", "cleartext", "nocrypt"])
    await server.sql(`CREATE ROLE ${user} LOGIN PASSWORD '${quoted}'`);
  await server.sql(`SET password_encryption = md5; CREATE ROLE md5er LOGIN PASSWORD '${quoted}'`);
  await server.sql(`CREATE ROLE full_up LOGIN CONNECTION LIMIT 0 PASSWORD '${quoted}'`);
});
afterAll(() => server.stop());

describe("the gateway logs in to a target", () => {
  test.each([
    ["SCRAM with channel binding", "scram", {}],
    ["SCRAM without TLS", "plainscram", PLAIN],
    ["md5", "md5er", {}],
    ["a clear password inside TLS", "cleartext", {}],
  ])("by %s", async (_, user, more) => {
    const connection = await connectTarget(parts, target(user, more), login());
    expect(connection.parameters.get("server_version")).toMatch(/^18/);
    expect(connection.parameters.get("client_encoding")).toBe("UTF8");
    expect(connection.parameters.get("search_path")).toContain("public");
    expect(connection.pid).toBeGreaterThan(0);
    connection.end();
  });

  test("SCRAM is bound to the server's certificate", async () => {
    const before = server.log().length;
    (await connectTarget(parts, target("scram"), login())).end();
    const other = await impostor(server.port);
    const failed = await failure(connectTarget(parts, target("scram", { port: other.port }), login()));
    expect(failed.code).toBe("target-refused");
    expect(server.log().slice(before)).toContain("SCRAM channel binding check failed");
    other.stop();
  });

  test("its settings and its name for the session reach the database", async () => {
    const settings = new Map([
      ["statement_timeout", "1234"],
      ["search_path", "pg_catalog"],
    ]);
    const connection = await connectTarget(parts, target("scram"), login({ settings }));
    const rows = await server.sql(
      `SELECT application_name FROM pg_stat_activity WHERE pid = ${connection.pid} AND usename = 'scram'`,
    );
    expect(rows).toEqual([["postern/s/p"]]);
    expect(connection.parameters.get("search_path")).toBe("pg_catalog");
    connection.end();
  });

  test("a clear password is not sent without TLS", async () => {
    const failed = await failure(connectTarget(parts, target("nocrypt", PLAIN), login()));
    expect(failed).toMatchObject({ code: "target-refused", reason: expect.stringContaining("without TLS") });
  });

  test.each([
    ["wrong credential", "scram", {}, { password: "wrong" }, "target-refused", "28P01"],
    ["wrong md5 credential", "md5er", {}, { password: "wrong" }, "target-refused", "28P01"],
    ["unknown database", "scram", { database: "nowhere" }, {}, "target-refused", "3D000"],
    ["no more room", "full_up", {}, {}, "target-down", "53300"],
    [
      "a setting that the server does not take",
      "scram",
      {},
      { settings: new Map([["jit", "x"]]) },
      "target-refused",
      "22023",
    ],
  ])("%s", async (_, user, more, how, code, sqlstate) => {
    const failed = await failure(connectTarget(parts, target(user, more), login(how)));
    expect([failed.code, failed.sqlstate]).toEqual([code, sqlstate]);
    expect(failed.reason).not.toContain(SECRET);
  });

  test("a name that the certificate does not have", async () => {
    const tls = { mode: "verify-full", serverName: "db.example" } as const;
    const failed = await failure(connectTarget(parts, target("scram", { tls }), login()));
    expect(failed).toMatchObject({ code: "target-refused", reason: expect.stringContaining("ALTNAME") });
  });

  test("an address is checked against the certificate's addresses", async () => {
    const tls = { mode: "verify-full" } as const;
    (await connectTarget(parts, target("scram", { tls }), login())).end();
  });

  test("an authority that nobody trusts", async () => {
    const strangers = { ...parts, authorities: new Map<string, string>() };
    const failed = await failure(connectTarget(strangers, target("scram"), login()));
    expect(failed).toMatchObject({ code: "target-refused", reason: expect.stringContaining("TLS cannot be trusted") });
  });

  test("nobody listens", async () => {
    const failed = await failure(connectTarget(parts, target("scram", { port: await freePort() }), login()));
    expect(failed).toMatchObject({ code: "target-down", reason: expect.stringContaining("ECONNREFUSED") });
  });

  test.each([
    ["says nothing", "", "target-down"],
    ["closes", null, "target-down"],
    ["declines TLS", "N", "target-refused"],
    ["sends data ahead of TLS", "Sxx", "target-refused"],
    ["is no database", "HTTP/1.1 400\r\n", "target-refused"],
  ])("a target that %s", async (_, answer, code) => {
    const stranger = createServer((socket) => {
      socket.on("error", () => {});
      if (answer === null) socket.destroy();
      else socket.write(answer);
    });
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    const { port } = stranger.address() as { port: number };
    const failed = await failure(connectTarget({ ...parts, connectMs: 150 }, target("scram", { port }), login()));
    expect(failed.code).toBe(code);
    stranger.close();
  });

  test.each([
    ["skips its own proof", [typed("R", be(10), "SCRAM-SHA-256\0\0"), typed("R", be(0))]],
    ["reuses our nonce alone", [typed("R", be(10), "SCRAM-SHA-256\0\0"), "nonce"]],
    ["asks for few rounds", [typed("R", be(10), "SCRAM-SHA-256\0\0"), "rounds"]],
    ["offers mechanisms nobody knows", [typed("R", be(10), "MAGIC\0\0")]],
    ["asks for GSS", [typed("R", be(7))]],
    ["sends a message without end", [Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff])]],
  ])("a target that %s gets nothing", async (_, script) => {
    const stranger = createServer((socket) => {
      const steps = [...script];
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        const step = steps.shift();
        const nonce = /r=([^,]+)/.exec(chunk.toString("latin1"))?.[1] ?? "";
        if (step === "nonce") socket.write(typed("R", be(11), `r=${nonce},s=c2FsdA==,i=4096`));
        else if (step === "rounds") socket.write(typed("R", be(11), `r=${nonce}x,s=c2FsdA==,i=1`));
        else if (step !== undefined) socket.write(step);
      });
    });
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    const { port } = stranger.address() as { port: number };
    await failure(connectTarget({ ...parts, connectMs: 500 }, target("scram", { port, ...PLAIN }), login()));
    stranger.close();
  });
});

describe("the gateway's own questions", () => {
  test("are answered in order, also after one that fails", async () => {
    const questions = await openQuestions(parts, target("scram"), SECRET);
    const answers = await Promise.allSettled([
      questions.query("SELECT 1, NULL, 'x'"),
      questions.query("SELECT 1/0"),
      questions.query("SELECT 1; SELECT repeat('y', 3000000)"),
      questions.query("SET search_path = ''"),
    ]);
    expect(answers[0]).toMatchObject({ value: [["1", null, "x"]] });
    expect(String((answers[1] as PromiseRejectedResult).reason)).toContain("22012");
    expect(answers[2]).toMatchObject({ value: [[expect.stringMatching(/^y{3000000}$/)]] });
    expect(answers[3]).toMatchObject({ value: [] });
    expect(questions.alive).toBe(true);
    const lost = questions.query("SELECT pg_terminate_backend(pg_backend_pid())");
    await expect(lost).rejects.toThrow();
    expect(questions.alive).toBe(false);
  });
});

describe("a session behind a login", () => {
  const open = async (minor: number, user = "scram", more: GroundOptions = {}, extra: Record<string, string> = {}) => {
    const ground = await loginGround({ target: target(user), password: SECRET, ...more });
    const client = await WireClient.connect(ground.port);
    await client.requestTls(ground.ca);
    client.send(startup({ user: "engineer", database: "clinic", application_name: "my app", ...extra }, minor));
    await client.message();
    client.send(password("good"));
    return { ground, client };
  };
  const done = ({ ground, client }: { ground: LoginGround; client: WireClient }) => {
    client.close();
    ground.stop();
  };

  test("the client sees its own application name, the target's parameters and a key that is not the target's", async () => {
    for (const [minor, length] of [
      [0, 4],
      [2, 32],
    ] as const) {
      const both = await open(minor);
      const messages = await both.client.until("Z");
      expect(messages.map((m) => m.type).join("")).toMatch(/^RS+KZ$/);
      expect(messages[0]?.body.readUInt32BE(0)).toBe(0);
      const parameters = messages.filter((m) => m.type === "S").map((m) => m.body.toString().split("\0").slice(0, 2));
      expect(parameters).toContainEqual(["application_name", "my app"]);
      expect(parameters).toContainEqual(["client_encoding", "UTF8"]);
      expect(messages.at(-2)?.body.length).toBe(4 + length);
      const pid = messages.at(-2)?.body.readInt32BE(0);
      expect(await server.sql(`SELECT application_name FROM pg_stat_activity WHERE pid = ${pid}`)).toEqual([
        ["postern/01SESSION/engineer"],
      ]);
      done(both);
    }
  });

  test("its cancel key reaches what runs, another key does not", async () => {
    for (const minor of [0, 2]) {
      const both = await open(minor);
      const key = (await both.client.until("Z")).at(-2)?.body as Buffer;
      const pid = key.readInt32BE(0);
      const { upstream } = both.ground.endings[0] as { upstream: TargetConnection };
      // Only the gate makes permits: the command of this test goes by the side of it.
      upstream.send({ spend: () => typed("Q", "select pg_sleep(30)\0") } as unknown as Permit);
      upstream.flush();
      const said = new Promise<string>((resolve) =>
        upstream.onData((chunk) => {
          if (chunk.includes("57014")) resolve("cancelled");
        }),
      );
      await waitFor(
        async () =>
          (await server.sql(`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid} AND state = 'active'`)).length > 0,
      );

      const wrong = Buffer.from(key);
      wrong[wrong.length - 1] = (wrong.at(-1) as number) ^ 1;
      await cancel(both.ground, wrong);
      await cancel(both.ground, Buffer.concat([key, randomBytes(4)]));
      expect(both.ground.counted).toEqual(["cancel_unknown", "cancel_unknown"]);
      await cancel(both.ground, key);
      expect(await said).toBe("cancelled");
      expect(both.ground.counted.at(-1)).toBe("cancel_sent");

      both.client.close();
      await waitFor(async () => (await server.sql(`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid}`)).length === 0);
      await cancel(both.ground, key);
      expect(both.ground.counted.at(-1)).toBe("cancel_unknown");
      done(both);
    }
  });

  test("a wrong credential: operators learn why, the client does not", async () => {
    const both = await open(0, "scram", { password: "wrong" });
    const fields = errorFields(await both.client.message());
    expect(fields).toMatchObject({ C: "08004", R: "target-refused" });
    expect(JSON.stringify(fields)).not.toMatch(/scram|28P01|password/i);
    expect(both.ground.logged.join()).toContain("28P01");
    expect(both.ground.logged.join()).not.toContain("wrong");
    expect(both.ground.sessions).toMatchObject({
      refused: [{ code: "target-refused" }],
      closed: ["target-refused 28P01"],
    });
    done(both);
  });

  test("a target that is down", async () => {
    const both = await open(0, "scram", { target: target("scram", { port: await freePort() }) });
    expect(errorFields(await both.client.message())).toMatchObject({ C: "08006", R: "target-down" });
    expect(both.ground.sessions.closed).toEqual(["target-down"]);
    done(both);
  });

  test("a setting that the target does not take is refused without its words", async () => {
    const both = await open(0, "scram", {}, { options: "-c statement_timeout=never" });
    expect(errorFields(await both.client.message())).toMatchObject({ C: "08004" });
    done(both);
  });
});

async function cancel(ground: LoginGround, key: Buffer): Promise<void> {
  const client = await WireClient.connect(ground.port);
  client.send(request(80877102, key));
  await client.rest();
}

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}

function be(code: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(code);
  return out;
}

/** Somebody between gateway and target, with a good certificate of its own, who passes everything on. */
function impostor(to: number) {
  const acceptor = createTlsAcceptor(certificates.other);
  return listen("127.0.0.1", 0, async ({ stream }) => {
    await new Promise((resolve) => stream.once("data", resolve).resume());
    stream.write("S");
    const client = await acceptor.accept(stream, ["postgresql"]);
    const upstream = await dialer.dial("127.0.0.1", to, 1000);
    upstream.write(request(80877103));
    await new Promise((resolve) => upstream.once("data", resolve));
    const secured = await dialer.secure(upstream, { serverName: "localhost", ca: certificates.ca, alpn: [] });
    client.stream.pipe(secured.stream).pipe(client.stream);
  });
}
