// What a client reads while its command needs an approval, and afterwards. Names, ids and times; never a literal of the statement.
import { asked } from "#shared/approval/machine.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import { title, troubles } from "#shared/approval/words.ts";
import type { Decision } from "#shared/decision.ts";
import { Refusal } from "#shared/errors.ts";
import type { Notice } from "../protocol.ts";

/** What a held command needs, in words. */
export function heldWords({ why, obligations, policies }: Decision): string {
  const groups = obligations.filter((o) => o.type === "approval").flatMap((o) => o.groups);
  return `${why}: it needs the approval of ${groups.join(" and ")} (policy ${policies.join(", ")})`;
}

export function purposeRefusal({ why, policies, version }: Decision): Refusal {
  return new Refusal("purpose-missing", {
    message: `${why}: it needs a stated purpose of use (policy ${policies.join(", ")})`,
    detail: `Policy bundle ${version.slice(0, 12)}.`,
  });
}

/** Said when the command begins to wait, and again when others are asked or a channel turns out to be down. */
export function waitingNotice(state: ApprovalState): Notice {
  const { request } = state;
  return {
    message: `${title(state)}: this waits for the approval of ${asked(state).join(" or ")} (request ${request.id})`,
    detail: [`Open until ${time(state.until)}.`, ...troubles(state).map((t) => `${t}.`)].join(" "),
    hint: `Cancel (Ctrl-C in psql) takes it back. They answer with: postern approve ${request.id} --reason "..."`,
  };
}

/** @param where why it does not wait: the session did not ask for retry */
export function pendingRefusal(state: ApprovalState, where?: string): Refusal {
  const { request } = state;
  return new Refusal("approval-pending", {
    message: `${title(state)}: it needs the approval of ${asked(state).join(" or ")} (request ${request.id})`,
    detail: [
      ...(where === undefined ? [] : [`It cannot wait ${where}.`]),
      `The request is open until ${time(state.until)}.`,
      ...troubles(state).map((t) => `${t}.`),
    ].join(" "),
    hint: `Run the same command again once it is approved: postern approvals show ${request.id}`,
  });
}

/** Why a request that ended otherwise than by an approval lets nothing run. */
export function endedRefusal(state: ApprovalState): Refusal {
  const { request, history } = state;
  const end = history.at(-1);
  const detail = `Request ${request.id}.`;
  if (end?.type === "denied")
    return new Refusal("approval-denied", { message: `${end.by} denied the approval: ${end.reason}`, detail });
  if (end?.type === "cancelled")
    return new Refusal("approval-cancelled", {
      message: `the request for an approval was taken back: ${end.why}`,
      detail,
    });
  return new Refusal("approval-expired", { detail });
}

function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
