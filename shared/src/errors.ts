// The one catalogue of what Postern says no with. Every code is in docs/errors.md too; a test holds the two together.
// Texts never carry data, tokens, or literals of a statement.

export const ERRORS = {
  "tls-required": {
    sqlstate: "28000",
    message: "this gateway accepts TLS connections only",
    hint: "Set sslmode=require (or verify-full with the gateway's CA) in the client.",
  },
  "token-missing": {
    sqlstate: "28P01",
    message: "no token was given",
    hint: "Use a token as the password: PGPASSWORD=$(postern token).",
  },
  "token-invalid": {
    sqlstate: "28P01",
    message: "the token was not accepted",
    hint: "Get a fresh token with `postern token` and connect again.",
  },
  "user-mismatch": {
    sqlstate: "28000",
    message: "the user name is not the one in the token",
    hint: "Connect with the user name that the token names.",
  },
  offboarded: {
    sqlstate: "28000",
    message: "this identity has been revoked",
    hint: "Ask a security officer if this is a mistake.",
  },
  revoked: {
    sqlstate: "57P01",
    message: "this identity has been revoked; the session ends",
    hint: "Ask a security officer if this is a mistake.",
  },
  "unknown-target": {
    sqlstate: "3D000",
    message: "there is no such target for this identity",
    hint: "Use one of the targets that are listed.",
  },
  "too-many-connections": {
    sqlstate: "53300",
    message: "too many connections",
    hint: "Close sessions that are not needed, or ask for a higher limit.",
  },
  "limits-unavailable": {
    sqlstate: "58000",
    message: "it cannot be told how many sessions there are, so nobody is let in",
    hint: "Try again; if it lasts, tell the operators of the gateway.",
  },
  "protocol-violation": {
    sqlstate: "08P01",
    message: "the client broke the protocol",
    hint: "Check the client and what lies between it and the gateway.",
  },
  "protocol-unsupported": {
    sqlstate: "0A000",
    message: "this part of the protocol is not offered by the gateway",
    hint: "See KNOWN_LIMITATIONS.md for the way around.",
  },
  "login-timeout": {
    sqlstate: "08P01",
    message: "login took too long",
    hint: "Check the network between client and gateway.",
  },
  "target-down": {
    sqlstate: "08006",
    message: "the target cannot be reached",
    hint: "Try again; if it lasts, tell the operators of the target.",
  },
  "target-refused": {
    sqlstate: "08004",
    message: "the target did not accept the gateway",
    hint: "Tell the operators of the gateway; their log has the reason.",
  },
  "target-lost": {
    sqlstate: "08006",
    message: "the connection to the target was lost",
    hint: "Connect again; check what of the last command took effect.",
  },
  "policy-denied": {
    sqlstate: "42501",
    message: "policy does not permit this command",
    hint: "Ask the owners of the policy, or change the command.",
  },
  "analysis-incomplete": {
    sqlstate: "42501",
    message: "this command cannot be analysed, and protected data is in reach",
    hint: "Rewrite it without the part that is named; KNOWN_LIMITATIONS.md lists ways around.",
  },
  "images-beyond": {
    sqlstate: "54000",
    message: "the command would change more rows than may be kept of",
    hint: "Nothing ran. Change fewer rows at a time.",
  },
  "images-impossible": {
    sqlstate: "0A000",
    message: "the rows that this command changes cannot be kept",
    hint: "Send it alone, as INSERT, UPDATE, DELETE or TRUNCATE of a table, with conditions that change nothing themselves.",
  },
  "result-mismatch": {
    sqlstate: "42501",
    message: "the result does not have the shape that the analysis found",
    hint: "Run the command again; if it stays, report it.",
  },
  "statement-syntax": { sqlstate: "42601", message: "syntax error", hint: "Correct the statement." },
  "undefined-relation": {
    sqlstate: "42P01",
    message: "relation does not exist",
    hint: "Check the name and the search_path. What a transaction has made is known once it is committed.",
  },
  "undefined-column": {
    sqlstate: "42703",
    message: "column does not exist",
    hint: "Check the name and the tables of the statement. What a transaction has made is known once it is committed.",
  },
  "undefined-function": {
    sqlstate: "42883",
    message: "function does not exist",
    hint: "Check the name, the argument types and the search_path.",
  },
  "statement-too-long": {
    sqlstate: "54000",
    message: "the statement is too long",
    hint: "Send it in parts, or use bind values or COPY.",
  },
  "statement-too-complex": {
    sqlstate: "54001",
    message: "the statement is too complex to be analysed",
    hint: "Split it into smaller statements.",
  },
  "evidence-unavailable": {
    sqlstate: "53100",
    message: "evidence cannot be written, so nothing may run",
    hint: "Tell the operators of the gateway.",
  },
  "decision-unavailable": {
    sqlstate: "58000",
    message: "no decision could be had, so nothing may run",
    hint: "Try again; if it lasts, tell the operators of the gateway.",
  },
  "purpose-missing": {
    sqlstate: "42501",
    message: "this command needs a stated purpose of use",
    hint: "State it at login: options=-cpostern.purpose=treatment.",
  },
  "approval-pending": {
    sqlstate: "PA001",
    message: "this command needs an approval, which was asked for",
    hint: "Run the same command again once it is approved.",
  },
  "approval-denied": {
    sqlstate: "42501",
    message: "the approval was denied",
    hint: "Ask whoever denied it, or change the command.",
  },
  "approval-expired": {
    sqlstate: "42501",
    message: "nobody decided on the approval in time",
    hint: "Run the command again to ask once more.",
  },
  "approval-cancelled": {
    sqlstate: "57014",
    message: "the request for an approval was taken back",
    hint: "Run the command again to ask once more.",
  },
  "approval-changed": {
    sqlstate: "42501",
    message: "the command is not the one that was approved any more",
    hint: "Run it again: it asks anew, for what it is now.",
  },
  "approval-impossible": {
    sqlstate: "42501",
    message: "this command cannot be approved in this form",
    hint: "Ask the owners of the policy.",
  },
  "approval-unavailable": {
    sqlstate: "58000",
    message: "no approval can be asked for, so the command may not run",
    hint: "Try again; if it lasts, tell the operators of the gateway.",
  },
  "shutting-down": { sqlstate: "57P01", message: "the gateway is shutting down", hint: "Connect again." },
  "idle-timeout": { sqlstate: "57P05", message: "the session was idle too long", hint: "Connect again." },
  "session-expired": {
    sqlstate: "57P01",
    message: "the session has reached its longest duration",
    hint: "Connect again with a fresh token.",
  },
  internal: {
    sqlstate: "XX000",
    message: "the gateway failed, and closed to be safe",
    hint: "Tell the operators of the gateway.",
  },
} as const satisfies Record<string, { sqlstate: string; message: string; hint: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** A no, in words that a protocol turns into its own error message. */
export class Refusal {
  readonly code: ErrorCode;
  readonly sqlstate: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string;
  /** 1-based character position in the statement, when one can be named. */
  readonly position: number | undefined;
  constructor(code: ErrorCode, more: { message?: string; detail?: string; hint?: string; position?: number } = {}) {
    const entry = ERRORS[code];
    this.code = code;
    this.sqlstate = entry.sqlstate;
    this.message = more.message ?? entry.message;
    this.detail = more.detail;
    this.hint = more.hint ?? entry.hint;
    this.position = more.position;
  }
}
