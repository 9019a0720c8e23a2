// The Lambda of the activity review, for a daily schedule.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { headOf } from "#shared/evidence/checkpoint.ts";
import { CHECKPOINT_KEY } from "#shared/evidence/ledger.ts";
import { dynamoStore } from "../adapters/aws.ts";
import { DynamoIndex } from "../adapters/dynamo-index.ts";
import { openBucket, TIMES } from "../adapters/evidence-bucket.ts";
import { nodeSha256 } from "../adapters/node-crypto.ts";
import { policyPlace } from "../adapters/policy-place.ts";
import type { Invoke } from "../middleware.ts";
import { indexTable, notifyFunction, settings, workflowSettings } from "../settings.ts";
import { activityReview, type Reviewed } from "./review.ts";

const clients = { dynamo: new DynamoDBClient(TIMES), lambda: new LambdaClient(TIMES) };

export const handler: Invoke<Reviewed> = activityReview(async () => {
  const { store: bucket } = openBucket();
  const index = new DynamoIndex(clients.dynamo, indexTable());
  const store = dynamoStore(workflowSettings().table);
  return {
    store,
    source: {
      sessions: (filter) => index.find(filter),
      async head() {
        const note = await bucket.get(CHECKPOINT_KEY);
        return note === null ? null : headOf(note);
      },
      sha256: nodeSha256,
    },
    approvals: () => policyPlace(store, settings().policy).approvals(),
    async tell(review) {
      const Payload = JSON.stringify({ review });
      const done = await clients.lambda.send(new InvokeCommand({ FunctionName: notifyFunction(), Payload }));
      if (done.FunctionError !== undefined) throw new Error("nobody was told");
    },
    now: Date.now,
  };
});
