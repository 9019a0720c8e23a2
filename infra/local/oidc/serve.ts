// An OpenID provider for this machine: https on loopback, keys that last, and a page where one chooses who to be.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { type JWKS, Provider } from "oidc-provider";
import type { Pem } from "../certificates.ts";
import type { State } from "../state.ts";
import { configuration } from "./configuration.ts";
import { addTokenExchange } from "./exchange.ts";
import { IDENTITIES, identityOf } from "./identities.ts";
import { loginPage } from "./pages.ts";

export interface RunningProvider {
  readonly issuer: string;
  stop(): Promise<void>;
}

function kept(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

function signingKeys(file: string): JWKS {
  return JSON.parse(
    kept(file, () => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const key = {
        ...privateKey.export({ format: "jwk" }),
        alg: "ES256",
        use: "sig",
        kid: randomBytes(8).toString("hex"),
      };
      return JSON.stringify({ keys: [key] });
    }),
  );
}

/** Secrets of the demo's machine clients, in files of their names. */
function clientSecrets(folder: string): Map<string, string> {
  const machines = IDENTITIES.filter(({ kind }) => kind !== "person");
  return new Map(
    machines.map(({ name }) => [name, kept(join(folder, name), () => randomBytes(32).toString("base64url"))]),
  );
}

/** The login page and its answer. Amr `user` (RFC 8176): somebody was there, and nothing more was checked. */
function addLogin(provider: Provider): void {
  provider.use(async (ctx, next) => {
    const uid = /^\/interaction\/([\w-]+)$/.exec(ctx.path)?.[1];
    if (uid === undefined) return next();
    if (ctx.method === "GET") {
      await provider.interactionDetails(ctx.req, ctx.res);
      ctx.body = loginPage();
    } else if (ctx.method === "POST") {
      const accountId = new URLSearchParams(await text(ctx.req)).get("login") ?? "";
      if (identityOf(accountId)?.kind !== "person") return ctx.throw(400, "no such identity");
      const result = { login: { accountId, amr: ["user"], remember: false } };
      ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false }));
      ctx.status = 303;
    }
  });
}

const FORM_BYTES = 4096;

async function text(request: AsyncIterable<Buffer>): Promise<string> {
  let body = "";
  for await (const chunk of request) {
    body += chunk;
    if (body.length > FORM_BYTES) throw new Error("the form is too long");
  }
  return body;
}

/** @throws when the port is taken (code EADDRINUSE) */
export async function startProvider(state: State, port: number, tls: Pem): Promise<RunningProvider> {
  const issuer = `https://localhost:${port}`;
  const keys = signingKeys(join(state.keys, "oidc-jwks.json"));
  const cookieKey = kept(join(state.keys, "oidc-cookie"), () => randomBytes(32).toString("base64url"));
  const provider = new Provider(issuer, configuration(keys, cookieKey, clientSecrets(state.credentials)));
  addTokenExchange(provider, keys);
  addLogin(provider);
  const server = createServer({ ...tls, minVersion: "TLSv1.2" }, provider.callback());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { issuer, stop };
}
