// The public key of a ledger that is signed in KMS, in the form that verifiers of C2SP signed notes take. It takes kms:GetPublicKey and no more.
import { KMSClient } from "@aws-sdk/client-kms";
import { awsTimes } from "#functions/adapters/clients.ts";
import { openKmsSigner } from "#functions/adapters/kms-signer.ts";
import { nodeSha256 } from "./node-crypto.ts";

const TIMES = { attemptMs: 5000, attempts: 3 };

/** @param key ARN, id or alias. @param name of the ledger. @throws when it cannot be had, or is of another kind */
export async function kmsVerifierKey(key: string, name: string): Promise<string> {
  const signer = await openKmsSigner({ client: new KMSClient(awsTimes(TIMES)), key, name, sha256: nodeSha256 });
  return signer.verifierKey;
}
