// Which policy is in force: looked at all the time, and put in force when people have agreed and its time has come. Whatever cannot be read, or is no
// bundle that can be used, changes nothing: the policy that runs goes on, and somebody hears of it.
import { hash } from "node:crypto";
import type { ApprovalState } from "#shared/approval/types.ts";
import type { BrokenBundle, LoadedBundle } from "#shared/policy/bundle.ts";
import { pushDigest } from "#shared/policy/push/digest.ts";
import type { PolicyStore } from "#shared/policy/push/store.ts";
import type { InForce, Push } from "#shared/policy/push/types.ts";
import type { ApprovalPort } from "../ports/approvals.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export interface PolicySource extends PolicyStore {
  /** The request of a push. */
  get(id: string): Promise<ApprovalState | null>;
}

/** A pushed policy that can be used here. */
export interface PushedPolicy {
  readonly bundle: LoadedBundle;
  readonly push: Push;
  readonly inForce: InForce;
}

export type PolicyTrouble = "unread" | "broken" | "unrecorded";

export interface PolicyWatchOptions {
  readonly source: PolicySource;
  readonly approvals: Pick<ApprovalPort, "spend" | "cancel">;
  /** Of the gateway's own log: who puts a push in force. */
  readonly session: string;
  /** The version that was deployed, for when nothing was pushed before. */
  readonly deployed: string;
  /** The push that this gateway started with. */
  readonly running: string | null;
  now(): number;
  load(push: Push): LoadedBundle | BrokenBundle;
  /** Rejects when it could not be announced: then the one from before goes on. */
  use(policy: PushedPolicy): Promise<void>;
  /** Something is not as it should be, in words without data; said once for as long as it lasts. */
  onTrouble(kind: PolicyTrouble, words: string): void;
}

const EVERY_MS = 2000;
/** A push is written before its request. */
const ORPHAN_MS = 60_000;

/** What was in force last, if it can be used. @throws Error in words when there is one that cannot: no other goes in its place */
export async function pushedPolicy(
  source: PolicyStore,
  load: PolicyWatchOptions["load"],
): Promise<PushedPolicy | null> {
  const inForce = await source.policyInForce();
  if (inForce === null) return null;
  const push = await source.getPush(inForce.push);
  if (push === null) throw new Error(`policy: push ${inForce.push} is in force and is not there`);
  const bundle = load(push);
  if ("problems" in bundle)
    throw new Error(`policy: version ${inForce.version.slice(0, 12)} is in force and cannot be used`);
  return { bundle, push, inForce };
}

export class PolicyWatch {
  readonly #options: PolicyWatchOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #round: () => Promise<void>;
  /** The push that runs here. */
  #running: string | null;
  #trouble = "";

  constructor(options: PolicyWatchOptions, everyMs = EVERY_MS) {
    this.#options = options;
    this.#running = options.running;
    this.#round = oneAtATime(
      () => this.#look(),
      () => this.#say("unread", "the policy in force cannot be read: the one from before goes on"),
    );
    this.#timer = setInterval(() => void this.look(), everyMs);
    this.#timer.unref();
  }

  /** Looks now, too. Never rejects. */
  look(): Promise<void> {
    return this.#round();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { source } = this.#options;
    for (const push of await source.waitingPushes()) await this.#mind(push);
    const inForce = await source.policyInForce();
    if (inForce === null || inForce.push === this.#running) this.#trouble = "";
    else await this.#follow(inForce);
  }

  async #follow(inForce: InForce): Promise<void> {
    const { source, load, use } = this.#options;
    const push = await source.getPush(inForce.push);
    const bundle = push === null ? null : load(push);
    if (push === null || bundle === null || "problems" in bundle || bundle.version !== inForce.version)
      return this.#say(
        "broken",
        `version ${inForce.version.slice(0, 12)} cannot be used here: the one from before goes on`,
      );
    try {
      await use({ bundle, push, inForce });
    } catch {
      return this.#say("unrecorded", "a policy could not be announced in the evidence: the one from before goes on");
    }
    this.#running = inForce.push;
    this.#trouble = "";
  }

  /** Sees to one that waits: nothing, while people have not agreed or its time has not come. */
  async #mind(push: Push): Promise<void> {
    const { source, now, deployed } = this.#options;
    const state = await source.get(push.id);
    if (state === null) {
      if (now() - push.createdAt > ORPHAN_MS) await source.endPush(push.id);
      return;
    }
    const { status } = state;
    if (status !== "open" && status !== "approved" && status !== "spent") return source.endPush(push.id);
    const current = await source.policyInForce();
    if (current?.push === push.id) return source.endPush(push.id);
    if (current !== null && push.previous !== current.version)
      return this.#giveUp(push, state, "another policy came into force meanwhile");
    // Where nothing was pushed yet, other gateways may have been deployed with another bundle: theirs to say.
    if (current === null && push.previous !== deployed) return;
    if (status !== "open" && now() >= push.from) await this.#enact(push, state, current);
  }

  /** Only in place of the version that it was compared with when people agreed, and only what they agreed to. */
  async #enact(push: Push, state: ApprovalState, current: InForce | null): Promise<void> {
    const { source, approvals, session, load } = this.#options;
    const { digest } = state.request;
    if (pushDigest({ ...push, by: push.by.name }, sha256) !== digest)
      return this.#giveUp(push, state, "it is not what people agreed to");
    const bundle = load(push);
    if ("problems" in bundle || bundle.version !== push.version)
      return this.#giveUp(push, state, "its bundle cannot be used");
    if (state.status === "approved") {
      const spent = await approvals.spend(push.id, digest, session);
      // Another gateway was first, or its time is over: the next look shows which.
      if (spent === "refused") return;
    }
    // One that died after it had spent the approval is finished by another: the same item, on the same condition.
    await source.putInForce(inForceBy(push, state, this.#options.now()), current?.push ?? null);
  }

  async #giveUp(push: Push, { status }: ApprovalState, why: string): Promise<void> {
    const { source, approvals, onTrouble } = this.#options;
    if (status !== "spent") await approvals.cancel(push.id, "postern", why);
    onTrouble("broken", `push ${push.id} does not come into force: ${why}`);
    await source.endPush(push.id);
  }

  #say(kind: PolicyTrouble, words: string): void {
    if (this.#trouble === words) return;
    this.#trouble = words;
    this.#options.onTrouble(kind, words);
  }
}

const sha256 = (text: string) => hash("sha256", text, "hex");

function inForceBy({ id, version, previous, from, reason, by }: Push, state: ApprovalState, since: number): InForce {
  const approved = state.history.find((change) => change.type === "approved");
  const names = (approved?.counted ?? []).map(({ name }) => name);
  return { push: id, version, previous, from, reason, since, by: by.name, approvedBy: [...new Set(names)] };
}
