// Hostile bytes before a session exists, from clients and from targets: every attempt ends in words, and in time.
import { randomBytes } from "node:crypto";
import { duplexPair } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Dialer } from "#proxy/ports/network.ts";
import type { Gate } from "#proxy/protocol.ts";
import { CancelKeys } from "#proxy/protocols/postgres/cancel.ts";
import { type LoginParts, logIn } from "#proxy/protocols/postgres/login.ts";
import { TargetFailure } from "#proxy/protocols/postgres/reach.ts";
import { connectTarget } from "#proxy/protocols/postgres/upstream.ts";
import { Refusal } from "#shared/errors.ts";
import { CLINIC } from "#test/support/fake-gate.ts";
import { FUZZ_SECONDS } from "#test/support/settings.ts";
import { password, request, saslInitial, startup, typed } from "#test/support/wire-client.ts";

const MS = FUZZ_SECONDS * 500;
const options = { numRuns: 1_000_000, interruptAfterTimeLimit: MS, endOnFailure: true };

/** Messages, with bytes changed, left out and put in, in chunks of any size. */
function mangled(messages: readonly Buffer[]): fc.Arbitrary<Buffer[]> {
  const change = fc.record({
    at: fc.nat(),
    what: fc.constantFrom("set", "cut", "add"),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  return fc
    .record({
      order: fc.array(fc.constantFrom(...messages), { minLength: 1, maxLength: 5 }),
      changes: fc.array(change, { maxLength: 3 }),
      cuts: fc.array(fc.nat(), { maxLength: 6 }),
    })
    .map(({ order, changes, cuts }) => {
      let bytes = Buffer.concat(order);
      for (const { at, what, byte } of changes) {
        const place = at % (bytes.length + 1);
        const rest = bytes.subarray(what === "add" ? place : place + 1);
        bytes = Buffer.concat([bytes.subarray(0, place), what === "cut" ? Buffer.alloc(0) : Buffer.from([byte]), rest]);
      }
      const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
      return places.map((end, i) => bytes.subarray(places[i - 1] ?? 0, end)).filter((chunk) => chunk.length > 0);
    });
}

const be = (code: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(code);
  return out;
};

const WHO = { user: "engineer", database: "clinic" };
const CLIENT = [
  request(80877103),
  request(80877104),
  request(80877102, randomBytes(8)),
  startup(WHO),
  startup({ ...WHO, "_pq_.x": "y" }, 7),
  startup({ ...WHO, options: "-c postern.auth=oauthbearer -c statement_timeout=5" }, 2),
  password("token"),
  saslInitial("OAUTHBEARER", "n,,\x01auth=Bearer token\x01\x01"),
  saslInitial("OAUTHBEARER", "n,,\x01auth=\x01\x01"),
  typed("p", "\x01"),
];

test("a client", { timeout: MS + 20_000 }, async () => {
  const tokens = new Set<string>();
  const failures: string[] = [];
  let refused = 0;
  const gate: Gate = {
    async admit({ token }) {
      tokens.add(token);
      return new Refusal("token-invalid");
    },
    async turnAway() {
      refused++;
    },
  };
  const parts: LoginParts = {
    tls: null,
    allowPlaintextLoopback: true,
    authentication: "password",
    oauth: { configuration: "https://issuer.example", scope: "openid" },
    cancelKeys: new CancelKeys(randomBytes),
    loginMs: 1000,
    connectMs: 1000,
    dialer: {} as Dialer,
    authorities: new Map(),
    log: { info() {}, warn() {}, error: (what) => void failures.push(what) },
    onCancel() {},
    onDiscovery() {},
  };
  await fc.assert(
    fc.asyncProperty(mangled(CLIENT), async (chunks) => {
      const [client, stream] = duplexPair();
      client.on("error", () => {}).resume();
      const accepted = { stream, source: { address: "127.0.0.1", port: 1 }, loopback: true };
      const login = logIn(accepted, gate, parts);
      for (const chunk of chunks) {
        client.write(chunk);
        await new Promise(setImmediate);
      }
      client.end();
      expect(typeof (await login)).toBe("string");
      client.destroy();
    }),
    options,
  );
  expect(failures).toEqual([]);
  // The fuzzing reached both the end of a login and the ways out before it.
  expect([tokens.has("token"), refused > 0]).toEqual([true, true]);
});

const TARGET = [
  typed("R", be(0)),
  typed("R", be(3)),
  typed("R", be(5), randomBytes(4)),
  typed("R", be(10), "SCRAM-SHA-256\0\0"),
  typed("R", be(11), "r=nonce,s=c2FsdA==,i=4096"),
  typed("R", be(12), "v=AAAA"),
  typed("S", "server_version\x0018.0\0"),
  typed("K", be(5), be(6)),
  typed("N", "SNOTICE\0C00000\0Mhello\0\0"),
  typed("E", "SFATAL\0C28P01\0Mno\0\0"),
  typed("Z", "I"),
];

test("a target", { timeout: MS + 20_000 }, async () => {
  const codes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(mangled(TARGET), async (chunks) => {
      const [target, stream] = duplexPair();
      target.on("error", () => {}).resume();
      const dialer: Dialer = { dial: async () => stream, secure: () => Promise.reject(new Error("no TLS here")) };
      const login = { password: "secret", application: "a", settings: new Map() };
      const connected = connectTarget({ dialer, authorities: new Map(), connectMs: 1000 }, CLINIC, login).then(
        (connection) => {
          connection.end();
          return "connected";
        },
        (error: unknown) => (error instanceof TargetFailure ? error.code : `${error}`),
      );
      for (const chunk of chunks) {
        target.write(chunk);
        await new Promise(setImmediate);
      }
      target.end();
      const outcome = await connected;
      codes.add(outcome);
      expect(["connected", "target-down", "target-refused"]).toContain(outcome);
      target.destroy();
    }),
    options,
  );
  expect(codes.size).toBe(3);
});
