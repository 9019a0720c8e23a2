// How the rows that a MERGE changes are read before it runs: its own target joined to its own source by its own ON, where its own WHEN clauses
// say, in their order, what becomes of a row.
import type { Node } from "libpg-query";
import type { SnapshotRelation } from "../../catalog.ts";
import { type Cut, choice, chosen, cutOf, type Merge, NO_CUT, type When } from "./image-merge-cut.ts";
import { insertedRows } from "./image-merge-keys.ts";
import { effectOf, parsed, type Reading, why } from "./image-reading.ts";
import type { Run } from "./scope.ts";
import { type Body, bodyOf, strings } from "./tree.ts";
import { type Piece, quoted, same } from "./words.ts";

/** Of the row that is joined to each row of the source: where it is missing, so is the source. No name of a client's. */
const MET = quoted("postern: met");

/** @param target as its columns are qualified in the statement, and what it is */
export function ofMerge(
  run: Run,
  body: Merge,
  text: string,
  { name, relation }: { readonly name: string; readonly relation: SnapshotRelation },
): Reading {
  const cut = cutOf(run, body, text);
  if (cut === null) return why(NO_CUT);
  const clauses = [...cut.matched, ...cut.unmatched, ...cut.orphaned];
  const conditions = clauses.map((when) => when.body.condition);
  const cause = effectOf(run, [body.withClause, body.sourceRelation, body.joinCondition, conditions]);
  if (cause !== null) return why(cause);
  if (namesOf(body.sourceRelation).some((one) => quoted(one) === name)) return why("source and target of one name");
  if (cut.orphaned.some((when) => namesWhole(when.body.condition, name)))
    return why("NOT MATCHED BY SOURCE with a condition on the row as a whole");
  const changes = [...cut.matched, ...cut.orphaned].some(changesRows);
  const before = changes ? changedRows(cut, name) : [];
  if (before === null) return why(NO_CUT);
  const inserting = cut.unmatched.some((when) => when.body.commandType === "CMD_INSERT");
  const inserts = inserting ? insertedRows(cut, relation) : undefined;
  return {
    before,
    why: inserts?.why ?? (changes ? "" : "nothing in it changes a row"),
    ...(inserts === undefined ? {} : { inserts }),
    repeats: true,
  };
}

function changesRows({ body }: When): boolean {
  return body.commandType === "CMD_UPDATE" || body.commandType === "CMD_DELETE";
}

function changedRows(cut: Cut, name: string): readonly Piece[] | null {
  const { run, text, body, head, target, source, on, matched, orphaned } = cut;
  const changed = (when: When) => [String(changesRows(when))];
  const orphans = orphaned.some(changesRows);
  // Of a row that no source is joined to, a condition sees the target's columns alone: the source's may have the same names.
  const apart = orphaned.some(({ condition }) => condition !== null);
  const ofOrphans = choice(orphaned, changed);
  const where = orphans
    ? [
        `CASE WHEN ${MET}.${MET} THEN`,
        ...choice(matched, changed),
        "ELSE",
        ...(apart ? ["(SELECT", ...ofOrphans, `FROM (SELECT ${name}.*) AS ${name})`] : ofOrphans),
        "END",
      ]
    : choice(matched, changed);
  const join = orphans
    ? ["LEFT JOIN (", source, `CROSS JOIN (SELECT true) AS ${MET} (${MET})) ON`]
    : ["JOIN", source, "ON"];
  // Where it may do both, as the weaker locks: nobody else changes the rows, and rows that refer to them may still come.
  const updates = [...matched, ...orphaned].some((when) => when.body.commandType === "CMD_UPDATE");
  const pieces: Piece[] = [
    ...head,
    `SELECT ${name}.tableoid, ${name}.ctid, ${name}.* FROM`,
    target,
    ...join,
    on,
    "WHERE",
    ...where,
    `FOR ${updates ? "NO KEY UPDATE" : "UPDATE"} OF ${name}`,
  ];
  const made = parsed(run, pieces, text);
  const joined = bodyOf(made?.fromClause?.[0], "JoinExpr");
  const other = orphans ? bodyOf(joined?.rarg, "JoinExpr")?.larg : joined?.rarg;
  const choices = bodyOf(made?.whereClause, "CaseExpr");
  const [met] = choices?.args ?? [];
  const inner = bodyOf(bodyOf(choices?.defresult, "SubLink")?.subselect, "SelectStmt")?.targetList?.[0];
  const alike =
    same(made?.withClause, body.withClause) &&
    same(joined?.larg, { RangeVar: body.relation }) &&
    same(other, body.sourceRelation) &&
    same(joined?.quals, body.joinCondition) &&
    (orphans
      ? (matched.length === 0 || chosen(bodyOf(met, "CaseWhen")?.result, matched)) &&
        chosen(apart ? bodyOf(inner, "ResTarget")?.val : choices?.defresult, orphaned)
      : chosen(made?.whereClause, matched));
  return alike ? pieces : null;
}

/** Names by which the source's columns can be qualified. */
function namesOf(source: Node | undefined): readonly string[] {
  const join = bodyOf(source, "JoinExpr");
  if (join !== null && join.alias === undefined) return [...namesOf(join.larg), ...namesOf(join.rarg)];
  const [item] = Object.values(source ?? {}) as {
    readonly alias?: { aliasname?: string };
    readonly relname?: string;
  }[];
  const name = item?.alias?.aliasname ?? item?.relname;
  return name === undefined ? [] : [name];
}

const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(["ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"]);

/** It names the row itself, or where it lies: not a column of it. */
function namesWhole(condition: unknown, name: string): boolean {
  if (typeof condition !== "object" || condition === null) return false;
  const fields = "ColumnRef" in condition ? ((condition.ColumnRef as Body<"ColumnRef">).fields ?? []) : null;
  if (fields === null) return Object.values(condition).some((child) => namesWhole(child, name));
  const names = strings(fields);
  const last = names.at(-1) ?? "";
  return names.length < fields.length || SYSTEM_COLUMNS.has(last) || (names.length === 1 && quoted(last) === name);
}
