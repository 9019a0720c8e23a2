// A command that waits until people agree to it: asked, waited for, judged again, and the approval taken, once.
import { planningMayRunCode } from "#shared/approval/objects.ts";
import { satisfies } from "#shared/approval/rules.ts";
import type { ApprovalChange, ApprovalMode, ApprovalRequest, ApprovalState } from "#shared/approval/types.ts";
import { Refusal } from "#shared/errors.ts";
import type { ApprovalUse } from "#shared/evidence/event.ts";
import type { StatementKind } from "#shared/facts.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { Command } from "../protocol.ts";
import { type Asker, requestFor } from "./asking.ts";
import { patiently, within } from "./deadline.ts";
import { endedRefusal, pendingRefusal, waitingNotice } from "./held-words.ts";
import type { Judged } from "./judged.ts";
import type { GateParts } from "./parts.ts";

export interface Released {
  readonly judged: Judged;
  /** Null when policy permits it by now without one. */
  readonly approval: ApprovalUse | null;
}

type Outcome = ApprovalState | "taken" | Refusal;

/** Milliseconds that the store of approvals may take to answer. */
const PATIENCE_MS = 20_000;
/** Somebody else may be writing at the moment. */
const ATTEMPTS = 10;
/** An estimate that takes longer is left out. */
const ESTIMATE_MS = 1000;
const PLANNED: ReadonlySet<StatementKind> = new Set(["select", "insert", "update", "delete", "merge"]);
/** After its time a request has expired, even if nobody says so. */
const OVERDUE_MS = 5000;
/** Sessions of one person that wait for the same command race for its approval: the losers ask again, and not for ever. */
const TRIES = 5;

export class Hold {
  readonly #parts: GateParts;
  readonly #evidence: SessionEvidence;
  readonly #asker: Asker;
  /** Why the command is given up. */
  #over: Refusal | null = null;
  /** For whom the request is cancelled then; null leaves it open. */
  #cancelWhy: string | null = null;
  #taken = false;
  #settle: ((outcome: Outcome) => void) | null = null;

  constructor(parts: GateParts, evidence: SessionEvidence, asker: Asker) {
    this.#parts = parts;
    this.#evidence = evidence;
    this.#asker = asker;
  }

  /** Gives the command up. @param cancel why nobody needs to answer any more; null: the same command will find its request again */
  giveUp(refusal: Refusal, cancel: string | null): boolean {
    if (this.#over !== null || this.#taken) return false;
    this.#over = refusal;
    this.#cancelWhy = cancel;
    this.#settle?.(refusal);
    return true;
  }

  /** @param again judges the command as things stand now */
  async run(
    command: Command,
    first: Judged,
    mode: ApprovalMode,
    again: () => Promise<Judged | Refusal>,
  ): Promise<Released | Refusal> {
    let judged = first;
    for (let tries = 0; tries < TRIES; tries++) {
      const request = requestFor(this.#parts, this.#asker, command, judged, mode);
      if (request instanceof Refusal) return request;
      const state = await this.#approved(request, command, judged);
      if (state instanceof Refusal) return state;
      if (state === "taken") continue;
      const now = await again();
      const changed = this.#over ?? this.#differs(now, state.request, command);
      if (changed !== null) {
        await this.#cancel(state.request.id, this.#over === null ? "it is another command by now" : this.#cancelWhy);
        return changed;
      }
      judged = now as Judged;
      if (judged.decision.outcome === "permit") {
        await this.#cancel(state.request.id, "policy permits it without an approval by now");
        return { judged, approval: null };
      }
      const spent = await this.#spend(state, request.digest);
      if (spent instanceof Refusal) return spent;
      if (spent) return { judged, approval: useOf(state) };
    }
    return new Refusal("approval-expired");
  }

  /** Asks, and waits for the answer. */
  async #approved(request: ApprovalRequest, command: Command, judged: Judged): Promise<Outcome> {
    // It could be opened, and nobody here would hear of the answer.
    if (!this.#parts.approvals.port.available) return new Refusal("approval-unavailable");
    let state: ApprovalState;
    try {
      const rows = await this.#estimate(command, judged);
      const asked = rows === null ? request : { ...request, estimatedRows: rows };
      state = await patiently(ATTEMPTS, PATIENCE_MS, () => this.#parts.approvals.port.open(asked));
    } catch {
      return new Refusal("approval-unavailable");
    }
    const { id, rules } = state.request;
    try {
      await this.#evidence.record({
        type: "approval.requested",
        ref: judged.ref,
        id,
        digest: request.digest,
        mode: request.mode,
        needed: rules.needed,
        until: state.until,
        joined: id !== request.id,
      });
    } catch {
      await this.#cancel(id, "evidence cannot be written");
      return new Refusal("evidence-unavailable");
    }
    const outcome = await this.#decided(state, request.mode, command);
    if (this.#over !== null) await this.#cancel(id, this.#cancelWhy);
    return this.#over ?? outcome;
  }

  #decided(state: ApprovalState, mode: ApprovalMode, command: Command): Outcome | Promise<Outcome> {
    if (this.#over !== null) return this.#over;
    const known = settled(state);
    if (known !== null) return known;
    if (mode === "retry") return pendingRefusal(state);
    const limit = this.#limitMs(command);
    if (limit === 0) return pendingRefusal(state, "inside a transaction");
    command.waits(waitingNotice(state));
    return this.#wait(state, limit, command);
  }

  /** @returns milliseconds; null when it may wait for as long as its request is open */
  #limitMs(command: Command): number | null {
    if (command.circumstances()?.locks !== true) return null;
    return (this.#parts.approvals.rules?.waiting.transactionSeconds ?? 0) * 1000;
  }

  #wait(first: ApprovalState, limit: number | null, command: Command): Promise<Outcome> {
    const { clock, approvals } = this.#parts;
    const { id } = first.request;
    return new Promise((resolve) => {
      let said = waitingNotice(first);
      let timer: NodeJS.Timeout | undefined;
      const finish = (outcome: Outcome) => {
        this.#settle = null;
        clearTimeout(timer);
        stop();
        resolve(outcome);
      };
      const arm = (until: number) => {
        clearTimeout(timer);
        const left = until - clock.now() + OVERDUE_MS;
        const late = limit === null || limit > left;
        const why = () =>
          late ? new Refusal("approval-expired") : pendingRefusal(first, "any longer inside a transaction");
        timer = setTimeout(() => finish(why()), Math.max(0, late ? left : limit));
        timer.unref();
      };
      const listen = (state: ApprovalState) => {
        const outcome = settled(state);
        if (outcome !== null) return finish(outcome);
        if (limit === null) arm(state.until);
        const now = waitingNotice(state);
        if (now.message !== said.message || now.detail !== said.detail) command.waits(now);
        said = now;
      };
      arm(first.until);
      this.#settle = finish;
      let stop = () => {};
      // It may call back at once, before it has returned what stops it.
      const stopWatching = approvals.port.watch(id, (state) => {
        if (this.#settle === finish) listen(state);
      });
      stop = stopWatching;
      if (this.#settle !== finish) stopWatching();
    });
  }

  /** What the planner expects, where asking it runs nothing and costs little. */
  async #estimate({ text, context }: Command, { analysis, snapshot }: Judged): Promise<number | null> {
    const [only, more] = analysis.statements;
    if (only === undefined || more !== undefined || context.temporary.size > 0) return null;
    if (!PLANNED.has(only.facts.kind) || planningMayRunCode([only.facts], snapshot)) return null;
    const { target } = this.#asker;
    return within(ESTIMATE_MS, this.#parts.estimates.rows(target.name, text, context.searchPath)).catch(() => null);
  }

  /** @param agreed what people agreed to */
  #differs(now: Judged | Refusal, agreed: ApprovalRequest, command: Command): Refusal | null {
    if (now instanceof Refusal) return now;
    if (now.decision.outcome === "permit") return null;
    const anew = requestFor(this.#parts, this.#asker, command, now, agreed.mode);
    if (anew instanceof Refusal) return anew;
    if (!satisfies(agreed.rules, anew.rules))
      return new Refusal("approval-changed", { message: "policy asks for the approval of others by now" });
    return anew.digest === agreed.digest ? null : new Refusal("approval-changed");
  }

  /** @returns false when somebody else took it, or its time is over */
  async #spend(state: ApprovalState, digest: string): Promise<boolean | Refusal> {
    this.#taken = true;
    try {
      const { port } = this.#parts.approvals;
      // One that was spent although it seemed to fail is refused the next time: at worst an approval is lost, and asked for again.
      const spend = () => port.spend(state.request.id, digest, this.#asker.session);
      const spent = (await patiently(ATTEMPTS, PATIENCE_MS, spend)) === "spent";
      this.#taken = spent;
      return spent;
    } catch {
      return new Refusal("approval-unavailable");
    }
  }

  async #cancel(id: string, why: string | null): Promise<void> {
    if (why === null) return;
    const cancel = () => this.#parts.approvals.port.cancel(id, this.#asker.principal.name, why);
    // What cannot be cancelled expires by itself, and can be run by its asker alone.
    await patiently(ATTEMPTS, PATIENCE_MS, cancel).catch(() => {});
  }
}

/** What a state means for who waits; null while it is open. */
function settled(state: ApprovalState): Outcome | null {
  if (state.status === "open") return null;
  if (state.status === "approved") return state;
  return state.status === "spent" ? "taken" : endedRefusal(state);
}

/** What evidence keeps of why it may run. */
function useOf({ request, history }: ApprovalState): ApprovalUse {
  const approved = history.findLast((c) => c.type === "approved") as ApprovalChange & { readonly type: "approved" };
  const { name, issuer, subject, actsFor } = request.requester;
  return {
    id: request.id,
    digest: request.digest,
    factsDigest: request.facts,
    requester: { name, issuer, subject, ...(actsFor === undefined ? {} : { actsFor }) },
    needed: request.rules.needed.map((group) => ({ group, quorum: request.rules.groups[group]?.quorum ?? 0 })),
    escalated: history.flatMap((c) => (c.type === "escalated" ? [{ group: c.group, to: c.to }] : [])),
    answers: history.flatMap((c) => (c.type === "answered" ? [answerOf(c)] : [])),
    approvedAt: approved.at,
    validUntil: approved.validUntil,
    ...(approved.through === undefined ? {} : { through: approved.through }),
  };
}

function answerOf({ at, answer }: ApprovalChange & { readonly type: "answered" }): ApprovalUse["answers"][number] {
  const { name, issuer, subject, groups } = answer.by;
  const { decision, channel, authentication } = answer;
  return { name, issuer, subject, groups, decision, channel, authentication, at };
}
