// The Lambda that opens requests, for the gateway.
import { nextDue } from "#shared/approval/machine.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import { dynamoStore, starter } from "../adapters/aws.ts";
import type { Invoke } from "../middleware.ts";
import { workflowSettings } from "../settings.ts";
import { approvalRequest } from "./open.ts";

export const handler: Invoke<ApprovalState> = approvalRequest(async () => {
  const { table, workflow } = workflowSettings();
  const start = starter(workflow);
  return {
    store: dynamoStore(table),
    start: (state) => {
      const { id } = state.request;
      const seconds = Math.max(1, Math.ceil(((nextDue(state) ?? 0) - Date.now()) / 1000));
      return start(id, { id, seconds });
    },
    now: Date.now,
  };
});
