// What keeps requests. Races are decided here and nowhere else: a write names the history it was made from, and fails when that has moved on.
// Local: SQLite. AWS: DynamoDB. Both keep to test/contract/approval-store.ts.
import type { PolicyStore } from "../policy/push/store.ts";
import type { ReviewStore } from "../review/store.ts";
import type { ReviewChange, ReviewState } from "../review/types.ts";
import type { GlassChange, GlassState } from "./break-glass.ts";
import type { ApprovalChange, ApprovalState } from "./types.ts";

/** Something that happened at the door and changed nothing: a callback without a right signature, an answer that did not count. */
export interface Incident {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: "callback-refused" | "answer-refused";
  /** A closed word: `unsigned`, `stale`, `replayed`, `requester` ... */
  readonly why: string;
  /** The request that was meant, when that could be told. */
  readonly request?: string;
  /** Who tried, when that was proven. */
  readonly by?: string;
  readonly channel: string;
}

/** What happened, as evidence wants it. */
export type ApprovalNews =
  | { readonly type: "request"; readonly state: ApprovalState; readonly changes: readonly ApprovalChange[] }
  | { readonly type: "break-glass"; readonly state: GlassState; readonly changes: readonly GlassChange[] }
  | { readonly type: "review"; readonly state: ReviewState; readonly changes: readonly ReviewChange[] }
  | { readonly type: "incident"; readonly incident: Incident };

export interface ApprovalStore extends ReviewStore, PolicyStore {
  /** Keeps a new request. @returns false when there is one of this id, which stays as it is */
  create(state: ApprovalState): Promise<boolean>;
  get(id: string): Promise<ApprovalState | null>;
  /** @param known length of the history that `state` was made from. @returns false when it is not that any more */
  replace(state: ApprovalState, known: number): Promise<boolean>;
  /** Requests for exactly this command that are open or approved, newest first. */
  alive(digest: string): Promise<readonly ApprovalState[]>;
  /** Requests with the same facts, newest first, whatever became of them. */
  withFacts(facts: string, limit: number): Promise<readonly ApprovalState[]>;
  /** Requests with the same facts whose approval opened a window, newest first. */
  windows(facts: string): Promise<readonly ApprovalState[]>;
  /** All that are open or approved, oldest first. */
  pending(): Promise<readonly ApprovalState[]>;
  /** The last ones, newest first. */
  latest(limit: number): Promise<readonly ApprovalState[]>;

  createGlass(state: GlassState): Promise<boolean>;
  getGlass(id: string): Promise<GlassState | null>;
  replaceGlass(state: GlassState, known: number): Promise<boolean>;
  /** Those whose review has not come, oldest first. An active one is among them. */
  unreviewed(): Promise<readonly GlassState[]>;

  /** The task of the workflow that waits for this request's answer. */
  setTask(id: string, token: string): Promise<void>;
  task(id: string): Promise<string | null>;

  /** Remembers a word, at least until a time (it may be forgotten afterwards). @returns false when it is remembered already: a replay */
  remember(word: string, until: number): Promise<boolean>;
  /** Keeps the first of its kind in each minute: nobody can fill the store from outside. */
  report(incident: Incident): Promise<void>;
  /** The last ones, newest first. */
  incidents(limit: number): Promise<readonly Incident[]>;
}
