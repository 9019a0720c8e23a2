// The gateway logs in to a target (PostgreSQL documentation, 54.2.1). Nothing of the client's goes into it but settings from a list.
import { createHash, randomBytes } from "node:crypto";
import { serialize } from "pg-protocol";
import type { Target } from "#shared/target.ts";
import { type BackendMessage, nextMessage, readMechanisms } from "./backend.ts";
import { TargetConnection } from "./connection.ts";
import { Inbox, PeerGone } from "./inbox.ts";
import { type Opened, reach, TargetFailure, type UpstreamParts } from "./reach.ts";
import { ScramError, type ScramExchange, startScram } from "./scram.ts";

export interface UpstreamLogin {
  readonly password: string;
  readonly application: string;
  readonly settings: ReadonlyMap<string, string>;
}

const LONGEST_MESSAGE = 64 * 1024;
// Authentication messages by their code
const OK = 0;
const CLEARTEXT = 3;
const MD5 = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

/** A login that is over: what comes next on the stream has not been read, but for what the inbox holds. */
export interface LoggedInTarget extends Opened {
  readonly inbox: Inbox;
  readonly parameters: ReadonlyMap<string, string>;
  readonly pid: number;
  readonly key: number;
}

/** For a session: its commands move by permits alone. @throws TargetFailure */
export async function connectTarget(
  parts: UpstreamParts,
  target: Target,
  login: UpstreamLogin,
): Promise<TargetConnection> {
  const ready = await logInToTarget(parts, target, login);
  const rest = ready.inbox.release();
  if (rest.length > 0) ready.stream.unshift(rest);
  return new TargetConnection(ready.stream, ready, () => cancelAt(parts, target, ready));
}

/** Connects, proves the target, logs in, and waits until it is ready. @throws TargetFailure */
export async function logInToTarget(
  parts: UpstreamParts,
  target: Target,
  login: UpstreamLogin,
): Promise<LoggedInTarget> {
  let opened: Opened | undefined;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    opened?.stream.destroy();
  }, parts.connectMs);
  try {
    opened = await reach(parts, target);
    if (late) throw new PeerGone();
    const inbox = new Inbox(opened.stream);
    return { ...opened, inbox, ...(await handshake(opened, inbox, target, login)) };
  } catch (error) {
    opened?.stream.destroy();
    throw failureOf(error, late);
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(error: unknown, late: boolean): TargetFailure {
  if (late) return new TargetFailure("target-down", "the target did not answer in time");
  if (error instanceof TargetFailure) return error;
  if (error instanceof ScramError) return new TargetFailure("target-refused", error.message);
  if (error instanceof PeerGone) return new TargetFailure("target-down", "the target closed the connection");
  return new TargetFailure("target-down", "the target's answer cannot be understood");
}

type Ready = Pick<LoggedInTarget, "parameters" | "pid" | "key">;

async function handshake(opened: Opened, inbox: Inbox, target: Target, login: UpstreamLogin): Promise<Ready> {
  const parameters = {
    user: target.user,
    database: target.database,
    application_name: login.application,
    ...Object.fromEntries(login.settings),
  };
  opened.stream.write(serialize.startup(parameters));
  await authenticate(opened, inbox, target, login.password);
  return untilReady(inbox);
}

async function authenticate(opened: Opened, inbox: Inbox, target: Target, password: string): Promise<void> {
  const { stream, certificate } = opened;
  let scram: ScramExchange | null = null;
  let proven = false;
  for (;;) {
    const message = await next(inbox);
    if (message.type === "other") continue;
    if (message.type !== "authentication") throw unsupported();
    const { code, data } = message;
    if (code === OK) {
      // Mutual: the target has to prove that it knows the credential, before anything is asked of it.
      if (scram !== null && !proven) throw new ScramError("the target skipped its own proof");
      return;
    }
    if (code === CLEARTEXT) {
      if (certificate === null)
        throw new TargetFailure("target-refused", "the target wants the credential in clear, without TLS");
      stream.write(serialize.password(password));
    } else if (code === MD5 && data.length === 4) stream.write(serialize.password(md5(target.user, password, data)));
    else if (code === SASL && scram === null) {
      scram = startScram(readMechanisms(data) ?? [], password, certificate, randomBytes(18).toString("base64"));
      stream.write(serialize.sendSASLInitialResponseMessage(scram.mechanism, scram.first));
    } else if (code === SASL_CONTINUE && scram !== null)
      stream.write(serialize.sendSCRAMClientFinalMessage(await scram.answer(data.toString("latin1"))));
    else if (code === SASL_FINAL && scram !== null) {
      scram.verify(data.toString("latin1"));
      proven = true;
    } else throw unsupported();
  }
}

function unsupported(): TargetFailure {
  return new TargetFailure("target-refused", "the target asks for a login that is not supported");
}

async function untilReady(inbox: Inbox): Promise<Ready> {
  const parameters = new Map<string, string>();
  let pid = 0;
  let key = 0;
  for (;;) {
    const message = await next(inbox);
    if (message.type === "parameter") parameters.set(message.name, message.value);
    else if (message.type === "key") ({ pid, key } = message);
    else if (message.type === "ready") return { parameters, pid, key };
    else if (message.type !== "other") throw new PeerGone();
  }
}

/** The next message of the login. @throws TargetFailure when it is an error, PeerGone when there is none that can be read */
async function next(inbox: Inbox): Promise<BackendMessage> {
  const message = await nextMessage(inbox, LONGEST_MESSAGE);
  if (message.type !== "error") return message;
  const { sqlstate, words } = message;
  throw new TargetFailure(isTemporary(sqlstate) ? "target-down" : "target-refused", words, sqlstate);
}

/** Full, starting, stopping: not a matter of credentials. */
function isTemporary(sqlstate: string): boolean {
  return sqlstate === "53300" || sqlstate.startsWith("57P");
}

function md5(user: string, password: string, salt: Buffer): string {
  const hash = (...parts: (string | Buffer)[]) => {
    const h = createHash("md5");
    for (const part of parts) h.update(part);
    return h.digest("hex");
  };
  return `md5${hash(hash(password, user), salt)}`;
}

/** CancelRequest on a connection of its own, with the target's key. The target says nothing: it closes. */
async function cancelAt(parts: UpstreamParts, target: Target, ready: Ready): Promise<void> {
  try {
    const { stream } = await reach(parts, target);
    const timer = setTimeout(() => stream.destroy(), parts.connectMs);
    await new Promise<void>((resolve) => {
      stream.once("close", resolve);
      stream.resume();
      stream.end(serialize.cancel(ready.pid, ready.key));
    });
    clearTimeout(timer);
  } catch {
    // The client is told nothing about cancel requests, whatever becomes of them.
  }
}
