// Brings the sessions of tasks that have stopped to their end: see task.ts.
import { type Invoke, lambda, once, putAside } from "../middleware.ts";
import { eventSchema, type RecoverEvent, readChange } from "./event.ts";
import { type Recovered, type RecoverParts, recoverTask } from "./task.ts";

export interface RecoverySettings extends RecoverParts {
  /** Milliseconds since the epoch. */
  now(): number;
}

export type Outcome = { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] } | Recovered;

export function recoverSession(prepare: () => Promise<RecoverySettings>): Invoke<Outcome> {
  const ready = once(prepare);
  return lambda<RecoverEvent, Outcome>("recover-session", eventSchema, async (event) => {
    const parts = await ready();
    if ("task" in event) return recoverTask(parts, event.task, parts.now());
    const failed: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of event.Records) {
      try {
        const stopped = readChange(body);
        if (stopped !== null) await recoverTask(parts, stopped.task, stopped.time);
      } catch (error) {
        failed.push({ itemIdentifier: messageId });
        putAside("recover-session", messageId, error);
      }
    }
    return { batchItemFailures: failed };
  });
}
