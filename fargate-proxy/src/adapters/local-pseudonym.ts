// Keys of pseudonyms, in files. Whoever has one can test guesses against pseudonyms: they never leave the gateway.
import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const BYTES = 32;

export interface PseudonymKey {
  /** 1 for the first; each rotation adds one. */
  readonly version: number;
  /** HMAC-SHA-256 with the key. */
  hmac(message: Uint8Array): Uint8Array;
}

/** `pseudonym.key` is the first, `pseudonym-2.key` the second: the highest is in use, the others can still tell what was shown under them. */
const NAME = /^pseudonym(?:-([2-9]|[1-9]\d{1,6}))?\.key$/;

function fileOf(folder: string, version: number): string {
  return join(folder, version === 1 ? "pseudonym.key" : `pseudonym-${version}.key`);
}

/** 0 when there is none. */
function newest(folder: string): number {
  const found = readdirSync(folder).map((name) => NAME.exec(name));
  return Math.max(0, ...found.map((match) => (match === null ? 0 : Number(match[1] ?? 1))));
}

/**
 * The key in use in `folder`; the first is made when there is none.
 * @throws when the key cannot be read or written, or is not what it was
 */
export function openLocalPseudonyms(folder: string): PseudonymKey {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (newest(folder) === 0) make(folder, 1);
  const version = newest(folder);
  const file = fileOf(folder, version);
  const key = readFileSync(file);
  if (key.length !== BYTES) throw new Error(`${file}: is not a key of ${BYTES} bytes`);
  return { version, hmac: (message) => createHmac("sha256", key).update(message).digest() };
}

/**
 * Makes the next key. Gateways use it from their next start on: all pseudonyms are others then.
 * @returns its version
 * @throws when there is no key yet, or somebody else makes one at the same moment
 */
export function rotateLocalPseudonyms(folder: string): number {
  const version = newest(folder) + 1;
  if (version === 1) throw new Error("there is no key to follow");
  make(folder, version);
  return version;
}

function make(folder: string, version: number): void {
  try {
    writeFileSync(fileOf(folder, version), randomBytes(BYTES), { flag: "wx", mode: 0o600, flush: true });
  } catch (error) {
    // Another gateway on the same folder was first: its key is as good.
    if (version !== 1 || (error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
