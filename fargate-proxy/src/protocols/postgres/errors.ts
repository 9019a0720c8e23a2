// What the client reads when something went wrong: our own refusals, and the target's messages rebuilt where they may hold data.
import type { Refusal } from "#shared/errors.ts";
import type { Notice } from "../../protocol.ts";
import { adviceOn } from "./advice.ts";
import { conditionOf } from "./conditions.ts";
import { encodeFields } from "./encode.ts";

export type Severity = "ERROR" | "FATAL";

/** ErrorResponse for a refusal (fields: PostgreSQL documentation, 54.8). */
export function refusalMessage(refusal: Refusal, severity: Severity): Buffer {
  const fields: [string, string][] = [
    ["S", severity],
    ["V", severity],
    ["C", refusal.sqlstate],
    ["M", refusal.message],
  ];
  if (refusal.detail !== undefined) fields.push(["D", refusal.detail]);
  fields.push(["H", refusal.hint]);
  if (refusal.position !== undefined) fields.push(["P", String(refusal.position)]);
  fields.push(["R", refusal.code]);
  return encodeFields("E", fields);
}

/** NoticeResponse for what the gateway itself has to say while a command waits. */
export function noticeMessage({ message, detail, hint }: Notice): Buffer {
  return encodeFields("N", [
    ["S", "NOTICE"],
    ["V", "NOTICE"],
    ["C", "00000"],
    ["M", message],
    ["D", detail],
    ["H", hint],
  ]);
}

/**
 * Functions of the server's parser: with a position in the client's statement, they repeat its words and names only. The field `R` names
 * the C function that raised a message; code in the database (PL/pgSQL, PL/Python ...) cannot set it. Without the position the same
 * function may be looking at data (`ssn::regtype`).
 */
const PARSER: ReadonlySet<string> = new Set([
  "scanner_yyerror",
  "base_yyerror",
  "parserOpenTable",
  "errorMissingRTE",
  "errorMissingColumn",
  "colNameToVar",
  "scanRTEForColumn",
  "check_ungrouped_columns_walker",
  "check_agglevels_and_constraints",
  "ParseFuncOrColumn",
  "op_error",
  "typenameType",
  "checkInsertTargets",
  "transformInsertRow",
  "transformAssignedExpr",
  "transformColumnRef",
  "transformSetOperationTree",
  "transformTypeCast",
  "coerce_type",
  "coerce_to_boolean",
  "coerce_to_specific_type",
  "select_common_type",
  "findTargetlistEntrySQL92",
]);

/** Functions that speak of names the client gave, of existing objects, or of the transaction; none of them is ever handed data. */
const PROTOCOL: ReadonlySet<string> = new Set([
  "FetchPreparedStatement",
  "StorePreparedStatement",
  "exec_simple_query",
  "exec_parse_message",
  "exec_bind_message",
  "exec_execute_message",
  "exec_describe_statement_message",
  "exec_describe_portal_message",
  "CreatePortal",
  "PerformPortalFetch",
  "PreventInTransactionBlock",
  "RequireTransactionBlock",
  "BeginTransactionBlock",
  "EndTransactionBlock",
  "UserAbortTransactionBlock",
  "aclcheck_error",
]);

/** The message repeats nothing but the client's own statement: no code of the database ran (`W`), no statement was built (`q`). */
function isOwnWords(fields: ReadonlyMap<string, string>): boolean {
  if (fields.has("W") || fields.has("q") || fields.has("p")) return false;
  const routine = fields.get("R") ?? "";
  return PROTOCOL.has(routine) || (fields.has("P") && PARSER.has(routine));
}

/**
 * Functions of the server that report a broken constraint: they name it, and the table and column it is of, from the catalog. Code in the
 * database can set these fields too, but not the name of the C function.
 */
const CONSTRAINTS: ReadonlySet<string> = new Set([
  "_bt_check_unique",
  "check_exclusion_or_unique_constraint",
  "ExecConstraints",
  "ReportNotNullViolationError",
  "ExecPartitionCheckEmitError",
  "ri_ReportViolation",
]);

/** Constraint, schema, table, column. */
const NAMES = ["n", "s", "t", "c"] as const;

const WITHHELD = "(The gateway withholds the target's own words: they may hold protected data.)";

/**
 * An ErrorResponse or NoticeResponse that reveals no data: severity, SQLSTATE, position, the names of a broken constraint, and words that
 * are the same for any data.
 */
export function rebuiltMessage(type: "E" | "N", fields: ReadonlyMap<string, string>): Buffer {
  const own = isOwnWords(fields);
  const severity = fields.get("V") ?? (type === "E" ? "ERROR" : "NOTICE");
  const condition = conditionOf(fields.get("C") ?? "");
  const names = CONSTRAINTS.has(fields.get("R") ?? "") ? NAMES.filter((code) => fields.has(code)) : [];
  const out: [string, string][] = [
    ["S", SEVERITIES.has(severity) ? severity : "ERROR"],
    ["V", SEVERITIES.has(severity) ? severity : "ERROR"],
    ["C", condition.sqlstate],
    ["M", own ? (fields.get("M") ?? condition.words) : `${plain(condition)}${ofConstraint(fields, names)}`],
  ];
  const hint = own ? fields.get("H") : type === "E" ? `${adviceOn(condition.sqlstate)} ${WITHHELD}` : WITHHELD;
  if (hint !== undefined) out.push(["H", hint]);
  const position = fields.get("P");
  if (position !== undefined && !fields.has("W") && !fields.has("q") && /^\d{1,9}$/.test(position))
    out.push(["P", position]);
  for (const code of names) out.push([code, fields.get(code) as string]);
  return encodeFields(type, out);
}

const SEVERITIES: ReadonlySet<string> = new Set(
  "ERROR FATAL PANIC WARNING NOTICE DEBUG INFO LOG DEBUG1 DEBUG2 DEBUG3 DEBUG4 DEBUG5".split(" "),
);

function ofConstraint(fields: ReadonlyMap<string, string>, names: readonly string[]): string {
  const constraint = names.includes("n") ? `constraint "${fields.get("n")}"` : "";
  const column = names.includes("c") ? `column "${fields.get("c")}"` : "";
  const table = names.includes("t") ? ` of table "${fields.get("t")}"` : "";
  const what = constraint || column;
  return what === "" ? "" : `: ${what}${table}`;
}

function plain({ sqlstate, words }: { readonly sqlstate: string; readonly words: string }): string {
  return sqlstate === "00000" ? "message of the target" : words;
}
