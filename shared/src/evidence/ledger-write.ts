// How the ledger grows: leaves into the tree, what grew of it into the store, then the signed head; so what a head covers is always stored.
// The gateway at home and the function on AWS both write it by these.
import { type Checkpoint, checkpointText, openCheckpoint, signedCheckpoint, type VerifyEd25519 } from "./checkpoint.ts";
import { type Sha256, toHex } from "./digest.ts";
import { CHECKPOINT_KEY } from "./ledger.ts";
import { readTile } from "./ledger-entries.ts";
import { KeyExists, type ObjectFacts, type SignerPort, type StorePort } from "./ports.ts";
import { edgeTiles, type Tile, TiledTree, type TileName, tileBytes, tileKey, tileParts } from "./tiles.ts";
import { BadEvidence, type EvidenceReader } from "./verify-types.ts";

export interface LedgerTools {
  readonly store: StorePort;
  readonly signer: SignerPort;
  readonly sha256: Sha256;
  readonly verifyEd25519: VerifyEd25519;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param note the bytes of `ledger/checkpoint`; null when there is none yet. @throws when the ledger's key has not signed it */
export function openHead(note: Uint8Array | null, tools: Omit<LedgerTools, "store">): Checkpoint | null {
  return note === null ? null : openCheckpoint(decoder.decode(note), tools.signer.verifierKey, tools);
}

/** The tree under a signed head, from as many objects as it is high. @throws when they do not lead to the head's root */
export async function resumeTree(reader: EvidenceReader, head: Checkpoint | null, sha256: Sha256): Promise<TiledTree> {
  if (head === null) return new TiledTree(sha256);
  const tree = TiledTree.resume(
    head.size,
    await Promise.all(edgeTiles(head.size).map((name) => edgeTile(reader, name))),
    sha256,
  );
  if (toHex(tree.root()) !== toHex(head.root))
    throw new BadEvidence({ key: CHECKPOINT_KEY, what: "the ledger's last tiles do not lead to its signed head" });
  return tree;
}

async function edgeTile(reader: EvidenceReader, name: TileName): Promise<Tile> {
  const found = await readTile(reader, name);
  const parts = found === null ? null : tileParts(name, found.bytes);
  if (parts === null)
    throw new BadEvidence({ key: tileKey(name), what: "the object is missing, or not as long as its name says" });
  return { level: name.level, index: name.index, parts };
}

/** Stores a tile or bundle under the name that its width gives it. */
export function putTile(store: StorePort, { level, index, parts }: Tile): Promise<void> {
  return putOnce(store, tileKey({ level, index, width: parts.length }), tileBytes(parts));
}

/** The signed note over the tree as it is now. */
export async function signHead(
  tree: TiledTree,
  { signer, sha256 }: Pick<LedgerTools, "signer" | "sha256">,
): Promise<Uint8Array> {
  const checkpoint = { origin: signer.name, size: tree.size, root: tree.root() };
  const signature = await signer.sign(encoder.encode(checkpointText(checkpoint)));
  return encoder.encode(signedCheckpoint(checkpoint, signer.publicKey, signature, sha256));
}

/** Keys of the partial tiles of a ledger that those of a larger one have replaced. */
export function replacedTiles(before: number, after: number): readonly string[] {
  const kept = new Set(edgeTiles(after).map(tileKey));
  return edgeTiles(before)
    .map(tileKey)
    .filter((key) => !kept.has(key));
}

/** An object whose place is taken by other bytes: another attempt would not mend it. */
export class TakenByOthers extends Error {}

/** Puts an object; that it is there already, byte for byte, is as good (an earlier attempt whose answer was lost). */
export async function putOnce(store: StorePort, key: string, bytes: Uint8Array, about?: ObjectFacts): Promise<void> {
  try {
    await store.put(key, bytes, about);
  } catch (error) {
    if (!(error instanceof KeyExists)) throw error;
    const there = await store.get(key);
    if (there === null || there.length !== bytes.length || there.some((byte, i) => byte !== bytes[i]))
      throw new TakenByOthers(`${key} is taken by other bytes`);
  }
}
