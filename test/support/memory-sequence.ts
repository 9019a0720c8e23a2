// A sequence of the ledger in memory, and a head that several may write.

import { CHECKPOINT_KEY } from "#shared/evidence/ledger.ts";
import type { HeadPort, LedgerSequence } from "#shared/evidence/ledger-sequence.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import type { MemoryStore } from "./memory-store.ts";

export class MemorySequence implements LedgerSequence {
  readonly places = new Map<string, number>();
  readonly #kept = new Map<number, ObjectRecord>();

  next(): Promise<number> {
    return Promise.resolve(this.places.size);
  }

  assign(records: readonly ObjectRecord[]): Promise<void> {
    for (const record of records) {
      if (this.places.has(record.key)) continue;
      this.#kept.set(this.places.size, record);
      this.places.set(record.key, this.places.size);
    }
    return Promise.resolve();
  }

  from(size: number, most: number): Promise<readonly ObjectRecord[] | null> {
    const records: ObjectRecord[] = [];
    for (let place = size; place < this.places.size && records.length < most; place++) {
      const record = this.#kept.get(place);
      if (record === undefined) return Promise.resolve(null);
      records.push(record);
    }
    return Promise.resolve(records);
  }

  forget(size: number): Promise<void> {
    for (const place of this.#kept.keys()) if (place < size) this.#kept.delete(place);
    return Promise.resolve();
  }
}

export function memoryHead(store: MemoryStore, key = CHECKPOINT_KEY): HeadPort {
  let version = 0;
  return {
    read: () => {
      const note = store.objects.get(key);
      return Promise.resolve(note === undefined ? null : { note, tag: String(version) });
    },
    replace: (note, tag) => {
      const there = store.objects.has(key) ? String(version) : null;
      if (there !== tag) return Promise.resolve(false);
      version += 1;
      store.objects.set(key, note);
      return Promise.resolve(true);
    },
  };
}
