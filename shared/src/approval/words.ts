// A request in words, for whoever is asked or waits. No markup: each channel writes its own.
import type { ApprovalState } from "./types.ts";

/** Channels that could not be reached, in words for the one who waits. */
export function troubles(state: ApprovalState): readonly string[] {
  return state.history.flatMap((change) =>
    change.type === "notification-failed"
      ? [`${change.group} was not reached by ${change.channel}: ${change.why}`]
      : [],
  );
}
