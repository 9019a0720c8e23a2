// The Lambda that opens requests, for the gateway.
import type { ApprovalState } from "#shared/approval/types.ts";
import { dynamoStore, starter } from "../adapters/aws.ts";
import type { Invoke } from "../middleware.ts";
import { workflowSettings } from "../settings.ts";
import { approvalRequest, workflowInput } from "./open.ts";

export const handler: Invoke<ApprovalState> = approvalRequest(async () => {
  const { table, workflow } = workflowSettings();
  const start = starter(workflow);
  return {
    store: dynamoStore(table),
    start: (state) => start(state.request.id, workflowInput(state, Date.now())),
    now: Date.now,
  };
});
