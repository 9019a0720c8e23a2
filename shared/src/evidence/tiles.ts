// The ledger's objects besides its head, as C2SP tlog-tiles has them (https://c2sp.org/tlog-tiles): bundles of entries, and tiles of
// hashes, 256 wide each. A full one never changes. One that is still growing is stored under its width, and the wider one replaces it.
import type { Sha256 } from "./digest.ts";
import { leafHash, MerkleTree, nodeHash } from "./merkle.ts";

export const TILES_PREFIX = "ledger/tile/";
export const ENTRIES_PREFIX: string = `${TILES_PREFIX}entries/`;
const WIDTH = 256;
/** Bytes of a hash. */
const HASH = 32;
/** The format's length of an entry has 16 bits. */
const LONGEST_ENTRY = 0xffff;

/** Which tile, whatever its width. Level 0 holds hashes of leaves, level n + 1 roots of full tiles of level n. */
export interface Slot {
  readonly level: number | "entries";
  /** Counts from 0. */
  readonly index: number;
}

export interface TileName extends Slot {
  /** 1 to 256 hashes or entries; below 256 the tile is partial. */
  readonly width: number;
}

/** What is in a tile: hashes, or entries with their lengths. A partial tile is the start of the full one. */
export interface Tile extends Slot {
  readonly parts: readonly Uint8Array[];
}

export function slotKey({ level, index }: Slot): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  return `${TILES_PREFIX}${level}/${groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/")}`;
}

export function tileKey(name: TileName): string {
  return name.width === WIDTH ? slotKey(name) : `${slotKey(name)}.p/${name.width}`;
}

/** Of the tile at this place as a ledger of `size` leaves has it. */
export function widthIn(size: number, { level, index }: { readonly level: number; readonly index: number }): number {
  return Math.min(WIDTH, Math.floor(size / WIDTH ** level) - index * WIDTH);
}

/** @returns null when this is not the key of a tile or bundle */
export function parseTileKey(key: string): TileName | null {
  const [, level, path, width] =
    /^ledger\/tile\/(\d{1,2}|entries)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(key) ?? [];
  if (level === undefined || path === undefined) return null;
  const name: TileName = {
    level: level === "entries" ? level : Number(level),
    index: Number(path.replace(/[x/]/g, "")),
    width: width === undefined ? WIDTH : Number(width),
  };
  return name.width >= 1 && tileKey(name) === key ? name : null;
}

/** Number of leaves of a ledger that is just large enough for this tile. */
export function leavesUpTo({ level, index, width }: TileName): number {
  return (index * WIDTH + width) * (level === "entries" ? 1 : WIDTH ** level);
}

export function isPartial(name: TileName): boolean {
  return name.width < WIDTH;
}

/** The tiles that are not full in a ledger of `size` leaves, the lowest level first: what a writer needs to go on. */
export function edgeTiles(size: number): readonly TileName[] {
  const edge: TileName[] =
    size % WIDTH === 0 ? [] : [{ level: "entries", index: Math.floor(size / WIDTH), width: size % WIDTH }];
  for (let level = 0, count = size; count > 0; level++) {
    const index = Math.floor(count / WIDTH);
    if (count % WIDTH !== 0) edge.push({ level, index, width: count % WIDTH });
    count = index;
  }
  return edge;
}

export function tileBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function entryPart(entry: Uint8Array): Uint8Array {
  if (entry.length > LONGEST_ENTRY) throw new RangeError("an entry of the ledger is too long for its bundle");
  return Uint8Array.of(entry.length >> 8, entry.length & 255, ...entry);
}

/** The entries of a bundle; null when its lengths do not add up. */
export function readBundle(bytes: Uint8Array): Uint8Array[] | null {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    const end = at + 2 + length;
    if (end > bytes.length) return null;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** What `tileBytes` was made of, as far as the tile's name says; null when there is not so much of it. */
export function tileParts({ level, width }: TileName, bytes: Uint8Array): readonly Uint8Array[] | null {
  const parts =
    level === "entries"
      ? (readBundle(bytes) ?? []).map(entryPart)
      : Array.from({ length: Math.floor(bytes.length / HASH) }, (_, i) => bytes.slice(i * HASH, (i + 1) * HASH));
  return parts.length < width ? null : parts.slice(0, width);
}

interface Growing {
  index: number;
  parts: Uint8Array[];
  grown: boolean;
}

/** The tree of the ledger, grown one leaf at a time; it keeps the tiles that are not full, and hands over what is to be stored. */
export class TiledTree {
  readonly #sha256: Sha256;
  #tree: MerkleTree;
  readonly #entries: Growing = { index: 0, parts: [], grown: false };
  readonly #levels: Growing[] = [];
  #full: Tile[] = [];

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
    this.#tree = new MerkleTree(sha256);
  }

  /** The tree of a ledger that has `size` leaves. @param edge the parts of each of `edgeTiles(size)`, in that order */
  static resume(size: number, edge: readonly Tile[], sha256: Sha256): TiledTree {
    const tree = new TiledTree(sha256);
    tree.#entries.index = Math.floor(size / WIDTH);
    for (let level = 0, count = size; count > 0; level++) {
      count = Math.floor(count / WIDTH);
      tree.#levels[level] = { index: count, parts: [], grown: false };
    }
    const roots: Uint8Array[] = [];
    for (const { level, parts } of edge) {
      const growing = level === "entries" ? tree.#entries : tree.#levels[level];
      growing?.parts.push(...parts);
      if (level !== "entries") roots.unshift(...perfectRoots(parts, sha256));
    }
    tree.#tree = MerkleTree.resume(size, roots, sha256);
    return tree;
  }

  get size(): number {
    return this.#tree.size;
  }

  /** RFC 6962, section 2.1. */
  root(): Uint8Array {
    return this.#tree.root();
  }

  append(leaf: Uint8Array): void {
    const hash = leafHash(leaf, this.#sha256);
    this.#tree.append(hash);
    this.#grow("entries", this.#entries, entryPart(leaf));
    this.#addHash(0, hash);
  }

  /** What became full since the last call; then, with `partial`, what is not full and grew since the last such call. */
  take(partial: boolean): readonly Tile[] {
    const tiles = this.#full;
    this.#full = [];
    if (!partial) return tiles;
    for (const [level, growing] of [["entries", this.#entries] as const, ...this.#levels.entries()]) {
      if (!growing.grown) continue;
      growing.grown = false;
      if (growing.parts.length > 0) tiles.push({ level, index: growing.index, parts: [...growing.parts] });
    }
    return tiles;
  }

  #addHash(level: number, hash: Uint8Array): void {
    const growing = this.#levels[level] ?? { index: 0, parts: [], grown: false };
    this.#levels[level] = growing;
    const full = this.#grow(level, growing, hash);
    if (full !== null) this.#addHash(level + 1, perfectRoot(full, this.#sha256));
  }

  /** @returns the parts of the tile when it is full now */
  #grow(level: Slot["level"], growing: Growing, part: Uint8Array): readonly Uint8Array[] | null {
    growing.parts.push(part);
    growing.grown = true;
    if (growing.parts.length < WIDTH) return null;
    const { parts, index } = growing;
    this.#full.push({ level, index, parts });
    growing.parts = [];
    growing.index += 1;
    return parts;
  }
}

/** Of the subtrees that the hashes fill, the largest first. */
function perfectRoots(hashes: readonly Uint8Array[], sha256: Sha256): Uint8Array[] {
  const roots: Uint8Array[] = [];
  for (let width = WIDTH, at = 0; width >= 1; width /= 2) {
    if ((hashes.length & width) === 0) continue;
    roots.push(perfectRoot(hashes.slice(at, at + width), sha256));
    at += width;
  }
  return roots;
}

function perfectRoot(hashes: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  let row = hashes;
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, i) =>
      nodeHash(row[2 * i] as Uint8Array, row[2 * i + 1] as Uint8Array, sha256),
    );
  return row[0] as Uint8Array;
}
