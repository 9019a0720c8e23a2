// A connection to a target: TCP, then TLS with the target's identity proven, and nothing said yet.
import type { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import { serialize } from "pg-protocol";
import type { Target } from "#shared/target.ts";
import type { Dialer } from "../../ports/network.ts";
import { Inbox } from "./inbox.ts";

/** Why a target could not be used. `reason` is for operators: it names roles and codes, never a credential. */
export class TargetFailure extends Error {
  readonly code: "target-down" | "target-refused";
  readonly reason: string;
  /** What the target said, when it said something. */
  readonly sqlstate: string;
  constructor(code: "target-down" | "target-refused", reason: string, sqlstate = "") {
    super(reason);
    this.code = code;
    this.reason = reason;
    this.sqlstate = sqlstate;
  }
}

export interface UpstreamParts {
  readonly dialer: Dialer;
  /** PEM of the authorities for a target with a `caFile`. */
  readonly authorities: ReadonlyMap<string, string>;
  readonly connectMs: number;
}

export interface Opened {
  readonly stream: Duplex;
  readonly certificate: X509Certificate | null;
}

const ALPN = ["postgresql"];

/** @throws TargetFailure */
export async function reach(parts: UpstreamParts, target: Target): Promise<Opened> {
  const stream = await parts.dialer.dial(target.host, target.port, parts.connectMs).catch((error: unknown) => {
    throw new TargetFailure("target-down", `cannot connect: ${codeOf(error)}`);
  });
  try {
    return target.tls.mode === "disable" ? { stream, certificate: null } : await secured(parts, target, stream);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function secured(parts: UpstreamParts, target: Target, stream: Duplex): Promise<Opened> {
  const timer = setTimeout(() => stream.destroy(), parts.connectMs);
  try {
    stream.write(serialize.requestSsl());
    const inbox = new Inbox(stream);
    const answer = (await inbox.take(1)).toString("latin1");
    // What was sent in the clear must never be taken for something that came through TLS (CVE-2021-23222).
    if (inbox.release().length > 0) throw new TargetFailure("target-refused", "the target sent data ahead of TLS");
    if (answer !== "S") throw new TargetFailure("target-refused", "the target does not offer TLS");
    const ca = parts.authorities.get(target.name);
    const tls = { serverName: target.tls.serverName ?? target.host, alpn: ALPN, ...(ca === undefined ? {} : { ca }) };
    return await parts.dialer.secure(stream, tls).catch((error: unknown) => {
      throw new TargetFailure("target-refused", `the target's TLS cannot be trusted: ${codeOf(error)}`);
    });
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" ? code : typeof message === "string" ? message : "unknown";
}
