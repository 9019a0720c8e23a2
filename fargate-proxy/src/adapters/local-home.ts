// Everything in one folder of this machine.
import { resolve } from "node:path";
import type { RunningApprovals } from "../ports/approvals.ts";
import type { Home, HomeOptions } from "./home.ts";
import { LocalApprovalStore } from "./local-approval-store.ts";
import { type LocalApprovalsOptions, openLocalApprovals } from "./local-approvals.ts";
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
  const inState = (path: string) => resolve(config.state, path);
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
      revocations: await watchRevocations(new RevocationTable(inState("index.db"), PATIENCE_MS), clock.now),
      pseudonyms: openLocalKey(inState("keys"), "pseudonym"),
      subjects: openLocalKey(inState("keys"), "disclosure"),
      policies: new LocalApprovalStore(inState("index.db"), PATIENCE_MS),
      approvals: approvals({
        path: inState("index.db"),
        now: clock.now,
        reviews: {
          source: localReviewSource(config.state),
          approvals: () => localApprovalsFile(config.state, resolve(config.policy)),
        },
        onProblem: (problem) => onProblem("approvals", problem),
      }),
    };
  } catch (error) {
    await evidence.close();
    throw error;
  }
}
