// A store in memory, for tests that change what a real one would not let them.
import { readVerifierKey } from "#proxy/adapters/local-signer.ts";
import { LocalStore } from "#proxy/adapters/local-store.ts";
import { nodeSha256, nodeVerifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { decompress } from "#proxy/adapters/node-zstd.ts";
import { leafBytes } from "#shared/evidence/ledger.ts";
import { readEntries } from "#shared/evidence/ledger-entries.ts";
import { KeyExists, type ObjectFacts, type StorePort } from "#shared/evidence/ports.ts";
import { type ObjectRecord, parseKey } from "#shared/evidence/segment.ts";
import { TiledTree, tileBytes, tileKey } from "#shared/evidence/tiles.ts";
import { verifyEvidence } from "#shared/evidence/verify.ts";
import type { EvidenceReader, Scope, VerifyReport, VerifyRequest } from "#shared/evidence/verify-types.ts";

export class MemoryStore implements StorePort {
  readonly objects: Map<string, Uint8Array>;
  readonly #about = new Map<string, ObjectFacts>();

  constructor(objects: Iterable<readonly [string, Uint8Array]> = []) {
    this.objects = new Map(objects);
  }

  put(key: string, bytes: Uint8Array, about?: ObjectFacts): Promise<void> {
    if (this.objects.has(key)) return Promise.reject(new KeyExists(key));
    this.objects.set(key, Uint8Array.from(bytes));
    if (about !== undefined) this.#about.set(key, about);
    return Promise.resolve();
  }

  replace(key: string, bytes: Uint8Array): Promise<void> {
    this.objects.set(key, Uint8Array.from(bytes));
    return Promise.resolve();
  }

  retire(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }

  get(key: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.objects.get(key) ?? null);
  }

  copy(): MemoryStore {
    const store = new MemoryStore(this.objects);
    for (const [key, about] of this.#about) store.#about.set(key, about);
    return store;
  }

  /** What the ledger says of an object, made from the object alone. */
  describe(key: string): Promise<ObjectRecord | null> {
    const bytes = this.objects.get(key);
    const name = parseKey(key);
    if (bytes === undefined || name === null) return Promise.resolve(null);
    const { first, last } = name;
    const sha256 = nodeSha256.text(bytes, "hex");
    return Promise.resolve({
      key,
      sha256,
      bytes: bytes.length,
      first,
      last,
      final: this.#about.get(key)?.final ?? false,
    });
  }

  async *list(prefix: string): AsyncGenerator<{ readonly key: string }> {
    for (const key of this.objects.keys()) if (key.startsWith(prefix)) yield { key };
  }
}

/** All objects of a local home. */
export async function copyStore(folder: string): Promise<Map<string, Uint8Array>> {
  const store = LocalStore.forReading(folder);
  const objects = new Map<string, Uint8Array>();
  for await (const { key } of store.list("")) objects.set(key, (await store.get(key)) ?? new Uint8Array(0));
  return objects;
}

export const verifyTools = { sha256: nodeSha256, verifyEd25519: nodeVerifyEd25519, decompress };

/** Verifies at rest: nothing is pending, and nothing settles by waiting. */
export async function verifyStore(
  reader: EvidenceReader,
  keys: string,
  more: Partial<VerifyRequest> & { readonly scope?: Scope } = {},
): Promise<VerifyReport> {
  return verifyEvidence(reader, verifyTools, {
    scope: { type: "all" },
    verifierKey: await readVerifierKey(keys),
    pending: () => Promise.resolve({ lines: new Map(), announced: [] }),
    settle: () => Promise.resolve(),
    ...more,
  });
}

/** The ledger's bundles and tiles of these leaves, each as wide as it is when all of them are in. */
export function tilesOf(records: readonly ObjectRecord[]): Map<string, Uint8Array> {
  const tree = new TiledTree(nodeSha256);
  for (const record of records) tree.append(leafBytes(record));
  return new Map(
    tree.take(true).map((tile) => [tileKey({ ...tile, width: tile.parts.length }), tileBytes(tile.parts)]),
  );
}

export async function leavesOf(reader: EvidenceReader): Promise<ObjectRecord[]> {
  const records: ObjectRecord[] = [];
  for await (const { record } of readEntries(reader)) records.push(record);
  return records;
}
