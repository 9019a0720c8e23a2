// Approvals of the local home: the handlers of the Lambdas, called in process, and a timer where AWS has a state machine. The command line
// answers in a process of its own; both look at the same tables.
import { approvalExpire } from "#functions/approval-expire/due.ts";
import { approvalRequest } from "#functions/approval-request/open.ts";
import { type NotifyParts, notify } from "#functions/notify/notify.ts";
import { activityReview } from "#functions/review/review.ts";
import { apply } from "#shared/approval/apply.ts";
import { type GlassState, isOverdue } from "#shared/approval/break-glass.ts";
import { asked, knowsChannel, nextDue } from "#shared/approval/machine.ts";
import { onChannels } from "#shared/approval/rules.ts";
import type { ApprovalNews } from "#shared/approval/store.ts";
import type { ApprovalRequest, ApprovalState, Channel } from "#shared/approval/types.ts";
import type { Approvals } from "#shared/policy/approvals-file.ts";
import type { ReviewSource } from "#shared/review/begin.ts";
import { isWordDue, untold } from "#shared/review/machine.ts";
import type { ApprovalListener, RunningApprovals } from "../ports/approvals.ts";
import { ApprovalWatchers } from "./approval-watchers.ts";
import { LocalApprovalStore } from "./local-approval-store.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export interface LocalApprovalsOptions {
  /** Of the database file. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How people are asked besides the console. Channels that are left out do not exist here: nobody is asked there. */
  readonly messengers?: Partial<NotifyParts["messengers"]>;
  /** What activity reviews are made from; left out where there are none. */
  readonly reviews?: { readonly source: ReviewSource; readonly approvals: () => Approvals | null };
  /** Something did not work and will be tried again; in words without data. */
  readonly onProblem: (problem: string) => void;
  /** How often the tables are looked at. */
  readonly everyMs?: number;
}

/** Beyond this, what was read last says nothing any more. */
const STALE_MS = 10_000;
/** Sessions of this process wait while the tables are looked at. */
const PATIENCE_MS = 250;
const BATCH = 100;
/** Whether a period is over, and its review to be opened, is looked at so often; not while the gateway starts. */
const REVIEW_MS = 60 * 60_000;
const STARTING_MS = 60_000;
/** Where people are asked at the local home, whatever else there is. */
export const HERE: readonly Channel[] = ["console"];

/** @throws when the tables cannot be opened */
export function openLocalApprovals(options: LocalApprovalsOptions): RunningApprovals {
  return new LocalApprovals(options);
}

class LocalApprovals implements RunningApprovals {
  readonly #options: LocalApprovalsOptions;
  readonly #store: LocalApprovalStore;
  readonly #request: ReturnType<typeof approvalRequest>;
  readonly #expire: ReturnType<typeof approvalExpire>;
  readonly #notify: ReturnType<typeof notify>;
  readonly #review: ReturnType<typeof activityReview> | null;
  readonly #watchers = new ApprovalWatchers();
  /** What is open or approved, as it was read last. */
  readonly #live = new Map<string, ApprovalState>();
  readonly #timer: NodeJS.Timeout;
  #feed: ((news: ApprovalNews) => Promise<void>) | null = null;
  /** All is read from the start: what ended while nobody looked is passed over, what is pending goes on. */
  #revision = 0;
  #readAt: number;
  #closed = false;
  /** Whoever waits is told, whatever becomes of the evidence meanwhile. */
  readonly #round: () => Promise<void>;
  readonly #write: () => Promise<void>;
  readonly #reviews: () => Promise<void>;
  #reviewAt: number;
  /** After a failure. */
  #reviewNotBefore = 0;

  constructor(options: LocalApprovalsOptions) {
    this.#options = options;
    const { now } = options;
    const store = new LocalApprovalStore(options.path, PATIENCE_MS);
    const messengers = { slack: null, email: null, ...options.messengers };
    const start = async (state: ApprovalState) => void this.#live.set(state.request.id, state);
    this.#store = store;
    this.#request = approvalRequest(async () => ({ store, start, now }));
    this.#expire = approvalExpire(async () => ({ store, now }));
    this.#notify = notify(async () => ({ store, messengers, settle: async () => {}, now }));
    const unread = () => options.onProblem("requests for approval cannot be read");
    this.#round = oneAtATime(() => this.#turn(), unread);
    this.#write = oneAtATime(() => this.#record(), unread);
    this.#review = this.#reviewer(options);
    this.#reviews = oneAtATime(
      () => this.#mindReviews(),
      () => options.onProblem("activity reviews cannot be looked at"),
    );
    this.#readAt = now();
    this.#reviewAt = now() + STARTING_MS;
    this.#timer = setInterval(() => this.#look(), options.everyMs ?? 500);
    this.#timer.unref();
  }

  get available(): boolean {
    return !this.#closed && this.#options.now() - this.#readAt < STALE_MS;
  }

  /** Channels that there are here. */
  get #exist(): Channel[] {
    return [...HERE, ...Object.keys(this.#options.messengers ?? {})] as Channel[];
  }

  async open(request: ApprovalRequest): Promise<ApprovalState> {
    const rules = { ...request.rules, groups: onChannels(request.rules.groups, this.#exist) };
    const state = await this.#request({ request: { ...request, rules } });
    this.#look();
    return state;
  }

  watch(id: string, listener: ApprovalListener): () => void {
    const stop = this.#watchers.add(id, listener);
    void this.#store.get(id).then(
      (state) => state !== null && this.#watchers.tell(state),
      () => {},
    );
    return stop;
  }

  async cancel(id: string, by: string, why: string): Promise<ApprovalState> {
    const done = await apply(this.#store, id, { type: "cancel", at: this.#options.now(), by, why });
    if (done === null) throw new Error("there is no such request");
    this.#look();
    return done.state;
  }

  async spend(id: string, digest: string, session: string): Promise<"spent" | "refused"> {
    const done = await apply(this.#store, id, { type: "spend", at: this.#options.now(), digest, session });
    return done?.changes.some((change) => change.type === "spent") === true ? "spent" : "refused";
  }

  feed(listener: (news: ApprovalNews) => Promise<void>): () => void {
    this.#feed = listener;
    return () => {
      if (this.#feed === listener) this.#feed = null;
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await Promise.all([this.#round(), this.#reviews()]);
    // What has happened until now belongs into the evidence that is about to be closed: not what is being written alone.
    await this.#write();
    await this.#write();
    this.#store.close();
  }

  #look(): void {
    if (this.#closed) return;
    void this.#round();
    void this.#write();
    void this.#reviews();
  }

  #reviewer({ reviews, now }: LocalApprovalsOptions): ReturnType<typeof activityReview> | null {
    if (reviews === undefined) return null;
    const { source } = reviews;
    const approvals = async () => {
      const file = reviews.approvals();
      return file === null ? null : { ...file, groups: onChannels(file.groups, this.#exist) };
    };
    const tell = async (review: string) => void (await this.#notify({ review }));
    return activityReview(async () => ({ store: this.#store, source, approvals, tell, now }));
  }

  /** The schedule; and whoever begins one by themselves is not to wait for it. */
  async #mindReviews(): Promise<void> {
    if (this.#review === null || this.#closed) return;
    const now = this.#options.now();
    const open = await this.#store.unattested();
    const waits = open.some((state) => isWordDue(state, now) || untold(state).length > 0);
    if (now < (waits ? this.#reviewNotBefore : this.#reviewAt)) return;
    this.#reviewNotBefore = now + STARTING_MS;
    await this.#review({});
    this.#reviewNotBefore = 0;
    this.#reviewAt = now + REVIEW_MS;
  }

  async #turn(): Promise<void> {
    const { revision, states } = this.#store.changedSince(this.#revision);
    const glasses = await this.#store.unreviewed();
    this.#revision = revision;
    this.#readAt = this.#options.now();
    for (const state of states) await this.#changed(state);
    for (const state of [...this.#live.values()]) await this.#mind(state);
    for (const state of glasses) await this.#mindGlass(state);
  }

  async #changed(state: ApprovalState): Promise<void> {
    const { id } = state.request;
    const wasOpen = this.#live.get(id)?.status === "open";
    if (state.status === "open" || state.status === "approved") this.#live.set(id, state);
    else this.#live.delete(id);
    this.#watchers.tell(state);
    if (wasOpen && state.status !== "open") await this.#try(this.#notify({ id, conclude: true }));
  }

  /** The workflow: ask whoever is to be asked, and see to what is due. */
  async #mind(state: ApprovalState): Promise<void> {
    const { id } = state.request;
    if (isUnasked(state)) await this.#try(this.#notify({ id }));
    const due = nextDue(state);
    if (due !== null && this.#options.now() >= due) await this.#try(this.#expire({ id }));
  }

  async #mindGlass(state: GlassState): Promise<void> {
    const glass = state.glass.id;
    if (!isAnnounced(state)) await this.#try(this.#notify({ glass, overdue: false }));
    if (!isOverdue(state, this.#options.now()) || state.history.some((change) => change.type === "overdue")) return;
    await this.#try(this.#expire({ glass }));
    await this.#try(this.#notify({ glass, overdue: true }));
  }

  async #record(): Promise<void> {
    const listener = this.#feed;
    if (listener === null) return;
    for (const { news, recorded } of this.#store.unrecorded(BATCH)) {
      try {
        await listener(news);
      } catch {
        this.#options.onProblem("news of approvals could not be recorded");
        return;
      }
      recorded();
    }
  }

  async #try(call: Promise<unknown>): Promise<void> {
    await call.catch((error: Error) => this.#options.onProblem(`approvals: ${error.message}`));
  }
}

function isUnasked(state: ApprovalState): boolean {
  if (state.status !== "open") return false;
  return asked(state).some((group) =>
    state.request.rules.groups[group]?.channels.some((channel) => !knowsChannel(state, group, channel)),
  );
}

function isAnnounced({ glass, history }: GlassState): boolean {
  return Object.entries(glass.reviewers).every(([group, { channels }]) =>
    channels.every((channel) =>
      history.some((change) => "channel" in change && change.group === group && change.channel === channel),
    ),
  );
}
