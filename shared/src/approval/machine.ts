// What becomes of a request: (state, event) -> (state, what is new, what to do). No I/O and no clock: times come with the events.
//
// Time never goes back: an event that claims to be earlier than what happened already is taken to be as late as that. What is final stays final.
import { type Count, count, isRequester, type Need, samePerson } from "./quorum.ts";
import type {
  Answer,
  AnswerRefusal,
  ApprovalChange,
  ApprovalRequest,
  ApprovalState,
  ApprovalStatus,
  Channel,
  SimilarRequest,
  Through,
} from "./types.ts";

const MINUTE = 60_000;

export type ApprovalEvent = { readonly at: number } & (
  | { readonly type: "answer"; readonly answer: Answer }
  /** A timer: something may be due. */
  | { readonly type: "time" }
  | { readonly type: "notified"; readonly group: string; readonly channel: Channel; readonly ref?: string }
  | { readonly type: "notification-failed"; readonly group: string; readonly channel: Channel; readonly why: string }
  | { readonly type: "cancel"; readonly by: string; readonly why: string }
  /** A window or a break-glass covers it, until then. Whether one does is for `standing.ts` to say. */
  | { readonly type: "let-through"; readonly through: Through; readonly until: number }
  | { readonly type: "spend"; readonly digest: string; readonly session: string }
);

export type ApprovalEffect =
  /** Ask the people of a group, on its channels. */
  | { readonly type: "ask"; readonly group: string }
  /** It is decided: change what was said on the channels, and end the workflow. */
  | { readonly type: "conclude" }
  /** Send `time` then. */
  | { readonly type: "wake"; readonly at: number };

export interface Step {
  readonly state: ApprovalState;
  /** What is new in the history; none when nothing happened. */
  readonly changes: readonly ApprovalChange[];
  /** Why an answer did not count. */
  readonly refused?: AnswerRefusal;
  readonly effects: readonly ApprovalEffect[];
}

/** @throws RangeError for a request that could be approved by nobody's word */
export function open(request: ApprovalRequest, similar: readonly SimilarRequest[], at: number): Step {
  const { needed, groups, onceMinutes } = request.rules;
  const rules = needed.map((name) => groups[name]);
  if (rules.length === 0 || !rules.every((r) => r !== undefined && r.quorum >= 1 && r.timeoutMinutes > 0))
    throw new RangeError("a request needs groups, each with a quorum and a time");
  if (!(onceMinutes > 0)) throw new RangeError("an approval needs a time in which it can be used");
  const opened = { type: "opened", at: finite(at) } as const;
  // All must agree, so the shortest time is the request's.
  const until = at + Math.min(...rules.map((r) => (r?.timeoutMinutes ?? 0) * MINUTE));
  const state: ApprovalState = { request, status: "open", history: [opened], until, similar };
  const asks = request.rules.needed.map((group) => ({ type: "ask", group }) as const);
  return { state, changes: [opened], effects: [...asks, ...wake(state)] };
}

export function step(before: ApprovalState, event: ApprovalEvent): Step {
  const at = Math.max(finite(event.at), before.history.at(-1)?.at ?? 0);
  const run = new Run(before, at);
  run.pass();
  const refused = run.take(event);
  return run.result(refused);
}

/** One event being worked off: the state so far, and what was added to it. */
class Run {
  readonly #before: ApprovalState;
  readonly #at: number;
  #state: ApprovalState;

  constructor(before: ApprovalState, at: number) {
    this.#before = before;
    this.#at = at;
    this.#state = before;
  }

  /** What the time alone does comes first: nothing that is too late finds a request still open. */
  pass(): void {
    const { status, until } = this.#state;
    if (status !== "open" && status !== "approved") return;
    if (this.#at >= until) {
      this.#add({ type: "expired", at: this.#at }, { status: "expired" });
      return;
    }
    for (const { group, to, due } of escalations(this.#state))
      if (this.#at >= due) this.#add({ type: "escalated", at: this.#at, group, to });
  }

  take(event: ApprovalEvent): AnswerRefusal | undefined {
    const at = this.#at;
    switch (event.type) {
      case "time":
        return;
      case "notified":
      case "notification-failed":
        if (!knowsChannel(this.#state, event.group, event.channel)) this.#add({ ...event, at });
        return;
      case "cancel":
        if (this.#live) this.#add({ type: "cancelled", at, by: event.by, why: event.why }, { status: "cancelled" });
        return;
      case "let-through":
        if (this.#state.status === "open" && at < finite(event.until)) this.#approve([], event);
        return;
      case "spend":
        if (this.#state.status === "approved" && event.digest === this.#state.request.digest)
          this.#add({ type: "spent", at, session: event.session }, { status: "spent" });
        return;
      case "answer":
        return this.#answer(event.answer);
    }
  }

  get #live(): boolean {
    return this.#state.status === "open" || this.#state.status === "approved";
  }

  #answer(answer: Answer): AnswerRefusal | undefined {
    const refused = refusal(this.#state, answer);
    if (refused !== undefined) return refused;
    const at = this.#at;
    this.#add({ type: "answered", at, answer });
    if (answer.decision !== "approve") {
      this.#add({ type: "denied", at, by: answer.by.name, reason: answer.reason }, { status: "denied" });
      return;
    }
    const { counted, lacking } = tally(this.#state);
    if (lacking.length === 0) this.#approve(counted);
  }

  #approve(counted: Count["counted"], letThrough?: { readonly through: Through; readonly until: number }): void {
    const { onceMinutes } = this.#state.request.rules;
    const validUntil = Math.min(this.#at + onceMinutes * MINUTE, letThrough?.until ?? Number.POSITIVE_INFINITY);
    const minutes = letThrough === undefined ? windowMinutes(this.#state) : 0;
    this.#add(
      {
        type: "approved",
        at: this.#at,
        counted,
        validUntil,
        ...(letThrough === undefined ? {} : { through: letThrough.through }),
        ...(minutes > 0 ? { windowUntil: this.#at + minutes * MINUTE } : {}),
      },
      { status: "approved", until: validUntil },
    );
  }

  #add(change: ApprovalChange, more: { readonly status?: ApprovalStatus; readonly until?: number } = {}): void {
    this.#state = { ...this.#state, ...more, history: [...this.#state.history, change] };
  }

  result(refused: AnswerRefusal | undefined): Step {
    const state = this.#state;
    const changes = state.history.slice(this.#before.history.length);
    const asks = changes.flatMap((c) => (c.type === "escalated" ? [{ type: "ask", group: c.to } as const] : []));
    const decided = this.#before.status === "open" && state.status !== "open";
    const effects = [...asks, ...(decided ? [{ type: "conclude" } as const] : []), ...wake(state)];
    return { state, changes, effects, ...(refused === undefined ? {} : { refused }) };
  }
}

function refusal(state: ApprovalState, { by }: Answer): AnswerRefusal | undefined {
  if (state.status === "expired") return "expired";
  if (state.status !== "open") return "decided-already";
  if (by.kind !== "person") return "not-a-person";
  if (isRequester(by, state.request.requester)) return "requester";
  if (!asked(state).some((group) => by.groups.includes(group))) return "not-a-member";
  if (answers(state).some((earlier) => samePerson(earlier.by, by))) return "answered-already";
  return undefined;
}

/** The answers that were taken, in order. */
export function answers(state: ApprovalState): readonly Answer[] {
  return state.history.flatMap((change) => (change.type === "answered" ? [change.answer] : []));
}

/** Groups whose people may answer now. */
export function asked(state: ApprovalState): readonly string[] {
  return [...new Set(needs(state).flatMap((need) => need.from))];
}

/** Who counted so far, and which groups are still lacking. */
export function tally(state: ApprovalState): Count {
  const agreed = answers(state).filter((answer) => answer.decision === "approve");
  return count(
    needs(state),
    agreed.map((answer) => answer.by),
  );
}

/** When `time` has something to do next: an escalation, or the end. Null when it has not. */
export function nextDue(state: ApprovalState): number | null {
  if (state.status === "approved") return state.until;
  if (state.status !== "open") return null;
  return Math.min(state.until, ...escalations(state).map(({ due }) => due));
}

/** Whole seconds until then, at least one: what the workflow waits. @param due null when there is nothing to wait for */
export function secondsUntil(due: number | null, now: number): number {
  return due === null ? 1 : Math.max(1, Math.ceil((due - now) / 1000));
}

/** What is still to be escalated: groups that lack people, and when others may stand in for them. */
function escalations(state: ApprovalState): { readonly group: string; readonly to: string; readonly due: number }[] {
  if (state.status !== "open") return [];
  const stoodIn = standIns(state);
  const openedAt = state.history[0]?.at ?? 0;
  return tally(state).lacking.flatMap((group) => {
    const { escalation } = state.request.rules.groups[group] ?? {};
    if (escalation === undefined || stoodIn.has(group)) return [];
    return [{ group, to: escalation.to, due: openedAt + escalation.afterMinutes * MINUTE }];
  });
}

/** True when this group was asked on this channel, or could not be. */
export function knowsChannel(state: ApprovalState, group: string, channel: Channel): boolean {
  return state.history.some(
    (change) =>
      (change.type === "notified" || change.type === "notification-failed") &&
      change.group === group &&
      change.channel === channel,
  );
}

function needs(state: ApprovalState): Need[] {
  const stoodIn = standIns(state);
  const { needed, groups } = state.request.rules;
  return needed.flatMap((group) => {
    const rules = groups[group];
    const to = stoodIn.get(group);
    return rules === undefined ? [] : [{ group, rules, from: to === undefined ? [group] : [group, to] }];
  });
}

function standIns(state: ApprovalState): Map<string, string> {
  return new Map(
    state.history.flatMap((change) => (change.type === "escalated" ? [[change.group, change.to] as const] : [])),
  );
}

/** All who agreed must have said that it is for more than this command; the shortest time holds. */
function windowMinutes(state: ApprovalState): number {
  const agreed = answers(state).map((answer) => answer.windowMinutes ?? 0);
  const minutes = Math.min(state.request.rules.windowMinutes, ...agreed);
  return Number.isFinite(minutes) ? minutes : 0;
}

function wake(state: ApprovalState): ApprovalEffect[] {
  const at = nextDue(state);
  return at === null ? [] : [{ type: "wake", at }];
}

/** No clock value may slip through comparisons. */
function finite(at: number): number {
  if (!Number.isFinite(at)) throw new RangeError("a time that is no number");
  return at;
}
