// Logins over real sockets and a gate that a test scripts: no identity provider, no policy, no evidence.
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCertificates } from "#local/certificates.ts";
import { createTlsAcceptor, dialer, listen } from "#proxy/adapters/socket.ts";
import type { Accepted } from "#proxy/ports/network.ts";
import type { Claim, Ending, Gate, Session } from "#proxy/protocol.ts";
import { CancelKeys } from "#proxy/protocols/postgres/cancel.ts";
import { type LoggedIn, type LoginParts, logIn } from "#proxy/protocols/postgres/login.ts";
import { Refusal } from "#shared/errors.ts";
import type { Target } from "#shared/target.ts";
import { CLINIC, ENGINEER } from "./fake-gate.ts";

export const OAUTH = { configuration: "https://issuer.example/.well-known/openid-configuration", scope: "openid" };

export interface LoginGround {
  readonly port: number;
  readonly ca: string;
  readonly claims: Claim[];
  readonly turnedAway: { claimed: string; refusal: Refusal }[];
  readonly counted: string[];
  readonly logged: string[];
  readonly sessions: { refused: Refusal[]; closed: string[] };
  readonly endings: (Ending | LoggedIn)[];
  /** What the gate answers; the default admits the token `good`. */
  admit: (claim: Claim) => Session | Refusal;
  readonly pem: { readonly cert: string; readonly key: string };
  stop(): void;
}

export interface GroundOptions {
  readonly target?: Target;
  readonly password?: string;
  readonly parts?: Partial<LoginParts>;
  /** Without a certificate. */
  readonly bare?: boolean;
}

export interface TestCertificates {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** Another certificate of the same authority for the same name. */
  readonly other: { readonly cert: string; readonly key: string };
}

let certificates: TestCertificates | undefined;

export async function testCertificates(): Promise<TestCertificates> {
  if (certificates === undefined) {
    const made = await ensureCertificates(mkdtempSync(join(tmpdir(), "postern-login-")));
    const read = (path: string) => readFileSync(path, "utf8");
    certificates = { cert: read(made.certFile), key: read(made.keyFile), ca: read(made.caFile), other: made.postgres };
  }
  return certificates;
}

function fakeSession(ground: LoginGround, target: Target, password: string): Session {
  return {
    id: "01SESSION",
    principal: ENGINEER,
    target,
    credential: () => Promise.resolve({ password, version: "v1" }),
    async refused(refusal: Refusal) {
      ground.sessions.refused.push(refusal);
    },
    async close(reason: string) {
      ground.sessions.closed.push(reason);
    },
    interrupt: () => false,
  } as unknown as Session;
}

export async function loginGround(options: GroundOptions = {}): Promise<LoginGround> {
  const pem = await testCertificates();
  const stoppers: (() => void)[] = [];
  const ground: LoginGround & { port: number } = {
    port: 0,
    ca: pem.ca,
    pem,
    claims: [],
    turnedAway: [],
    counted: [],
    logged: [],
    sessions: { refused: [], closed: [] },
    endings: [],
    admit: (claim) =>
      claim.token === "good"
        ? fakeSession(ground, options.target ?? CLINIC, options.password ?? "secret")
        : new Refusal("token-invalid"),
    stop: () => {
      for (const stop of stoppers) stop();
    },
  };
  const gate: Gate = {
    async admit(claim) {
      ground.claims.push(claim);
      return ground.admit(claim);
    },
    async turnAway(_protocol, _source, claimed, refusal) {
      ground.turnedAway.push({ claimed, refusal });
    },
  };
  const write = (what: string, fields?: object) => void ground.logged.push(`${what} ${JSON.stringify(fields ?? {})}`);
  const parts: LoginParts = {
    tls: options.bare === true ? null : createTlsAcceptor(pem),
    allowPlaintextLoopback: false,
    authentication: "password",
    oauth: OAUTH,
    cancelKeys: new CancelKeys(randomBytes),
    loginMs: 5000,
    connectMs: 3000,
    dialer,
    authorities: new Map([["clinic", pem.ca]]),
    log: { info: write, warn: write, error: write },
    onCancel: (outcome) => void ground.counted.push(`cancel_${outcome}`),
    onDiscovery: () => void ground.counted.push("oauth_discovery"),
    ...options.parts,
  };
  const listener = await listen("127.0.0.1", 0, async (accepted: Accepted) => {
    const outcome = await logIn(accepted, gate, parts);
    ground.endings.push(outcome);
    if (typeof outcome === "string") return;
    // Enough of a session for these tests: what the client says next goes nowhere, its end ends all.
    outcome.client.on("close", () => {
      outcome.upstream.end();
      outcome.cancelKey.release();
    });
    outcome.upstream.onClose(() => outcome.client.destroy());
    outcome.client.resume();
  });
  stoppers.push(() => listener.stop());
  ground.port = listener.port;
  return ground;
}
