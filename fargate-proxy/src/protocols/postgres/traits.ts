// What the machine has to know of a judged command string before it runs, worked out once per analysis.
import type { AnalysedStatement, Analysis, SessionEffect, StatementKind } from "#shared/facts.ts";

export interface Traits {
  /** It changes what later commands mean: they are not judged before it is over. */
  readonly changes: boolean;
  /** It changes search_path, the catalog or temporary relations: undone when its transaction is. */
  readonly undoable: boolean;
  /** Opens (true) or ends (false) a transaction block; null for neither. */
  readonly block: boolean | null;
  /** It ends a transaction or goes back in it. */
  readonly ends: boolean;
  /** Behind that it does more than to set, show, begin or end. */
  readonly goesOn: boolean;
  /** The target may ask for COPY data. */
  readonly copyIn: boolean;
  /** Nothing but SET, SHOW and transaction commands: what the target reports of its parameters is what the client just set. */
  readonly settings: boolean;
  /** For the first statement: rows may come, so that their shape must be known. */
  readonly rows: boolean;
}

const known = new WeakMap<Analysis, Traits>();

export function traitsOf(analysis: Analysis): Traits {
  let traits = known.get(analysis);
  if (traits === undefined) {
    traits = makeTraits(analysis);
    known.set(analysis, traits);
  }
  return traits;
}

function makeTraits(analysis: Analysis): Traits {
  const effects = analysis.statements.flatMap((s) => s.effects);
  const has = (...types: readonly SessionEffect["type"][]) => effects.some((e) => types.includes(e.type));
  const moves = effects.flatMap((e) => (e.type === "transaction" ? [e.what] : []));
  const blocks = moves.filter((what) => what === "begin" || what === "commit" || what === "rollback");
  const kinds = analysis.statements.map((s) => s.facts.kind);
  const end = analysis.statements.findIndex(isEnd);
  const first = analysis.statements[0];
  return {
    changes: effects.some((e) => e.type !== "transaction"),
    undoable: has("search_path", "catalog", "temporary", "discard"),
    block: blocks.length === 0 ? null : blocks.at(-1) === "begin",
    ends: end >= 0,
    goesOn: end >= 0 && !kinds.slice(end).every(isSetting),
    copyIn: kinds.includes("copy-in"),
    settings: kinds.every(isSetting),
    rows: first !== undefined && (first.facts.outputs !== null || !NO_ROWS.has(first.facts.kind)),
  };
}

function isEnd({ effects }: AnalysedStatement): boolean {
  return effects.some((e) => e.type === "transaction" && /^(commit|rollback|rollback-to)$/.test(e.what));
}

function isSetting(kind: StatementKind): boolean {
  return kind === "set" || kind === "show" || kind === "transaction";
}

/** Statements that send no rows (unless they have outputs: RETURNING). */
const NO_ROWS: ReadonlySet<StatementKind> = new Set([
  "insert",
  "update",
  "delete",
  "merge",
  "truncate",
  "copy-in",
  "copy-out",
  "declare",
  "close",
  "prepare",
  "deallocate",
  "do",
  "define",
  "grant",
  "set",
  "transaction",
  "lock",
  "listen",
  "notify",
  "maintain",
  "empty",
]);
