// Everything in one folder of this machine. Gateways that stand behind one balancer share a second folder: evidence is each one's own.
import { join, resolve } from "node:path";
import type { FleetConfig } from "../config.ts";
import type { RunningApprovals } from "../ports/approvals.ts";
import type { FleetParts } from "./fleet.ts";
import type { Home, HomeOptions } from "./home.ts";
import { LocalApprovalStore } from "./local-approval-store.ts";
import { type LocalApprovalsOptions, openLocalApprovals } from "./local-approvals.ts";
import { LocalFleetTable } from "./local-fleet-table.ts";
import { openLocalKey } from "./local-hmac-keys.ts";
import { openLocalRecorder } from "./local-recorder.ts";
import { localApprovalsFile, localReviewSource } from "./local-reviews.ts";
import { RevocationTable } from "./local-revocations.ts";
import { runLocalWitnesses } from "./local-witnesses.ts";
import { watchRevocations } from "./revocations.ts";

/** Sessions wait while a table of this machine is looked at. */
const PATIENCE_MS = 100;

/** @param approvals others than the local ones. @throws the error of what could not be opened */
export async function openLocalHome(
  { config, clock, witnesses, onProblem }: HomeOptions,
  approvals: (options: LocalApprovalsOptions) => RunningApprovals = openLocalApprovals,
): Promise<Home> {
  const shared = config.fleet !== undefined && "shared" in config.fleet ? config.fleet.shared : config.state;
  const inShared = (path: string) => resolve(shared, path);
  const evidence = await openLocalRecorder({
    state: config.state,
    clock,
    onProblem: (problem) => onProblem("evidence", problem),
  });
  try {
    return {
      evidence,
      witnesses:
        witnesses === null
          ? null
          : await runLocalWitnesses({
              state: config.state,
              policy: witnesses,
              onProblem: (problem) => onProblem("witnesses", problem),
            }),
      revocations: await watchRevocations(new RevocationTable(inShared("index.db"), PATIENCE_MS), clock.now),
      pseudonyms: openLocalKey(inShared("keys"), "pseudonym"),
      subjects: openLocalKey(inShared("keys"), "disclosure"),
      policies: new LocalApprovalStore(inShared("index.db"), PATIENCE_MS),
      approvals: approvals({
        path: inShared("index.db"),
        now: clock.now,
        reviews: {
          source: localReviewSource(config.state),
          approvals: () => localApprovalsFile(config.state, resolve(config.policy)),
        },
        onProblem: (problem) => onProblem("approvals", problem),
      }),
      fleet: config.fleet === undefined ? undefined : fleetOf(config.fleet, shared),
    };
  } catch (error) {
    await evidence.close();
    throw error;
  }
}

function fleetOf({ listen }: FleetConfig, shared: string): FleetParts {
  const table = new LocalFleetTable(join(shared, "fleet.db"));
  return { table, key: openLocalKey(join(shared, "keys"), "fleet"), listen, host: listen.host };
}
