import { createHmac, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createIdentity, type IdentityOptions, type RunningIdentity } from "#proxy/adapters/identity.ts";
import { RevocationTable } from "#proxy/adapters/local-revocations.ts";
import { watchRevocations } from "#proxy/adapters/revocations.ts";
import { Refusal } from "#shared/errors.ts";
import type { Principal } from "#shared/identity.ts";
import { type Issuer, startIssuer } from "#test/support/issuer.ts";
import { type TestCertificates, testCertificates } from "#test/support/login-ground.ts";

const AUDIENCE = "postern";
const CLAIMS = { name: "preferred_username", agent: "act.sub", groups: "groups", kind: "kind", email: "email" };
const KINDS = ["person", "workload", "agent"] as const;
const NOBODY = { isRevoked: () => false, available: true, onChange: () => () => {} };

let issuer: Issuer;
let machines: Issuer;
let identity: RunningIdentity;
let pem: TestCertificates;

const now = () => Math.floor(Date.now() / 1000);
const settings = (of: Issuer, more: object = {}) => ({
  issuer: of.url,
  audience: AUDIENCE,
  jwksUri: of.jwksUri,
  ca: pem.ca,
  claims: CLAIMS,
  kinds: KINDS,
  ...more,
});
const build = (options: Partial<IdentityOptions> = {}) =>
  createIdentity({
    issuers: [settings(issuer), settings(machines, { kinds: ["workload"] })],
    oauth: { configuration: "", scope: "" },
    revocations: NOBODY,
    ...options,
  });
const why = async (token: string, by = identity) => {
  const outcome = await by.verify(token);
  if (!(outcome instanceof Refusal)) throw new Error("it was accepted");
  expect(token === "" || !outcome.message.includes(token.slice(-20))).toBe(true);
  return `${outcome.code}: ${outcome.message}`;
};
const who = async (token: string): Promise<Principal> => {
  const outcome = await identity.verify(token);
  if (outcome instanceof Refusal) throw new Error(outcome.message);
  return outcome;
};
/** The same token with another header, and a signature by whatever is at hand. */
const reheaded = (token: string, header: object, sign: (text: string) => string) => {
  const text = `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${token.split(".")[1]}`;
  return `${text}.${sign(text)}`;
};
const header = (token: string) => JSON.parse(Buffer.from(token.split(".")[0] as string, "base64url").toString());

beforeAll(async () => {
  pem = await testCertificates();
  [issuer, machines] = await Promise.all([startIssuer(pem, AUDIENCE), startIssuer(pem, AUDIENCE)]);
  identity = build();
});
afterAll(async () => {
  identity.close();
  await Promise.all([issuer.close(), machines.close()]);
});

describe("a good token", () => {
  test("of a person", async () => {
    const exp = now() + 100;
    const claims = {
      groups: ["engineering", 7],
      amr: ["pwd", "mfa"],
      auth_time: 1000,
      jti: "j1",
      email: "e@x.org",
      exp,
    };
    expect(await who(issuer.token("engineer", { sub: "u-1", ...claims }))).toEqual({
      kind: "person",
      name: "engineer",
      issuer: issuer.url,
      subject: "u-1",
      email: "e@x.org",
      groups: ["engineering"],
      amr: ["pwd", "mfa"],
      authTime: 1000,
      expiresAt: exp,
      tokenId: "j1",
    });
  });

  test("of an agent: the actor is the principal, and acts for the person", async () => {
    const token = issuer.token("engineer", { sub: "u-1", act: { sub: "copilot" }, kind: "agent" });
    expect(await who(token)).toMatchObject({
      kind: "agent",
      name: "copilot",
      subject: "copilot",
      actsFor: "engineer",
    });
    expect(await who(issuer.token("engineer", { act: { sub: "copilot" }, kind: undefined }))).toMatchObject({
      kind: "agent",
      actsFor: "engineer",
    });
  });

  test("of a client for itself", async () => {
    const claims = { kind: undefined, preferred_username: undefined, client_id: "ci-deploy" };
    expect(await who(machines.token("ci-deploy", claims))).toMatchObject({
      kind: "workload",
      name: "ci-deploy",
      issuer: machines.url,
    });
  });

  test("that expired within the grace for clocks", async () => {
    expect((await who(issuer.token("engineer", { exp: now() - 2 }))).name).toBe("engineer");
  });
});

describe("a bad token is refused in words", () => {
  test.each<[string, () => string, string]>([
    ["none", () => "", "token-missing"],
    ["no token", () => "hunter2", "malformed"],
    ["three parts of nothing", () => "a.b.c", "malformed"],
    ["expired", () => issuer.token("engineer", { exp: now() - 60 }), "has expired"],
    ["not yet valid", () => issuer.token("engineer", { nbf: now() + 60 }), "not valid yet"],
    ["other audience", () => issuer.token("engineer", { aud: "others" }), "another audience"],
    ["no audience", () => issuer.token("engineer", { aud: undefined }), "another audience"],
    ["other issuer", () => issuer.token("engineer", { iss: "https://evil.example" }), "issuer is not one of"],
    ["no issuer", () => issuer.token("engineer", { iss: undefined }), "issuer is not one of"],
    ["without end", () => issuer.token("engineer", { exp: undefined }), "does not expire"],
    ["no name", () => issuer.token("engineer", { preferred_username: undefined }), "does not name"],
    ["a name that is no text", () => issuer.token("engineer", { preferred_username: ["nurse"] }), "does not name"],
    ["no subject", () => issuer.token("engineer", { sub: undefined }), "no subject"],
    ["unknown kind", () => issuer.token("engineer", { kind: "god" }), "kind of identity is unknown"],
    ["a person with an actor", () => issuer.token("engineer", { act: { sub: "copilot" } }), "names an actor"],
    ["an actor without a name", () => issuer.token("engineer", { act: {}, kind: "agent" }), "does not name"],
    ["a kind its issuer may not vouch for", () => machines.token("nurse"), "may not vouch"],
    ["signed by another issuer's key", () => machines.token("engineer", { iss: issuer.url }), "no such key"],
  ])("%s", async (_, make, words) => {
    expect(await why(make())).toContain(words);
  });

  test("unsigned", async () => {
    const token = issuer.token("engineer");
    const { kid } = header(token);
    expect(await why(reheaded(token, { alg: "none", kid }, () => ""))).toContain("malformed");
    expect(await why(reheaded(token, { alg: "none", kid }, () => "AA"))).toContain("algorithm is not allowed");
  });

  test("signed with the public key as a secret", async () => {
    const secret = createPublicKey({ key: await fetchKey(issuer.jwksUri), format: "jwk" }).export({
      type: "spki",
      format: "pem",
    });
    const token = issuer.token("engineer");
    const sign = (text: string) => createHmac("sha256", secret).update(text).digest("base64url");
    const forged = reheaded(token, { alg: "HS256", kid: header(token).kid }, sign);
    expect(await why(forged)).toContain("algorithm is not allowed");
  });

  test("with a key of its own in the header", async () => {
    const token = issuer.token("engineer");
    const own = reheaded(token, { ...header(token), kid: undefined, jwk: { kty: "EC" } }, () => "AA");
    expect(await why(own)).toContain("which key");
  });

  test("with an unknown key, and again: the issuer is not asked each time", async () => {
    const token = issuer.token("engineer");
    const strange = reheaded(token, { ...header(token), kid: "strange" }, () => token.split(".")[2] as string);
    const before = issuer.requests;
    expect(await why(strange)).toContain("no such key");
    for (let i = 0; i < 5; i++) expect(await why(strange)).toContain("no such key");
    expect(issuer.requests - before).toBeLessThanOrEqual(1);
  });

  test("changed after it was signed", async () => {
    const [head, , signature] = issuer.token("engineer").split(".");
    const [, payload] = issuer.token("nurse").split(".");
    expect(await why(`${head}.${payload}.${signature}`)).toContain("signature is wrong");
  });

  test("whose issuer's keys cannot be fetched", async () => {
    const gone = await startIssuer(pem, AUDIENCE);
    await gone.close();
    const lonely = build({ issuers: [settings(gone)] });
    expect(await why(gone.token("engineer"), lonely)).toContain("cannot be fetched");
    lonely.close();
  });

  test("whose issuer's keys come from somebody the gateway does not trust", async () => {
    const strict = build({ issuers: [{ ...settings(issuer), ca: pem.other.cert }] });
    expect(await why(issuer.token("engineer"), strict)).toContain("cannot be fetched");
    strict.close();
  });
});

describe("revocations", () => {
  test("are seen within a second, also for whoever acts for the person; and can be lifted", async () => {
    const folder = mkdtempSync(join(tmpdir(), "postern-revoke-"));
    const path = join(folder, "index.db");
    const watch = await watchRevocations(new RevocationTable(path), Date.now, 20);
    const table = new RevocationTable(path);
    const live = build({ revocations: watch });
    const engineer = (await live.verify(issuer.token("engineer"))) as Principal;
    const agent = (await live.verify(
      issuer.token("engineer", { act: { sub: "copilot" }, kind: "agent" }),
    )) as Principal;
    const nurse = (await live.verify(issuer.token("nurse"))) as Principal;

    const told = new Promise<boolean[]>((resolve) => {
      live.onRevocation((isRevoked) => resolve([engineer, agent, nurse].map(isRevoked)));
    });
    const entered = new Promise<unknown>((resolve) => watch.onEntered(resolve));
    const revocation = { name: "engineer", by: "privacy", reason: "left", at: 5 };
    table.enter(revocation);
    expect(await told).toEqual([true, true, false]);
    expect(await entered).toEqual(revocation);
    expect(await why(issuer.token("engineer"), live)).toContain("offboarded");

    expect([table.lift("engineer"), table.lift("engineer")]).toEqual([true, false]);
    while (live.isRevoked(engineer)) await new Promise((resolve) => setTimeout(resolve, 5));
    table.close();
    watch.close();
    live.close();
    rmSync(folder, { recursive: true });
  });

  test("a table that cannot be read any more lets nobody in", async () => {
    const stale = build({ revocations: { ...NOBODY, available: false } });
    expect(await why(issuer.token("engineer"), stale)).toContain("revocations cannot be read");
    stale.close();

    const folder = mkdtempSync(join(tmpdir(), "postern-revoke-"));
    let clock = 0;
    const watch = await watchRevocations(new RevocationTable(join(folder, "index.db")), () => clock, 3_600_000);
    expect(watch.available).toBe(true);
    clock = 60_000;
    expect(watch.available).toBe(false);
    watch.close();
    rmSync(folder, { recursive: true });
  });
});

async function fetchKey(uri: string): Promise<Record<string, string>> {
  const { request } = await import("node:https");
  const text = await new Promise<string>((resolve, reject) => {
    request(uri, { ca: pem.ca }, async (response) => resolve(Buffer.concat(await response.toArray()).toString()))
      .on("error", reject)
      .end();
  });
  return JSON.parse(text).keys[0];
}
