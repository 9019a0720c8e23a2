// Which decisions of the last sessions would another policy make otherwise? Statements are judged again as the evidence has them: without literals, against
// the catalog as the gateway saw it last.
import type { EvidenceLine } from "#shared/evidence/line-read.ts";
import type { Principal } from "#shared/identity.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import { masksOf, type Trial, tryOut } from "#shared/policy/trial.ts";
import { openEvidence } from "../evidence/home.ts";
import { Problem } from "../problem.ts";
import { type Analyst, openAnalysis } from "./bundle.ts";

interface Asked {
  readonly principal: Principal;
  readonly target: string;
  readonly purpose?: string;
  readonly text: string;
}

export interface Difference {
  readonly who: string;
  readonly target: string;
  readonly statement: string;
  readonly was: string;
  readonly is: string;
}

export interface Replayed {
  readonly found: readonly Difference[];
  readonly words: readonly string[];
}

const SESSIONS = 50;
const SHOWN = 20;

/** @param count of sessions. @throws Problem when there is no evidence here */
export async function replay(before: LoadedBundle, after: LoadedBundle, count: string | true): Promise<Replayed> {
  const limit = count === true ? SESSIONS : Number(count);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new Problem("--replay takes a number from 1 on", 2);
  const asked = await lately(limit);
  const judges = [judge(before), judge(after)] as const;
  const found: Difference[] = [];
  let untold = 0;
  for (const one of asked) {
    const [was, is] = [await judges[0](one), await judges[1](one)];
    if (was === null || is === null) untold++;
    else if (was !== is) found.push({ who: one.principal.name, target: one.target, statement: one.text, was, is });
  }
  return { found, words: words(found, asked.length, untold) };
}

/** Each statement once for whoever asked it. */
async function lately(limit: number): Promise<Asked[]> {
  const evidence = await openEvidence();
  try {
    const asked = new Map<string, Asked>();
    for (const so of await evidence.sessions({ limit })) {
      let opening: Omit<Asked, "text"> | null = null;
      for await (const { line } of evidence.lines(so)) {
        opening ??= openingOf(line);
        if (opening === null || line.event.type !== "statement") continue;
        const { text } = line.event;
        const { name, groups } = opening.principal;
        asked.set(JSON.stringify([name, groups, opening.target, opening.purpose, text]), { ...opening, text });
      }
    }
    return [...asked.values()];
  } finally {
    evidence.close();
  }
}

function openingOf({ opening, event, target }: EvidenceLine): Omit<Asked, "text"> | null {
  const principal = opening?.principal ?? null;
  if (principal === null || event.type !== "session.opened") return null;
  return { principal, target, ...(event.purpose === undefined ? {} : { purpose: event.purpose }) };
}

/** @returns what the gateway would do, in words; null when it cannot be told from here */
function judge(bundle: LoadedBundle): (asked: Asked) => Promise<string | null> {
  const context = { bundle, evaluate: createEvaluator(bundle), time: Date.now() };
  const analysts = new Map<string, Promise<Analyst | null>>();
  return async ({ principal, target, purpose, text }) => {
    const opened = analysts.get(target) ?? openAnalysis(bundle, target).catch(() => null);
    analysts.set(target, opened);
    const analyst = await opened;
    if (analyst === null) return null;
    try {
      const { outOfStep } = analyst;
      return outcome(tryOut(context, { principal, target, purpose, outOfStep }, analyst.factsOf(text)));
    } catch (error) {
      if (error instanceof Problem) return null;
      throw error;
    }
  };
}

function outcome(trial: Trial): string {
  const wanted = trial.decision.obligations.flatMap(({ groups }) => groups);
  const masks = trial.outcome === "refuse" ? [] : [...masksOf(trial)].map(([column, mask]) => `${column} ${mask}`);
  const needs = wanted.length === 0 ? "" : ` (approval of ${wanted.join(", ")})`;
  return `${trial.outcome}${needs}${masks.length === 0 ? "" : `: ${masks.join(", ")}`}`;
}

function words(found: readonly Difference[], asked: number, untold: number): string[] {
  const unsaid = untold === 0 ? "" : `; of ${untold} it cannot be told from here`;
  const more = found.length > SHOWN ? [`  and ${found.length - SHOWN} more`] : [];
  return [
    "",
    `replay    ${found.length} of ${asked} statements of the last sessions would be decided otherwise${unsaid}`,
    ...found
      .slice(0, SHOWN)
      .flatMap(({ who, target, statement, was, is }) => [
        `  ${who} at ${target}: ${statement.replaceAll("\n", " ").slice(0, 200)}`,
        `    was ${was}`,
        `    is  ${is}`,
      ]),
    ...more,
  ];
}
