// A MERGE, cut into the words of its clauses; and its WHEN clauses put together anew as a CASE.
import type { Node } from "libpg-query";
import type { Run } from "./scope.ts";
import { type Body, bodyOf } from "./tree.ts";
import { type Piece, same, Words } from "./words.ts";

export type Merge = Body<"MergeStmt">;
type Range = readonly [number, number];

export const NO_CUT = "its clauses could not be told apart";

/** A WHEN clause. */
export interface When {
  readonly body: Body<"MergeWhenClause">;
  readonly condition: Range | null;
  /** Of an INSERT the values; empty when it has none. */
  readonly values: readonly Range[];
}

/** The statement, cut. */
export interface Cut {
  readonly run: Run;
  readonly text: string;
  readonly body: Merge;
  readonly head: readonly Piece[];
  readonly target: Range;
  readonly source: Range;
  readonly on: Range;
  readonly matched: readonly When[];
  readonly unmatched: readonly When[];
  /** NOT MATCHED BY SOURCE */
  readonly orphaned: readonly When[];
}

export function cutOf(run: Run, body: Merge, text: string): Cut | null {
  const words = new Words(text);
  const verb = words.pair("merge", "into", 0);
  const using = words.find("using", verb);
  let at = words.beyondCase("when", using);
  let on = at;
  while (on > using && words.outer(on) !== "on") on--;
  const joined = { target: [verb + 2, using], source: [using + 1, on], on: [on + 1, at] } as const;
  const whens: When[] = [];
  for (const node of body.mergeWhenClauses ?? []) {
    const clause = bodyOf(node, "MergeWhenClause");
    const then = words.beyondCase("then", at);
    if (clause === null || on === using || then >= words.end) return null;
    const inserts = clause.commandType === "CMD_INSERT" && clause.values !== undefined;
    const values = inserts ? words.list(words.find("values", then) + 1).items : [];
    whens.push({ body: clause, condition: conditionAt(words, at, then), values });
    at = words.beyondCase("when", then);
  }
  const of = (kind: string) => whens.filter((when) => when.body.matchKind === `MERGE_WHEN_${kind}`);
  const head: Piece[] = verb > 0 ? [[0, verb]] : [];
  const kinds = {
    matched: of("MATCHED"),
    unmatched: of("NOT_MATCHED_BY_TARGET"),
    orphaned: of("NOT_MATCHED_BY_SOURCE"),
  };
  return { run, text, body, head, ...joined, ...kinds };
}

/** What stands behind WHEN [NOT] MATCHED [BY SOURCE | BY TARGET] AND. */
function conditionAt(words: Words, when: number, then: number): Range | null {
  let at = when + (words.outer(when + 1) === "not" ? 3 : 2);
  if (words.outer(at) === "by") at += 2;
  return at < then && words.outer(at) === "and" ? [at + 1, then] : null;
}

/** The first clause whose condition holds says what becomes of a row. */
export function choice(whens: readonly When[], result: (when: When) => readonly Piece[]): readonly Piece[] {
  if (whens.length === 0) return ["NULL"];
  const cases = whens.flatMap((when) => [
    "WHEN",
    ...(when.condition === null ? ["true"] : ["(", when.condition, ")"]),
    "THEN",
    ...result(when),
  ]);
  return ["CASE", ...cases, "END"];
}

/** The parser finds the same conditions in what was put together. */
export const chosen = (node: Node | undefined, whens: readonly When[]): boolean => {
  const cases = (bodyOf(node, "CaseExpr")?.args ?? []).map((item) => bodyOf(item, "CaseWhen")?.expr);
  return (
    whens.length === cases.length &&
    whens.every(({ body, condition }, i) =>
      condition === null ? body.condition === undefined : same(cases[i], body.condition),
    )
  );
};
