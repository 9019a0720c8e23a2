// A line back to the event it was made from.
import type { Principal } from "../identity.ts";
import type { EvidenceEvent } from "./event.ts";

/** A line of evidence, read. */
export interface EvidenceLine {
  readonly session: string;
  readonly seq: number;
  readonly prev: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly target: string;
  /** The name of who acted, when it is known. */
  readonly user: string | null;
  /** On a session's first line only. */
  readonly opening?: { readonly protocol: string; readonly principal: Principal | null };
  readonly event: EvidenceEvent;
}

interface Raw {
  readonly time: number;
  readonly actor?: { readonly user?: { readonly name?: string } };
  readonly database?: { readonly name: string };
  readonly service?: { readonly name: string };
  readonly metadata?: { readonly log_name?: string };
  readonly query_info?: { readonly query_string: string };
  readonly status_code?: string;
  readonly postern: {
    readonly session: string;
    readonly seq: number;
    readonly prev: string;
    readonly type: EvidenceEvent["type"];
    readonly protocol?: string;
    readonly principal?: Principal | null;
  };
}

/** @returns null when the text is not a line of evidence */
export function readLine(text: string): EvidenceLine | null {
  const raw = parse(text);
  if (raw === null) return null;
  const { session, seq, prev, protocol, principal, v: _v, ...own } = raw.postern as Raw["postern"] & { v?: number };
  return {
    session,
    seq,
    prev,
    time: raw.time,
    target: raw.database?.name ?? raw.service?.name ?? raw.metadata?.log_name ?? "",
    user: raw.actor?.user?.name ?? null,
    ...(protocol === undefined ? {} : { opening: { protocol, principal: principal ?? null } }),
    event: { ...usual(own.type, raw), ...own } as EvidenceEvent,
  };
}

function parse(text: string): Raw | null {
  try {
    const raw = JSON.parse(text) as Raw;
    const link = raw.postern;
    const whole =
      typeof link.session === "string" &&
      typeof link.prev === "string" &&
      typeof link.type === "string" &&
      Number.isSafeInteger(link.seq);
    return whole && Number.isSafeInteger(raw.time) ? raw : null;
  } catch {
    return null;
  }
}

/** What a line leaves out because it has its usual value, or because OCSF has its own place for it. */
function usual(type: EvidenceEvent["type"], raw: Raw): object {
  switch (type) {
    case "execute":
      return { phase: "execute", binds: 0, decision: null };
    case "finished":
      return { sqlstate: raw.status_code ?? "00000", masks: [] };
    case "statement":
      return { text: raw.query_info?.query_string ?? "" };
    default:
      return {};
  }
}
