// What the activity review reads of the local home: sessions that the index and the journal know, the ledger's head, and policy as it is now.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { headOf } from "#shared/evidence/checkpoint.ts";
import { CHECKPOINT_KEY } from "#shared/evidence/ledger.ts";
import { type Approvals, readApprovals } from "#shared/policy/approvals-file.ts";
import type { ReviewSource } from "#shared/review/begin.ts";
import { LocalApprovalStore } from "./local-approval-store.ts";
import { LocalEvidence } from "./local-evidence.ts";
import { nodeSha256 } from "./node-crypto.ts";

/** @param state the home's folder. Opened for each question: they come once a week */
export function localReviewSource(state: string): ReviewSource {
  const reading = async <T>(read: (evidence: LocalEvidence) => Promise<T>): Promise<T> => {
    const evidence = new LocalEvidence(state);
    try {
      return await read(evidence);
    } finally {
      evidence.close();
    }
  };
  return {
    sessions: (filter) => reading((evidence) => evidence.sessions(filter)),
    head: () =>
      reading(async ({ store }) => {
        const note = await store.get(CHECKPOINT_KEY);
        return note === null ? null : headOf(note);
      }),
    sha256: nodeSha256,
  };
}

/**
 * @param state the home's folder; @param policy that of the bundle that is deployed with it
 * @returns null when the policy in force has no approvals.yaml, or none that can be used
 */
export function localApprovalsFile(state: string, policy: string): Approvals | null {
  const store = new LocalApprovalStore(join(state, "index.db"));
  try {
    const pushed = store.filesInForce();
    if (pushed !== null) {
      const text = pushed["approvals.yaml"];
      return text === undefined ? null : readApprovals(text).value;
    }
    return readApprovals(readFileSync(join(policy, "approvals.yaml"), "utf8")).value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  } finally {
    store.close();
  }
}
