// How blocks of a session are sealed: compressed, then encrypted with a key that nobody has after the session but whoever may open it.

import type { DataKeys, WrappedKeys } from "#shared/evidence/data-keys.ts";
import type { Sha256 } from "#shared/evidence/digest.ts";
import type { SealedHeader } from "#shared/evidence/sealed.ts";
import type { Place } from "#shared/evidence/segment.ts";
import type { Packer } from "./lane.ts";
import { type Patience, persist } from "./patience.ts";

export interface SealingParts {
  readonly dataKeys: DataKeys;
  readonly wrappedKeys: WrappedKeys;
  readonly sha256: Sha256;
  readonly patience: Patience;
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** AES-256-GCM: see `sealed.ts`. */
  sealBlock(key: Uint8Array, header: SealedHeader, where: Place, plain: Uint8Array): Uint8Array;
}

/** What `Patience.trouble` has while no data key can be made or kept. */
export const KEYS = "making a data key";

interface SessionKey {
  readonly key: Uint8Array;
  /** SHA-256 of the wrapped one. */
  readonly hash: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export class Sealing implements Packer {
  readonly #parts: SealingParts;
  readonly #place: Place;
  #key: Promise<SessionKey> | null = null;

  constructor(parts: SealingParts, place: Place) {
    this.#parts = parts;
    this.#place = place;
  }

  /** Makes the session's key, if there is none yet. What fails is tried again, and nothing may run meanwhile. */
  prepare(): Promise<SessionKey> {
    if (this.#key === null) {
      this.#key = this.#make();
      // Whoever packs the first block hears of it.
      this.#key.catch(() => {});
    }
    return this.#key;
  }

  async pack(block: Uint8Array, number: number): Promise<Uint8Array> {
    const { key, hash } = await this.prepare();
    const plain = await this.#parts.compress(block);
    return this.#parts.sealBlock(key, { number, last: false, key: hash }, this.#place, plain);
  }

  async end(number: number): Promise<Uint8Array> {
    const { key, hash } = await this.prepare();
    const block = this.#parts.sealBlock(key, { number, last: true, key: hash }, this.#place, NOTHING);
    key.fill(0);
    return block;
  }

  async #make(): Promise<SessionKey> {
    const { dataKeys, wrappedKeys, sha256, patience } = this.#parts;
    const { session, target } = this.#place;
    const { key, wrapped } = await persist(patience, KEYS, () => dataKeys.generate({ session, target }));
    // Before anything is sealed with it: a block whose key was lost would be noise.
    await persist(patience, KEYS, () => wrappedKeys.put(session, wrapped));
    return { key, hash: sha256.digest(wrapped) };
  }
}
