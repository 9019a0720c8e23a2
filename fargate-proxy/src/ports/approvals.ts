// Where a held command finds people who agree to it. AWS: DynamoDB, Lambda and Step Functions. Local: SQLite and a timer, the same handlers.
import type { ApprovalNews } from "#shared/approval/store.ts";
import type { ApprovalChange, ApprovalRequest, ApprovalState } from "#shared/approval/types.ts";

/** @param changes what is new since the last call: at least one */
export type ApprovalListener = (state: ApprovalState, changes: readonly ApprovalChange[]) => void;

export interface ApprovalPort {
  /** False while no request could be opened or watched: then what needs an approval is refused at once. */
  readonly available: boolean;

  /**
   * Opens a request, and asks its groups. Opening the same id again changes nothing and gives its state.
   *
   * What is given may be another request than the one that was asked for: one for the same digest that is approved and not spent yet, or
   * still open. So spend, watch and cancel by the id of the state that was given. A request that an open window or a
   * break-glass covers is `approved` when this resolves.
   *
   * Rejects when the request cannot be kept or the workflow not be started: nothing may run.
   */
  open(request: ApprovalRequest): Promise<ApprovalState>;

  /** Calls back for each change, by whichever process, within a second or so; first with all there is. Returns what stops it. */
  watch(id: string, listener: ApprovalListener): () => void;

  /**
   * The one who asked takes it back, or their client has gone. What is final already stays as it is: look at the status.
   * @param by name of whoever cancels
   * @param why in words without data
   */
  cancel(id: string, by: string, why: string): Promise<ApprovalState>;

  /**
   * Takes an approval for exactly this digest: at most one caller is ever told `spent`, whatever the race. Called before the command is
   * announced and sent; if it then cannot be announced, the approval is used up all the same. Rejects when it cannot be told.
   */
  spend(id: string, digest: string, session: string): Promise<"spent" | "refused">;

  /**
   * Calls back for all that happens to any request or break-glass and at the door, also for what happened while the gateway did not run:
   * what evidence is made of. News is given again until the listener has resolved for it. Returns what stops it.
   */
  feed(listener: (news: ApprovalNews) => Promise<void>): () => void;
}

/** One that looks at its store by itself. */
export interface RunningApprovals extends ApprovalPort {
  close(): Promise<void>;
}
