// What a target's own account says: in whichever log it is, a command that ran, or a login.

/** Which account it is in; each is compared with the evidence by itself. */
export type Source = "log" | "pgaudit" | "stream";

interface Where {
  /** As it is written there. */
  readonly time: string;
  /** Milliseconds since the epoch; NaN where the zone cannot be told. */
  readonly at: number;
  readonly user: string;
  readonly database: string;
  readonly application: string;
  /** Address of the client; empty when it is not there. */
  readonly host: string;
  /** The server's session id (`<hex>.<hex>`) where there is one, else the process id. */
  readonly backend: string;
}

export interface LoggedCommand extends Where {
  readonly source: Source;
  /** Without literals. */
  readonly text: string;
  /** Which of the backend's statements, and which part of it. Absent where each command is written once. */
  readonly audit?: { readonly statement: number; readonly part: number };
}

export interface LoggedLogin extends Where {
  readonly source: "login";
}

/** A line that speaks of a command, and cannot be read: it is not passed over. */
export interface Unreadable extends Where {
  readonly source: "unreadable";
}

export type Logged = LoggedCommand | LoggedLogin | Unreadable;

/** What says nothing of who it was. */
export const UNREADABLE: Unreadable = {
  source: "unreadable",
  ...{ time: "", at: Number.NaN, user: "", database: "", application: "", host: "", backend: "" },
};

/** `2026-11-20 14:00:00.123 UTC`, `...+00`, or `1763640000.123`. @returns milliseconds since the epoch; NaN where the zone is none of those that say how far it is from UTC */
export function instantOf(time: string): number {
  if (/^\d{9,}(\.\d+)?$/.test(time)) return Number(time) * 1000;
  const [, day, clock, zone] = TIME.exec(time) ?? [];
  if (day === undefined || clock === undefined || zone === undefined) return Number.NaN;
  const [, sign, hours = "00", minutes = "00"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return Date.parse(`${day}T${clock}${sign === undefined ? "Z" : `${sign}${hours}:${minutes}`}`);
}

const TIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d* ?(UTC|GMT|Z|[+-]\d\d(?::?\d\d)?)$/;

/** A text for comparing: without what is around it. */
export function bare(text: string): string {
  return text.replace(/^\s+|[\s;]+$/g, "");
}

/** A copy by itself. A part of a string holds on to all of it: to the piece of the file that it was read with. */
export function copied(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

export function copiedCommand(command: LoggedCommand): LoggedCommand {
  return { ...JSON.parse(JSON.stringify(command)), at: command.at };
}
