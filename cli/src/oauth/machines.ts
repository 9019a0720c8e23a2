// Tokens without a person at the keyboard.
import { discover, type Granted, requestToken } from "./http.ts";

/** A workload's own token (RFC 6749 section 4.4). */
export async function clientCredentials(issuer: string, id: string, secret: string, scope: string): Promise<Granted> {
  return requestToken(await discover(issuer), { grant_type: "client_credentials", scope }, { id, secret });
}

/** An agent's token: the token of the person it acts for, exchanged (RFC 8693). */
export async function exchange(issuer: string, id: string, secret: string, subjectToken: string): Promise<Granted> {
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: subjectToken,
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
  };
  return requestToken(await discover(issuer), form, { id, secret });
}
