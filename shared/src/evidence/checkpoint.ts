// The signed head of the ledger: C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint) in a C2SP signed note
// (https://c2sp.org/signed-note) with an Ed25519 signature. Other programs that know these formats can check it.
import { fromBase64, type Sha256, toBase64, toHex } from "./digest.ts";

export interface Checkpoint {
  /** Unique name of the ledger; also the name of the key. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** `<name>+<key id, hex>+<base64 of algorithm and key>`: how the tools around signed notes write a public key. */
export type VerifierKey = string;

export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const ED25519 = 1;
const encoder = new TextEncoder();

export function verifierKey(name: string, publicKey: Uint8Array, sha256: Sha256): VerifierKey {
  return `${name}+${toHex(keyId(name, publicKey, sha256))}+${toBase64(Uint8Array.of(ED25519, ...publicKey))}`;
}

/** @throws when the text is not a verifier key for Ed25519 */
export function parseVerifierKey(
  text: VerifierKey,
  sha256: Sha256,
): { readonly name: string; readonly publicKey: Uint8Array } {
  const [name, id, encoded] = [...(/^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [])].slice(1);
  const bytes = encoded === undefined ? null : fromBase64(encoded);
  if (name === undefined || bytes === null || bytes.length !== 33 || bytes[0] !== ED25519)
    throw new Error("this is not a verifier key for Ed25519");
  const publicKey = bytes.subarray(1);
  if (toHex(keyId(name, publicKey, sha256)) !== id) throw new Error("the verifier key's id does not belong to it");
  return { name, publicKey };
}

function keyId(name: string, publicKey: Uint8Array, sha256: Sha256): Uint8Array {
  const start = encoder.encode(`${name}\n`);
  return sha256.digest(Uint8Array.of(...start, ED25519, ...publicKey)).subarray(0, 4);
}

/** What the signature is over. */
export function checkpointText(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`;
}

/** @param signature Ed25519 over the UTF-8 of `checkpointText` */
export function signedCheckpoint(
  checkpoint: Checkpoint,
  publicKey: Uint8Array,
  signature: Uint8Array,
  sha256: Sha256,
): string {
  const signed = Uint8Array.of(...keyId(checkpoint.origin, publicKey, sha256), ...signature);
  return `${checkpointText(checkpoint)}\n— ${checkpoint.origin} ${toBase64(signed)}\n`;
}

export interface CheckpointTools {
  readonly sha256: Sha256;
  readonly verifyEd25519: VerifyEd25519;
}

/**
 * Reads a checkpoint and checks the ledger's own signature; signatures by keys that are not known are passed over, as the format asks.
 * @throws Error that says what is wrong with it
 */
export function openCheckpoint(note: string, key: VerifierKey, tools: CheckpointTools): Checkpoint {
  const { name, publicKey } = parseVerifierKey(key, tools.sha256);
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) throw new Error("the checkpoint is not a signed note");
  const text = note.slice(0, split + 1);
  const id = toHex(keyId(name, publicKey, tools.sha256));
  const message = encoder.encode(text);
  let verified = false;
  for (const line of note.slice(split + 2, -1).split("\n")) {
    const signature = parseSignature(line);
    if (signature.name !== name || toHex(signature.bytes.subarray(0, 4)) !== id) continue;
    if (!tools.verifyEd25519(publicKey, message, signature.bytes.subarray(4)))
      throw new Error("the checkpoint's signature is wrong");
    verified = true;
  }
  if (!verified) throw new Error("the checkpoint is not signed by the ledger's key");
  return parseText(text, name);
}

/** What a checkpoint says, for who only names it: its signature is not looked at. @throws Error that says what is wrong with it */
export function headOf(note: Uint8Array): { readonly size: number; readonly root: string } {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(note);
  const { size, root } = parseText(text.slice(0, text.lastIndexOf("\n\n") + 1), text.slice(0, text.indexOf("\n")));
  return { size, root: toHex(root) };
}

function parseSignature(line: string): { readonly name: string; readonly bytes: Uint8Array } {
  const [, name, encoded] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? null : fromBase64(encoded);
  if (name === undefined || bytes === null || bytes.length < 5)
    throw new Error("the checkpoint has a signature line that is none");
  return { name, bytes };
}

function parseText(text: string, origin: string): Checkpoint {
  const [first, size, encoded, end] = text.split("\n");
  const root = encoded === undefined ? null : fromBase64(encoded);
  if (first !== origin) throw new Error("the checkpoint is of another ledger");
  if (size === undefined || !/^(0|[1-9]\d{0,14})$/.test(size) || root === null || root.length !== 32 || end !== "")
    throw new Error("the checkpoint's text is malformed");
  return { origin, size: Number(size), root };
}
