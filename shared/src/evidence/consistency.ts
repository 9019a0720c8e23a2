// That a ledger only grew: the consistency proof of RFC 6962, section 2.1.2, from the tiles that are stored, in as many hashes as the tree is high.
import type { Sha256 } from "./digest.ts";
import { readTile } from "./ledger-entries.ts";
import { nodeHash } from "./merkle.ts";
import { splitOf } from "./proof.ts";
import { type TileName, tileKey, tileParts, widthIn } from "./tiles.ts";
import { BadEvidence, type EvidenceReader } from "./verify-types.ts";

/** A tile holds the roots of subtrees that are 2 ** (8 * level) leaves wide. */
const HEIGHT = 8;

/**
 * PROOF(before, D[size]). Empty when there is nothing to prove: `before` is 0, or `size`.
 * @param size of a ledger whose tiles are stored. @throws BadEvidence when one is not there
 */
export async function consistencyProof(
  reader: EvidenceReader,
  before: number,
  size: number,
  sha256: Sha256,
): Promise<readonly Uint8Array[]> {
  const tree = new StoredTree(reader, size, sha256);
  const proof: Uint8Array[] = [];
  // Down from the root to the edge of the smaller tree; what is beside the way is the proof, from the bottom up.
  let [first, width, wanted, whole] = [0, size, before, true];
  if (before === 0 || before === size) return proof;
  while (wanted !== width) {
    const left = splitOf(width);
    const goesLeft = wanted <= left;
    proof.push(goesLeft ? await tree.root(first + left, width - left) : await tree.root(first, left));
    if (!goesLeft) {
      [first, wanted, whole] = [first + left, wanted - left, false];
    }
    width = goesLeft ? left : width - left;
  }
  // The smaller tree's own root need not be told.
  if (!whole) proof.push(await tree.root(first, width));
  return proof.reverse();
}

/** Roots of the subtrees of a ledger, from its tiles. */
class StoredTree {
  readonly #reader: EvidenceReader;
  readonly #size: number;
  readonly #sha256: Sha256;
  readonly #tiles = new Map<string, readonly Uint8Array[]>();

  constructor(reader: EvidenceReader, size: number, sha256: Sha256) {
    this.#reader = reader;
    this.#size = size;
    this.#sha256 = sha256;
  }

  /** Of the leaves from `first` on; subtrees of RFC 6962 begin at a multiple of their width, or of the power of two above it. */
  async root(first: number, width: number): Promise<Uint8Array> {
    const height = Math.log2(width);
    if (Number.isInteger(height) && height % HEIGHT === 0) return this.#stored(height / HEIGHT, first / width);
    const left = splitOf(width);
    const [a, b] = [await this.root(first, left), await this.root(first + left, width - left)];
    return nodeHash(a, b, this.#sha256);
  }

  async #stored(level: number, at: number): Promise<Uint8Array> {
    const index = Math.floor(at / 2 ** HEIGHT);
    const name: TileName = { level, index, width: widthIn(this.#size, { level, index }) };
    const parts = this.#tiles.get(tileKey(name)) ?? (await this.#read(name));
    return parts[at % 2 ** HEIGHT] as Uint8Array;
  }

  async #read(name: TileName): Promise<readonly Uint8Array[]> {
    const found = await readTile(this.#reader, name);
    const parts = found === null ? null : tileParts(name, found.bytes);
    if (parts === null) throw new BadEvidence({ key: tileKey(name), what: "the tile is missing, or too short" });
    this.#tiles.set(tileKey(name), parts);
    return parts;
  }
}
