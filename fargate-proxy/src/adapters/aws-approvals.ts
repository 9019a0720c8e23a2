// Approvals on AWS: DynamoDB keeps them, the function approval-request opens them and starts the workflow, which asks people and minds the time.
//
// Opening goes through the function, and not through its code in process: one place writes new requests, and the gateway's role can start no
// workflow. All that waits in this gateway is looked after by one query for what was written lately, and one read of what has changed of it.
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { DynamoApprovals } from "#functions/adapters/dynamo-approvals.ts";
import { apply, decide } from "#shared/approval/apply.ts";
import { nextDue } from "#shared/approval/machine.ts";
import type { ApprovalNews } from "#shared/approval/store.ts";
import type { ApprovalRequest, ApprovalState } from "#shared/approval/types.ts";
import type { ApprovalListener, RunningApprovals } from "../ports/approvals.ts";
import { ApprovalWatchers } from "./approval-watchers.ts";
import { AwsApprovalTable, type Unrecorded } from "./aws-approval-table.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export interface AwsApprovalsOptions {
  /** Name of the table. */
  readonly table: string;
  /** Name or ARN of the function approval-request. */
  readonly requestFunction: string;
  /** An id of this process, of no other that ever ran. */
  readonly proxy: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Something did not work and will be tried again; in words without data. */
  readonly onProblem: (problem: string) => void;
  readonly dynamo: DynamoDBClient;
  readonly lambda: LambdaClient;
  /** Ends the task of a workflow that waits for an answer; never rejects. */
  readonly settle: (task: string, state: ApprovalState) => Promise<void>;
  /** How often the table is looked at while somebody waits. */
  readonly everyMs?: number;
}

const EVERY_MS = 500;
/** As much rarer while nobody waits. */
const IDLE = 5;
/** Beyond this, what was read last says nothing any more. */
const STALE_MS = 10_000;
/** Clocks of those who write may differ, and an index follows its table, by so much. What comes even later is found by reading it. */
const OVERLAP_MS = 10_000;
/** A request that somebody waits for is read so often, whatever the index says. */
const REREAD_MS = 30_000;
/** How long one gateway writes the news, unless it says again that it does. */
const LEASE_MS = 15_000;
/** The workflow minds the time; what it has not minded for so long is minded here. */
const OVERDUE_MS = 60_000;

export function openAwsApprovals(options: AwsApprovalsOptions): RunningApprovals {
  return new AwsApprovals(options);
}

class AwsApprovals implements RunningApprovals {
  readonly #options: AwsApprovalsOptions;
  readonly #store: DynamoApprovals;
  readonly #table: AwsApprovalTable;
  readonly #watchers = new ApprovalWatchers();
  /** By request that is watched: how long its history was when it was read, and when. */
  readonly #known = new Map<string, { readonly length: number; readonly at: number }>();
  /** How much of each thing this gateway has written into the evidence lately: the index may not know yet. */
  readonly #recorded = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #feed: ((news: ApprovalNews) => Promise<void>) | null = null;
  #readAt: number;
  #looks = 0;
  #leaseUntil = 0;
  #mindedAt = 0;
  #closed = false;
  /** Whoever waits is told, whatever becomes of the evidence meanwhile. */
  readonly #look: () => Promise<void>;
  readonly #write: () => Promise<void>;

  constructor(options: AwsApprovalsOptions) {
    this.#options = options;
    const unread = () => options.onProblem("requests for approval cannot be read");
    this.#look = oneAtATime(() => this.#tell(), unread);
    this.#write = oneAtATime(() => this.#news(), unread);
    this.#store = new DynamoApprovals(options.dynamo, options.table);
    this.#table = new AwsApprovalTable(options.dynamo, options.table);
    this.#readAt = options.now();
    this.#timer = setInterval(() => this.#tick(), options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  get available(): boolean {
    return !this.#closed && this.#options.now() - this.#readAt < STALE_MS;
  }

  async open(request: ApprovalRequest): Promise<ApprovalState> {
    const { lambda, requestFunction: FunctionName } = this.#options;
    const Payload = Buffer.from(JSON.stringify({ request }));
    const done = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
    if (done.FunctionError !== undefined) throw new Error("the request was not opened");
    return JSON.parse(Buffer.from(done.Payload ?? []).toString("utf8")) as ApprovalState;
  }

  watch(id: string, listener: ApprovalListener): () => void {
    // Whoever comes later has to be told all there is, too.
    this.#known.delete(id);
    const stop = this.#watchers.add(id, listener);
    void this.#look();
    return stop;
  }

  async cancel(id: string, by: string, why: string): Promise<ApprovalState> {
    const event = { type: "cancel", at: this.#options.now(), by, why } as const;
    const done = await decide(this.#store, this.#options.settle, id, event);
    if (done === null) throw new Error("there is no such request");
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
    await this.#look();
    // What has happened until now belongs into the evidence that is about to be closed: not what is being written alone.
    await this.#write();
    await this.#write();
    await this.#release().catch(() => {});
  }

  #tick(): void {
    if (this.#looks++ % IDLE !== 0 && this.#watchers.ids.length === 0) return;
    void this.#look();
    void this.#write();
  }

  async #news(): Promise<void> {
    if (this.#feed === null || !(await this.#lead())) return;
    await this.#record(this.#feed);
    await this.#mind();
  }

  async #tell(): Promise<void> {
    const now = this.#options.now();
    const changed = await this.#table.changed(now - OVERLAP_MS);
    this.#readAt = this.#options.now();
    const watched = new Set(this.#watchers.ids);
    for (const id of this.#known.keys()) if (!watched.has(id)) this.#known.delete(id);
    const longer = changed.filter(({ id, length }) => length > (this.#known.get(id)?.length ?? Number.MAX_VALUE));
    const unread = [...watched].filter((id) => now - (this.#known.get(id)?.at ?? 0) > REREAD_MS);
    for (const state of await this.#table.read([...new Set([...longer.map(({ id }) => id), ...unread])])) {
      this.#known.set(state.request.id, { length: state.history.length, at: now });
      this.#watchers.tell(state);
    }
  }

  /** One gateway writes the news of all into the evidence; when it dies or cannot write, another does within seconds. */
  async #lead(): Promise<boolean> {
    const now = this.#options.now();
    if (this.#leaseUntil - now > LEASE_MS / 2) return true;
    const until = now + LEASE_MS;
    const has = await this.#table.lease(this.#options.proxy, now, until);
    this.#leaseUntil = has ? until : 0;
    return has;
  }

  async #release(): Promise<void> {
    if (this.#leaseUntil === 0) return;
    this.#leaseUntil = 0;
    await this.#table.lease(this.#options.proxy, this.#options.now(), 0);
  }

  async #record(listener: (news: ApprovalNews) => Promise<void>): Promise<void> {
    const all = await this.#table.unrecorded();
    const shown = new Set(all.map(({ key }) => key));
    for (const key of this.#recorded.keys()) if (!shown.has(key)) this.#recorded.delete(key);
    for (const one of all) if (!(await this.#recordOne(one, listener))) return;
  }

  async #recordOne(one: Unrecorded, listener: (news: ApprovalNews) => Promise<void>): Promise<boolean> {
    const from = Math.max(one.recorded, this.#recorded.get(one.key) ?? -1);
    // The index is behind: it is in the evidence already.
    if (from >= one.length && this.#recorded.has(one.key)) return true;
    try {
      await listener(one.news(from));
    } catch {
      this.#options.onProblem("news of approvals could not be recorded");
      await this.#release();
      return false;
    }
    this.#recorded.set(one.key, one.length);
    await this.#table.recorded(one, this.#options.now());
    return true;
  }

  /** Nothing stays open, or approved, because a workflow has failed, or has ended with the answer. */
  async #mind(): Promise<void> {
    const now = this.#options.now();
    if (now - this.#mindedAt < OVERDUE_MS) return;
    this.#mindedAt = now;
    for (const state of await this.#store.pending()) {
      const due = nextDue(state);
      const late = state.status === "approved" ? 0 : OVERDUE_MS;
      if (due !== null && now >= due + late)
        await decide(this.#store, this.#options.settle, state.request.id, { type: "time", at: now });
    }
  }
}
