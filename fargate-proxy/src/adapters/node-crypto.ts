// The functions' own: there is one of each.
import * as own from "#functions/adapters/node-crypto.ts";
import type { VerifyEd25519 } from "#shared/evidence/checkpoint.ts";
import type { Sha256 } from "#shared/evidence/digest.ts";

export const nodeSha256: Sha256 = own.nodeSha256;
export const nodeVerifyEd25519: VerifyEd25519 = own.nodeVerifyEd25519;
