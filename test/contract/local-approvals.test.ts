// The approvals of the local home keep to the contracts of all of them, between processes too.
import { join } from "node:path";
import { afterAll } from "vitest";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { openLocalApprovals } from "#proxy/adapters/local-approvals.ts";
import { temporaryState } from "#test/support/evidence.ts";
import { approvalStoreContract } from "./approval-store.ts";
import { approvalsContract } from "./approvals.ts";

const state = temporaryState();
afterAll(() => state.remove());
const path = join(state.path, "approvals.db");
const [first, second] = [new LocalApprovalStore(path), new LocalApprovalStore(path)];
approvalStoreContract(
  "local",
  () => first,
  () => second,
);

const gateway = join(state.path, "gateway.db");
const other = new LocalApprovalStore(gateway);
approvalsContract(
  "local",
  {
    open: () => openLocalApprovals({ path: gateway, now: Date.now, onProblem: () => {}, everyMs: 20 }),
    store: () => other,
  },
  5000,
);
