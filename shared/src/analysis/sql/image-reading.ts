// How rows are read before a command, or why they are not.
import type { ImageTemplate } from "../../facts.ts";
import type { Run } from "./scope.ts";
import { type Body, bodyOf, strings, walkTelling } from "./tree.ts";
import { fill, type Piece } from "./words.ts";

export type Reading = Pick<ImageTemplate, "before" | "why"> & Partial<ImageTemplate>;

export const NEW: Reading = { before: [], why: "new rows: the statement says what they are" };

export function why(reason: string): Reading {
  return { before: null, why: reason };
}

/** What reading its clauses twice would do twice; null when nothing. */
export function effectOf(run: Run, clauses: unknown): string | null {
  let found: string | null = null;
  const stack: unknown[] = [clauses];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== "object" || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      if (/^(Insert|Update|Delete|Merge)Stmt$/.test(key)) found = "a WITH that writes";
      stack.push(child);
    }
  }
  const { lookup } = run.base;
  walkTelling({ clauses }, (tag, body) => {
    if (tag === "FuncCall") {
      const name = strings((body as Body<"FuncCall">).funcname).at(-1) ?? "";
      if (lookup.functions(name).some((f) => f.volatility === "v")) found ??= "a function that may change something";
    } else if (tag === "A_Expr") {
      const name = strings((body as Body<"A_Expr">).name).at(-1) ?? "";
      const made = lookup.operators(name).map((operator) => lookup.functionByOid(operator.function));
      if (made.some((f) => f?.volatility !== "i" && f?.volatility !== "s"))
        found ??= "an operator that may change something";
    }
  });
  return found;
}

/** What the parser makes of a SELECT that was put together; null when that is none. */
export function parsed(run: Run, pieces: readonly Piece[], text: string): Body<"SelectStmt"> | null {
  try {
    const { stmts = [] } = run.base.parse(fill(pieces, text));
    return stmts.length === 1 ? bodyOf(stmts[0]?.stmt, "SelectStmt") : null;
  } catch {
    return null;
  }
}
