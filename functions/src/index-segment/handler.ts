// The Lambda that keeps the index of sessions, for the queue of new objects.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoIndex } from "../adapters/dynamo-index.ts";
import { openBucket, TIMES } from "../adapters/evidence-bucket.ts";
import type { Fed } from "../adapters/feed.ts";
import { decompress } from "../adapters/node-zstd.ts";
import type { Invoke } from "../middleware.ts";
import { indexTable } from "../settings.ts";
import { indexSegment } from "./follow.ts";

export const handler: Invoke<Fed> = indexSegment(async () => {
  const { bucket, store } = openBucket();
  const index = new DynamoIndex(new DynamoDBClient(TIMES), indexTable());
  return {
    bucket,
    list: (prefix, after) => store.list(prefix, after),
    get: (key) => store.get(key),
    decompress,
    add: (part, disclosed) => index.add(part, disclosed),
  };
});
