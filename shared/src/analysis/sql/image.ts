// How the rows that a write concerns are read before it runs: a SELECT with the statement's own FROM and WHERE, word for word, so that it
// finds what the statement will find. Words are named by their number, because an analysis holds for statements that differ in literals.
import type { Node, RangeVar } from "libpg-query";
import type { SnapshotRelation } from "../../catalog.ts";
import type { ImageTemplate } from "../../facts.ts";
import { ofInsert, typeOf } from "./image-insert.ts";
import { ofMerge } from "./image-merge.ts";
import { effectOf, NEW, parsed, type Reading, why } from "./image-reading.ts";
import { fullName } from "./lookup.ts";
import { findRelation } from "./relations.ts";
import type { Run } from "./scope.ts";
import { type Body, bodyOf, tagOf } from "./tree.ts";
import { type Piece, quoted, same, Words } from "./words.ts";

/** @returns what is written to, and how it is read before; nothing for other statements and for temporary tables */
export function imagesOf(run: Run, node: Node, text: string): readonly ImageTemplate[] {
  switch (tagOf(node)) {
    case "UpdateStmt":
      return of(run, bodyOf(node, "UpdateStmt")!.relation, (name) =>
        ofUpdate(run, bodyOf(node, "UpdateStmt")!, text, name),
      );
    case "DeleteStmt":
      return of(run, bodyOf(node, "DeleteStmt")!.relation, (name) =>
        ofDelete(run, bodyOf(node, "DeleteStmt")!, text, name),
      );
    case "TruncateStmt":
      return (bodyOf(node, "TruncateStmt")!.relations ?? []).flatMap((item) => {
        const relation = bodyOf(item, "RangeVar");
        return relation === null ? [] : of(run, relation, () => ofTruncate(relation));
      });
    case "InsertStmt": {
      const body = bodyOf(node, "InsertStmt")!;
      return of(run, body.relation, (_, relation) => ofInsert(run, body, text, relation));
    }
    case "MergeStmt": {
      const body = bodyOf(node, "MergeStmt")!;
      return of(run, body.relation, (name, relation) => ofMerge(run, body, text, { name, relation }));
    }
    case "CopyStmt": {
      const body = bodyOf(node, "CopyStmt")!;
      return body.is_from === true ? of(run, body.relation, () => NEW) : [];
    }
    default:
      return [];
  }
}

const DEFINITIONS: ReadonlySet<string> = new Set([
  "CreateStmt",
  "AlterTableStmt",
  "RenameStmt",
  "ViewStmt",
  "DropStmt",
  "IndexStmt",
  "CreateTrigStmt",
  "CreatePolicyStmt",
  "AlterPolicyStmt",
  "AlterOwnerStmt",
  "AlterObjectSchemaStmt",
]);

/** A definition of a relation that is not CONCURRENTLY: the target would refuse that inside of a transaction block. */
export function mayRunInBlock(node: Node): boolean {
  return (
    DEFINITIONS.has(tagOf(node) ?? "") && !/"concurrent":true|"AT_DetachPartitionFinalize"/.test(JSON.stringify(node))
  );
}

function of(
  run: Run,
  rangeVar: RangeVar | undefined,
  read: (alias: string, relation: SnapshotRelation) => Reading,
): readonly ImageTemplate[] {
  const relation = rangeVar === undefined ? null : (findRelation(run, rangeVar)?.relation ?? null);
  if (rangeVar === undefined || relation === null) return [];
  const isTable = relation.kind === "table" || relation.kind === "partitioned";
  const found = isTable
    ? read(quoted(rangeVar.alias?.aliasname ?? rangeVar.relname ?? ""), relation)
    : why("no table of its own");
  const family = run.base.lookup.family(relation).map(fullName);
  const keyTypes = (relation.key ?? []).map((name) => typeOf(run, relation, name));
  const key = keyTypes.includes("") ? [] : (relation.key ?? []);
  return [{ relation: fullName(relation), family, key, keyTypes, ...found }];
}

function ofUpdate(run: Run, body: Body<"UpdateStmt">, text: string, alias: string): Reading {
  const words = new Words(text);
  const verb = words.find("update", 0);
  const set = words.find("set", verb + 2, "as");
  const [from, where, end] = words.clauses(set, "from");
  // As strong as most UPDATEs lock, and no stronger: rows that refer to these may still come.
  const parts = { target: [verb + 1, set], from, where, end, verb } as const;
  return spliced(run, text, alias, parts, body.fromClause, body, "NO KEY UPDATE");
}

function ofDelete(run: Run, body: Body<"DeleteStmt">, text: string, alias: string): Reading {
  const words = new Words(text);
  const verb = words.find("delete", 0);
  const [from, where, end] = words.clauses(verb + 2, "using");
  const target = [verb + 2, Math.min(from, where, end)] as const;
  return spliced(run, text, alias, { target, from, where, end, verb }, body.usingClause, body, "UPDATE");
}

interface Parts {
  readonly verb: number;
  readonly target: readonly [number, number];
  /** Where the clauses begin; `end` when there is none. */
  readonly from: number;
  readonly where: number;
  readonly end: number;
}

type Written = Pick<Body<"UpdateStmt">, "relation" | "whereClause" | "withClause">;

function spliced(
  run: Run,
  text: string,
  alias: string,
  { verb, target, from, where, end }: Parts,
  others: readonly Node[] | undefined,
  body: Written,
  lock: string,
): Reading {
  if (body.whereClause !== undefined && tagOf(body.whereClause) === "CurrentOfExpr") return why("WHERE CURRENT OF");
  const pieces: Piece[] = verb > 0 ? [[0, verb]] : [];
  pieces.push(`SELECT ${alias}.tableoid, ${alias}.ctid, ${alias}.* FROM`, target);
  if (from < end) pieces.push(",", [from + 1, Math.min(where, end)]);
  if (where < end) pieces.push("WHERE", [where + 1, end]);
  pieces.push(`FOR ${lock} OF ${alias}`);
  const cause = effectOf(run, [body.withClause, body.whereClause, others]);
  if (cause !== null) return why(cause);
  if (!saysTheSame(parsed(run, pieces, text), body, others ?? [])) return why("its clauses could not be told apart");
  return { before: pieces, why: "", ...(from < end ? { repeats: true as const } : {}) };
}

function ofTruncate(relation: RangeVar): Reading {
  const name = [relation.schemaname, relation.relname]
    .filter((part) => part !== undefined)
    .map(quoted)
    .join(".");
  const only = relation.inh === true ? "" : "ONLY ";
  return {
    before: [`SELECT tableoid, ctid, * FROM ${only}${name}`],
    why: "",
    lock: `LOCK TABLE ${only}${name} IN ACCESS EXCLUSIVE MODE`,
  };
}

/** The words were cut in the right places when the parser finds the same clauses in what was put together. */
function saysTheSame(made: Body<"SelectStmt"> | null, body: Written, others: readonly Node[]): boolean {
  if (made === null || (made.targetList ?? []).length !== 3) return false;
  const from = [{ RangeVar: body.relation }, ...others];
  return (
    same(made.fromClause, from) && same(made.whereClause, body.whereClause) && same(made.withClause, body.withClause)
  );
}
