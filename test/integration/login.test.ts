import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Refusal } from "#shared/errors.ts";
import { type GroundOptions, type LoginGround, loginGround, OAUTH } from "#test/support/login-ground.ts";
import { errorFields, password, request, saslInitial, startup, typed, WireClient } from "#test/support/wire-client.ts";

const SSL = 80877103;
const GSS = 80877104;
const CANCEL = 80877102;
const WHO = { user: "engineer", database: "clinic", application_name: "psql" };

let ground: LoginGround;
const clients: WireClient[] = [];

const open = async (on = ground) => {
  const client = await WireClient.connect(on.port);
  clients.push(client);
  return client;
};
const openTls = async (on = ground) => {
  const client = await open(on);
  await client.requestTls(on.ca);
  return client;
};
/** Waits for the gateway's side of what just happened. */
const settled = async (on = ground) => {
  while (on.endings.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
};
const lastRefusal = (on = ground) => on.turnedAway.at(-1)?.refusal.code;

beforeAll(async () => {
  ground = await loginGround();
});
afterAll(() => ground.stop());
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const list of [ground.claims, ground.turnedAway, ground.counted, ground.endings, ground.logged]) list.length = 0;
});

async function withGround(options: GroundOptions, use: (other: LoginGround) => Promise<void>): Promise<void> {
  const other = await loginGround(options);
  try {
    await use(other);
  } finally {
    other.stop();
  }
}

describe("encryption", () => {
  test("without TLS there is no login, and the hint says how to have it", async () => {
    const client = await open();
    client.send(startup(WHO));
    const fields = errorFields(await client.message());
    expect(fields).toMatchObject({ S: "FATAL", C: "28000" });
    expect(fields.H).toContain("sslmode");
    expect(await client.message()).toBeNull();
    expect(ground.turnedAway).toMatchObject([{ claimed: "engineer", refusal: { code: "tls-required" } }]);
  });

  test("GSS is declined, TLS may follow", async () => {
    const client = await open();
    client.send(request(GSS));
    expect((await client.take(1)).toString()).toBe("N");
    await client.requestTls(ground.ca);
    client.send(startup(WHO));
    expect((await client.message())?.type).toBe("R");
  });

  test("each kind of encryption can be asked for once", async () => {
    const client = await open();
    client.send(request(GSS));
    await client.take(1);
    client.send(request(GSS));
    expect(errorFields(await client.message()).C).toBe("08P01");
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
  });

  test("TLS inside TLS is refused", async () => {
    const client = await openTls();
    client.send(request(SSL));
    expect(errorFields(await client.message()).C).toBe("08P01");
  });

  test("bytes that come ahead of the TLS handshake end the connection, and are evidence", async () => {
    const client = await open();
    client.send(Buffer.concat([request(SSL), startup(WHO)]));
    expect((await client.rest()).length).toBe(0);
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
    expect(ground.claims).toEqual([]);
  });

  test("plain bytes after the answer to SSLRequest never reach the login", async () => {
    const client = await open();
    client.send(request(SSL));
    expect((await client.take(1)).toString()).toBe("S");
    client.send(Buffer.concat([startup(WHO), password("good")]));
    await client.rest();
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
    expect(ground.claims).toEqual([]);
  });

  test("direct TLS is taken with ALPN postgresql", async () => {
    const client = await WireClient.connectDirect(ground.port, ground.ca, ["postgresql"]);
    clients.push(client);
    client.send(startup(WHO));
    expect((await client.message())?.type).toBe("R");
    client.send(password("bad"));
    expect(errorFields(await client.message()).C).toBe("28P01");
    expect(ground.claims).toMatchObject([{ tls: "TLSv1.3" }]);
  });

  test("direct TLS without ALPN is refused", async () => {
    const client = await WireClient.connectDirect(ground.port, ground.ca, []);
    clients.push(client);
    expect(errorFields(await client.message()).C).toBe("08P01");
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
  });

  test("direct TLS with another ALPN fails in the handshake", async () => {
    await expect(WireClient.connectDirect(ground.port, ground.ca, ["http/1.1"])).rejects.toThrow();
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
  });

  test("TLS 1.1 is refused", async () => {
    const client = await open();
    client.send(request(SSL));
    await client.take(1);
    const { connect } = await import("node:tls");
    const failed = new Promise<unknown>((resolve) =>
      connect({ socket: client.stream as never, minVersion: "TLSv1", maxVersion: "TLSv1.1", rejectUnauthorized: false })
        .once("error", resolve)
        .once("secureConnect", () => resolve(null)),
    );
    expect(await failed).toBeInstanceOf(Error);
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
  });

  test("without a certificate TLS is declined, and plain loopback is let in only by an explicit setting", async () => {
    await withGround({ bare: true }, async (other) => {
      const client = await open(other);
      client.send(request(SSL));
      expect((await client.take(1)).toString()).toBe("N");
      client.send(startup(WHO));
      expect(errorFields(await client.message()).C).toBe("28000");
    });
    await withGround({ bare: true, parts: { allowPlaintextLoopback: true } }, async (other) => {
      const client = await open(other);
      client.send(startup(WHO));
      expect((await client.message())?.type).toBe("R");
      client.send(password("bad"));
      await client.message();
      expect(other.claims).toMatchObject([{ tls: "none", token: "bad" }]);
    });
  });
});

describe("the start-up message", () => {
  test.each([
    ["too long", Buffer.from([0, 1, 0, 0])],
    ["enormous", Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ["shorter than itself", Buffer.from([0, 0, 0, 4])],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ])("%s ends the connection with an event", async (_, bytes) => {
    const client = await open();
    client.send(bytes);
    expect(errorFields(await client.message()).C).toBe("08P01");
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
  });

  test.each([
    ["no final NUL", Buffer.from("user\0engineer\0")],
    ["a name without a value", Buffer.from("user\0")],
    ["bytes after the end", Buffer.from("user\0engineer\0\0more\0")],
    ["no UTF-8", Buffer.from([0x75, 0, 0xff, 0xfe, 0, 0])],
    ["nothing", Buffer.alloc(0)],
  ])("malformed: %s", async (_, body) => {
    const client = await openTls();
    client.send(request(196608, body));
    expect(errorFields(await client.message()).C).toBe("08P01");
  });

  test("no user", async () => {
    const client = await openTls();
    client.send(startup({ database: "clinic" }));
    expect(errorFields(await client.message())).toMatchObject({ C: "08P01" });
  });

  test("protocol 2 and protocol 4 are refused by name", async () => {
    for (const [major, name] of [
      [2, "2.0"],
      [4, "4.0"],
    ] as const) {
      const client = await openTls();
      client.send(startup(WHO, 0, major));
      const fields = errorFields(await client.message());
      expect(fields.C).toBe("0A000");
      expect(fields.M).toContain(name);
    }
  });

  test.each([
    ["3.0", 0, {}, null],
    ["3.2", 2, {}, null],
    ["a newer minor", 9999, {}, { version: 196610, options: [] }],
    ["an unknown option", 0, { "_pq_.wishes": "x" }, { version: 196608, options: ["_pq_.wishes"] }],
    ["both", 3, { "_pq_.a": "1", "_pq_.b": "2" }, { version: 196610, options: ["_pq_.a", "_pq_.b"] }],
  ])("%s: the version is negotiated", async (_, minor, extra, expected) => {
    const client = await openTls();
    client.send(startup({ ...WHO, ...extra }, minor));
    const first = await client.message();
    if (expected === null) {
      expect(first?.type).toBe("R");
      return;
    }
    expect(first?.type).toBe("v");
    expect(first?.body.readUInt32BE(0)).toBe(expected.version);
    expect(first?.body.readUInt32BE(4)).toBe(expected.options.length);
    expect(first?.body.toString("utf8", 8)).toBe(expected.options.map((name) => `${name}\0`).join(""));
    expect((await client.message())?.type).toBe("R");
  });

  test("a second start-up message is out of place", async () => {
    const client = await openTls();
    client.send(startup(WHO));
    await client.message();
    client.send(startup(WHO));
    expect(errorFields(await client.message()).C).toBe("08P01");
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
    expect(ground.claims).toEqual([]);
  });

  test.each([
    ["replication", { replication: "database" }, "0A000", "replication"],
    ["a role", { role: "postgres" }, "0A000", "role"],
    ["a role among options", { options: "-c role=postgres" }, "0A000", "role"],
    ["string syntax", { options: "-c standard_conforming_strings=off" }, "0A000", "standard_conforming_strings"],
    ["a library", { options: "--session-preload-libraries=x" }, "0A000", "session_preload_libraries"],
    ["another encoding", { client_encoding: "LATIN1" }, "0A000", "client_encoding"],
    ["switches", { options: "-d 5" }, "0A000", "options"],
  ])("%s is refused by name", async (_, extra, code, word) => {
    const client = await openTls();
    client.send(startup({ ...WHO, ...extra }));
    const fields = errorFields(await client.message());
    expect(fields.C).toBe(code);
    expect(`${fields.M}`).toContain(word);
    expect(ground.claims).toEqual([]);
  });
});

describe("the token", () => {
  test("is asked for as a password, and given to the gate with the claim", async () => {
    const client = await openTls();
    client.send(startup({ ...WHO, client_encoding: "SQL_ASCII" }));
    const ask = await client.message();
    expect([ask?.type, ask?.body.readUInt32BE(0)]).toEqual(["R", 3]);
    client.send(password("a.b.c"));
    expect(errorFields(await client.message())).toMatchObject({ S: "FATAL", C: "28P01", R: "token-invalid" });
    expect(await client.message()).toBeNull();
    expect(ground.claims).toMatchObject([
      { user: "engineer", target: "clinic", token: "a.b.c", authentication: "password", application: "psql" },
    ]);
    // The gate has recorded its own refusal.
    expect(ground.turnedAway).toEqual([]);
  });

  test("the start-up may come in single bytes", async () => {
    const client = await openTls();
    await client.drip(startup(WHO));
    expect((await client.message())?.type).toBe("R");
    await client.drip(password("x"));
    expect(errorFields(await client.message()).C).toBe("28P01");
    expect(ground.claims).toMatchObject([{ token: "x" }]);
  });

  test("start-up and password may be split anywhere", async () => {
    const bytes = Buffer.concat([startup(WHO), password("tok")]);
    for (let at = 1; at < bytes.length; at++) {
      const client = await openTls();
      client.send(bytes.subarray(0, at));
      await new Promise(setImmediate);
      client.send(bytes.subarray(at));
      expect((await client.until("E")).map((m) => m.type)).toEqual(["R", "E"]);
      client.close();
    }
    expect(ground.claims).toHaveLength(bytes.length - 1);
    expect(new Set(ground.claims.map((claim) => claim.token))).toEqual(new Set(["tok"]));
  });

  test("the database defaults to the user's name", async () => {
    const client = await openTls();
    client.send(startup({ user: "engineer" }));
    await client.message();
    client.send(password("x"));
    await client.message();
    expect(ground.claims).toMatchObject([{ target: "engineer" }]);
  });

  test("an empty one is missing", async () => {
    const client = await openTls();
    client.send(startup(WHO));
    await client.message();
    client.send(password(""));
    expect(errorFields(await client.message())).toMatchObject({ C: "28P01", R: "token-missing" });
  });

  test.each([
    ["without NUL", typed("p", "abc")],
    ["with a NUL inside", typed("p", "a\0b\0")],
    ["of another type", typed("Q", "select 1\0")],
    ["too long", Buffer.from([0x70, 0, 1, 0, 1])],
    ["with an impossible length", Buffer.from([0x70, 0, 0, 0, 3])],
  ])("a password message %s is a violation", async (_, bytes) => {
    const client = await openTls();
    client.send(startup(WHO));
    await client.message();
    client.send(bytes);
    expect(errorFields(await client.message()).C).toBe("08P01");
    expect(ground.claims).toEqual([]);
  });

  test("a client that leaves is no event", async () => {
    const client = await openTls();
    client.send(startup(WHO));
    await client.message();
    client.close();
    await settled();
    expect(ground.endings).toEqual(["client left"]);
    expect(ground.turnedAway).toEqual([]);
  });

  test("what the gate refuses, the client reads with detail and hint", async () => {
    const before = ground.admit;
    ground.admit = () => new Refusal("unknown-target", { detail: "Targets: clinic." });
    const client = await openTls();
    client.send(startup(WHO));
    await client.message();
    client.send(password("good"));
    expect(errorFields(await client.message())).toMatchObject({ C: "3D000", D: "Targets: clinic." });
    ground.admit = before;
  });
});

describe("OAUTHBEARER", () => {
  const OPTIONS = { ...WHO, options: "-c postern.auth=oauthbearer" };
  const start = async () => {
    const client = await openTls();
    client.send(startup(OPTIONS));
    const ask = await client.message();
    expect([ask?.body.readUInt32BE(0), ask?.body.toString("latin1", 4)]).toEqual([10, "OAUTHBEARER\0\0"]);
    return client;
  };

  test("the token comes in the first message", async () => {
    const client = await start();
    client.send(saslInitial("OAUTHBEARER", "n,,\x01auth=Bearer a.b-c_d~e+f/g==\x01\x01"));
    const challenge = await client.message();
    expect(challenge?.body.readUInt32BE(0)).toBe(11);
    expect(JSON.parse(challenge?.body.toString("utf8", 4) ?? "")).toEqual({
      status: "invalid_token",
      "openid-configuration": OAUTH.configuration,
      scope: OAUTH.scope,
    });
    client.send(typed("p", "\x01"));
    expect(errorFields(await client.message())).toMatchObject({ C: "28P01", R: "token-invalid" });
    expect(ground.claims).toMatchObject([{ token: "a.b-c_d~e+f/g==", authentication: "oauthbearer" }]);
  });

  test("no token: the client is told where to get one, and no login was attempted", async () => {
    const client = await start();
    client.send(saslInitial("OAUTHBEARER", "n,,\x01auth=\x01\x01"));
    expect((await client.message())?.body.readUInt32BE(0)).toBe(11);
    client.send(typed("p", "\x01"));
    expect(errorFields(await client.message()).R).toBe("token-missing");
    await settled();
    expect(ground.counted).toEqual(["oauth_discovery"]);
    expect([ground.claims, ground.turnedAway]).toEqual([[], []]);
  });

  test("a refusal of something else than the token needs no challenge", async () => {
    const before = ground.admit;
    ground.admit = () => new Refusal("offboarded");
    const client = await start();
    client.send(saslInitial("OAUTHBEARER", "n,,\x01auth=Bearer x\x01\x01"));
    expect(errorFields(await client.message())).toMatchObject({ C: "28000", R: "offboarded" });
    ground.admit = before;
  });

  test.each([
    ["another mechanism", saslInitial("SCRAM-SHA-256", "n,,n=,r=x")],
    ["channel binding", saslInitial("OAUTHBEARER", "p=tls-unique,,\x01auth=Bearer x\x01\x01")],
    ["an authorization identity", saslInitial("OAUTHBEARER", "n,a=dba,\x01auth=Bearer x\x01\x01")],
    ["another scheme", saslInitial("OAUTHBEARER", "n,,\x01auth=Basic eDp5\x01\x01")],
    ["two tokens", saslInitial("OAUTHBEARER", "n,,\x01auth=Bearer x\x01auth=Bearer y\x01\x01")],
    ["no end", saslInitial("OAUTHBEARER", "n,,\x01auth=Bearer x\x01")],
    ["no token pair", saslInitial("OAUTHBEARER", "n,,\x01host=x\x01\x01")],
    ["a length that lies", typed("p", "OAUTHBEARER\0", Buffer.from([0, 0, 0, 99]), "n,,")],
    ["nothing", typed("p")],
  ])("%s is a violation", async (_, bytes) => {
    const client = await start();
    client.send(bytes);
    expect(errorFields(await client.message()).C).toBe("08P01");
    expect(ground.claims).toEqual([]);
  });
});

describe("time and cancel requests", () => {
  test.each([
    ["says nothing", async () => {}],
    ["sends one byte", async (client: WireClient) => client.send(Buffer.from([0]))],
    ["never shakes hands", async (client: WireClient) => client.send(request(SSL))],
  ])("a client that %s is cut off, with an event", async (_, act) => {
    await withGround({ parts: { loginMs: 60 } }, async (other) => {
      const client = await open(other);
      await act(client);
      await client.rest();
      await settled(other);
      expect(lastRefusal(other)).toBe("login-timeout");
    });
  });

  test("a token that is never sent runs into the same deadline", async () => {
    await withGround({ parts: { loginMs: 400 } }, async (other) => {
      const client = await openTls(other);
      client.send(startup(WHO));
      await client.message();
      await client.rest();
      await settled(other);
      expect(lastRefusal(other)).toBe("login-timeout");
    });
  });

  test("a cancel request with a wrong key is ignored in silence, and counted", async () => {
    const client = await open();
    client.send(request(CANCEL, Buffer.from([0, 0, 0, 1, 9, 9, 9, 9])));
    expect((await client.rest()).length).toBe(0);
    await settled();
    expect(ground.counted).toEqual(["cancel_unknown"]);
    expect(ground.turnedAway).toEqual([]);
  });

  test("a cancel request without a key is a violation", async () => {
    const client = await open();
    client.send(request(CANCEL, Buffer.from([0, 0, 0, 1])));
    await client.rest();
    await settled();
    expect(lastRefusal()).toBe("protocol-violation");
  });
});
