// The Merkle tree hash of RFC 6962, section 2.1, grown one leaf at a time.
import type { Sha256 } from "./digest.ts";

/** Hashes a leaf's data: the zero byte keeps leaves and inner nodes apart. */
export function leafHash(data: Uint8Array, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(1 + data.length);
  bytes.set(data, 1);
  return sha256.digest(bytes);
}

export function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return sha256.digest(bytes);
}

/** A tree that keeps only what later roots need: one hash for each bit that is set in its size. */
export class MerkleTree {
  readonly #sha256: Sha256;
  /** Roots of perfect subtrees, the largest first. */
  readonly #roots: Uint8Array[] = [];
  #size = 0;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** The tree of `size` leaves. @param roots of its perfect subtrees, the largest first: one for each bit that is set in `size` */
  static resume(size: number, roots: readonly Uint8Array[], sha256: Sha256): MerkleTree {
    const tree = new MerkleTree(sha256);
    tree.#roots.push(...roots);
    tree.#size = size;
    return tree;
  }

  get size(): number {
    return this.#size;
  }

  /** @param leaf its hash, from `leafHash` */
  append(leaf: Uint8Array): void {
    let hash = leaf;
    // Every set bit below the first clear one is a subtree as large as what is in hand.
    for (let bits = this.#size; bits % 2 === 1; bits = Math.floor(bits / 2)) {
      const left = this.#roots.pop();
      if (left === undefined) throw new Error("the tree lost a subtree");
      hash = nodeHash(left, hash, this.#sha256);
    }
    this.#roots.push(hash);
    this.#size += 1;
  }

  root(): Uint8Array {
    if (this.#roots.length === 0) return this.#sha256.digest(new Uint8Array(0));
    return this.#roots.reduceRight((right, left) => nodeHash(left, right, this.#sha256));
  }
}
