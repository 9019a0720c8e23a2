import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolPort } from "../ports/spool.ts";

/** Files in one folder. Not synced: what they hold survives the process, and after a power cut recovery keeps what is whole. */
export async function openLocalSpool(folder: string): Promise<SpoolPort> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    append: (name, bytes, at) => writeAt(join(folder, name), bytes, at),
    read: (name) => readFile(join(folder, name)).catch(emptyIfMissing),
    remove: (name) =>
      unlink(join(folder, name))
        .catch(emptyIfMissing)
        .then(() => undefined),
    list: () => readdir(folder),
  };
}

async function writeAt(path: string, bytes: Uint8Array, at: number): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    const { bytesWritten } = await file.write(bytes, 0, bytes.length, at);
    if (bytesWritten < bytes.length) throw new Error("the spool took a part of a block only");
  } finally {
    await file.close();
  }
}

function emptyIfMissing(error: NodeJS.ErrnoException): Uint8Array {
  if (error.code === "ENOENT") return new Uint8Array(0);
  throw error;
}
