// What the time does: escalations, ends, reviews that did not come. Called by the workflow when something is due; called too often, it does nothing.
import { z } from "zod";
import { apply, applyGlass } from "#shared/approval/apply.ts";
import { asked, nextDue, secondsUntil } from "#shared/approval/machine.ts";
import type { ApprovalStore } from "#shared/approval/store.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import { FunctionFailure, type Invoke, lambda } from "../middleware.ts";

export interface DueParts {
  readonly store: ApprovalStore;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What the workflow goes on with. `seconds` until the next thing is due, at least one. */
export interface Due {
  /** The request is open, or the review has not come. */
  readonly open: boolean;
  readonly seconds: number;
}

const eventSchema = z.union([
  /** `unasked`: the function that asks has failed as a whole. */
  z.strictObject({ id: z.string(), unasked: z.boolean().exactOptional() }),
  z.strictObject({ glass: z.string() }),
]);
type DueEvent = z.infer<typeof eventSchema>;

/** @param prepare called once, at the first event; if it fails, so does every one */
export function approvalExpire(prepare: () => Promise<DueParts>): Invoke<Due> {
  let ready: Promise<DueParts> | undefined;
  return lambda<DueEvent, Due>("approval-expire", eventSchema, async (event) => {
    ready ??= prepare();
    const parts = await ready;
    return "glass" in event ? review(parts, event.glass) : request(parts, event.id, event.unasked ?? false);
  });
}

async function request(parts: DueParts, id: string, unasked: boolean): Promise<Due> {
  let done = await apply(parts.store, id, { type: "time", at: parts.now() });
  if (done === null) throw new FunctionFailure("Failed", "there is no such request");
  if (unasked) {
    for (const { group, channel } of silent(done.state))
      done =
        (await apply(parts.store, id, {
          type: "notification-failed",
          at: parts.now(),
          group,
          channel,
          why: "the notifier failed",
        })) ?? done;
  }
  const due = nextDue(done.state);
  return { open: done.state.status === "open", seconds: secondsUntil(due, parts.now()) };
}

/** Channels that were to be asked, and of which nothing is known. Who looks at the console sees the request whatever fails. */
function silent(state: ApprovalState): { readonly group: string; readonly channel: "slack" | "email" }[] {
  return asked(state).flatMap((group) =>
    (state.request.rules.groups[group]?.channels ?? [])
      .filter((channel) => channel !== "console")
      .map((channel) => ({ group, channel })),
  );
}

async function review(parts: DueParts, id: string): Promise<Due> {
  const done = await applyGlass(parts.store, id, { type: "time", at: parts.now() });
  if (done === null) throw new FunctionFailure("Failed", "there is no such break-glass");
  const { history, glass, reviewDue } = done.state;
  const now = parts.now();
  // Once it is overdue it is said again after as long.
  const next = now <= reviewDue ? reviewDue + 1 : now + glass.withinHours * 3_600_000;
  return { open: !history.some((change) => change.type === "reviewed"), seconds: secondsUntil(next, now) };
}
