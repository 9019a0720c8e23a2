// Does a sample follow from the head of the ledger that it names?
import type { Sha256 } from "../evidence/digest.ts";
import { toHex } from "../evidence/digest.ts";
import { leafBytes } from "../evidence/ledger.ts";
import { readEntries } from "../evidence/ledger-entries.ts";
import { leafHash, MerkleTree } from "../evidence/merkle.ts";
import type { SessionSummary } from "../evidence/summary.ts";
import type { EvidenceReader } from "../evidence/verify-types.ts";
import { misfits } from "./sample.ts";
import type { Head, ReviewState } from "./types.ts";

/**
 * @param found sessions of the period, as they are known now
 * @returns what is wrong, in words; null when the head is one of this ledger, and the sample what it chooses
 */
export async function sampleProblem(
  { review, history }: ReviewState,
  found: readonly SessionSummary[],
  reader: EvidenceReader,
  sha256: Sha256,
): Promise<string | null> {
  if (!(await isHead(review.head, reader, sha256))) return "the head is none of this ledger";
  const strange = misfits(review, history[0]?.at ?? 0, found, sha256);
  return strange.length === 0 ? null : `by the head these should be in it, or should not: ${strange.join(", ")}`;
}

async function isHead({ size, root }: Head, reader: EvidenceReader, sha256: Sha256): Promise<boolean> {
  const tree = new MerkleTree(sha256);
  for await (const { record } of readEntries(reader)) {
    if (tree.size === size) break;
    tree.append(leafHash(leafBytes(record), sha256));
  }
  return tree.size === size && toHex(tree.root()) === root;
}
