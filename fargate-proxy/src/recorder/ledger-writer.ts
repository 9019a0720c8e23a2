// The only writer of the ledger. Records that come while one batch is being written go into the next.

import { checkpointText, openCheckpoint, signedCheckpoint, type VerifyEd25519 } from "#shared/evidence/checkpoint.ts";
import { type Sha256, toHex } from "#shared/evidence/digest.ts";
import { CHECKPOINT_KEY, leafBytes } from "#shared/evidence/ledger.ts";
import { readEntries } from "#shared/evidence/ledger-entries.ts";
import { KeyExists, type SignerPort, type StorePort } from "#shared/evidence/ports.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import {
  isPartial,
  parseTileKey,
  slotKey,
  TILES_PREFIX,
  TiledTree,
  type TileName,
  tileBytes,
  tileKey,
} from "#shared/evidence/tiles.ts";
import { Hopeless, type Patience, persist } from "./patience.ts";

export interface LedgerTools {
  readonly store: StorePort;
  readonly signer: SignerPort;
  readonly sha256: Sha256;
  readonly verifyEd25519: VerifyEd25519;
}

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
  const note = await tools.store.get(CHECKPOINT_KEY);
  const head =
    note === null ? null : openCheckpoint(Buffer.from(note).toString("utf8"), tools.signer.verifierKey, tools);
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
  /** By slot: the partial tile that is stored now. */
  readonly #partial = new Map<string, TileName>();

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
    for (const name of partial) this.#partial.set(slotKey(name), name);
    for (const record of stored) this.#tree.append(leafBytes(record));
    await this.#writeTiles();
    await this.#sign();
    for (const name of partial)
      if (this.#partial.get(slotKey(name))?.width !== name.width) await this.#tools.store.retire(tileKey(name));
  }

  /** The narrower before the wider. */
  async #storedPartials(): Promise<TileName[]> {
    const names: TileName[] = [];
    for await (const { key } of this.#tools.store.list(TILES_PREFIX)) {
      const name = parseTileKey(key);
      if (name !== null && isPartial(name)) names.push(name);
    }
    return names.sort((a, b) => a.width - b.width);
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
    for (const record of records) this.#tree.append(leafBytes(record));
    const replaced = await this.#writeTiles();
    await persist(this.#patience, "signing the ledger", () => this.#sign());
    this.#broken = false;
    // What is left over for want of this is harmless, and cleared away at the next start.
    for (const key of replaced) await this.#tools.store.retire(key).catch(() => {});
  }

  /** Stores what has grown. @returns keys of the partial tiles that are replaced by it */
  async #writeTiles(): Promise<readonly string[]> {
    const replaced: string[] = [];
    for (const { level, index, parts } of this.#tree.take(true)) {
      const name = { level, index, width: parts.length };
      const put = () => putOnce(this.#tools.store, tileKey(name), tileBytes(parts));
      await persist(this.#patience, "writing the ledger", put);
      const before = this.#partial.get(slotKey(name));
      if (before !== undefined && before.width !== name.width) replaced.push(tileKey(before));
      if (isPartial(name)) this.#partial.set(slotKey(name), name);
      else this.#partial.delete(slotKey(name));
    }
    return replaced;
  }

  async #sign(): Promise<void> {
    const { signer, sha256, store } = this.#tools;
    const checkpoint = { origin: signer.name, size: this.#tree.size, root: this.#tree.root() };
    const signature = await signer.sign(Buffer.from(checkpointText(checkpoint)));
    await store.replace(CHECKPOINT_KEY, Buffer.from(signedCheckpoint(checkpoint, signer.publicKey, signature, sha256)));
  }
}

/** Puts an object; that it is there already, byte for byte, is as good (an earlier attempt whose answer was lost). */
export async function putOnce(store: StorePort, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await store.put(key, bytes);
  } catch (error) {
    if (!(error instanceof KeyExists)) throw error;
    const there = await store.get(key);
    if (there === null || Buffer.compare(there, bytes) !== 0) throw new Hopeless(`${key} is taken by other bytes`);
  }
}
