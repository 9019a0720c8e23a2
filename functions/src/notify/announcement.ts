// What a group is told that it has to review: a break-glass, or a sample of the sessions of a period.
import type { GlassState } from "#shared/approval/break-glass.ts";
import { glassLines, glassTitle, type Line } from "#shared/approval/words.ts";
import type { ReviewState } from "#shared/review/types.ts";
import { reviewLines, reviewTitle } from "#shared/review/words.ts";

export interface Announcement {
  readonly heading: string;
  readonly lines: readonly Line[];
  /** The commands that answer it. */
  readonly commands: readonly string[];
}

/** @param overdue nobody has reviewed it in time */
export function announcement(state: GlassState | ReviewState, overdue: boolean): Announcement {
  if ("glass" in state)
    return {
      heading: overdue ? `Not reviewed in time: ${glassTitle(state)}` : glassTitle(state),
      lines: glassLines(state),
      commands: [`postern approvals review ${state.glass.id} --reason WHAT`],
    };
  const { id } = state.review;
  return {
    heading: overdue ? `Not attested in time: ${reviewTitle(state)}` : reviewTitle(state),
    lines: reviewLines(state),
    commands: [`postern reviews ${id}`, `postern attest ${id} --findings WHAT`],
  };
}
