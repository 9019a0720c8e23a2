// How a client shows its token: as a password inside TLS, or by SASL OAUTHBEARER (PostgreSQL documentation, 54.2.1 and 54.3).
// What the token is worth is for the gate to say.
import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import { Refusal } from "#shared/errors.ts";
import { message } from "./encode.ts";
import { type Inbox, readMessage } from "./inbox.ts";
import { DUMMY_RESPONSE, errorChallenge, MECHANISM, readInitialResponse } from "./oauthbearer.ts";
import type { AuthenticationMethod } from "./settings.ts";

/** As the server's own PG_MAX_AUTH_TOKEN_LENGTH. */
const LONGEST_TOKEN = 65_535;
const CLEARTEXT = 3;
const SASL = 10;
const SASL_CONTINUE = 11;

export interface Oauth {
  readonly configuration: string;
  readonly scope: string;
}

/** The token; a refusal; or null when the client only asked where tokens are to be had: no login was attempted. */
export type Shown = { readonly token: string } | Refusal | null;

/** @throws PeerGone */
export function askForToken(inbox: Inbox, stream: Duplex, method: AuthenticationMethod, oauth: Oauth): Promise<Shown> {
  return method === "password" ? askPassword(inbox, stream) : askBearer(inbox, stream, oauth);
}

export function authenticationMessage(code: number, ...parts: readonly string[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(code);
  return message("R", head, ...parts);
}

async function askPassword(inbox: Inbox, stream: Duplex): Promise<Shown> {
  stream.write(authenticationMessage(CLEARTEXT));
  const answer = await readMessage(inbox, "p", LONGEST_TOKEN);
  if (answer === null) return violation("the password message is malformed or out of place");
  const { body } = answer;
  if (body.indexOf(0) !== body.length - 1 || !isUtf8(body)) return violation("the password message is malformed");
  const token = body.toString("utf8", 0, body.length - 1);
  return token === "" ? new Refusal("token-missing") : { token };
}

async function askBearer(inbox: Inbox, stream: Duplex, oauth: Oauth): Promise<Shown> {
  stream.write(authenticationMessage(SASL, `${MECHANISM}\0`, "\0"));
  const answer = await readMessage(inbox, "p", LONGEST_TOKEN);
  if (answer === null) return violation("the SASL message is malformed or out of place");
  const { body } = answer;
  const nameEnd = body.indexOf(0);
  if (nameEnd === -1 || body.length < nameEnd + 5) return violation("the SASL message is malformed");
  if (body.toString("latin1", 0, nameEnd) !== MECHANISM) return violation(`the only SASL mechanism is ${MECHANISM}`);
  if (body.readInt32BE(nameEnd + 1) !== body.length - nameEnd - 5) return violation("the SASL message is malformed");
  const first = readInitialResponse(body.toString("latin1", nameEnd + 5));
  if ("problem" in first) return violation(first.problem);
  if (first.token !== "") return first;
  const told = await tellWhereTokensAre(inbox, stream, oauth);
  return told instanceof Refusal ? told : null;
}

/** The challenge that stands for a failure: the client answers it, and only then is told the error. @throws PeerGone */
export async function tellWhereTokensAre(inbox: Inbox, stream: Duplex, oauth: Oauth): Promise<Refusal | undefined> {
  stream.write(authenticationMessage(SASL_CONTINUE, errorChallenge(oauth)));
  const answer = await readMessage(inbox, "p", LONGEST_TOKEN);
  return answer?.body.toString("latin1") === DUMMY_RESPONSE
    ? undefined
    : violation("the answer to the OAUTHBEARER challenge is malformed");
}

function violation(why: string): Refusal {
  return new Refusal("protocol-violation", { message: why });
}
