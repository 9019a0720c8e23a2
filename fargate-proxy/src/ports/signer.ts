import type { VerifierKey } from "#shared/evidence/checkpoint.ts";

/** Signs the heads of the ledger. AWS: an asymmetric KMS key. Local: a key file. */
export interface SignerPort {
  /** Name of the ledger and of its key. */
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly verifierKey: VerifierKey;
  sign(message: Uint8Array): Promise<Uint8Array>;
}
