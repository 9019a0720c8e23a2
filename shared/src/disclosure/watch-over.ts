// A watch for one result: what of it shows whose record, with the way in which the keys come.
import type { CatalogIndex } from "../masking/catalog-index.ts";
import { keyReader } from "./subject.ts";
import type { Shown } from "./types.ts";
import { Watch } from "./watch.ts";

/** Whose records a result shows, and how their keys become subjects (subject.ts). */
export interface Disclosing {
  readonly shown: readonly Shown[];
  hash(domain: string, key: string): string;
}

export const NOBODY: Disclosing = {
  shown: [],
  hash() {
    throw new Error("nobody's record is shown");
  },
};

/** @param typeAt of a result column: its type as the target says, 0 when not known, and its format */
export function watchOver(
  { shown, hash }: Disclosing,
  index: CatalogIndex,
  typeAt: (column: number) => { readonly type: number; readonly binary: boolean },
): Watch | null {
  if (shown.length === 0) return null;
  const readers = shown.map(({ key }) => {
    if (key < 0) return null;
    const { type, binary } = typeAt(key);
    return keyReader(index.type(type).family, type, binary);
  });
  return new Watch(shown, readers, hash);
}
