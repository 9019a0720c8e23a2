// EXECUTE name, FETCH name: what they do is what the named statement or cursor was judged to do. Only the session knows the names,
// so the facts of the named thing are put in here, after analysis and before policy.
import {
  type AnalysedStatement,
  type Analysis,
  callsSql,
  type Facts,
  type Gap,
  movesNames,
  type OutputFact,
  type SessionEffect,
} from "#shared/facts.ts";
import type { Judgement } from "../protocol.ts";

type Resolve = (kind: "prepared" | "cursor", name: string) => Judgement | undefined;

/** True when some statement of the string names a prepared statement or cursor. */
export function refersToNames(analysis: Analysis): boolean {
  return analysis.statements.some((s) => s.facts.refers !== undefined);
}

/** One FETCH or EXECUTE is usually repeated: the filled-in analysis is kept, so that its judgement is found again. */
const filledIn = new WeakMap<Analysis, WeakMap<Judgement, Analysis>>();

/** The analysis with the facts of all named things in place. A name that nobody knows leaves a gap. */
export function withReferred(analysis: Analysis, resolve: Resolve): Analysis {
  const only = analysis.statements.length === 1 ? analysis.statements[0]?.facts.refers : undefined;
  const judgement = only === undefined ? undefined : resolve(only.kind, only.name);
  if (judgement === undefined) return fillIn(analysis, resolve);
  let byJudgement = filledIn.get(analysis);
  if (byJudgement === undefined) {
    byJudgement = new WeakMap();
    filledIn.set(analysis, byJudgement);
  }
  const kept = byJudgement.get(judgement);
  if (kept !== undefined) return kept;
  const made = fillIn(analysis, resolve);
  byJudgement.set(judgement, made);
  return made;
}

function fillIn(analysis: Analysis, resolve: Resolve): Analysis {
  const earlier: SessionEffect[] = [];
  let moved = false;
  const statements = analysis.statements.map((statement) => {
    const refers = statement.facts.refers;
    const filled = refers === undefined ? statement : fill(statement, referred(refers, earlier, resolve));
    earlier.push(...filled.effects);
    const known = moved ? withGap(filled, { reason: "setting", what: "search_path" }) : filled;
    moved ||= filled.effects.length > statement.effects.length && filled.effects.some(movesNames);
    return known;
  });
  return { ...analysis, literalFree: false, statements };
}

/** Names made earlier in the same command string come first: the server will have run them by then. */
function referred(
  refers: NonNullable<Facts["refers"]>,
  earlier: readonly SessionEffect[],
  resolve: Resolve,
): AnalysedStatement | undefined {
  const made = named(earlier, refers);
  if (made !== undefined) return { facts: made, effects: [] };
  const judgement = resolve(refers.kind, refers.name);
  if (judgement === undefined) return undefined;
  // The target looks names up anew as it runs: after the statements before it.
  const looksUp = refers.kind === "prepared" || judgement.analysis.statements.some(({ facts }) => callsSql(facts));
  if (looksUp && earlier.some(movesNames)) return undefined;
  const own = named(
    judgement.analysis.statements.flatMap((s) => s.effects),
    refers,
  );
  // A statement that Parse named: the statement itself is what EXECUTE runs, with all that it does to the session.
  return own === undefined ? judgement.analysis.statements[0] : { facts: own, effects: [] };
}

function named(effects: readonly SessionEffect[], refers: NonNullable<Facts["refers"]>): Facts | undefined {
  const type = refers.kind === "prepared" ? "prepare" : "declare";
  const found = effects.findLast((e) => e.type === type && e.name === refers.name);
  return found !== undefined && "facts" in found ? found.facts : undefined;
}

/** What ANALYZE measures tells of all that is read, and so does a plan with a function's result in it: the planner runs those that say they are immutable. */
function planOf(own: Facts, outputs: readonly OutputFact[], target: Facts): readonly OutputFact[] {
  if (own.refers?.measured !== true && !callsSql(target)) return outputs;
  const read = target.relations.flatMap(({ relation, columns }) => columns.map((column) => ({ relation, column })));
  const shown = (target.outputs ?? []).flatMap((output) => output.sources);
  return outputs.map(({ name, sources }) => ({ name, sources: [...sources, ...shown, ...read], direct: false }));
}

function withGap(statement: AnalysedStatement, gap: Gap): AnalysedStatement {
  const { facts } = statement;
  return { ...statement, facts: { ...facts, complete: false, gaps: [...facts.gaps, gap] } };
}

function fill(statement: AnalysedStatement, target: AnalysedStatement | undefined): AnalysedStatement {
  const own = statement.facts;
  if (target === undefined) {
    const what = own.refers?.kind === "cursor" ? "a cursor" : "a prepared statement";
    const unknown = withGap(statement, { reason: "unknown-name", what });
    return { ...unknown, facts: { ...unknown.facts, outputs: null } };
  }
  const facts: Facts = {
    ...target.facts,
    // EXPLAIN EXECUTE shows a plan (of whose rows nothing is said), FETCH and EXECUTE show rows of what they name.
    outputs: own.outputs === null ? target.facts.outputs : planOf(own, own.outputs, target.facts),
    kind: own.kind,
    complete: own.complete && target.facts.complete,
    gaps: [...own.gaps, ...target.facts.gaps],
    relations: [...own.relations, ...target.facts.relations],
    influence: [...own.influence, ...target.facts.influence],
    functions: [...own.functions, ...target.facts.functions],
    flows: [...own.flows, ...target.facts.flows],
  };
  return { facts, effects: [...statement.effects, ...target.effects] };
}
