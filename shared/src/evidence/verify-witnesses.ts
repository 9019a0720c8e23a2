// What witnesses say of the ledger. A head that they have cosigned, kept beside the ledger's own, has to be a head of this ledger; and by enough of them, for
// who names the witnesses that he trusts.
import { type CheckpointTools, openCheckpoint, parseNote, type VerifierKey } from "./checkpoint.ts";
import { cosignatureOf } from "./cosignature.ts";
import { toHex } from "./digest.ts";
import { COSIGNED_KEY } from "./ledger.ts";
import { BadEvidence, type CosignedHead, type EvidenceReader } from "./verify-types.ts";
import type { WitnessPolicy } from "./witness-policy.ts";

/** The cosigned head of a ledger. @returns null when nothing of it was kept, and nobody asks for it. @throws BadEvidence */
export async function readCosigned(
  reader: EvidenceReader,
  key: VerifierKey,
  tools: CheckpointTools,
  policy: WitnessPolicy | null,
): Promise<CosignedHead | null> {
  const bytes = await reader.get(COSIGNED_KEY);
  if (bytes !== null) return openCosigned(bytes, key, tools, policy);
  if (policy === null || policy.enough(new Set())) return null;
  throw new BadEvidence({ key: COSIGNED_KEY, what: "no head of the ledger that witnesses have cosigned is kept" });
}

function openCosigned(
  bytes: Uint8Array,
  key: VerifierKey,
  tools: CheckpointTools,
  policy: WitnessPolicy | null,
): CosignedHead {
  try {
    const note = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return cosignedBy(note, key, tools, policy);
  } catch (error) {
    throw new BadEvidence({ key: COSIGNED_KEY, what: (error as Error).message });
  }
}

/** @param note a head with its signatures. @throws Error that says what is wrong with it, or who is missing */
export function cosignedBy(
  note: string,
  key: VerifierKey,
  tools: CheckpointTools,
  policy: WitnessPolicy | null,
): CosignedHead {
  const { origin, size, root } = openCheckpoint(note, key, tools);
  const { text, signatures } = parseNote(note);
  if (policy !== null && policy.logs.length > 0 && !policy.logs.includes(key))
    throw new Error("the policy of witnesses is about other ledgers");
  const witnesses = (policy?.witnesses ?? []).map((one) => one.key);
  const found = witnesses
    .map((witness) => cosignatureOf(text, signatures, witness, tools))
    .filter((one) => one !== null);
  if (policy !== null && !policy.enough(new Set(found.map(({ witness }) => witness.id)))) {
    const missing = witnesses.filter(({ id }) => !found.some(({ witness }) => witness.id === id));
    const names = missing.map(({ name }) => name).join(", ");
    throw new Error(`the head of ${size} entries is not cosigned by enough witnesses: not by ${names}`);
  }
  const claimed = new Set(signatures.map(({ name }) => name).filter((name) => name !== origin));
  const by = found.map(({ witness, time }) => ({ name: witness.name, time }));
  return { size, root: toHex(root), claimed: [...claimed].sort(), by };
}

/** What a report says of them besides. @param size of the ledger, as far as its own head goes */
export function notesOn(cosigned: CosignedHead | null, size: number): string[] {
  if (cosigned === null) return [];
  const strangers = cosigned.claimed.filter((name) => !cosigned.by.some((one) => one.name === name));
  const notes: string[] = [];
  if (strangers.length > 0)
    notes.push(
      `whether ${strangers.join(", ")} cosigned the head of ${cosigned.size} entries was not checked: no key was given`,
    );
  if (cosigned.by.length > 0 && cosigned.size < size)
    notes.push(`the newest ${size - cosigned.size} entries are not under a cosigned head yet`);
  return notes;
}
