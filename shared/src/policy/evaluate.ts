// A decision: every question that a command raises, put to Cedar, and the answers as one.
import type { Decision, DecisionRequest, Obligation } from "../decision.ts";
import type { Target } from "../target.ts";
import type { LoadedBundle } from "./bundle.ts";
import { type Answer, type Circumstances, Engine } from "./engine.ts";
import { targetEntity } from "./entities.ts";
import { connectQuestion, type Question, questionsOf, revealQuestions } from "./questions.ts";

/** Seconds for which a decision that does not depend on the time may be used again. */
const CACHE_SECONDS = 60;
/** A refusal names so many reasons; the first is nearly always the one that matters. */
const NAMED = 3;

export interface Asked {
  readonly question: Question;
  readonly answer: Answer;
}

export type Evaluate = (request: DecisionRequest) => Decision;

export interface Examined {
  readonly decision: Decision;
  /** Every question that was raised, with its answer. */
  readonly asked: readonly Asked[];
}

let engines = 0;

/** Prepares a bundle for deciding. */
export function createEvaluator(bundle: LoadedBundle): Evaluate {
  const examine = createExaminer(bundle);
  return (request) => examine(request).decision;
}

/** The same, for those who want to know what each part of a decision rests on. */
export function createExaminer(bundle: LoadedBundle): (request: DecisionRequest) => Examined {
  const engine = new Engine(`${bundle.version}-${++engines}`, bundle.policies);
  return (request) => {
    const target = bundle.targets.get(request.target);
    if (target === undefined) {
      const why = "there is no such target";
      return { decision: refusal(bundle, { why, policies: [], cacheSeconds: CACHE_SECONDS }), asked: [] };
    }
    const catalog = bundle.catalog.without(request.target, request.outOfStep ?? []);
    return examine({ ...bundle, catalog }, engine, target, request);
  };
}

function examine(bundle: LoadedBundle, engine: Engine, target: Target, request: DecisionRequest): Examined {
  const about: Circumstances = {
    principal: request.principal,
    target: targetEntity(target, bundle.catalog),
    purpose: request.purpose,
    source: request.source,
    time: request.time,
  };
  const ask = (question: Question): Asked => ({ question, answer: engine.ask(question, about) });
  const { question } = request;
  const statements = question.type === "command" ? question.facts : [];
  const asked =
    question.type === "connect"
      ? [ask(connectQuestion(target, bundle.catalog))]
      : statements.flatMap((facts) => questionsOf(facts, target, bundle.catalog).map(ask));
  const shown = isRefused(asked)
    ? []
    : statements.flatMap((facts) => revealQuestions(facts, target, bundle.catalog).map(ask));

  const all = [...asked, ...shown];
  const cacheSeconds = all.some((a) => engine.isTimed(a.question.action)) ? 0 : CACHE_SECONDS;
  const who = request.principal.name;
  const decision = all.some((a) => a.answer.type === "failed")
    ? failedDecision(bundle, who, all)
    : isRefused(asked)
      ? refusedDecision(bundle, who, asked, cacheSeconds)
      : agreedDecision(bundle, who, { asked, shown }, cacheSeconds);
  return { decision, asked: all };
}

function isRefused(asked: readonly Asked[]): boolean {
  return asked.some(({ answer }) => answer.type === "no" || answer.type === "failed");
}

/** A policy that cannot be evaluated is never skipped: it might have been a forbid. */
function failedDecision(bundle: LoadedBundle, who: string, all: readonly Asked[]): Decision {
  const failed = all.filter((a) => a.answer.type === "failed");
  return refusal(bundle, {
    why: `${who} may not ${failed[0]?.question.words ?? "do this"}: a policy failed as it was evaluated`,
    hint: "Tell the owners of the policy: one of their policies cannot be evaluated for this command.",
    policies: idsOf(failed),
    cacheSeconds: 0,
  });
}

function refusedDecision(bundle: LoadedBundle, who: string, asked: readonly Asked[], cacheSeconds: number): Decision {
  const refused = asked.filter((a) => a.answer.type === "no");
  // What a policy forbids says more than what none permits.
  const [forbidden, unpermitted] = [true, false].map((named) =>
    refused.filter((a) => a.answer.policies.length > 0 === named),
  );
  const said = forbidden?.length ? forbidden : (unpermitted ?? []);
  const words = [...new Set(said.map((a) => a.question.words))];
  const more = words.length > NAMED ? `, and ${words.length - NAMED} more` : "";
  return refusal(bundle, {
    why: `${who} may not ${words.slice(0, NAMED).join(", nor ")}${more}`,
    hint: hintFor(bundle, said),
    policies: idsOf(said),
    cacheSeconds,
  });
}

function hintFor(bundle: LoadedBundle, said: readonly Asked[]): string {
  const ids = new Set(idsOf(said));
  const hint = bundle.policies.find((policy) => ids.has(policy.id) && policy.hint !== undefined)?.hint;
  if (hint !== undefined) return hint;
  const action = said[0]?.question.action ?? "read";
  if (ids.size > 0) return "Change the command, or ask the owners of the policy.";
  if (action === "search")
    return "Select by a key or by columns that you may see; or ask the owners of the policy to permit `search` on this class.";
  return `Nothing is permitted unless a policy says so. Ask the owners of the policy to permit \`${action}\` here.`;
}

function agreedDecision(
  bundle: LoadedBundle,
  who: string,
  { asked, shown }: { readonly asked: readonly Asked[]; readonly shown: readonly Asked[] },
  cacheSeconds: number,
): Decision {
  const seen = shown.filter((a) => a.answer.type === "yes");
  // One text may hold several statements: a class is seen in clear only when each that shows it may.
  const hidden = new Set(shown.filter((a) => a.answer.type !== "yes").map((a) => a.question.resource.uid.id));
  const reveal = [...new Set(seen.map((a) => a.question.resource.uid.id))].filter((name) => !hidden.has(name)).sort();
  const held = asked.filter((a) => a.answer.type === "held");
  if (held.length === 0)
    return {
      outcome: "permit",
      policies: idsOf([...asked, ...seen]),
      why: "",
      obligations: [],
      reveal,
      version: bundle.version,
      cacheSeconds,
    };
  const words = [...new Set(held.map((a) => a.question.words))];
  return {
    outcome: "hold",
    policies: idsOf(held),
    why: `${who} asks to ${words.slice(0, NAMED).join(" and to ")}`,
    obligations: obligationsOf(held),
    reveal,
    version: bundle.version,
    cacheSeconds,
  };
}

function obligationsOf(held: readonly Asked[]): Obligation[] {
  const groups = new Set<string>();
  let reason = false;
  for (const { answer } of held) {
    if (answer.type !== "held") continue;
    for (const group of answer.approval) groups.add(group);
    reason ||= answer.reason;
  }
  return [
    ...(groups.size > 0 ? [{ type: "approval", groups: [...groups].sort() } as const] : []),
    ...(reason ? [{ type: "reason", groups: [] } as const] : []),
  ];
}

function idsOf(asked: readonly Asked[]): string[] {
  return [...new Set(asked.flatMap((a) => a.answer.policies))].sort();
}

function refusal(bundle: LoadedBundle, more: Pick<Decision, "why" | "hint" | "policies" | "cacheSeconds">): Decision {
  return { outcome: "refuse", obligations: [], reveal: [], version: bundle.version, ...more };
}
