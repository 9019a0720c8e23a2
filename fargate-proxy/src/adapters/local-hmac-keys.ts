// HMAC keys in files: of pseudonyms, of the subjects of disclosures, and what gateways know each other by. Whoever has one can test guesses: they never
// leave the gateway.
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hmacSha256 } from "../hmac.ts";

const BYTES = 32;

export interface HmacKey {
  /** 1 for the first; each rotation adds one. */
  readonly version: number;
  /** HMAC-SHA-256 with the key. */
  hmac(message: Uint8Array): Uint8Array;
}

export type HmacKeyKind = "pseudonym" | "disclosure" | "fleet";

/** `pseudonym.key` is the first, `pseudonym-2.key` the second: the highest is in use, the others can still tell what was made with them. */
const NAMES: Readonly<Record<HmacKeyKind, RegExp>> = {
  pseudonym: /^pseudonym(?:-([2-9]|[1-9]\d{1,6}))?\.key$/,
  disclosure: /^disclosure(?:-([2-9]|[1-9]\d{1,6}))?\.key$/,
  fleet: /^fleet\.key$/,
};

function fileOf(folder: string, kind: HmacKeyKind, version: number): string {
  return join(folder, version === 1 ? `${kind}.key` : `${kind}-${version}.key`);
}

/** In order. */
function versions(folder: string, kind: HmacKeyKind): number[] {
  return readdirSync(folder)
    .map((name) => NAMES[kind].exec(name))
    .flatMap((match) => (match === null ? [] : [Number(match[1] ?? 1)]))
    .sort((a, b) => a - b);
}

/**
 * The key in use in `folder`; the first is made when there is none.
 * @throws when the key cannot be read or written, or is not what it was
 */
export function openLocalKey(folder: string, kind: HmacKeyKind): HmacKey {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (versions(folder, kind).length === 0) make(folder, kind, 1);
  return read(folder, kind, versions(folder, kind).at(-1) ?? 1);
}

/** Every key that there ever was, the newest last. @throws when one cannot be read */
export function allLocalKeys(folder: string, kind: HmacKeyKind): HmacKey[] {
  return versions(folder, kind).map((version) => read(folder, kind, version));
}

/**
 * Makes the next key. Gateways use it from their next start on.
 * @returns its version
 * @throws when there is no key yet, or somebody else makes one at the same moment
 */
export function rotateLocalKey(folder: string, kind: HmacKeyKind): number {
  const newest = versions(folder, kind).at(-1);
  if (newest === undefined) throw new Error("there is no key to follow");
  make(folder, kind, newest + 1);
  return newest + 1;
}

function read(folder: string, kind: HmacKeyKind, version: number): HmacKey {
  const file = fileOf(folder, kind, version);
  const bytes = readFileSync(file);
  if (bytes.length !== BYTES) throw new Error(`${file}: is not a key of ${BYTES} bytes`);
  return { version, hmac: hmacSha256(bytes) };
}

function make(folder: string, kind: HmacKeyKind, version: number): void {
  try {
    writeFileSync(fileOf(folder, kind, version), randomBytes(BYTES), { flag: "wx", mode: 0o600, flush: true });
  } catch (error) {
    // Another gateway on the same folder was first: its key is as good.
    if (version !== 1 || (error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
