// A credential in a file. Read anew for each login: a changed password takes effect at once.
import { open } from "node:fs/promises";
import type { Credential } from "../ports/credentials.ts";

/** @throws when the file cannot be read or is empty */
export async function fileCredential(target: string, path: string): Promise<Credential> {
  const file = await open(path);
  try {
    const password = (await file.readFile("utf8")).replace(/\r?\n$/, "");
    if (password === "") throw new Error(`the credential of ${target} is empty`);
    // The version tells secrets apart in evidence, and says nothing of them.
    return { password, version: `file of ${(await file.stat()).mtime.toISOString()}` };
  } finally {
    await file.close();
  }
}
