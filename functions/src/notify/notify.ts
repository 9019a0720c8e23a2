// Tells people what they are asked, and how it ended. What was said already is not said again: the request's own history knows.
import { z } from "zod";
import { apply, applyGlass } from "#shared/approval/apply.ts";
import { asked, knowsChannel } from "#shared/approval/machine.ts";
import type { ApprovalStore } from "#shared/approval/store.ts";
import type { ApprovalState, Channel, GroupRules } from "#shared/approval/types.ts";
import { applyReview } from "#shared/review/begin.ts";
import { isReviewOverdue, untold } from "#shared/review/machine.ts";
import { FunctionFailure, type Invoke, lambda } from "../middleware.ts";
import { type Messenger, MessengerFailure } from "./messenger.ts";

export interface NotifyParts {
  readonly store: ApprovalStore;
  /** The console is the store itself, and always there. */
  readonly messengers: Readonly<Record<Exclude<Channel, "console">, Messenger | null>>;
  /** Ends the task of the workflow that waits for the answer. Never rejects: the workflow looks by itself when its time comes. */
  settle(token: string, state: ApprovalState): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
}

const eventSchema = z.union([
  /** Ask whoever has not been asked. `token` is the task that waits for the answer. */
  z.strictObject({ id: z.string(), token: z.string().exactOptional() }),
  z.strictObject({ id: z.string(), conclude: z.literal(true) }),
  z.strictObject({ glass: z.string(), overdue: z.boolean() }),
  /** Tell whoever has not been told of an activity review, or that it is overdue. */
  z.strictObject({ review: z.string() }),
]);
type NotifyEvent = z.infer<typeof eventSchema>;

/** What became of it: how many were told, and how many could not be. */
export interface Notified {
  readonly told: number;
  readonly failed: number;
}

/** @param prepare called once, at the first event; if it fails, so does every one */
export function notify(prepare: () => Promise<NotifyParts>): Invoke<Notified> {
  let ready: Promise<NotifyParts> | undefined;
  return lambda<NotifyEvent, Notified>("notify", eventSchema, async (event) => {
    ready ??= prepare();
    const parts = await ready;
    if ("glass" in event) return announce(parts, event.glass, event.overdue);
    if ("review" in event) return askForReview(parts, event.review);
    return "conclude" in event ? conclude(parts, event.id) : ask(parts, event.id, event.token);
  });
}

async function ask(parts: NotifyParts, id: string, token: string | undefined): Promise<Notified> {
  if (token !== undefined) await parts.store.setTask(id, token);
  const state = await known(parts, id);
  // The answer may have come before the task was known to whoever took it.
  if (state.status !== "open") {
    if (token !== undefined) await parts.settle(token, state);
    return { told: 0, failed: 0 };
  }
  const asks = asked(state).flatMap((group) => {
    const rules = state.request.rules.groups[group];
    return (rules?.channels ?? [])
      .filter((channel) => !knowsChannel(state, group, channel))
      .map(async (channel) => {
        const sent = await attempt(parts, channel, (messenger) => messenger.ask(state, rules as GroupRules));
        await apply(parts.store, id, { at: parts.now(), group, channel, ...sent });
        return sent;
      });
  });
  const sent = await Promise.all(asks);
  if (token !== undefined) {
    const after = await known(parts, id);
    if (after.status !== "open") await parts.settle(token, after);
  }
  return tallied(sent);
}

async function conclude(parts: NotifyParts, id: string): Promise<Notified> {
  const state = await known(parts, id);
  const told = state.history.flatMap((change) =>
    change.type === "notified" && change.ref !== undefined ? [{ ...change, ref: change.ref }] : [],
  );
  return tallied(
    await Promise.all(
      told.map(({ channel, ref }) =>
        attempt(parts, channel, async (messenger) => {
          await messenger.conclude(state, ref);
          return undefined;
        }),
      ),
    ),
  );
}

async function announce(parts: NotifyParts, id: string, overdue: boolean): Promise<Notified> {
  const state = await parts.store.getGlass(id);
  if (state === null) throw new FunctionFailure("Failed", "there is no such break-glass");
  const said = (group: string, channel: Channel) =>
    state.history.some((change) => "channel" in change && change.group === group && change.channel === channel);
  const tells = Object.entries(state.glass.reviewers).flatMap(([group, rules]) =>
    rules.channels
      .filter((channel) => overdue || !said(group, channel))
      .map(async (channel) => {
        const sent = await attempt(parts, channel, (messenger) => messenger.announce(state, rules, overdue));
        await applyGlass(parts.store, id, { at: parts.now(), group, channel, ...sent });
        return sent;
      }),
  );
  return tallied(await Promise.all(tells));
}

async function askForReview(parts: NotifyParts, id: string): Promise<Notified> {
  const state = await parts.store.getReview(id);
  if (state === null) throw new FunctionFailure("Failed", "there is no such review");
  const overdue = isReviewOverdue(state, parts.now());
  const tells = untold(state).map(async ({ group, channel }) => {
    const rules = state.review.reviewers[group] as GroupRules;
    const sent = await attempt(parts, channel, (messenger) => messenger.announce(state, rules, overdue));
    await applyReview(parts.store, id, { at: parts.now(), group, channel, ...sent });
    return sent;
  });
  return tallied(await Promise.all(tells));
}

type Sent =
  | { readonly type: "notified"; readonly ref?: string }
  | { readonly type: "notification-failed"; readonly why: string };

/** One channel that fails keeps no other from being used. */
async function attempt(
  { messengers }: NotifyParts,
  channel: Channel,
  send: (messenger: Messenger) => Promise<string | undefined>,
): Promise<Sent> {
  if (channel === "console") return { type: "notified" };
  const messenger = messengers[channel];
  if (messenger === null) return { type: "notification-failed", why: `${channel} is not set up here` };
  try {
    const ref = await send(messenger);
    return { type: "notified", ...(ref === undefined ? {} : { ref }) };
  } catch (error) {
    return { type: "notification-failed", why: error instanceof MessengerFailure ? error.message : "it failed" };
  }
}

async function known({ store }: NotifyParts, id: string): Promise<ApprovalState> {
  const state = await store.get(id);
  if (state === null) throw new FunctionFailure("Failed", "there is no such request");
  return state;
}

function tallied(sent: readonly Sent[]): Notified {
  const told = sent.filter((one) => one.type === "notified").length;
  return { told, failed: sent.length - told };
}
