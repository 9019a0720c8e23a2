// How reconciling says what it found: in words, or as JSON.
import type { Finding, FindingKind } from "#shared/reconcile/account.ts";
import type { TrailFinding, TrailKind } from "#shared/reconcile/cloudtrail.ts";
import type { Source } from "#shared/reconcile/logged.ts";
import { columns, harmless } from "../evidence/table.ts";

/** What was read, and what of it was passed over and why. */
export interface Totals {
  readonly commands: number;
  readonly sessions: number;
  readonly logins: number;
  /** By roles and principals that were named, of each how many. */
  readonly expected: Readonly<Record<string, number>>;
  readonly otherDatabases: Readonly<Record<string, number>>;
  /** Of activity streams. */
  readonly heartbeats: number;
  readonly notUnderstood: number;
  /** Of CloudTrail: all, and those about other things. */
  readonly records: number;
  readonly otherRecords: number;
  /** Sources whose times are in a zone that cannot be read: they were counted only. */
  readonly withoutTimes: readonly Source[];
  readonly findings: number;
}

const WORDS: Readonly<Record<FindingKind | TrailKind, string>> = {
  around: "not through the gateway",
  unreadable: "about a command, and cannot be read (see --prefix)",
  elsewhere: "by the gateway's role, on a database that no target names",
  "unknown-session": "by the gateway's role, of no session in the evidence",
  borrowed: "on a second connection under a session's name",
  unrecorded: "more often than the evidence says, or at another time",
  catalog: "on the gateway's own connection",
  "secret-read": "a target's secret, asked for by somebody else",
  "key-used": "the key of the sealed lane, used by somebody else",
  "opened-alone": "what a session has sealed, opened without two officers' agreement",
  "evidence-touched": "the evidence, written to by somebody else",
};

export function table(findings: readonly (Finding | TrailFinding)[]): string[] {
  const commands = findings.filter((one): one is Finding => one.source !== "cloudtrail");
  const calls = findings.filter((one): one is TrailFinding => one.source === "cloudtrail");
  return [
    ...rowsOf(
      ["FIRST", "ROLE", "APPLICATION", "TIMES", "WHAT", "STATEMENT"],
      commands.map(({ time, user, application, host, count, kind, text }) => [
        time,
        [user, host].filter((part) => part !== "").join(" from "),
        application,
        String(count),
        WORDS[kind],
        text.replace(/\s+/g, " ").slice(0, 100),
      ]),
    ),
    ...rowsOf(
      ["FIRST", "PRINCIPAL", "FROM", "TIMES", "WHAT", "CALL"],
      calls.map(({ time, principal, host, count, kind, event, resource, denied }) => [
        time,
        principal,
        host,
        String(count),
        WORDS[kind],
        `${event} ${resource}${denied === undefined ? "" : ` (not done: ${denied})`}`,
      ]),
    ),
  ];
}

function rowsOf(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : columns(header, rows, ["TIMES"]).map(harmless);
}

export function summary(totals: Totals): string[] {
  const { commands, sessions, expected, otherDatabases, heartbeats, notUnderstood, records, otherRecords } = totals;
  const named = Object.entries(expected).map(([who, times]) => `${times} by ${who}`);
  const passed = [
    ...Object.entries(otherDatabases).map(([name, times]) => `${times} on database ${name}`),
    ...(heartbeats > 0 ? [`${heartbeats} heartbeats`] : []),
    ...(notUnderstood > 0 ? [`${notUnderstood} events that are not PostgreSQL's or not understood`] : []),
    ...(otherRecords > 0 ? [`${otherRecords} records of CloudTrail about other things`] : []),
  ];
  return [
    `${commands} commands, of ${sessions} sessions through the gateway${records > 0 ? `; ${records} records of CloudTrail` : ""}`,
    ...(named.length > 0 ? [harmless(`expected  ${named.join(", ")}`)] : []),
    ...(passed.length > 0 ? [harmless(`besides   ${passed.join(", ")}`)] : []),
    ...totals.withoutTimes.map(
      (source) =>
        `note      the times of ${source} are in a zone that cannot be read (log_timezone): counted, not compared`,
    ),
    totals.findings > 0
      ? `BAD       ${totals.findings} did not come through the gateway as recorded`
      : commands > 0
        ? "ok        all of them are in the evidence"
        : "ok        nothing went around the gateway",
  ];
}
