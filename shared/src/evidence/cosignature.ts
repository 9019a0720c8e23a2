// What a witness says of a head of the ledger: C2SP tlog-cosignature (https://c2sp.org/tlog-cosignature), cosignature/v1 by Ed25519. A witness signs a head
// when it goes on from every head of that ledger which it signed before: who has been shown another ledger would have a head that it did not sign.
import {
  type CheckpointTools,
  COSIGNATURE_ED25519,
  type NoteKey,
  parseVerifierKey,
  type Signature,
  type VerifierKey,
} from "./checkpoint.ts";
import type { Sha256 } from "./digest.ts";

export interface Cosignature {
  readonly witness: NoteKey;
  /** By the witness's clock, in milliseconds since the epoch. */
  readonly time: number;
  /** As it stands in the note. */
  readonly line: string;
}

/** Bytes of the time before the signature. */
const TIME = 8;
const encoder = new TextEncoder();

/** @throws when the text is not a verifier key of a witness */
export function parseWitnessKey(text: VerifierKey, sha256: Sha256): NoteKey {
  return parseVerifierKey(text, sha256, COSIGNATURE_ED25519);
}

/**
 * The newest cosignature of a witness among the signatures of a note; those by other keys are passed over. Null when there is none.
 * @param text of the note. @throws Error that says so when one is in the witness's name and wrong
 */
export function cosignatureOf(
  text: string,
  signatures: readonly Signature[],
  witness: NoteKey,
  { verifyEd25519 }: CheckpointTools,
): Cosignature | null {
  let newest: Cosignature | null = null;
  for (const { name, id, bytes, line } of signatures) {
    if (name !== witness.name || id !== witness.id) continue;
    const seconds = bytes.subarray(0, TIME).reduce((sum, byte) => sum * 256 + byte, 0);
    const message = encoder.encode(`cosignature/v1\ntime ${seconds}\n${text}`);
    const isTime = bytes.length === TIME + 64 && Number.isSafeInteger(seconds);
    if (!isTime || !verifyEd25519(witness.publicKey, message, bytes.subarray(TIME)))
      throw new Error(`the cosignature of ${witness.name} is wrong`);
    if (newest === null || seconds * 1000 > newest.time) newest = { witness, time: seconds * 1000, line };
  }
  return newest;
}
