// Keeps the newest snapshot of each target's catalog in a file, so that `postern explain` needs no database.
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogSnapshot } from "#shared/catalog.ts";

/** @returns a function that never rejects: the file is a convenience, the snapshot in use is in memory */
export function keepCatalogs(folder: string, onProblem: (error: unknown) => void): (snapshot: CatalogSnapshot) => void {
  let last: Promise<unknown> = mkdir(folder, { recursive: true });
  return (snapshot) => {
    const file = join(folder, `${snapshot.target}.json`);
    last = last
      .then(() => writeFile(`${file}.new`, JSON.stringify(snapshot)))
      .then(() => rename(`${file}.new`, file))
      .catch(onProblem);
  };
}
