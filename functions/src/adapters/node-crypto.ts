import { createPublicKey, hash, verify } from "node:crypto";
import type { VerifyEd25519 } from "#shared/evidence/checkpoint.ts";
import type { Sha256 } from "#shared/evidence/digest.ts";

export const nodeSha256: Sha256 = {
  digest: (data) => hash("sha256", data, "buffer"),
  text: (data, encoding) => hash("sha256", data, encoding),
};

export const nodeVerifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  const key = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(publicKey).toString("base64url") },
    format: "jwk",
  });
  return verify(null, message, key, signature);
};
