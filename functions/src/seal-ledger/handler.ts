// The Lambda that writes the ledger, for the queue of new objects.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KMSClient } from "@aws-sdk/client-kms";
import { CHECKPOINT_KEY } from "#shared/evidence/ledger.ts";
import { DynamoSequence } from "../adapters/dynamo-sequence.ts";
import { headIn, openBucket, TIMES } from "../adapters/evidence-bucket.ts";
import type { Fed } from "../adapters/feed.ts";
import { openKmsSigner } from "../adapters/kms-signer.ts";
import { nodeSha256, nodeVerifyEd25519 } from "../adapters/node-crypto.ts";
import type { Invoke } from "../middleware.ts";
import { ledgerSettings } from "../settings.ts";
import { sealLedger } from "./follow.ts";

export const handler: Invoke<Fed> = sealLedger(async () => {
  const { table, name, key } = ledgerSettings();
  const { bucket, store } = openBucket();
  return {
    bucket,
    store,
    head: headIn(store, CHECKPOINT_KEY),
    describe: (object) => store.describe(object),
    list: (prefix, after) => store.list(prefix, after),
    sequence: new DynamoSequence(new DynamoDBClient(TIMES), table),
    signer: await openKmsSigner({ client: new KMSClient(TIMES), key, name, sha256: nodeSha256 }),
    sha256: nodeSha256,
    verifyEd25519: nodeVerifyEd25519,
  };
});
