// Are the stored tiles and bundles those that follow from the leaves? Programs that know nothing of this project verify by them.
import { readTile } from "./ledger-entries.ts";
import {
  leavesUpTo,
  parseTileKey,
  slotKey,
  TILES_PREFIX,
  type Tile,
  type TileName,
  tileBytes,
  tileKey,
} from "./tiles.ts";
import { BadEvidence, type EvidenceReader } from "./verify-types.ts";

export class TileCheck {
  readonly #reader: EvidenceReader;
  readonly #stored: ReadonlyMap<string, readonly TileName[]>;
  /** Size of the smallest ledger that would have all of them. */
  readonly seen: number;

  private constructor(reader: EvidenceReader, stored: ReadonlyMap<string, readonly TileName[]>) {
    this.#reader = reader;
    this.#stored = stored;
    // Full tiles of higher levels come with those below them.
    this.seen = [...stored.values()].flat().reduce((most, name) => Math.max(most, leavesUpTo(name)), 0);
  }

  /** Lists what is stored now. */
  static async begin(reader: EvidenceReader): Promise<TileCheck> {
    const stored = new Map<string, TileName[]>();
    for await (const { key } of reader.list(TILES_PREFIX)) {
      const name = parseTileKey(key);
      if (name === null) continue;
      const slot = slotKey(name);
      stored.set(slot, [...(stored.get(slot) ?? []), name]);
    }
    return new TileCheck(reader, stored);
  }

  /** @param tile what follows from the leaves. One as wide has to be stored; narrower ones may be left over, and have to be its start. */
  async check({ level, index, parts }: Tile): Promise<void> {
    const needed = { level, index, width: parts.length };
    const names = this.#stored.get(slotKey(needed)) ?? [];
    if (!names.some((name) => name.width >= needed.width)) await this.#compare(parts, needed, true);
    for (const name of names) await this.#compare(parts, name, name.width >= needed.width);
  }

  async #compare(parts: readonly Uint8Array[], listed: TileName, needed: boolean): Promise<void> {
    const found = await readTile(this.#reader, listed);
    if (found === null && !needed) return;
    if (found === null) throw new BadEvidence({ key: tileKey(listed), what: "the object is missing" });
    const { name, bytes } = found;
    const known = tileBytes(parts.slice(0, name.width));
    // One that reaches beyond the head is looked at as far as the head goes.
    if (!equal(name.width > parts.length ? bytes.subarray(0, known.length) : bytes, known))
      throw new BadEvidence({ key: tileKey(name), what: "the object is not what follows from the ledger's entries" });
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
