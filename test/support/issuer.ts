// An OpenID issuer of tests: a key, its key set over HTTPS, and tokens that say what a test wants them to say.
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface Issuer {
  /** `iss` of its tokens. */
  readonly url: string;
  readonly jwksUri: string;
  /** The key set itself, JSON. */
  readonly keys: string;
  /** A signed JWT (RFC 7519, ES256) of one hour; `claims` replace or add. */
  token(name: string, claims?: Readonly<Record<string, unknown>>): string;
  /** How often its keys were asked for. */
  readonly requests: number;
  close(): Promise<void>;
}

/** @param tls PEM texts of a certificate for localhost, which is its own authority */
export async function startIssuer(
  tls: { readonly cert: string; readonly key: string },
  audience: string,
): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const kid = createHash("sha256").update(JSON.stringify(jwk)).digest("hex").slice(0, 16);
  const keys = JSON.stringify({ keys: [{ ...jwk, kid, use: "sig", alg: "ES256" }] });
  let requests = 0;
  const server = createServer(tls, (_, response) => {
    requests++;
    response.setHeader("content-type", "application/json").end(keys);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;

  const token = (name: string, claims: Readonly<Record<string, unknown>> = {}): string => {
    const now = Math.floor(Date.now() / 1000);
    const standing = { iss: url, aud: audience, sub: name, preferred_username: name, jti: randomUUID() };
    const payload = { ...standing, kind: "person", groups: [], iat: now, exp: now + 3600, ...claims };
    const signed = `${base64({ alg: "ES256", typ: "JWT", kid })}.${base64(payload)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  };
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    url,
    jwksUri: `${url}/jwks`,
    keys,
    token,
    close,
    get requests() {
      return requests;
    },
  };
}

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
