// The key of pseudonyms, in a file. Whoever has it can test guesses against pseudonyms: it never leaves the gateway.
import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const BYTES = 32;

/**
 * HMAC-SHA-256 with the key in `folder`, which is made when there is none.
 * @throws when the key cannot be read or written, or is not what it was
 */
export function openLocalPseudonyms(folder: string): (message: Uint8Array) => Uint8Array {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "pseudonym.key");
  try {
    writeFileSync(file, randomBytes(BYTES), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const key = readFileSync(file);
  if (key.length !== BYTES) throw new Error(`${file}: is not a key of ${BYTES} bytes`);
  return (message) => createHmac("sha256", key).update(message).digest();
}
