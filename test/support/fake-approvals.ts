// Approvals in memory, over the real rules: people answer when a test says so.
import type { ApprovalListener, ApprovalPort } from "#proxy/ports/approvals.ts";
import { type ApprovalEvent, open, type Step, step } from "#shared/approval/machine.ts";
import type { ApprovalNews } from "#shared/approval/store.ts";
import type { ApprovalRequest, ApprovalState, Approver } from "#shared/approval/types.ts";
import type { Approvals } from "#shared/policy/approvals-file.ts";

export const RULES: Approvals = {
  groups: { dba: { quorum: 1, channels: ["console"], timeoutMinutes: 60 } },
  grants: { once: { validMinutes: 15 } },
  waiting: { person: "wait", workload: "retry", agent: "retry", transactionSeconds: 0 },
};

export const DBA: Approver = {
  kind: "person",
  name: "dba",
  issuer: "https://issuer.example",
  subject: "u-2",
  groups: ["dba"],
};

export class FakeApprovals implements ApprovalPort {
  available = true;
  /** Every call rejects while this is true. */
  down = false;
  readonly #now: () => number;
  readonly #states = new Map<string, ApprovalState>();
  readonly #watchers = new Map<string, Set<ApprovalListener>>();
  readonly #feeds = new Set<Parameters<ApprovalPort["feed"]>[0]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** All requests, oldest first. */
  get requests(): readonly ApprovalState[] {
    return [...this.#states.values()];
  }

  get watched(): number {
    return [...this.#watchers.values()].reduce((sum, watchers) => sum + watchers.size, 0);
  }

  async open(request: ApprovalRequest): Promise<ApprovalState> {
    this.#check();
    const known = this.requests.find((s) => s.request.digest === request.digest && isAlive(s));
    if (known !== undefined) return known;
    this.#take(open(request, [], this.#now()));
    return this.#get(request.id);
  }

  watch(id: string, listener: ApprovalListener): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(listener));
    const state = this.#get(id);
    listener(state, state.history);
    return () => void watchers.delete(listener);
  }

  async cancel(id: string, by: string, why: string): Promise<ApprovalState> {
    this.#check();
    this.send(id, { type: "cancel", by, why });
    return this.#get(id);
  }

  async spend(id: string, digest: string, session: string): Promise<"spent" | "refused"> {
    this.#check();
    return this.send(id, { type: "spend", digest, session }).changes.some((c) => c.type === "spent")
      ? "spent"
      : "refused";
  }

  feed(listener: (news: ApprovalNews) => Promise<void>): () => void {
    this.#feeds.add(listener);
    return () => void this.#feeds.delete(listener);
  }

  /** @param id the newest request when left out */
  approve(by: Approver = DBA, id = this.requests.at(-1)?.request.id ?? ""): Step {
    return this.#answer(by, id, "approve");
  }

  deny(by: Approver = DBA, id = this.requests.at(-1)?.request.id ?? ""): Step {
    return this.#answer(by, id, "deny");
  }

  #answer(by: Approver, id: string, decision: "approve" | "deny"): Step {
    const answer = { by, decision, reason: "looked at it", channel: "console", authentication: "oidc" } as const;
    return this.send(id, { type: "answer", answer });
  }

  send(id: string, event: DistributiveOmit<ApprovalEvent, "at">): Step {
    const done = step(this.#get(id), { ...event, at: this.#now() } as ApprovalEvent);
    this.#take(done);
    return done;
  }

  #take({ state, changes }: Step): void {
    const { id } = state.request;
    this.#states.set(id, state);
    if (changes.length === 0) return;
    for (const listener of [...(this.#watchers.get(id) ?? [])]) listener(state, changes);
    for (const listener of this.#feeds) void listener({ type: "request", state, changes }).catch(() => {});
  }

  #get(id: string): ApprovalState {
    const state = this.#states.get(id);
    if (state === undefined) throw new Error(`no request ${id}`);
    return state;
  }

  #check(): void {
    if (this.down) throw new Error("down");
  }
}

type DistributiveOmit<T, K extends keyof never> = T extends unknown ? Omit<T, K> : never;

function isAlive({ status }: ApprovalState): boolean {
  return status === "open" || status === "approved";
}
