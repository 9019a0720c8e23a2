// Credentials in files, one per target. Read anew for each login: a changed password takes effect at once.
import { open } from "node:fs/promises";
import type { Target } from "#shared/target.ts";
import type { CredentialPort } from "../ports/credentials.ts";

export function localCredentials(
  targets: ReadonlyMap<string, Target>,
  pathOf: (path: string) => string,
): CredentialPort {
  return {
    async fetch(name) {
      const target = targets.get(name);
      if (target === undefined) throw new Error(`no target ${name}`);
      const file = await open(pathOf(target.credential.path));
      try {
        const password = (await file.readFile("utf8")).replace(/\r?\n$/, "");
        if (password === "") throw new Error(`the credential of ${name} is empty`);
        // The version tells secrets apart in evidence, and says nothing of them.
        return { password, version: `file of ${(await file.stat()).mtime.toISOString()}` };
      } finally {
        await file.close();
      }
    },
  };
}
