// SASL OAUTHBEARER, the server's side (RFC 7628 section 3, RFC 6750 section 2.1), as PostgreSQL 18 speaks it.

export const MECHANISM = "OAUTHBEARER";
/** What a client answers to an error before it is told that the login failed (RFC 7628 section 3.2.3). */
export const DUMMY_RESPONSE = "\x01";

/** `token` empty: the client asks where to get one. `problem`: the message is malformed, and why. */
export type InitialResponse = { readonly token: string } | { readonly problem: string };

/** Reads the client's first message: `n,,` ^A `auth=Bearer token` ^A ^A. */
export function readInitialResponse(data: string): InitialResponse {
  const header = /^(y|n|p=[^,]*),(a=[^,]*)?,\x01/.exec(data);
  if (header === null) return { problem: "the OAUTHBEARER message has no GS2 header" };
  if (header[1]?.startsWith("p")) return { problem: "OAUTHBEARER has no channel binding" };
  if (header[2] !== undefined) return { problem: "an authorization identity is not supported" };
  if (!data.endsWith("\x01\x01")) return { problem: "the OAUTHBEARER message does not end as it should" };
  const pairs = data.slice(header[0].length, -2).split("\x01");
  let auth: string | undefined;
  for (const pair of pairs) {
    const match = /^([A-Za-z]+)=([\t\n\r\x20-\x7e]*)$/.exec(pair);
    if (match === null) return { problem: "the OAUTHBEARER message is malformed" };
    if (match[1] !== "auth") continue;
    if (auth !== undefined) return { problem: "the OAUTHBEARER message has two tokens" };
    auth = match[2] ?? "";
  }
  if (auth === undefined) return { problem: "the OAUTHBEARER message has no token" };
  if (auth === "") return { token: "" };
  const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(auth);
  return bearer === null ? { problem: "the OAUTHBEARER token is malformed" } : { token: bearer[1] as string };
}

/** The answer to no token, or to one that is not good: where to get one (RFC 7628 section 3.2.2). */
export function errorChallenge(oauth: { readonly configuration: string; readonly scope: string }): string {
  return JSON.stringify({ status: "invalid_token", "openid-configuration": oauth.configuration, scope: oauth.scope });
}
