// What a client may set at login. Everything the target is told is on a list: a role, a library to load or an encoding that changes
// what statements mean cannot come in by the side door.
import type { ApprovalMode } from "#shared/approval/types.ts";
import { Refusal } from "#shared/errors.ts";
import { splitOptions } from "./options.ts";

/** How the client wants to show its token. */
export type AuthenticationMethod = "password" | "oauthbearer";

export interface LoginRequest {
  readonly user: string;
  readonly target: string;
  /** The client's own application_name: evidence has it, and the client is told it. */
  readonly application: string;
  readonly method: AuthenticationMethod;
  /** The purpose of use that the client states (`-c postern.purpose=treatment`): a word, for policy and evidence. */
  readonly purpose?: string;
  /** How commands that need an approval wait (`-c postern.approval=retry`). */
  readonly approval?: ApprovalMode;
  /** Settings for the target's start-up message; neither user, database, client_encoding nor application_name. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Settings that change neither who is asking nor what a statement means. Lower case. */
const ALLOWED: ReadonlySet<string> = new Set([
  "datestyle",
  "timezone",
  "intervalstyle",
  "extra_float_digits",
  "bytea_output",
  "search_path",
  "statement_timeout",
  "lock_timeout",
  "transaction_timeout",
  "idle_in_transaction_session_timeout",
  "idle_session_timeout",
  "client_connection_check_interval",
  "tcp_keepalives_idle",
  "tcp_keepalives_interval",
  "tcp_keepalives_count",
  "tcp_user_timeout",
  "default_transaction_isolation",
  "default_transaction_read_only",
  "default_transaction_deferrable",
  "cursor_tuple_fraction",
  "plan_cache_mode",
  "jit",
  "geqo",
  "enable_seqscan",
  "enable_indexscan",
  "enable_bitmapscan",
  "enable_hashjoin",
  "enable_mergejoin",
  "enable_nestloop",
  "enable_sort",
  "max_parallel_workers_per_gather",
]);

/** The gateway's own options: how the client authenticates, what for it comes, and whether it can wait. */
const OWN_AUTH = "postern.auth";
const OWN_PURPOSE = "postern.purpose";
const OWN_APPROVAL = "postern.approval";
/** One word, so that nothing about a patient fits in. */
const PURPOSE = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;
/** Not passed on: what the gateway answers or says itself. */
const OWN: ReadonlySet<string> = new Set(["client_encoding", "application_name", OWN_AUTH, OWN_PURPOSE, OWN_APPROVAL]);
const LONGEST_APPLICATION = 63;

/** Reads the start-up parameters, as far as they concern the session. */
export function readLoginRequest(
  parameters: ReadonlyMap<string, string>,
  standard: AuthenticationMethod,
): LoginRequest | Refusal {
  const user = parameters.get("user") ?? "";
  if (user === "") return new Refusal("protocol-violation", { message: "the start-up message names no user" });
  const database = parameters.get("database") ?? "";
  const asked = gather(parameters);
  if (asked instanceof Refusal) return asked;

  const encoding = asked.get("client_encoding");
  if (encoding !== undefined && !isUtf8Name(encoding)) return unsupported(`client_encoding "${short(encoding)}"`);
  const method = asked.get(OWN_AUTH) ?? standard;
  if (method !== "password" && method !== "oauthbearer") return unsupported(`${OWN_AUTH} "${short(method)}"`);
  const purpose = asked.get(OWN_PURPOSE);
  if (purpose !== undefined && !PURPOSE.test(purpose))
    return new Refusal("protocol-unsupported", {
      message: `${OWN_PURPOSE} is not a purpose of use`,
      hint: "State it as one word of letters, digits, - and _: postern.purpose=treatment.",
    });

  const approval = asked.get(OWN_APPROVAL);
  if (approval !== undefined && approval !== "wait" && approval !== "retry")
    return new Refusal("protocol-unsupported", {
      message: `${OWN_APPROVAL} "${short(approval)}" cannot be chosen at login`,
      hint: "Say wait or retry: postern.approval=retry.",
    });

  const settings = new Map<string, string>();
  for (const [name, value] of asked) {
    if (OWN.has(name)) continue;
    if (!ALLOWED.has(name)) return unsupported(`the setting "${short(name)}"`);
    settings.set(name, value);
  }
  return {
    user,
    target: database === "" ? user : database,
    application: (asked.get("application_name") ?? "").slice(0, LONGEST_APPLICATION),
    method,
    ...(purpose === undefined ? {} : { purpose }),
    ...(approval === undefined ? {} : { approval }),
    settings,
  };
}

/** All settings by lower-case name: those in `options` first, then those that are parameters of their own, as the server does it. */
function gather(parameters: ReadonlyMap<string, string>): Map<string, string> | Refusal {
  const asked = new Map<string, string>();
  const options = splitOptions(parameters.get("options") ?? "");
  if (options === null)
    return new Refusal("protocol-unsupported", {
      message: "the start-up options hold something else than settings",
      hint: "Of `options`, only `-c name=value` and `--name=value` are taken.",
    });
  for (const [name, value] of options) asked.set(name.toLowerCase(), value);
  for (const [name, value] of parameters) {
    if (name === "user" || name === "database" || name === "options" || name.startsWith("_pq_.")) continue;
    if (name === "replication") {
      if (!isFalse(value))
        return new Refusal("protocol-unsupported", { message: "replication connections are not offered" });
      continue;
    }
    asked.set(name.toLowerCase(), value);
  }
  return asked;
}

/** `false` as the server's parse_bool reads it: any unambiguous beginning of the word. */
function isFalse(value: string): boolean {
  const word = value.toLowerCase();
  return (
    word === "0" || word === "of" || word === "off" || (word !== "" && ["false", "no"].some((w) => w.startsWith(word)))
  );
}

/** SQL_ASCII is what clients without a locale ask for: they take bytes as they come. */
function isUtf8Name(encoding: string): boolean {
  return ["utf8", "unicode", "sqlascii"].includes(encoding.toLowerCase().replace(/[^a-z0-9]/g, ""));
}

function unsupported(what: string): Refusal {
  return new Refusal("protocol-unsupported", {
    message: `${what} cannot be chosen at login`,
    hint: what.startsWith("client_encoding")
      ? "The gateway speaks UTF8: set PGCLIENTENCODING=UTF8."
      : "Leave it out, or SET it in the session if policy permits.",
  });
}

function short(text: string): string {
  return text.slice(0, 63);
}
