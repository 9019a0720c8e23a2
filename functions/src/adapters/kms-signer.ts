// Signs the heads of the ledger with an Ed25519 key in KMS (ECC_NIST_EDWARDS25519): nobody can take it away, and each use is in CloudTrail.
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { GetPublicKeyCommand, type KMSClient, SignCommand } from "@aws-sdk/client-kms";
import { verifierKey } from "#shared/evidence/checkpoint.ts";
import type { Sha256 } from "#shared/evidence/digest.ts";
import type { SignerPort } from "#shared/evidence/ports.ts";

export interface KmsSignerParts {
  readonly client: KMSClient;
  /** Id, ARN or alias. */
  readonly key: string;
  /** Name of the ledger. */
  readonly name: string;
  readonly sha256: Sha256;
}

/** @throws when the key cannot be had, or is of another kind */
export async function openKmsSigner({ client, key, name, sha256 }: KmsSignerParts): Promise<SignerPort> {
  const { PublicKey, KeyUsage } = await client.send(new GetPublicKeyCommand({ KeyId: key }));
  const known = PublicKey === undefined || KeyUsage !== "SIGN_VERIFY" ? null : parsePublicKey(PublicKey);
  if (known?.asymmetricKeyType !== "ed25519") throw new Error(`the KMS key ${key} is not one for Ed25519 signatures`);
  const publicKey = Buffer.from(known.export({ format: "jwk" }).x ?? "", "base64url");
  return {
    name,
    publicKey,
    verifierKey: verifierKey(name, publicKey, sha256),
    async sign(message) {
      const { Signature } = await client.send(
        new SignCommand({ KeyId: key, Message: message, MessageType: "RAW", SigningAlgorithm: "ED25519_SHA_512" }),
      );
      // An alias can be pointed at another key: what nobody could verify is no signature.
      if (Signature === undefined || !verify(null, message, known, Signature))
        throw new Error(`the KMS key ${key} does not sign for the public key it had`);
      return Signature;
    },
  };
}

function parsePublicKey(der: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch {
    return null;
  }
}
