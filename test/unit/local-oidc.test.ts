import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { SimpleFetcher } from "aws-jwt-verify/https";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { JwtVerifier } from "aws-jwt-verify/jwt-verifier";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signInAs, signInWithBrowser } from "#cli/oauth/code-flow.ts";
import { signInWithCode } from "#cli/oauth/device-flow.ts";
import { discover, OauthError, post } from "#cli/oauth/http.ts";
import { clientCredentials, exchange } from "#cli/oauth/machines.ts";
import { ensureCertificates } from "#local/certificates.ts";
import { AUDIENCE, CLIENT_ID, SCOPE } from "#local/oidc/configuration.ts";
import { type RunningProvider, startProvider } from "#local/oidc/serve.ts";
import { openState, type State } from "#local/state.ts";
import { freePort } from "#test/support/net.ts";

let state: State;
let provider: RunningProvider;
let ca: string;
let start: () => Promise<RunningProvider>;

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), "postern-oidc-"));
  chmodSync(root, 0o755);
  state = openState(root);
  const certificates = await ensureCertificates(state.keys);
  ca = readFileSync(certificates.caFile, "utf8");
  setDefaultCACertificates([...getCACertificates("default"), ca]);
  const port = await freePort();
  const pem = { cert: readFileSync(certificates.certFile, "utf8"), key: readFileSync(certificates.keyFile, "utf8") };
  start = () => startProvider(state, port, pem);
  provider = await start();
});

afterAll(async () => {
  await provider.stop();
  rmSync(state.root, { recursive: true });
});

/** Verifies as the gateway does: the issuer's own key set, over TLS. */
function verify(token: string) {
  const jwksCache = new SimpleJwksCache({ fetcher: new SimpleFetcher({ defaultRequestOptions: { ca } }) });
  const { issuer } = provider;
  return JwtVerifier.create([{ issuer, audience: AUDIENCE, jwksUri: `${issuer}/jwks` }], { jwksCache }).verify(token);
}

const signIn = () => ({ issuer: provider.issuer, clientId: CLIENT_ID, scope: SCOPE });
const secretOf = (name: string) => readFileSync(join(state.credentials, name), "utf8");

/** A browser of sorts: keeps cookies, follows redirects within the issuer, chooses a person, agrees to the device's code. */
async function browse(url: string, person: string): Promise<Response> {
  const cookies = new Map<string, string>();
  const { origin } = new URL(url);
  let next = url;
  let form: URLSearchParams | undefined;
  for (let hops = 0; hops < 20; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(next, {
      redirect: "manual",
      headers: { cookie },
      ...(form === undefined ? {} : { method: "POST", body: form }),
    });
    form = undefined;
    for (const line of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split(/=(.*)/s) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location !== null) {
      next = new URL(location, next).href;
      if (!next.startsWith(origin)) return fetch(next);
      continue;
    }
    const html = await answer.text();
    const hidden = Object.fromEntries(
      [...html.matchAll(/name="(xsrf|user_code|confirm)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    if (html.includes('name="login"')) form = new URLSearchParams({ login: person });
    else if (hidden.xsrf !== undefined) form = new URLSearchParams(hidden as Record<string, string>);
    else return new Response(html);
    if (html.includes("op.deviceConfirmForm")) next = `${origin}/device`;
  }
  throw new Error("went round in circles");
}

describe("the local OpenID provider", () => {
  it("gives a person a token by the code flow, of the shape that RFC 9068 has", async () => {
    const before = Math.floor(Date.now() / 1000) - 1;
    const { token } = await signInAs(signIn(), "nurse");
    const claims = await verify(token);
    expect(claims).toMatchObject({
      sub: "nurse",
      aud: AUDIENCE,
      client_id: CLIENT_ID,
      preferred_username: "nurse",
      kind: "person",
      groups: ["nurse"],
      email: "nurse@example.org",
      amr: ["user"],
    });
    expect(claims.auth_time).toBeGreaterThanOrEqual(before);
    expect(claims.jti).toEqual(expect.any(String));
    expect(JSON.parse(Buffer.from(token.split(".")[0] as string, "base64url").toString())).toMatchObject({
      typ: "at+jwt",
      alg: "ES256",
    });
  });

  it("gives nobody a token whom it does not know, nor a machine by the login page", async () => {
    await expect(signInAs(signIn(), "mallory")).rejects.toThrow("answered 400");
    await expect(signInAs(signIn(), "ci-deploy")).rejects.toThrow("answered 400");
  });

  it("insists on PKCE", async () => {
    const { authorization_endpoint } = await discover(provider.issuer);
    const query = {
      response_type: "code",
      client_id: CLIENT_ID,
      redirect_uri: "http://127.0.0.1/callback",
      scope: "openid",
    };
    const answer = await fetch(`${authorization_endpoint}?${new URLSearchParams(query)}`, { redirect: "manual" });
    expect(answer.headers.get("location")).toContain("error=invalid_request");
  });

  it("sends a browser back to the program that waits for it", async () => {
    let page: Promise<Response> | undefined;
    const granted = await signInWithBrowser(signIn(), (url) => {
      page = browse(url, "dba");
    });
    expect(await verify(granted.token)).toMatchObject({ sub: "dba" });
    expect(await (await page)?.text()).toContain("go back to the terminal");
  });

  it("gives a token by the device flow, with a page that says it is a demonstration", { timeout: 15_000 }, async () => {
    let page: Promise<Response> | undefined;
    const granted = await signInWithCode(signIn(), (uri, code) => {
      expect(code).toMatch(/^\w{4}-\w{4}$/);
      page = browse(uri, "privacy");
    });
    expect(await verify(granted.token)).toMatchObject({ sub: "privacy", amr: ["user"], auth_time: expect.any(Number) });
    expect(await (await page)?.text()).toContain("This is a demonstration");
  });

  it("gives the pipeline a token for its secret alone", async () => {
    const { token } = await clientCredentials(provider.issuer, "ci-deploy", secretOf("ci-deploy"), SCOPE);
    expect(await verify(token)).toMatchObject({
      sub: "ci-deploy",
      kind: "workload",
      preferred_username: "ci-deploy",
      groups: ["ci-deploy"],
    });
    await expect(clientCredentials(provider.issuer, "ci-deploy", "guess", SCOPE)).rejects.toBeInstanceOf(OauthError);
  });

  it("exchanges an engineer's token for the copilot's, which names both", async () => {
    const engineer = await signInAs(signIn(), "engineer");
    const { token } = await exchange(provider.issuer, "copilot", secretOf("copilot"), engineer.token);
    const claims = await verify(token);
    expect(claims).toMatchObject({
      sub: "engineer",
      act: { sub: "copilot" },
      kind: "agent",
      groups: ["copilot"],
      preferred_username: "engineer",
    });
    expect(claims.exp).toBeLessThanOrEqual((await verify(engineer.token)).exp as number);
  });

  it("exchanges nobody else's token, no agent's, no forged one, and for no other client", async () => {
    const { issuer } = provider;
    const secret = secretOf("copilot");
    const engineer = await signInAs(signIn(), "engineer");
    const nurse = await signInAs(signIn(), "nurse");
    const agent = await exchange(issuer, "copilot", secret, engineer.token);
    const forged = `${engineer.token.slice(0, -8)}AAAAAAAA`;
    for (const subject of [nurse.token, agent.token, forged, ""])
      await expect(exchange(issuer, "copilot", secret, subject)).rejects.toBeInstanceOf(OauthError);
    await expect(exchange(issuer, "ci-deploy", secretOf("ci-deploy"), engineer.token)).rejects.toBeInstanceOf(
      OauthError,
    );
  });

  it("gives no token for another audience", async () => {
    const { token_endpoint } = await discover(provider.issuer);
    const form = { grant_type: "client_credentials", scope: SCOPE, resource: "https://elsewhere.example.org" };
    const answer = post(token_endpoint, form, { id: "ci-deploy", secret: secretOf("ci-deploy") });
    await expect(answer).rejects.toMatchObject({ code: "invalid_target" });
  });

  it("keeps its keys over a restart: tokens go on being good", async () => {
    const { token } = await signInAs(signIn(), "engineer");
    await provider.stop();
    provider = await start();
    expect(await verify(token)).toMatchObject({ sub: "engineer" });
  });

  it("speaks TLS only", async () => {
    const port = new URL(provider.issuer).port;
    await expect(fetch(`http://localhost:${port}/jwks`)).rejects.toThrow();
    const unknown = new Promise((_, reject) => {
      request(`${provider.issuer}/jwks`, { ca: [] }).on("error", reject).end();
    });
    await expect(unknown).rejects.toThrow(/certificate/);
  });
});
