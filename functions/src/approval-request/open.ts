// Opens a request, unless something lets it through that is there already, and starts its workflow.
import { apply } from "#shared/approval/apply.ts";
import { nextDue, open, secondsUntil } from "#shared/approval/machine.ts";
import { satisfies } from "#shared/approval/rules.ts";
import { standing } from "#shared/approval/standing.ts";
import type { ApprovalStore } from "#shared/approval/store.ts";
import type { ApprovalRequest, ApprovalState, SimilarRequest } from "#shared/approval/types.ts";
import { FunctionFailure, type Invoke, lambda } from "../middleware.ts";
import { eventSchema } from "./event.ts";

export interface OpenParts {
  readonly store: ApprovalStore;
  /** Starts the workflow of a request; a second start of the same is none. */
  start(state: ApprovalState): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
}

const SIMILAR = 5;
/** What is shown of a statement, in characters: the digest binds all of it. */
const SHOWN = 20_000;

/** @param prepare called once, at the first request; if it fails, so does every request */
export function approvalRequest(prepare: () => Promise<OpenParts>): Invoke<ApprovalState> {
  let ready: Promise<OpenParts> | undefined;
  return lambda("approval-request", eventSchema, async ({ request }) => {
    ready ??= prepare();
    return openRequest(await ready, request);
  });
}

async function openRequest(parts: OpenParts, request: ApprovalRequest): Promise<ApprovalState> {
  const { store } = parts;
  const known = (await store.get(request.id)) ?? (await reusable(parts, request));
  if (known !== null) return started(parts, known);
  const at = parts.now();
  const similar = (await store.withFacts(request.facts, SIMILAR)).map(brief);
  const statement = request.statement.length > SHOWN ? `${request.statement.slice(0, SHOWN)} ...` : request.statement;
  const opened = open({ ...request, statement }, similar, at).state;
  if (!(await store.create(opened))) return started(parts, (await store.get(request.id)) ?? opened);
  const through = standing(request, await store.windows(request.facts), await store.unreviewed(), at);
  if (through === null) return started(parts, opened);
  const done = await apply(store, request.id, { type: "let-through", at: parts.now(), ...through });
  return started(parts, done?.state ?? opened);
}

/**
 * The same command, approved and not run yet, or still waiting: its client has come back, be it after the gateway was started anew. Not where policy has
 * come to ask for more people than that one asks.
 */
async function reusable({ store, now }: OpenParts, request: ApprovalRequest): Promise<ApprovalState | null> {
  const alive = (await store.alive(request.digest)).filter(
    (state) => now() < state.until && satisfies(state.request.rules, request.rules),
  );
  return alive.find((state) => state.status === "approved") ?? alive[0] ?? null;
}

/** What an execution of the workflow begins with: the request, and how long to wait for an answer before something is due. */
export function workflowInput(state: ApprovalState, now: number): { readonly id: string; readonly seconds: number } {
  return { id: state.request.id, seconds: secondsUntil(nextDue(state), now) };
}

const NO_WORKFLOW = "the workflow could not be started";

/** Somebody has to ask, and to mind the time: a request without a workflow is none, whenever it is asked for. */
async function started(parts: OpenParts, state: ApprovalState): Promise<ApprovalState> {
  const last = state.history.at(-1);
  if (last?.type === "cancelled" && last.why === NO_WORKFLOW) throw new FunctionFailure("Failed", NO_WORKFLOW);
  if (state.status !== "open") return state;
  try {
    await parts.start(state);
    return state;
  } catch {
    await apply(parts.store, state.request.id, { type: "cancel", at: parts.now(), by: "postern", why: NO_WORKFLOW });
    throw new FunctionFailure("Failed", NO_WORKFLOW);
  }
}

function brief({ request, status }: ApprovalState): SimilarRequest {
  return { id: request.id, requester: request.requester.name, status, createdAt: request.createdAt };
}
