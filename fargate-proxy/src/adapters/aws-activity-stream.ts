// Opens records of a database activity stream as Kinesis has them (Aurora User Guide, "Processing a database activity stream using the AWS SDK"): a data
// key that KMS unwraps in the context of the cluster or instance, a message of the AWS Encryption SDK under that key, gzip inside of it.
import { gunzipSync } from "node:zlib";
import { buildDecrypt } from "@aws-crypto/decrypt-node";
import { CommitmentPolicy } from "@aws-crypto/material-management-node";
import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from "@aws-crypto/raw-aes-keyring-node";
import { DecryptCommand, KMSClient } from "@aws-sdk/client-kms";

/** As a record of the stream names them, both in base64. */
export interface SealedActivity {
  readonly databaseActivityEvents: string;
  readonly key: string;
}

/** The text inside. @throws when KMS refuses, or the message is not what its key made */
export type OpenActivity = (record: SealedActivity) => Promise<string>;

/** Data keys are used for many records: this many are remembered. */
const REMEMBERED = 64;

/** Messages of activity streams carry no key commitment. Nothing is ever encrypted here. */
const { decrypt } = buildDecrypt(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);

/** @param resource `cluster-...` or `db-...`: the stream's name without `aws-rds-das-` */
export function openActivityWith(resource: string, client = new KMSClient({})): OpenActivity {
  const context = { [resource.startsWith("cluster-") ? "aws:rds:dbc-id" : "aws:rds:db-id"]: resource };
  const keyrings = new Map<string, RawAesKeyringNode>();
  const keyring = async (wrapped: string) => {
    const known = keyrings.get(wrapped);
    if (known !== undefined) return known;
    const CiphertextBlob = Buffer.from(wrapped, "base64");
    const { Plaintext } = await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context }));
    if (Plaintext?.length !== 32) throw new Error("KMS gave something else than a data key");
    const made = new RawAesKeyringNode({
      keyNamespace: "BC",
      keyName: "DataKey",
      // The keyring wants the buffer to itself.
      unencryptedMasterKey: new Uint8Array(Plaintext),
      wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
    });
    if (keyrings.size >= REMEMBERED) keyrings.clear();
    keyrings.set(wrapped, made);
    return made;
  };
  return async ({ databaseActivityEvents, key }) => {
    const { plaintext } = await decrypt(await keyring(key), Buffer.from(databaseActivityEvents, "base64"));
    return gunzipSync(plaintext).toString();
  };
}
