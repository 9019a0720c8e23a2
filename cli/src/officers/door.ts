// Where officers ask and agree: at the local home, or at the HTTP API on AWS.
import type { OfficerRequest, OfficerWish } from "#shared/evidence/officers.ts";

export interface OfficersDoor {
  /** Those that nobody has agreed to and that are in time, newest first. */
  waiting(): Promise<readonly OfficerRequest[]>;
  /** @throws Problem when it does not count */
  agree(request: OfficerRequest, reason: string): Promise<OfficerRequest>;
  /** What this officer has asked for, or agreed to, and is in time; else it is asked for. @throws Problem when it does not count */
  ask(wish: Omit<OfficerWish, "id">, reason: string): Promise<OfficerRequest>;
  /**
   * The data key of the session, once the evidence says that it is opened.
   * @param target as in the keys of its objects
   */
  open(request: OfficerRequest, target: string): Promise<Uint8Array>;
  /** Destroys the key, once the evidence says that it will be. */
  shred(request: OfficerRequest): Promise<void>;
  close(): void;
}
