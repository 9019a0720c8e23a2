// The Lambda that recovers what a stopped task of the gateway left, for the queue of ECS's notices.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { openDynamoJournal } from "../adapters/dynamo-journal.ts";
import { openBucket, TIMES } from "../adapters/evidence-bucket.ts";
import { nodeSha256 } from "../adapters/node-crypto.ts";
import { compress, decompress } from "../adapters/node-zstd.ts";
import type { Invoke } from "../middleware.ts";
import { journalTable } from "../settings.ts";
import { type Outcome, recoverSession } from "./recover.ts";

export const handler: Invoke<Outcome> = recoverSession(async () => {
  const client = new DynamoDBClient(TIMES);
  const table = journalTable();
  return {
    store: openBucket().store,
    openJournal: (task) => openDynamoJournal({ client, table, task, now: Date.now }),
    sha256: nodeSha256,
    pack: (bytes) => compress(bytes, 3),
    decompress,
    now: Date.now,
  };
});
