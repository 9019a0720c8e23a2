// The Lambda that asks witnesses, once a minute.
import { KMSClient } from "@aws-sdk/client-kms";
import type { CosignReport } from "#shared/evidence/cosign.ts";
import { COSIGNED_KEY } from "#shared/evidence/ledger.ts";
import { parseWitnessPolicy } from "#shared/evidence/witness-policy.ts";
import { headIn, openBucket, TIMES } from "../adapters/evidence-bucket.ts";
import { openKmsSigner } from "../adapters/kms-signer.ts";
import { nodeSha256, nodeVerifyEd25519 } from "../adapters/node-crypto.ts";
import { askWitness } from "../adapters/witness-http.ts";
import type { Invoke } from "../middleware.ts";
import { witnessSettings } from "../settings.ts";
import { cosignLedger } from "./cosign.ts";

export const handler: Invoke<CosignReport> = cosignLedger(async () => {
  const { name, key, witnesses } = witnessSettings();
  const { store } = openBucket();
  // Its public half alone: the role may not sign.
  const { verifierKey } = await openKmsSigner({ client: new KMSClient(TIMES), key, name, sha256: nodeSha256 });
  return {
    reader: store,
    cosigned: headIn(store, COSIGNED_KEY),
    verifierKey,
    policy: parseWitnessPolicy(witnesses, nodeSha256),
    ask: askWitness,
    sha256: nodeSha256,
    verifyEd25519: nodeVerifyEd25519,
  };
});
