// Inclusion proofs of RFC 6962, section 2.1.1: that a leaf is under a root, in as many hashes as the tree is high.
import type { Sha256 } from "./digest.ts";
import { nodeHash } from "./merkle.ts";

/** Makes proofs for one tree. Roots of subtrees are computed once, whatever the number of proofs. */
export class Prover {
  readonly #leaves: readonly Uint8Array[];
  readonly #sha256: Sha256;
  readonly #roots = new Map<string, Uint8Array>();

  /** @param leaves hashes of the leaves, in order */
  constructor(leaves: readonly Uint8Array[], sha256: Sha256) {
    this.#leaves = leaves;
    this.#sha256 = sha256;
  }

  /** PATH(index, leaves): the sibling of the leaf first. */
  path(index: number): readonly Uint8Array[] {
    const proof: Uint8Array[] = [];
    let first = 0;
    let size = this.#leaves.length;
    while (size > 1) {
      const left = splitOf(size);
      const inLeft = index < first + left;
      proof.push(inLeft ? this.#root(first + left, size - left) : this.#root(first, left));
      if (!inLeft) first += left;
      size = inLeft ? left : size - left;
    }
    return proof.reverse();
  }

  #root(first: number, size: number): Uint8Array {
    if (size === 1) return this.#leaves[first] as Uint8Array;
    const name = `${first}+${size}`;
    let root = this.#roots.get(name);
    if (root === undefined) {
      const left = splitOf(size);
      root = nodeHash(this.#root(first, left), this.#root(first + left, size - left), this.#sha256);
      this.#roots.set(name, root);
    }
    return root;
  }
}

/** The largest power of two below `size`. */
export function splitOf(size: number): number {
  let left = 1;
  while (left * 2 < size) left *= 2;
  return left;
}

/**
 * The root that a proof leads to; the leaf is under a signed root when the two are equal.
 * @returns null when the proof has not as many hashes as a tree of this size asks for
 */
export function provenRoot(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  sha256: Sha256,
): Uint8Array | null {
  if (index < 0 || index >= size) return null;
  const used = proof.entries();
  const climb = (at: number, width: number): Uint8Array | null => {
    if (width === 1) return leaf;
    const left = splitOf(width);
    const below = at < left ? climb(at, left) : climb(at - left, width - left);
    const sibling = used.next().value?.[1];
    if (below === null || sibling === undefined) return null;
    return at < left ? nodeHash(below, sibling, sha256) : nodeHash(sibling, below, sha256);
  };
  const root = climb(index, size);
  return used.next().done ? root : null;
}
