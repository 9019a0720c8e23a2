import { close, constants, open, write } from "node:fs";
import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SpoolPort } from "../ports/spool.ts";

/** Files that stay open for their next block: a large result writes hundreds a second, and opening takes as long as writing. */
const OPEN = 16;

/** Files in one folder. Not synced: what they hold survives the process, and after a power cut recovery keeps what is whole. */
export async function openLocalSpool(folder: string): Promise<SpoolPort> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = new OpenFiles();
  return {
    append: (name, bytes, at) => files.write(join(folder, name), bytes, at),
    read: (name) => readFile(join(folder, name)).catch(emptyIfMissing),
    remove: async (name) => {
      await files.close(join(folder, name));
      await unlink(join(folder, name)).catch(emptyIfMissing);
    },
    list: () => readdir(folder),
  };
}

const [opened, written, closed] = [promisify(open), promisify(write), promisify(close)];

/** Those that were written last. Each has one writer, who waits for one write before the next, and before the file is removed. */
class OpenFiles {
  /** Numbers of files by path, in the order of their last use; those that are being written are not in it. */
  readonly #idle = new Map<string, number>();

  async write(path: string, bytes: Uint8Array, at: number): Promise<void> {
    const file = this.#idle.get(path) ?? (await opened(path, constants.O_WRONLY | constants.O_CREAT, 0o600));
    this.#idle.delete(path);
    try {
      const { bytesWritten } = await written(file, bytes, 0, bytes.length, at);
      if (bytesWritten < bytes.length) throw new Error("the spool took a part of a block only");
    } catch (error) {
      await closed(file);
      throw error;
    }
    this.#idle.set(path, file);
    if (this.#idle.size > OPEN) for (const oldest of this.#idle.keys()) return this.close(oldest);
  }

  async close(path: string): Promise<void> {
    const file = this.#idle.get(path);
    if (file === undefined) return;
    this.#idle.delete(path);
    await closed(file);
  }
}

function emptyIfMissing(error: NodeJS.ErrnoException): Uint8Array {
  if (error.code === "ENOENT") return new Uint8Array(0);
  throw error;
}
