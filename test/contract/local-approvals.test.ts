// The local store of approvals keeps to the contract of all of them, between processes too.
import { join } from "node:path";
import { afterAll } from "vitest";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { temporaryState } from "#test/support/evidence.ts";
import { approvalStoreContract } from "./approval-store.ts";

const state = temporaryState();
afterAll(() => state.remove());
const path = join(state.path, "approvals.db");
const [first, second] = [new LocalApprovalStore(path), new LocalApprovalStore(path)];
approvalStoreContract(
  "local",
  () => first,
  () => second,
);
