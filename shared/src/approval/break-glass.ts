// Break-glass: a named person goes ahead at once, for a limited time, with a reason; somebody else reviews it afterwards.
// It lets through what policy holds for an approval. What policy refuses stays refused.
import type { Approvals } from "../policy/approvals-file.ts";
import { samePerson } from "./quorum.ts";
import type { ApprovalRequest, Approver, Channel, GroupRules } from "./types.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface BreakGlass {
  readonly id: string;
  readonly target: string;
  readonly by: Approver;
  readonly reason: string;
  readonly minutes: number;
  /** Groups that review it and are told of it at once, with how to reach them; as approvals.yaml said when it was opened. */
  readonly reviewers: Readonly<Record<string, GroupRules>>;
  readonly withinHours: number;
}

export type GlassChange = { readonly at: number } & (
  | { readonly type: "opened" }
  | { readonly type: "notified"; readonly group: string; readonly channel: Channel; readonly ref?: string }
  | { readonly type: "notification-failed"; readonly group: string; readonly channel: Channel; readonly why: string }
  | { readonly type: "ended"; readonly by: string }
  /** The review did not come in time. It still has to. */
  | { readonly type: "overdue" }
  | {
      readonly type: "reviewed";
      readonly by: Approver;
      readonly justified: boolean;
      readonly reason: string;
      readonly late: boolean;
    }
);

export interface GlassState {
  readonly glass: BreakGlass;
  readonly history: readonly GlassChange[];
  /** Lets through until then. */
  readonly until: number;
  readonly reviewDue: number;
}

export type GlassEvent = { readonly at: number } & (
  | { readonly type: "time" }
  | { readonly type: "end"; readonly by: string }
  | { readonly type: "review"; readonly by: Approver; readonly justified: boolean; readonly reason: string }
  | { readonly type: "notified"; readonly group: string; readonly channel: Channel; readonly ref?: string }
  | { readonly type: "notification-failed"; readonly group: string; readonly channel: Channel; readonly why: string }
);

export type GlassRefusal =
  | "not-offered"
  | "not-a-person"
  | "not-a-member"
  | "no-reason"
  | "bad-time"
  | "own-glass"
  | "reviewed-already"
  | "unknown-glass";

export interface GlassStep {
  readonly state: GlassState;
  readonly changes: readonly GlassChange[];
  readonly refused?: GlassRefusal;
}

export type GlassWish = Pick<BreakGlass, "id" | "target" | "by" | "reason" | "minutes">;

/** @returns the open glass, or why this person may not break it */
export function breakGlass(approvals: Approvals | null, wish: GlassWish, at: number): GlassState | GlassRefusal {
  const rules = approvals?.breakGlass;
  if (approvals === null || rules === undefined) return "not-offered";
  if (wish.by.kind !== "person") return "not-a-person";
  if (!rules.groups.some((group) => wish.by.groups.includes(group))) return "not-a-member";
  if (wish.reason.trim() === "") return "no-reason";
  if (!(wish.minutes > 0 && wish.minutes <= rules.maxMinutes) || !Number.isFinite(at)) return "bad-time";
  const reviewers = Object.fromEntries(rules.review.groups.map((name) => [name, approvals.groups[name] as GroupRules]));
  return {
    glass: { ...wish, reviewers, withinHours: rules.review.withinHours },
    history: [{ type: "opened", at }],
    until: at + wish.minutes * MINUTE,
    reviewDue: at + rules.review.withinHours * HOUR,
  };
}

export function stepGlass(before: GlassState, event: GlassEvent): GlassStep {
  if (!Number.isFinite(event.at)) throw new RangeError("a time that is no number");
  const at = Math.max(event.at, before.history.at(-1)?.at ?? 0);
  const changes: GlassChange[] = [];
  if (isOverdue(before, at) && !has(before, "overdue")) changes.push({ type: "overdue", at });
  const taken = take(before, event, at);
  if (typeof taken === "object") changes.push(taken);
  const state = { ...before, history: [...before.history, ...changes] };
  return { state, changes, ...(typeof taken === "string" ? { refused: taken } : {}) };
}

function take(state: GlassState, event: GlassEvent, at: number): GlassChange | GlassRefusal | undefined {
  switch (event.type) {
    case "time":
      return undefined;
    case "end":
      return isActive(state, at) ? { type: "ended", at, by: event.by } : undefined;
    case "review": {
      const refused = reviewRefusal(state, event.by, event.reason);
      if (refused !== undefined) return refused;
      const { by, justified, reason } = event;
      return { type: "reviewed", at, by, justified, reason, late: at > state.reviewDue };
    }
    default:
      return state.history.some((c) => "channel" in c && c.group === event.group && c.channel === event.channel)
        ? undefined
        : { ...event, at };
  }
}

function reviewRefusal({ glass, history }: GlassState, by: Approver, reason: string): GlassRefusal | undefined {
  if (by.kind !== "person") return "not-a-person";
  if (samePerson(by, glass.by)) return "own-glass";
  if (!Object.keys(glass.reviewers).some((group) => by.groups.includes(group))) return "not-a-member";
  if (reason.trim() === "") return "no-reason";
  return history.some((change) => change.type === "reviewed") ? "reviewed-already" : undefined;
}

/** It lets through: in time, not ended, and not reviewed either (who reviews it ends it). */
export function isActive(state: GlassState, at: number): boolean {
  return at < state.until && !has(state, "ended") && !has(state, "reviewed");
}

/** The review is due, and nobody has given it. */
export function isOverdue(state: GlassState, at: number): boolean {
  return at > state.reviewDue && !has(state, "reviewed");
}

/** The person's own commands at this target; an agent that acts for them is not them. */
export function covers(state: GlassState, request: ApprovalRequest, at: number): boolean {
  const { glass } = state;
  const { requester } = request;
  return (
    isActive(state, at) &&
    glass.target === request.target &&
    requester.kind === "person" &&
    requester.actsFor === undefined &&
    requester.name === glass.by.name &&
    requester.issuer === glass.by.issuer &&
    requester.subject === glass.by.subject
  );
}

function has(state: GlassState, type: GlassChange["type"]): boolean {
  return state.history.some((change) => change.type === type);
}
