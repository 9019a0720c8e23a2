// What sessions sealed, opened as an officer would.
import { join } from "node:path";
import { localWrappedKeys, openLocalDataKeyOpener } from "#proxy/adapters/local-data-keys.ts";
import { LocalStore } from "#proxy/adapters/local-store.ts";
import { readSealed } from "#proxy/adapters/sealed-read.ts";
import type { ChunkType } from "#shared/evidence/recording.ts";
import { parseKey } from "#shared/evidence/segment.ts";

export interface Opened {
  /** Stretches of bytes, in order. */
  readonly parts: readonly { readonly kind: ChunkType; readonly ref: number; readonly bytes: Buffer }[];
  /** The lane has its end. */
  readonly whole: boolean;
}

/** @param state the state directory of a home */
export async function openSealed(state: string, session: string): Promise<Opened> {
  const store = LocalStore.forReading(join(state, "evidence"));
  const keys: string[] = [];
  for await (const { key } of store.list("sealed/")) if (parseKey(key)?.session === session) keys.push(key);
  keys.sort();
  const place = parseKey(keys[0] ?? "");
  if (place === null) return { parts: [], whole: false };
  const wrapped = await localWrappedKeys(join(state, "keys/sealed")).get(session);
  if (wrapped === null) throw new Error("the key is gone");
  const opener = await openLocalDataKeyOpener(join(state, "keys/sealed.key"));
  const { target } = place;
  const key = await opener.open(wrapped, { session, target });
  const objects = async function* () {
    for (const name of keys) yield (await store.get(name)) ?? new Uint8Array(0);
  };
  const parts: { kind: ChunkType; ref: number; bytes: Buffer }[] = [];
  const chunks = readSealed(objects(), key, place);
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return { parts, whole: value };
    const last = parts.at(-1);
    if (last !== undefined && last.kind === value.type && last.ref === value.seq)
      last.bytes = Buffer.concat([last.bytes, value.bytes]);
    else parts.push({ kind: value.type, ref: value.seq, bytes: Buffer.from(value.bytes) });
  }
}
