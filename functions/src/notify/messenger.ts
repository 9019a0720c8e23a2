// A channel that people are asked on.
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalState, GroupRules } from "#shared/approval/types.ts";
import type { ReviewState } from "#shared/review/types.ts";

/** Why a channel could not be used, in words that hold no data: they stand in the request's history and in the evidence. */
export class MessengerFailure extends Error {
  override readonly name = "MessengerFailure";
}

export interface Messenger {
  /** Asks a group. @returns the channel's own name of the message, when it can be changed later. @throws MessengerFailure */
  ask(state: ApprovalState, group: GroupRules): Promise<string | undefined>;
  /** Says how it ended, where it was asked. @throws MessengerFailure */
  conclude(state: ApprovalState, ref: string): Promise<void>;
  /** Tells a group of what it has to review. @throws MessengerFailure */
  announce(state: GlassState | ReviewState, group: GroupRules, overdue: boolean): Promise<string | undefined>;
}
