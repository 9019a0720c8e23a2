// Facts to questions: one for each thing that policy has to agree to. A statement runs when every answer is yes.
import type { CedarValueJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { Action, Facts, FlowFact, RelationFact, StatementKind, Use } from "../facts.ts";
import type { Target } from "../target.ts";
import { type Catalog, isTemporary } from "./catalog.ts";
import { classEntity, type Entity, relationEntity, targetEntity } from "./entities.ts";
import { UNCLASSIFIED } from "./types.ts";

export interface Question {
  readonly action: Action | "connect" | "search" | "reveal";
  readonly resource: Entity;
  /** Without purpose, time and source, which are the request's. */
  readonly context: Readonly<Record<string, CedarValueJson>>;
  /** What is asked for, in words that follow "may not": no literal of the statement is in them. */
  readonly words: string;
}

/** What a statement asks for as such, when its facts name no relation that it does more with than read it. */
const OF_KIND: Partial<Record<StatementKind, Action>> = {
  insert: "write",
  update: "write",
  merge: "write",
  "copy-in": "write",
  delete: "delete",
  truncate: "delete",
  "copy-out": "export",
  define: "define",
  maintain: "define",
  grant: "grant",
  call: "execute",
  do: "execute",
  listen: "execute",
  notify: "execute",
  other: "execute",
};

const VERBS: Readonly<Record<Action, string>> = {
  read: "read",
  write: "write to",
  delete: "delete from",
  define: "define or maintain",
  grant: "change privileges on",
  export: "export",
  execute: "run code on",
};

export function connectQuestion(target: Target, catalog: Catalog): Question {
  return {
    action: "connect",
    resource: targetEntity(target, catalog),
    context: {},
    words: `connect to ${target.name}`,
  };
}

/** All that a statement needs a yes for; `reveal` is asked for separately, since a no to it masks. */
export function questionsOf(facts: Facts, target: Target, catalog: Catalog): Question[] {
  const about = { facts, target, catalog, base: base(facts) };
  return [...codeQuestions(about), ...relationQuestions(about), ...searchQuestions(about)];
}

/** One question for each class that could be seen in clear. */
export function revealQuestions(facts: Facts, target: Target, catalog: Catalog): Question[] {
  const classes = new Set<string>();
  for (const output of facts.outputs ?? [])
    if (output.reveals !== "nothing")
      for (const source of output.sources) for (const name of catalog.classesOf(target.name, source)) classes.add(name);
  classes.delete(UNCLASSIFIED);
  return [...classes].map((name) => ({
    action: "reveal",
    resource: classEntity(target, name, catalog),
    context: base(facts),
    words: `see ${name} in clear`,
  }));
}

interface About {
  readonly facts: Facts;
  readonly target: Target;
  readonly catalog: Catalog;
  readonly base: Readonly<Record<string, CedarValueJson>>;
}

function base(facts: Facts): Record<string, CedarValueJson> {
  return { kind: facts.kind, hasWhere: facts.hasWhere, complete: facts.complete };
}

/** Where PHI is in reach all of them are refused, so that it is enough to name some. */
const NAMED_GAPS = 3;

/** What analysis cannot vouch for, and commands that run code. */
function codeQuestions(about: About): Question[] {
  const { facts, target, catalog } = about;
  const unknown = new Map<string, string>();
  for (const { what, reason } of facts.gaps) unknown.set(what, `use what cannot be analysed (${reason}: ${what})`);
  if (!facts.complete && unknown.size === 0) unknown.set(facts.kind, "use what cannot be analysed");
  for (const { name, standing } of facts.functions)
    if (standing === "opaque" && catalog.declaredFunction(target.name, name) === null && !unknown.has(name))
      unknown.set(name, `call ${name}, of which it is not known what it does`);
  const asked = [...unknown].slice(0, catalog.protects(target.name) ? NAMED_GAPS : undefined);
  const questions = asked.map(([what, words]) => codeQuestion(about, what, false, words));
  const implied = OF_KIND[facts.kind];
  if (implied === "execute") questions.push(codeQuestion(about, facts.kind, true, `run ${facts.kind.toUpperCase()}`));
  return questions;
}

function codeQuestion(about: About, what: string, known: boolean, words: string): Question {
  const { target, catalog } = about;
  return {
    action: "execute",
    resource: targetEntity(target, catalog),
    context: { ...about.base, what, known },
    words: `${words} at ${target.name}`,
  };
}

function relationQuestions(about: About): Question[] {
  const { facts, target } = about;
  const asked = new Map<string, Question>();
  for (const fact of withFlows(facts))
    for (const action of fact.actions) {
      // The same relation may be in a statement's facts more than once, with other columns.
      const question = relationQuestion(about, fact, action);
      asked.set(`${action} ${fact.relation} ${JSON.stringify(question.context)}`, question);
    }
  const implied = OF_KIND[facts.kind];
  const named = facts.relations.some((r) => r.actions.some((action) => action !== "read"));
  if (implied !== undefined && implied !== "execute" && !named) {
    const context = { ...about.base, classes: [], carries: [], spills: [] };
    const words = `${VERBS[implied]} things (${facts.kind.toUpperCase()}) at ${target.name}`;
    asked.set(implied, { action: implied, resource: targetEntity(target, about.catalog), context, words });
  }
  return [...asked.values()];
}

/** Whatever values flow into is written to, whether or not its relation says so. */
function withFlows(facts: Facts): RelationFact[] {
  const missing = new Set(facts.flows.map((flow) => flow.into.relation));
  for (const { relation, actions } of facts.relations)
    if (actions.includes("write") || actions.includes("define")) missing.delete(relation);
  const added = [...missing].map(
    (relation): RelationFact => ({ relation, actions: ["write"], columns: [], system: false }),
  );
  return [...facts.relations, ...added];
}

function relationQuestion(about: About, fact: RelationFact, action: Action): Question {
  const { facts, target, catalog } = about;
  const writes = action === "write" || action === "define";
  const flows = writes ? facts.flows.filter((flow) => flow.into.relation === fact.relation) : [];
  const classes = new Set<string>();
  for (const column of fact.columns)
    for (const name of catalog.classesOf(target.name, { relation: fact.relation, column })) classes.add(name);
  const carries = union(flows, (flow) => carriedClasses(flow, target, catalog));
  const spills = union(flows, (flow) => spilledClasses(flow, target, catalog, facts.kind));
  const words =
    spills.length > 0 ? `copy ${spills.join(", ")} into ${fact.relation}` : `${VERBS[action]} ${fact.relation}`;
  return {
    action,
    resource: relationEntity(target, fact, catalog),
    context: { ...about.base, classes: [...classes].sort(), carries, spills },
    words: `${words} at ${target.name}`,
  };
}

function union(flows: readonly FlowFact[], of: (flow: FlowFact) => string[]): string[] {
  return [...new Set(flows.flatMap(of))].sort();
}

function carriedClasses(flow: FlowFact, target: Target, catalog: Catalog): string[] {
  return flow.from.flatMap((ref) => [...catalog.classesOf(target.name, ref)]);
}

/**
 * Classes that would leave their masks behind. A column that nobody has classified is masked for all, so it may take anything. What flows
 * into a temporary relation, or through a view, keeps its classes: analysis follows it.
 */
function spilledClasses(flow: FlowFact, target: Target, catalog: Catalog, kind: StatementKind): string[] {
  const { relation, column } = flow.into;
  if (isTemporary(relation)) return [];
  if (catalog.isDerived(target.name, relation) && kind !== "define") return [];
  const into = catalog.classesOf(target.name, flow.into);
  if (into.includes(UNCLASSIFIED) && column !== "*") return [];
  return carriedClasses(flow, target, catalog).filter((name) => column === "*" || !into.includes(name));
}

function searchQuestions(about: About): Question[] {
  const { facts, target, catalog } = about;
  const asked = new Map<string, Question>();
  for (const { relation, column, use, through, reveals } of facts.influence) {
    if (reveals === "nothing") continue;
    for (const name of catalog.classesOf(target.name, { relation, column })) {
      const fixed = through !== undefined;
      const key = `${name} ${use} ${fixed}`;
      if (asked.has(key)) continue;
      const advice = use === "order" && facts.openOrder ? `, unless ORDER BY sorts by the primary keys` : "";
      const words = `search ${relation}.${column} (class ${name}) by ${use satisfies Use} at ${target.name}${advice}`;
      const resource = classEntity(target, name, catalog);
      asked.set(key, { action: "search", resource, context: { ...about.base, use, fixed }, words });
    }
  }
  return [...asked.values()];
}
