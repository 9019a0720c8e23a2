// The authorization code flow with PKCE (RFC 7636) of a program on this machine (RFC 8252).
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Problem } from "../problem.ts";
import { discover, type Granted, type Metadata, request, requestToken } from "./http.ts";

export interface SignIn {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
}

interface Started {
  readonly url: string;
  readonly state: string;
  finish(callback: URL): Promise<Granted>;
}

function start({ clientId, scope }: SignIn, metadata: Metadata, redirectUri: string): Started {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const url = new URL(metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: `openid ${scope}`,
    state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();
  const finish = (callback: URL) => {
    const refused = callback.searchParams.get("error_description") ?? callback.searchParams.get("error");
    if (refused !== null) throw new Problem(`the issuer refused: ${refused}`, 1);
    if (callback.searchParams.get("state") !== state) throw new Problem("the answer belongs to another sign-in", 1);
    const code = callback.searchParams.get("code") ?? "";
    const form = {
      grant_type: "authorization_code",
      code,
      redirect_uri: redirectUri,
      client_id: clientId,
      code_verifier: verifier,
    };
    return requestToken(metadata, form);
  };
  return { url: url.href, state, finish };
}

const MOST_REDIRECTS = 10;

/** A demo person's token: goes through the issuer's pages as a browser would, and chooses the person on the login page. */
export async function signInAs(signIn: SignIn, person: string): Promise<Granted> {
  const redirectUri = "http://127.0.0.1/callback";
  const { url, finish } = start(signIn, await discover(signIn.issuer), redirectUri);
  const cookies = new Map<string, string>();
  let next = new URL(url);
  for (let hops = 0; hops < MOST_REDIRECTS; hops++) {
    if (next.origin !== new URL(signIn.issuer).origin) return finish(next);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const choosing = next.pathname.startsWith("/interaction/");
    const form = { method: "POST", body: new URLSearchParams({ login: person }) };
    const answer = await request(next.href, { headers: { cookie }, ...(choosing ? form : {}) });
    for (const line of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split(/=(.*)/s) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location === null) throw new Problem(`the issuer answered ${answer.status} to the sign-in`, 1);
    next = new URL(location, next);
  }
  throw new Problem("the sign-in went round in circles", 1);
}

/** Where the browser comes back to, by an address that was registered with the issuer: Cognito takes no other port (infra/stacks/identity-stack.ts). */
export const REGISTERED = { host: "localhost", port: 6435 } as const;
/** For issuers that take any port of this machine (RFC 8252, 7.3). */
const ANY = { host: "127.0.0.1", port: 0 } as const;

/** Waits on a loopback port for the browser to come back from the issuer. `show` is given the address to open. */
export async function signInWithBrowser(
  signIn: SignIn,
  show: (url: string) => void,
  { host, port }: { readonly host: string; readonly port: number } = ANY,
): Promise<Granted> {
  const metadata = await discover(signIn.issuer);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", () =>
      reject(
        new Problem(`port ${port} is in use`, 3, "The browser can come back there alone: end what listens on it."),
      ),
    );
    server.listen(port, host, resolve);
  });
  const origin = `http://${host}:${(server.address() as AddressInfo).port}`;
  const { url, finish } = start(signIn, metadata, `${origin}/callback`);
  show(url);
  try {
    return await new Promise<Granted>((resolve, reject) => {
      server.on("request", (message, response) => {
        const back = new URL(message.url ?? "/", origin);
        if (back.pathname !== "/callback") return void response.writeHead(404).end();
        response.end("You can close this page and go back to the terminal.\n");
        finish(back).then(resolve, reject);
      });
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
