// What differs between a gateway on one machine and one in AWS: where things are kept. All else is the same.
import type { WitnessPolicy } from "#shared/evidence/witness-policy.ts";
import type { Config } from "../config.ts";
import type { GateParts } from "../gate/parts.ts";
import type { RunningApprovals } from "../ports/approvals.ts";
import type { Clock } from "../ports/clock.ts";
import type { Recorder } from "../recorder/recorder.ts";
import type { FleetParts } from "./fleet.ts";
import type { PolicySource } from "./policy-watch.ts";
import type { RunningRevocations } from "./revocations.ts";

export interface RunningWitnesses {
  /** Entries of the ledger that are under no head with enough cosignatures. */
  readonly uncosigned: number;
  /** Submits the last head, and waits some seconds for it at most. */
  close(): Promise<void>;
}

export interface Home {
  readonly evidence: Recorder;
  readonly revocations: RunningRevocations;
  readonly approvals: RunningApprovals;
  readonly policies: PolicySource & { close(): void };
  readonly pseudonyms: GateParts["pseudonyms"];
  readonly subjects: GateParts["subjects"];
  /** Null when there are none, or somebody else asks them. */
  readonly witnesses: RunningWitnesses | null;
  /** Undefined for a gateway that is alone. */
  readonly fleet: FleetParts | undefined;
}

export interface HomeOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** Of a ledger that is written here; null without any. */
  readonly witnesses: WitnessPolicy | null;
  /** Something does not work (or works again), in words without data; in which part. */
  onProblem(part: "evidence" | "approvals" | "witnesses", problem: string): void;
}

/** What keeps the gateway from starting: one line per problem. */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}
