// A change of policy as a deployment: somebody proposes a bundle, others agree, and from a time on it is in force.
import type { Approver } from "../../approval/types.ts";

/** Text by the name of the file. */
export type PolicyFiles = Readonly<Record<string, string>>;

/** UTF-16 units of all files together: one item of DynamoDB and one event have room for them. */
export const MOST_POLICY_TEXT = 200_000;

/** What was proposed; it never changes. What became of it is the approval request of the same id. Times are milliseconds since the epoch. */
export interface Push {
  readonly id: string;
  readonly version: string;
  /** The version that was in force then: only this one is replaced by it. */
  readonly previous: string;
  /** In force not before. */
  readonly from: number;
  readonly by: Approver;
  readonly reason: string;
  readonly createdAt: number;
  readonly files: PolicyFiles;
}

/** The version in force, as a push put it there. */
export interface InForce extends Pick<Push, "version" | "previous" | "from" | "reason"> {
  /** Of the push. */
  readonly push: string;
  readonly since: number;
  /** Names. */
  readonly by: string;
  readonly approvedBy: readonly string[];
}
