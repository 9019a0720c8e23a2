// From an accepted connection to a StartupMessage: encryption is agreed on, the protocol version chosen (PostgreSQL documentation,
// 54.2.1, 54.2.9 - 54.2.11). Nothing of what is read here is believed yet.
import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import { Refusal } from "#shared/errors.ts";
import type { Accepted, TlsAcceptor } from "../../ports/network.ts";
import { message } from "./encode.ts";
import { Inbox, PeerGone } from "./inbox.ts";

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
/** As the server's own MAX_STARTUP_PACKET_LENGTH. */
const LONGEST = 10_000;
const TLS_HANDSHAKE = 0x16;
/** The newest minor version of protocol 3 that the gateway speaks. */
export const NEWEST_MINOR = 2;
const ALPN = "postgresql";

export interface Startup {
  readonly kind: "startup";
  readonly stream: Duplex;
  readonly inbox: Inbox;
  /** TLS version, or `none`. */
  readonly tls: string;
  /** Minor version of protocol 3 to speak: the client's, or the newest of ours. */
  readonly minor: number;
  readonly parameters: ReadonlyMap<string, string>;
  /** NegotiateProtocolVersion, when the client asked for more than there is. */
  readonly negotiation: Buffer | null;
}

export interface Cancel {
  readonly kind: "cancel";
  readonly pid: number;
  readonly key: Buffer;
}

/** Refused before anything was claimed. `stream` is where the client can be told; null when it cannot. */
export interface Refused {
  readonly kind: "refused";
  readonly refusal: Refusal;
  readonly stream: Duplex | null;
  readonly claimed: string;
}

export interface StartupRules {
  /** Null when the gateway has no certificate. */
  readonly tls: TlsAcceptor | null;
  readonly allowPlaintextLoopback: boolean;
}

interface Progress {
  readonly deadline: AbortSignal;
  stream: Duplex;
  inbox: Inbox;
  tls: string;
  askedTls: boolean;
  askedGss: boolean;
}

/**
 * @param deadline aborted when the time is up; the stream is then destroyed
 * @throws PeerGone when the client leaves, or the time is up
 */
export async function readStartup(
  accepted: Accepted,
  rules: StartupRules,
  deadline: AbortSignal,
): Promise<Startup | Cancel | Refused> {
  const { stream } = accepted;
  const at: Progress = { deadline, stream, inbox: new Inbox(stream), tls: "none", askedTls: false, askedGss: false };
  if ((await at.inbox.peek()) === TLS_HANDSHAKE) {
    const failed = await direct(at, rules);
    if (failed !== null) return failed;
  }
  for (;;) {
    const length = (await at.inbox.take(4)).readUInt32BE(0);
    if (length < 8 || length > LONGEST) return violation(at, "the start-up message has an impossible length");
    const body = await at.inbox.take(length - 4);
    const code = body.readUInt32BE(0);
    if (code === SSL_REQUEST || code === GSSENC_REQUEST) {
      const failed = await encryption(at, code, length, rules);
      if (failed !== null) return failed;
    } else if (code === CANCEL_REQUEST) return readCancel(at, body);
    else return startup(at, accepted, rules, body);
  }
}

/** Direct TLS: the handshake comes without being asked for, and has to name the protocol (libpq: sslnegotiation=direct). */
async function direct(at: Progress, rules: StartupRules): Promise<Refused | null> {
  if (rules.tls === null) return violation({ ...at, stream: null }, "the gateway has no certificate for TLS");
  const early = at.inbox.release();
  at.stream.unshift(early);
  const alpn = await secure(at, rules.tls);
  if (alpn === undefined) return violation({ ...at, stream: null }, "the TLS handshake failed");
  if (alpn !== ALPN) return violation(at, "direct TLS needs ALPN `postgresql`");
  return null;
}

/** SSLRequest and GSSENCRequest: each at most once, and nothing may follow before the answer. */
async function encryption(at: Progress, code: number, length: number, rules: StartupRules): Promise<Refused | null> {
  const tls = code === SSL_REQUEST;
  if (length !== 8 || at.tls !== "none" || (tls ? at.askedTls : at.askedGss))
    return violation(at, "an encryption request is out of place");
  // What was sent in the clear must never be taken for something that came through TLS (CVE-2021-23214).
  if (at.inbox.buffered > 0) return violation({ ...at, stream: null }, "data came before encryption was agreed on");
  if (tls) at.askedTls = true;
  else at.askedGss = true;
  if (!tls || rules.tls === null) {
    at.stream.write("N");
    return null;
  }
  at.inbox.release();
  at.stream.write("S");
  const alpn = await secure(at, rules.tls);
  return alpn === undefined ? violation({ ...at, stream: null }, "the TLS handshake failed") : null;
}

/** @returns what ALPN agreed on; undefined when the handshake failed */
async function secure(at: Progress, tls: TlsAcceptor): Promise<string | null | undefined> {
  try {
    const secured = await tls.accept(at.stream, [ALPN]);
    at.stream = secured.stream;
    at.inbox = new Inbox(secured.stream);
    at.tls = secured.version;
    return secured.alpn;
  } catch {
    if (at.deadline.aborted) throw new PeerGone();
    return undefined;
  }
}

function readCancel(at: Progress, body: Buffer): Cancel | Refused {
  const key = body.subarray(8);
  if (key.length < 4 || key.length > 256) return violation(at, "the cancel request is malformed");
  return { kind: "cancel", pid: body.readInt32BE(4), key };
}

function startup(at: Progress, accepted: Accepted, rules: StartupRules, body: Buffer): Startup | Refused {
  const major = body.readUInt16BE(0);
  const minor = body.readUInt16BE(2);
  if (major !== 3) {
    const message = `protocol ${major}.${minor} is not offered: the gateway speaks 3.0 to 3.${NEWEST_MINOR}`;
    return refused(at, new Refusal("protocol-unsupported", { message }), "");
  }
  const parameters = readParameters(body.subarray(4));
  if (parameters === null) return violation(at, "the start-up message is malformed");
  if (at.tls === "none" && !(rules.allowPlaintextLoopback && accepted.loopback))
    return refused(at, new Refusal("tls-required"), parameters.get("user") ?? "");
  const unknown = [...parameters.keys()].filter((name) => name.startsWith("_pq_."));
  const negotiation = minor > NEWEST_MINOR || unknown.length > 0 ? negotiate(minor, unknown) : null;
  return {
    kind: "startup",
    stream: at.stream,
    inbox: at.inbox,
    tls: at.tls,
    minor: Math.min(minor, NEWEST_MINOR),
    parameters,
    negotiation,
  };
}

/** Pairs of C strings and a NUL at the end; null when malformed. Of a name that comes twice the last value counts, as in the server. */
export function readParameters(body: Buffer): Map<string, string> | null {
  const parameters = new Map<string, string>();
  if (body.length === 0 || !isUtf8(body)) return null;
  let at = 0;
  while (body[at] !== 0) {
    const nameEnd = body.indexOf(0, at);
    const valueEnd = nameEnd === -1 ? -1 : body.indexOf(0, nameEnd + 1);
    if (valueEnd === -1 || valueEnd + 1 >= body.length) return null;
    parameters.set(body.toString("utf8", at, nameEnd), body.toString("utf8", nameEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
  return at === body.length - 1 ? parameters : null;
}

/** NegotiateProtocolVersion: the version to go on with, and the protocol options that nobody here knows. */
function negotiate(minor: number, unknown: readonly string[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(3, 0);
  head.writeUInt16BE(Math.min(minor, NEWEST_MINOR), 2);
  head.writeUInt32BE(unknown.length, 4);
  return message("v", head, ...unknown.map((name) => `${name}\0`));
}

function violation(at: { readonly stream: Duplex | null }, why: string): Refused {
  return refused(at, new Refusal("protocol-violation", { message: why }), "");
}

function refused(at: { readonly stream: Duplex | null }, refusal: Refusal, claimed: string): Refused {
  return { kind: "refused", refusal, stream: at.stream, claimed };
}
