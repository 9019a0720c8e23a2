// From an accepted connection to a session with a target behind it, or to a refusal that the client can read.
import type { Duplex } from "node:stream";
import { ERRORS, Refusal } from "#shared/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { Accepted } from "../../ports/network.ts";
import type { Claim, Ending, Gate, Session } from "../../protocol.ts";
import { askForToken, authenticationMessage, type Oauth, tellWhereTokensAre } from "./auth.ts";
import type { CancelKey, CancelKeys, CancelOutcome } from "./cancel.ts";
import type { TargetConnection } from "./connection.ts";
import { withCredential } from "./credential.ts";
import { message } from "./encode.ts";
import { refusalMessage } from "./errors.ts";
import { PeerGone } from "./inbox.ts";
import { TargetFailure, type UpstreamParts } from "./reach.ts";
import { type AuthenticationMethod, type LoginRequest, readLoginRequest } from "./settings.ts";
import { readStartup, type Startup, type StartupRules } from "./startup.ts";
import { connectTarget } from "./upstream.ts";

export interface LoginParts extends StartupRules, UpstreamParts {
  /** How clients show their token unless they say otherwise (`-c postern.auth=`). */
  readonly authentication: AuthenticationMethod;
  readonly oauth: Oauth;
  readonly cancelKeys: CancelKeys;
  /** From the first byte to ReadyForQuery. */
  readonly loginMs: number;
  readonly log: Log;
  /** A cancel request came. */
  onCancel(outcome: CancelOutcome): void;
  /** A client asked where tokens are to be had. */
  onDiscovery(): void;
}

export interface LoggedIn {
  readonly client: Duplex;
  readonly session: Session;
  readonly upstream: TargetConnection;
  readonly cancelKey: CancelKey;
  readonly firstBytes: Buffer;
}

export const PROTOCOL = "postgres";
const GOODBYE_MS = 1000;

/** Never rejects. @returns the session, or why there is none */
export async function logIn(accepted: Accepted, gate: Gate, parts: LoginParts): Promise<LoggedIn | Ending> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
    accepted.stream.destroy();
  }, parts.loginMs);
  try {
    return await attempt(accepted, gate, parts, deadline.signal);
  } catch (error) {
    accepted.stream.destroy();
    const late = deadline.signal.aborted;
    if (error instanceof PeerGone && !late) return "client left";
    const refusal = new Refusal(late ? "login-timeout" : "internal");
    // The error's own text may quote what the client sent.
    if (!late) parts.log.error("login failed", { error: error instanceof Error ? error.name : "unknown" });
    await gate.turnAway(PROTOCOL, accepted.source, "", refusal);
    return refusal.code;
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(
  accepted: Accepted,
  gate: Gate,
  parts: LoginParts,
  deadline: AbortSignal,
): Promise<LoggedIn | Ending> {
  const start = await readStartup(accepted, parts, deadline);
  if (start.kind === "cancel") {
    parts.onCancel(await parts.cancelKeys.request(start.pid, start.key));
    // Right or wrong, the answer is the same: none.
    accepted.stream.destroy();
    return "cancel request";
  }
  const turnAway = async (stream: Duplex | null, claimed: string, refusal: Refusal): Promise<Ending> => {
    await gate.turnAway(PROTOCOL, accepted.source, claimed, refusal);
    sayGoodbye(stream ?? accepted.stream, stream === null ? null : refusal);
    return refusal.code;
  };
  if (start.kind === "refused") return turnAway(start.stream, start.claimed, start.refusal);

  const { stream, inbox } = start;
  if (start.negotiation !== null) stream.write(start.negotiation);
  const wanted = readLoginRequest(start.parameters, parts.authentication);
  if (wanted instanceof Refusal) return turnAway(stream, start.parameters.get("user") ?? "", wanted);
  const shown = await askForToken(inbox, stream, wanted.method, parts.oauth);
  if (shown === null) {
    parts.onDiscovery();
    sayGoodbye(stream, new Refusal("token-missing"));
    return "oauth discovery";
  }
  if (shown instanceof Refusal) return turnAway(stream, wanted.user, shown);
  // A client that leaves now is noticed.
  inbox.watch();
  const session = await gate.admit(claimOf(accepted, start, wanted, shown.token));
  if (session instanceof Refusal) return refuseAdmission(start, wanted, parts, session);
  try {
    return await openTarget(start, wanted, parts, session, deadline);
  } catch (error) {
    await session.close("internal");
    throw error;
  }
}

function claimOf(accepted: Accepted, start: Startup, wanted: LoginRequest, token: string): Claim {
  return {
    protocol: PROTOCOL,
    user: wanted.user,
    target: wanted.target,
    token,
    authentication: wanted.method,
    source: accepted.source,
    application: wanted.application,
    ...(wanted.purpose === undefined ? {} : { purpose: wanted.purpose }),
    ...(wanted.approval === undefined ? {} : { approval: wanted.approval }),
    tls: start.tls,
  };
}

async function refuseAdmission(
  start: Startup,
  wanted: LoginRequest,
  parts: LoginParts,
  refusal: Refusal,
): Promise<Ending> {
  const tokenFailed = refusal.code === "token-invalid" || refusal.code === "token-missing";
  if (wanted.method === "oauthbearer" && tokenFailed) await tellWhereTokensAre(start.inbox, start.stream, parts.oauth);
  sayGoodbye(start.stream, refusal);
  return refusal.code;
}

async function openTarget(
  start: Startup,
  wanted: LoginRequest,
  parts: LoginParts,
  session: Session,
  deadline: AbortSignal,
): Promise<LoggedIn | Ending> {
  const { stream, inbox, minor } = start;
  const upstream = await connect(wanted, parts, session);
  if (upstream instanceof Refusal) {
    sayGoodbye(stream, upstream);
    return upstream.code;
  }
  if (inbox.closed) {
    const ending = deadline.aborted ? "login-timeout" : "client left";
    upstream.end();
    await session.close(ending);
    return ending;
  }
  const cancelKey = parts.cancelKeys.issue(upstream.pid, minor, () =>
    session.interrupt("the client cancelled it") ? Promise.resolve() : upstream.cancel(),
  );
  const firstBytes = inbox.release();
  stream.write(welcome(upstream, wanted.application, cancelKey));
  return { client: stream, session, upstream, cancelKey, firstBytes };
}

/** The client learns only that it failed; operators and evidence learn why. */
async function connect(wanted: LoginRequest, parts: LoginParts, session: Session): Promise<TargetConnection | Refusal> {
  const { target, principal, id } = session;
  let failure: { readonly code: "target-down" | "target-refused" | "protocol-unsupported"; readonly sqlstate: string };
  try {
    const login = { application: `postern/${id}/${principal.name}`, settings: wanted.settings };
    const upstream = await withCredential(
      (refused) => session.credential(refused),
      (password) => connectTarget(parts, target, { ...login, password }),
    );
    // Servers before 18 do not say what search_path is: then nobody may choose another than the analysis knows.
    if (!wanted.settings.has("search_path") || upstream.parameters.has("search_path")) return upstream;
    upstream.end();
    failure = { code: "protocol-unsupported", sqlstate: "" };
  } catch (error) {
    const known = error instanceof TargetFailure;
    failure = known ? error : { code: "target-refused", sqlstate: "" };
    parts.log.error(known ? ERRORS[error.code].message : "no credential for the target", {
      target: target.name,
      session: id,
      code: failure.code,
      sqlstate: failure.sqlstate,
      reason: known ? error.reason : "",
    });
  }
  const refusal = new Refusal(failure.code);
  await session.refused(refusal, null);
  await session.close(`${failure.code} ${failure.sqlstate}`.trim());
  return refusal;
}

/** AuthenticationOk, the target's parameters, the gateway's own cancel key, ReadyForQuery. */
function welcome(upstream: TargetConnection, application: string, { pid, key }: CancelKey): Buffer {
  const id = Buffer.alloc(4);
  id.writeInt32BE(pid);
  const parameters = new Map(upstream.parameters).set("application_name", application);
  return Buffer.concat([
    authenticationMessage(0),
    ...Array.from(parameters, ([name, value]) => message("S", `${name}\0${value}\0`)),
    message("K", id, key),
    message("Z", "I"),
  ]);
}

/** Sends the reason, if there is one, and closes; what the client still sends is thrown away, so that it can read the reason. */
function sayGoodbye(stream: Duplex, refusal: Refusal | null): void {
  if (refusal === null) {
    stream.destroy();
    return;
  }
  const timer = setTimeout(() => stream.destroy(), GOODBYE_MS);
  timer.unref();
  stream.once("close", () => clearTimeout(timer));
  stream.resume();
  stream.end(refusalMessage(refusal, "FATAL"));
}
