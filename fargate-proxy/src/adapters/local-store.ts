// Write-once files: an object is written beside, made durable, made read-only, and linked to its name, which fails if the name is taken.
// So a name either has all of its bytes or does not exist. Root can still change them; the product keeps them under S3 Object Lock.
import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isObjectKey, KeyExists, type StorePort } from "#shared/evidence/ports.ts";
import { isPartial, parseTileKey } from "#shared/evidence/tiles.ts";
import { syncFolder } from "./sync-folder.ts";

/** Folders that are remembered: every session has one of its own. */
const KNOWN = 1000;
/** Objects on their way, inside the store so that a link does not cross file systems. */
const DRAFTS = ".drafts";

export class LocalStore implements StorePort {
  readonly #root: string;
  readonly #known = new Set<string>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** For writing: makes the folder, and clears away what a process that died left half written. */
  static async open(root: string): Promise<LocalStore> {
    const drafts = join(root, DRAFTS);
    await mkdir(drafts, { recursive: true, mode: 0o700 });
    for (const name of await readdir(drafts)) await unlink(join(drafts, name));
    return new LocalStore(root);
  }

  /** For who writes while another has it open. */
  static beside(root: string): LocalStore {
    return new LocalStore(root);
  }

  static forReading(root: string): LocalStore {
    return new LocalStore(root);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const draft = await this.#draft(bytes, 0o400);
    try {
      const path = this.#path(key);
      await this.#folder(dirname(path));
      await link(draft, path);
      await syncFolder(dirname(path));
    } catch (error) {
      throw isCode(error, "EEXIST") ? new KeyExists(key) : error;
    } finally {
      await unlink(draft).catch(() => undefined);
    }
  }

  async replace(key: string, bytes: Uint8Array): Promise<void> {
    const draft = await this.#draft(bytes, 0o600);
    const path = this.#path(key);
    await this.#folder(dirname(path));
    await rename(draft, path);
    await syncFolder(dirname(path));
  }

  async retire(key: string): Promise<void> {
    const name = parseTileKey(key);
    if (name === null || !isPartial(name)) throw new RangeError("only partial tiles of the ledger are replaced");
    await unlink(this.#path(key));
  }

  async get(key: string): Promise<Uint8Array | null> {
    try {
      return await readFile(this.#path(key));
    } catch (error) {
      if (isCode(error, "ENOENT") || isCode(error, "EISDIR") || isCode(error, "ENOTDIR")) return null;
      throw error;
    }
  }

  async *list(prefix: string): AsyncGenerator<{ readonly key: string }> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    for await (const entry of this.#walk(folder)) if (entry.key.startsWith(prefix)) yield entry;
  }

  async *#walk(folder: string): AsyncGenerator<{ readonly key: string }> {
    const entries = await readdir(join(this.#root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return [];
      throw error;
    });
    for (const entry of entries) {
      const key = `${folder}${entry.name}`;
      if (key === DRAFTS) continue;
      if (entry.isDirectory()) yield* this.#walk(`${key}/`);
      else yield { key };
    }
  }

  #path(key: string): string {
    if (!isObjectKey(key)) throw new RangeError("this is not the key of an object");
    return join(this.#root, key);
  }

  async #draft(bytes: Uint8Array, mode: number): Promise<string> {
    const path = join(this.#root, DRAFTS, randomUUID());
    const file = await open(path, "wx", mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } catch (error) {
      await unlink(path).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
    return path;
  }

  /** Makes a folder and its name durable, once for as long as it is remembered. */
  async #folder(path: string): Promise<void> {
    if (this.#known.has(path) || path.length < this.#root.length) return;
    await this.#folder(dirname(path));
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (path !== this.#root) await syncFolder(dirname(path));
    // Those that are forgotten are made durable once more, should they be used.
    if (this.#known.size >= KNOWN) this.#known.clear();
    this.#known.add(path);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
