// The one function that can open what is sealed, or destroy its key: for two officers who have agreed, and after it is in the evidence.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KMSClient } from "@aws-sdk/client-kms";
import { newId } from "#shared/ids.ts";
import { readApprovals } from "#shared/policy/approvals-file.ts";
import { revocationsIn } from "../adapters/aws.ts";
import { dynamoOfficers } from "../adapters/dynamo-officers.ts";
import { dynamoWrappedKeys } from "../adapters/dynamo-wrapped-keys.ts";
import { openBucket, TIMES } from "../adapters/evidence-bucket.ts";
import type { HttpResponse } from "../adapters/http-api.ts";
import { kmsDataKeyOpener } from "../adapters/kms-data-keys.ts";
import { nodeSha256 } from "../adapters/node-crypto.ts";
import { compress, decompress } from "../adapters/node-zstd.ts";
import { tokenVerifier } from "../adapters/token.ts";
import type { Invoke } from "../middleware.ts";
import { officerSettings, settings } from "../settings.ts";
import { recordingIn } from "./deeds.ts";
import { officers } from "./routes.ts";

export const handler: Invoke<HttpResponse> = officers(async () => {
  const set = officerSettings();
  const dynamo = new DynamoDBClient(TIMES);
  const { value: approvals } = readApprovals(await readFile(join(settings().policy, "approvals.yaml"), "utf8"));
  return {
    store: dynamoOfficers(dynamo, set.table),
    officers: approvals?.officers ?? null,
    keys: dynamoWrappedKeys(dynamo, set.sealedKeys),
    opener: kmsDataKeyOpener(new KMSClient(TIMES), set.key),
    recording: recordingIn({
      store: openBucket().store,
      sha256: nodeSha256,
      pack: (bytes) => compress(bytes, 3),
      decompress,
    }),
    verify: tokenVerifier(set),
    revoked: revocationsIn(set.revocations),
    newId: () => newId(Date.now(), randomBytes(16)),
    now: Date.now,
  };
});
