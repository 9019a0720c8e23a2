// A step of the rules on what a store holds, as often as it takes to be the one who writes.
import { type GlassEvent, type GlassStep, stepGlass } from "./break-glass.ts";
import { type ApprovalEvent, type Step, step } from "./machine.ts";
import type { ApprovalStore } from "./store.ts";
import type { ApprovalState } from "./types.ts";

/** Writers of one request are few people and a timer; whoever loses so often meets something that is broken. */
const TRIES = 50;

/** @returns the step that was written (or changed nothing); null for an unknown request. @throws when it cannot be written */
export async function apply(store: ApprovalStore, id: string, event: ApprovalEvent): Promise<Step | null> {
  for (let i = 0; i < TRIES; i++) {
    const before = await store.get(id);
    if (before === null) return null;
    const done = step(before, event);
    if (done.changes.length === 0 || (await store.replace(done.state, before.history.length))) return done;
  }
  throw new Error("the request was written by others again and again");
}

/**
 * The same for what may decide a request: then the workflow need not wait for its answer any longer.
 * @param settle ends the task that waits. Never rejects: the workflow looks by itself when its time comes
 */
export async function decide(
  store: ApprovalStore,
  settle: (task: string, state: ApprovalState) => Promise<void>,
  id: string,
  event: ApprovalEvent,
): Promise<Step | null> {
  const done = await apply(store, id, event);
  if (done === null || !done.effects.some((effect) => effect.type === "conclude")) return done;
  const task = await store.task(id);
  if (task !== null) await settle(task, done.state);
  return done;
}

/** The same as `apply`, for a break-glass. */
export async function applyGlass(store: ApprovalStore, id: string, event: GlassEvent): Promise<GlassStep | null> {
  for (let i = 0; i < TRIES; i++) {
    const before = await store.getGlass(id);
    if (before === null) return null;
    const done = stepGlass(before, event);
    if (done.changes.length === 0 || (await store.replaceGlass(done.state, before.history.length))) return done;
  }
  throw new Error("the break-glass was written by others again and again");
}
