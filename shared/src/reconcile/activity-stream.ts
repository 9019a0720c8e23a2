// Records of Aurora's and RDS's database activity streams (Aurora User Guide, "Audit log contents and examples"), decrypted. Texts in them hold literals:
// nothing here is kept but the text without them.
import { normalize } from "../analysis/sql/normalize.ts";
import { bare, instantOf, type Logged } from "./logged.ts";
import { auditedText } from "./pgaudit.ts";

/** What a file of a stream can hold: an envelope as it comes from Kinesis, encrypted or not; the list that is in it; or one event. */
export interface StreamObject {
  readonly type?: unknown;
  readonly databaseActivityEvents?: unknown;
  readonly databaseActivityEventList?: unknown;
  readonly key?: unknown;
  /** As `aws kinesis get-records` prints them: each `Data` is an envelope in base64. */
  readonly Records?: unknown;
}

export interface StreamCounts {
  heartbeats: number;
  /** Of another engine, or not understood. */
  unknown: number;
}

/** The events of an object that is not encrypted. */
export function eventsOf(object: StreamObject): readonly unknown[] {
  if (Array.isArray(object.databaseActivityEventList)) return object.databaseActivityEventList;
  const inner = object.databaseActivityEvents as StreamObject | null | undefined;
  if (typeof inner === "object" && inner !== null) return eventsOf(inner);
  return [object];
}

/** One event. Null for a heartbeat, and for what is not PostgreSQL's, which are counted; and for the end of a connection. */
export function fromStream(event: unknown, counts: StreamCounts): Logged | null {
  const { type, serverType, logTime, startTime, dbUserName, databaseName, clientApplication, ...rest } = (event ??
    {}) as Record<string, unknown>;
  const { remoteHost, sessionId, command, commandText, statementId, substatementId } = rest;
  if (type === "heartbeat") {
    counts.heartbeats += 1;
    return null;
  }
  if (type !== "record" || serverType !== "PostgreSQL") {
    counts.unknown += 1;
    return null;
  }
  const time = word(startTime ?? logTime);
  const where = {
    time,
    at: instantOf(time),
    user: word(dbUserName),
    database: word(databaseName),
    application: word(clientApplication),
    host: word(remoteHost),
    backend: word(sessionId),
  };
  if (command === "CONNECT") return { ...where, source: "login" };
  if (command === "DISCONNECT") return null;
  // Only those two have no text.
  if (typeof commandText !== "string") return { ...where, source: "unreadable" };
  const text = bare(auditedText(word(command), normalize(commandText)));
  return { ...where, source: "stream", text, audit: { statement: Number(statementId), part: Number(substatementId) } };
}

const word = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
