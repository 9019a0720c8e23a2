// What a folder holds is on the disk once the folder itself is: a file that was made, renamed or removed may be as it was before after a power failure.
import { open } from "node:fs/promises";

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
