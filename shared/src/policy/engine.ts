// Cedar, asked one question at a time. Default deny; forbid wins; any error while evaluating is a no.
import { type CedarValueJson, preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import type { Principal } from "../identity.ts";
import type { AccessPolicy } from "./cedar.ts";
import { datetime, type Entity, ipaddr, principalEntity } from "./entities.ts";
import type { Question } from "./questions.ts";

/** Who asks, from where, when, and what for. */
export interface Circumstances {
  readonly principal: Principal;
  /** The target as an entity: what relations and classes are in. */
  readonly target: Entity;
  readonly purpose: string | undefined;
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export type Answer =
  | { readonly type: "yes"; readonly policies: readonly string[] }
  /** Yes, once these obligations are met; the least demanding of all satisfied permits. */
  | {
      readonly type: "held";
      readonly policies: readonly string[];
      readonly approval: readonly string[];
      readonly reason: boolean;
    }
  /** `policies` is empty for default deny. */
  | { readonly type: "no"; readonly policies: readonly string[] }
  | { readonly type: "failed"; readonly policies: readonly string[] };

/** Answers that are kept: the same few questions come with every statement of a session. */
const KEPT = 10_000;

export class Engine {
  readonly #set: string;
  readonly #policies: ReadonlyMap<string, AccessPolicy>;
  readonly #timed: ReadonlySet<string> | "all";
  readonly #answers = new Map<string, Answer>();
  readonly #principals = new WeakMap<Principal, { readonly entity: Entity; readonly key: string }>();

  /**
   * @param name unique among engines of this process
   * @throws when the policies do not parse; a loaded bundle's do
   */
  constructor(name: string, policies: readonly AccessPolicy[]) {
    this.#set = name;
    this.#policies = new Map(policies.map((policy) => [policy.id, policy]));
    this.#timed = timedActions(policies);
    const answer = preparsePolicySet(name, {
      staticPolicies: Object.fromEntries(policies.map(({ id, text }) => [id, text])),
    });
    if (answer.type === "failure") throw new Error("the policies do not parse");
  }

  /** True when an answer about this action may change with the time. */
  isTimed(action: Question["action"]): boolean {
    return this.#timed === "all" || this.#timed.has(action);
  }

  ask(question: Question, about: Circumstances): Answer {
    if (this.isTimed(question.action)) return this.#evaluate(question, about);
    const { resource, action, context } = question;
    const { key } = this.#principal(about.principal);
    const asked = JSON.stringify([key, action, resource, context, about.target, about.purpose, about.source]);
    const kept = this.#answers.get(asked);
    if (kept !== undefined) return kept;
    const answer = this.#evaluate(question, about);
    if (this.#answers.size >= KEPT) this.#answers.clear();
    this.#answers.set(asked, answer);
    return answer;
  }

  #principal(principal: Principal): { readonly entity: Entity; readonly key: string } {
    let known = this.#principals.get(principal);
    if (known === undefined) {
      const entity = principalEntity(principal);
      known = { entity, key: JSON.stringify(entity) };
      this.#principals.set(principal, known);
    }
    return known;
  }

  #evaluate(question: Question, about: Circumstances): Answer {
    const { resource, action } = question;
    const { entity } = this.#principal(about.principal);
    const context: Record<string, CedarValueJson> = {
      ...question.context,
      time: datetime(about.time),
      source: ipaddr(about.source),
    };
    if (about.purpose !== undefined) context.purpose = about.purpose;
    const answer = statefulIsAuthorized({
      principal: entity.uid,
      action: { type: "Action", id: action },
      resource: resource.uid,
      context,
      preparsedPolicySetId: this.#set,
      validateRequest: false,
      entities: resource.uid.type === "Target" ? [entity, resource] : [entity, resource, about.target],
    });
    if (answer.type === "failure") return { type: "failed", policies: [] };
    const { decision, diagnostics } = answer.response;
    if (diagnostics.errors.length > 0)
      return { type: "failed", policies: diagnostics.errors.map((error) => error.policyId).sort() };
    if (decision === "deny") return { type: "no", policies: diagnostics.reason.sort() };
    return this.#obliged(diagnostics.reason.sort(), about.purpose !== undefined);
  }

  /** The least demanding of the permits that were satisfied. A reason that was stated is an obligation met. */
  #obliged(ids: readonly string[], hasPurpose: boolean): Answer {
    const permits = ids.map((id) => {
      const policy = this.#policies.get(id);
      if (policy === undefined) throw new Error("Cedar named a policy that is not in the set");
      return { id, approval: policy.approval, reason: policy.reason && !hasPurpose };
    });
    const free = permits.filter((permit) => permit.approval.length === 0 && !permit.reason);
    if (free.length > 0) return { type: "yes", policies: free.map((permit) => permit.id) };
    const [least] = permits.toSorted((a, b) => demand(a) - demand(b));
    if (least === undefined) return { type: "no", policies: [] };
    return { type: "held", policies: [least.id], approval: least.approval, reason: least.reason };
  }
}

/** People's agreement is always more to ask for than a reason. */
function demand(permit: { readonly approval: readonly string[]; readonly reason: boolean }): number {
  return permit.approval.length * 2 + (permit.reason ? 1 : 0);
}

/** Actions of which some policy looks at `context.time`. */
function timedActions(policies: readonly AccessPolicy[]): ReadonlySet<string> | "all" {
  const actions = new Set<string>();
  for (const { json } of policies) {
    if (!json.conditions.some((clause) => readsTime(clause.body))) continue;
    const { action } = json;
    // Actions have no groups in our schema, so `in` lists them one by one.
    const named =
      action.op === "All" ? [] : "entities" in action ? action.entities : "entity" in action ? [action.entity] : [];
    if (named.length === 0) return "all";
    for (const entity of named) actions.add("__entity" in entity ? entity.__entity.id : entity.id);
  }
  return actions;
}

/** True for `context.time`, and for any use of the context as a whole. */
function readsTime(expression: unknown): boolean {
  if (Array.isArray(expression)) return expression.some(readsTime);
  if (typeof expression !== "object" || expression === null) return false;
  if ("Var" in expression) return expression.Var === "context";
  return Object.entries(expression).some(([operator, operands]) =>
    (operator === "." || operator === "has") && isContextAttribute(operands)
      ? operands.attr === "time"
      : readsTime(operands),
  );
}

function isContextAttribute(operands: unknown): operands is { readonly attr: unknown } {
  if (typeof operands !== "object" || operands === null || !("left" in operands && "attr" in operands)) return false;
  const { left } = operands;
  return typeof left === "object" && left !== null && "Var" in left && left.Var === "context";
}
