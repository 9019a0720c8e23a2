// The only writer of the ledger of a home. Records that come while one batch is being written go into the next.

import { toHex } from "#shared/evidence/digest.ts";
import { CHECKPOINT_KEY, leafBytes } from "#shared/evidence/ledger.ts";
import { readEntries } from "#shared/evidence/ledger-entries.ts";
import { type LedgerTools, openHead, putTile, replacedTiles, signHead } from "#shared/evidence/ledger-write.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import { edgeTiles, isPartial, parseTileKey, TILES_PREFIX, TiledTree, tileKey } from "#shared/evidence/tiles.ts";
import { Hopeless, type Patience, persist } from "./patience.ts";

interface Waiting {
  readonly record: ObjectRecord;
  resolve(): void;
  reject(error: unknown): void;
}

/** What is in the store when a process begins. */
export interface StoredLedger {
  readonly tree: TiledTree;
  /** Under the signed head. */
  readonly signed: readonly ObjectRecord[];
  /** Beyond it: the writer died between writing them and signing. */
  readonly unsigned: readonly ObjectRecord[];
}

/** @throws when the ledger is not what its key has signed */
export async function loadLedger(tools: LedgerTools): Promise<StoredLedger> {
  const head = openHead(await tools.store.get(CHECKPOINT_KEY), tools);
  const size = head?.size ?? 0;
  const tree = new TiledTree(tools.sha256);
  const signed: ObjectRecord[] = [];
  const unsigned: ObjectRecord[] = [];
  for await (const { record } of readEntries(tools.store)) {
    if (tree.size === size) unsigned.push(record);
    else {
      tree.append(leafBytes(record));
      signed.push(record);
      // They are stored.
      tree.take(false);
    }
  }
  tree.take(true);
  if (tree.size !== size || (head !== null && toHex(tree.root()) !== toHex(head.root)))
    throw new Error("the ledger's entries do not add up to its signed head: run `postern verify`");
  return { tree, signed, unsigned };
}

export class LedgerWriter {
  readonly #tools: LedgerTools;
  readonly #patience: Patience;
  readonly #tree: TiledTree;
  #waiting: Waiting[] = [];
  #busy = false;
  #broken = false;

  constructor(tools: LedgerTools, tree: TiledTree, patience: Patience) {
    this.#tools = tools;
    this.#tree = tree;
    this.#patience = patience;
  }

  /**
   * At the start, and once: puts entries under the head that are stored already, signs the head as it is now, so that an empty ledger has
   * one too, and clears away partial tiles that wider ones have replaced.
   */
  async begin(stored: readonly ObjectRecord[]): Promise<void> {
    const partial = await this.#storedPartials();
    for (const record of stored) this.#tree.append(leafBytes(record));
    await this.#writeTiles();
    await this.#sign();
    const kept = new Set(edgeTiles(this.#tree.size).map(tileKey));
    for (const key of partial) if (!kept.has(key)) await this.#tools.store.retire(key);
  }

  async #storedPartials(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.#tools.store.list(TILES_PREFIX)) {
      const name = parseTileKey(key);
      if (name !== null && isPartial(name)) keys.push(key);
    }
    return keys;
  }

  /** Resolves when the record is under a signed head. */
  append(record: ObjectRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      if (!this.#busy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch.map((waiting) => waiting.record));
        for (const waiting of batch) waiting.resolve();
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.#busy = false;
  }

  async #write(records: readonly ObjectRecord[]): Promise<void> {
    // Leaves that could not be stored stand in the tree: nothing may be signed on top of them.
    if (this.#broken) throw new Hopeless("the ledger could not be written");
    this.#broken = true;
    const before = this.#tree.size;
    for (const record of records) this.#tree.append(leafBytes(record));
    await this.#writeTiles();
    await persist(this.#patience, "signing the ledger", () => this.#sign());
    this.#broken = false;
    // What is left over for want of this is harmless, and cleared away at the next start.
    for (const key of replacedTiles(before, this.#tree.size)) await this.#tools.store.retire(key).catch(() => {});
  }

  /** Stores what has grown. */
  async #writeTiles(): Promise<void> {
    for (const tile of this.#tree.take(true))
      await persist(this.#patience, "writing the ledger", () => putTile(this.#tools.store, tile));
  }

  async #sign(): Promise<void> {
    await this.#tools.store.replace(CHECKPOINT_KEY, await signHead(this.#tree, this.#tools));
  }
}
