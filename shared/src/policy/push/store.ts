// What keeps pushes of policy: beside requests for approval, by the same rules (approval/store.ts).
import type { InForce, Push } from "./types.ts";

export interface PolicyStore {
  /** Keeps a new push. @returns false when there is one of this id, which stays as it is */
  createPush(push: Push): Promise<boolean>;
  getPush(id: string): Promise<Push | null>;
  /** Those that are neither in force nor given up, oldest first. */
  waitingPushes(): Promise<readonly Push[]>;
  /** The last ones, newest first. */
  latestPushes(limit: number): Promise<readonly Push[]>;
  /** It waits no more. */
  endPush(id: string): Promise<void>;
  /** Null while no push has been in force: then it is the bundle that was deployed. */
  policyInForce(): Promise<InForce | null>;
  /**
   * Its push waits no more from then on, in one write: none comes into force twice.
   * @param known the push that is in force, null for none. @returns false when another is by now, or `next` does not wait (any more)
   */
  putInForce(next: InForce, known: string | null): Promise<boolean>;
}
