// The ledger's tiles against the definitions: C2SP tlog-tiles for names and content, RFC 6962 for what a hash in them is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeSha256 as sha256 } from "#proxy/adapters/node-crypto.ts";
import { toHex } from "#shared/evidence/digest.ts";
import { resumeTree } from "#shared/evidence/ledger-write.ts";
import { leafHash, MerkleTree } from "#shared/evidence/merkle.ts";
import {
  edgeTiles,
  leavesUpTo,
  parseTileKey,
  readBundle,
  type Tile,
  TiledTree,
  tileBytes,
  tileKey,
} from "#shared/evidence/tiles.ts";
import { MemoryStore } from "#test/support/memory-store.ts";

const leaf = (i: number) => Buffer.from(`leaf ${i}`);

/** Root of the leaves from `first` on, by RFC 6962. */
function rootOf(first: number, count: number): Buffer {
  const tree = new MerkleTree(sha256);
  for (let i = first; i < first + count; i++) tree.append(leafHash(leaf(i), sha256));
  return Buffer.from(tree.root());
}

/** All that is stored of a ledger that grows by these steps. */
function stored(steps: readonly number[]): { tree: TiledTree; tiles: Map<string, Tile> } {
  const tree = new TiledTree(sha256);
  const tiles = new Map<string, Tile>();
  for (const step of steps) {
    for (let i = 0; i < step; i++) tree.append(leaf(tree.size));
    for (const tile of tree.take(true)) tiles.set(tileKey({ ...tile, width: tile.parts.length }), tile);
  }
  return { tree, tiles };
}

describe("the names of tiles", () => {
  it("are those of the specification", () => {
    expect(tileKey({ level: 0, index: 1_234_067, width: 256 })).toBe("ledger/tile/0/x001/x234/067");
    expect(tileKey({ level: 1, index: 4, width: 36 })).toBe("ledger/tile/1/004.p/36");
    expect(tileKey({ level: "entries", index: 1000, width: 1 })).toBe("ledger/tile/entries/x001/000.p/1");
  });

  it("have one spelling", () => {
    const names = fc.record({
      level: fc.oneof(fc.constant("entries" as const), fc.nat(63)),
      index: fc.nat(10 ** 9),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(names, (name) => {
        expect(parseTileKey(tileKey(name))).toEqual({ ...name });
      }),
    );
    for (const key of [
      "ledger/tile/00/000",
      "ledger/tile/0/000.p/256",
      "ledger/tile/0/000.p/0",
      "ledger/tile/0/000.p/01",
      "ledger/tile/0/x000/000",
      "ledger/tile/0/0",
      "ledger/tile/64x/000",
      "ledger/checkpoint",
    ])
      expect(parseTileKey(key), key).toBeNull();
  });
});

describe("the tiles", () => {
  const steps = [1, 1, 254, 1, 256 * 3 - 100, 300, 7];
  const { tree, tiles } = stored(steps);

  it("hold the hashes that the tree is made of", () => {
    expect(Buffer.from(tree.root())).toEqual(rootOf(0, tree.size));
    for (const [key, { level, index, parts }] of tiles) {
      if (level === "entries") continue;
      const leaves = 256 ** level;
      for (const [i, hash] of parts.entries())
        expect(Buffer.from(hash), `${key} ${i}`).toEqual(rootOf((index * 256 + i) * leaves, leaves));
    }
  });

  it("hold the entries in order, as the bundles' format has them", () => {
    for (const [key, { level, index, parts }] of tiles) {
      if (level !== "entries") continue;
      const entries = readBundle(tileBytes(parts)) ?? [];
      expect(
        entries.map((entry) => Buffer.from(entry).toString()),
        key,
      ).toEqual(Array.from(parts, (_, i) => String(leaf(index * 256 + i))));
    }
  });

  it("are all there after every step, whatever the steps", () => {
    for (let size = 0, i = 0; i < steps.length; i++) {
      size += steps[i] as number;
      for (const level of ["entries", 0, 1] as const) {
        const hashes = Math.floor(size / (level === "entries" ? 1 : 256 ** level));
        for (let index = 0; index * 256 < hashes; index++) {
          const width = Math.min(256, hashes - index * 256);
          expect([...tiles.keys()]).toContain(tileKey({ level, index, width }));
        }
      }
    }
    for (const key of tiles.keys()) {
      const name = parseTileKey(key);
      expect(name === null ? null : leavesUpTo(name)).toBeLessThanOrEqual(tree.size);
    }
  });
});

describe("a bundle", () => {
  it("whose lengths do not add up is none", () => {
    expect(readBundle(Buffer.from([0, 1, 65, 0, 2, 66]))).toBeNull();
    expect(readBundle(Buffer.from([0]))).toBeNull();
    expect(readBundle(Buffer.alloc(0))).toEqual([]);
    expect(readBundle(Buffer.from([0, 0, 0, 1, 65]))?.map((entry) => entry.length)).toEqual([0, 1]);
  });
});

const grown = (tree: TiledTree) =>
  tree.take(true).map((tile) => [tileKey({ ...tile, width: tile.parts.length }), toHex(tileBytes(tile.parts))]);

describe("a tree that is resumed", () => {
  it("from its last tiles goes on as if it had never stopped, at every size and over full tiles of two levels", async () => {
    const { tree, tiles } = stored([65_530]);
    for (const size of [...Array(20).keys(), 255, 256, 257, 511, 512, 65_530]) {
      const { tree: whole, tiles: own } = size === 65_530 ? { tree, tiles } : stored([size]);
      const objects = new Map([...own].map(([key, { parts }]) => [key, tileBytes(parts)] as const));
      const head = { origin: "o", size, root: whole.root() };
      const resumed = await resumeTree(new MemoryStore(objects), size === 0 ? null : head, sha256);
      for (let i = 0; i < 12; i++) {
        for (const one of [whole, resumed]) one.append(leaf(one.size));
        expect(toHex(resumed.root())).toBe(toHex(whole.root()));
        expect(grown(resumed)).toEqual(grown(whole));
      }
    }
  });

  it("is none when a tile is missing, short, or not what the head says", async () => {
    const { tree, tiles } = stored([300]);
    const head = { origin: "o", size: 300, root: tree.root() };
    const objects = new Map([...tiles].map(([key, { parts }]) => [key, tileBytes(parts)] as const));
    await resumeTree(new MemoryStore(objects), head, sha256);
    for (const name of edgeTiles(300)) {
      const key = tileKey(name);
      const bytes = objects.get(key) ?? new Uint8Array(0);
      const changed = Uint8Array.from(bytes);
      changed[3] = (changed[3] ?? 0) ^ 1;
      const bad = [null, bytes.subarray(0, bytes.length - 1), ...(name.level === "entries" ? [] : [changed])];
      for (const other of bad) {
        const store = new MemoryStore(objects);
        if (other === null) store.objects.delete(key);
        else store.objects.set(key, other);
        await expect(resumeTree(store, head, sha256)).rejects.toThrow();
      }
    }
    const other = { ...head, root: sha256.digest(leaf(0)) };
    await expect(resumeTree(new MemoryStore(objects), other, sha256)).rejects.toThrow("signed head");
  });
});
