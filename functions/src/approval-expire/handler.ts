// The Lambda that does what the time does, for the state machine.
import { dynamoStore } from "../adapters/aws.ts";
import type { Invoke } from "../middleware.ts";
import { workflowSettings } from "../settings.ts";
import { approvalExpire, type Due } from "./due.ts";

export const handler: Invoke<Due> = approvalExpire(async () => ({
  store: dynamoStore(workflowSettings().table),
  now: Date.now,
}));
