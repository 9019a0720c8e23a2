// Data keys of the sealed lane from KMS. The context (session and target) is bound to the wrapped key and stands in CloudTrail with every use.
// Who seals needs kms:GenerateDataKey alone, who opens kms:Decrypt: no role has both.
import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from "@aws-sdk/client-kms";
import type { DataKeyOpener, DataKeys, KeyContext } from "#shared/evidence/data-keys.ts";

const contextOf = ({ session, target }: KeyContext): Record<string, string> => ({ session, target });

/** @param key id, ARN or alias of a symmetric key */
export function kmsDataKeys(client: KMSClient, key: string): DataKeys {
  return {
    async generate(context) {
      const made = await client.send(
        new GenerateDataKeyCommand({ KeyId: key, KeySpec: "AES_256", EncryptionContext: contextOf(context) }),
      );
      if (made.Plaintext?.length !== 32 || made.CiphertextBlob === undefined)
        throw new Error("KMS gave something else than a data key");
      return { key: made.Plaintext, wrapped: made.CiphertextBlob };
    },
  };
}

/** @param key as above: KMS opens nothing that another key has wrapped */
export function kmsDataKeyOpener(client: KMSClient, key: string): DataKeyOpener {
  return {
    async open(wrapped, context) {
      const { Plaintext } = await client.send(
        new DecryptCommand({ KeyId: key, CiphertextBlob: wrapped, EncryptionContext: contextOf(context) }),
      );
      if (Plaintext === undefined) throw new Error("KMS gave no key");
      return Plaintext;
    },
  };
}
