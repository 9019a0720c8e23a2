// What lets a new request through without new answers: a window that an earlier approval opened, or a break-glass.
import { covers, type GlassState } from "./break-glass.ts";
import { satisfies } from "./rules.ts";
import type { ApprovalRequest, ApprovalState, Through } from "./types.ts";

export interface Standing {
  readonly through: Through;
  readonly until: number;
}

/**
 * @param earlier requests that may have opened a window
 * @param glasses those that nobody has reviewed
 * @returns what covers the request now; of several, what lasts longest; a window before a break-glass
 */
export function standing(
  request: ApprovalRequest,
  earlier: readonly ApprovalState[],
  glasses: readonly GlassState[],
  at: number,
): Standing | null {
  const windows = earlier.flatMap((state) => windowOf(state, request, at));
  const broken = glasses
    .filter((state) => covers(state, request, at))
    .map((state) => ({ through: { kind: "break-glass", id: state.glass.id } as const, until: state.until }));
  return longest(windows) ?? longest(broken);
}

/** Same facts, same target, same requester: the digest of the facts says so, and is not trusted alone. */
function windowOf(state: ApprovalState, request: ApprovalRequest, at: number): Standing[] {
  const { request: earlier } = state;
  const alike =
    earlier.facts === request.facts &&
    earlier.target === request.target &&
    earlier.requester.name === request.requester.name &&
    earlier.requester.issuer === request.requester.issuer &&
    earlier.requester.actsFor === request.requester.actsFor &&
    satisfies(earlier.rules, request.rules);
  // Taken back is taken back, the window too.
  if (!alike || state.status === "cancelled") return [];
  return state.history.flatMap((change) =>
    change.type === "approved" && change.windowUntil !== undefined && at < change.windowUntil && at >= change.at
      ? [{ through: { kind: "window", id: earlier.id } as const, until: change.windowUntil }]
      : [],
  );
}

function longest(all: readonly Standing[]): Standing | null {
  return all.reduce<Standing | null>((best, one) => (best === null || one.until > best.until ? one : best), null);
}
