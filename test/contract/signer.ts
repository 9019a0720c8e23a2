// What every signer of the ledger has to keep to.
import { describe, expect, it } from "vitest";
import { nodeSha256, nodeVerifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { checkpointText, openCheckpoint, parseVerifierKey, signedCheckpoint } from "#shared/evidence/checkpoint.ts";
import type { SignerPort } from "#shared/evidence/ports.ts";

/** @param open opens the same signer each time */
export function signerContract(name: string, open: () => Promise<SignerPort>): void {
  describe(`signer: ${name}`, () => {
    it("signs heads that open with its verifier key", async () => {
      const signer = await open();
      const head = { origin: signer.name, size: 3, root: nodeSha256.digest(Buffer.from("x")) };
      const signature = await signer.sign(Buffer.from(checkpointText(head)));
      const note = signedCheckpoint(head, signer.publicKey, signature, nodeSha256);
      const tools = { sha256: nodeSha256, verifyEd25519: nodeVerifyEd25519 };
      expect(openCheckpoint(note, signer.verifierKey, tools)).toMatchObject({ origin: signer.name, size: 3 });
    });

    it("is the same when it is opened again", async () => {
      const [one, two] = [await open(), await open()];
      expect(two.verifierKey).toBe(one.verifierKey);
      expect(parseVerifierKey(one.verifierKey, nodeSha256).name).toBe(one.name);
    });
  });
}
