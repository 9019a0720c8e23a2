// Consistency proofs from stored tiles: between any two sizes the one proof that RFC 9162's verifier takes, and no other.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { consistencyProof } from "#shared/evidence/consistency.ts";
import { TiledTree, tileBytes, tileKey } from "#shared/evidence/tiles.ts";
import { isConsistent } from "#test/support/fake-witness.ts";
import { MemoryStore } from "#test/support/memory-store.ts";

/** The tiles of a ledger of `size` leaves, and its roots at some sizes. */
function ledger(size: number, sizes: Iterable<number>) {
  const store = new MemoryStore();
  const tree = new TiledTree(nodeSha256);
  const wanted = new Set(sizes).add(size);
  const roots = new Map<number, Uint8Array>();
  for (let i = 0; i <= size; i++) {
    if (wanted.has(i)) roots.set(i, tree.root());
    if (i < size) tree.append(Buffer.from(`leaf ${i}`));
  }
  for (const tile of tree.take(true))
    store.objects.set(tileKey({ ...tile, width: tile.parts.length }), tileBytes(tile.parts));
  const at = (n: number) => ({ size: n, root: roots.get(n) as Uint8Array });
  return { store, at };
}

describe("a consistency proof", () => {
  it("holds between all sizes of a small ledger, and not with another root", async () => {
    for (let size = 1; size <= 40; size++) {
      const { store, at } = ledger(size, Array(size).keys());
      for (let before = 0; before <= size; before++) {
        const proof = await consistencyProof(store, before, size, nodeSha256);
        expect(isConsistent(at(before), at(size), proof), `${before} to ${size}`).toBe(true);
        const other = { size: before, root: Buffer.alloc(32, 7) };
        if (before > 0) expect(isConsistent(other, at(size), proof)).toBe(false);
      }
    }
  });

  it("holds between any sizes, over several levels of tiles", async () => {
    const size = 66_000;
    const edges = [1, 2, 3, 255, 256, 257, 511, 512, 513, 32_768, 65_535, 65_536, 65_537, 65_792, size - 1];
    const sizes = [...edges, ...fc.sample(fc.integer({ min: 1, max: size }), 60)];
    const { store, at } = ledger(size, sizes);
    for (const before of sizes) {
      const proof = await consistencyProof(store, before, size, nodeSha256);
      expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)) + 1);
      expect(isConsistent(at(before), at(size), proof), `${before} to ${size}`).toBe(true);
    }
  });

  it("is made of wider tiles where they have replaced those of its size", async () => {
    const { store, at } = ledger(900, [10, 300, 700]);
    expect(store.objects.has("ledger/tile/0/002.p/188")).toBe(false);
    for (const before of [10, 300])
      expect(isConsistent(at(before), at(700), await consistencyProof(store, before, 700, nodeSha256))).toBe(true);
  });

  it("cannot be made of tiles that are not there, and says which", async () => {
    const { store } = ledger(300, []);
    store.objects.delete("ledger/tile/0/001.p/44");
    const place = { key: "ledger/tile/0/001.p/44" };
    await expect(consistencyProof(store, 10, 300, nodeSha256)).rejects.toMatchObject({ place });
  });
});
