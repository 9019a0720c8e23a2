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

/** What a key signs: the ledger's own heads, or heads of ledgers that a witness has seen. */
export const ED25519 = 1;
export const COSIGNATURE_ED25519 = 4;

/** A public key that signs notes: its name, and the four bytes that tell it from others of that name, in hex. */
export interface NoteKey {
  readonly name: string;
  readonly id: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface Signature {
  readonly name: string;
  /** The key's, hex. */
  readonly id: string;
  readonly bytes: Uint8Array;
  /** As it stands in the note, without its newline. */
  readonly line: string;
}

const encoder = new TextEncoder();

export function verifierKey(name: string, publicKey: Uint8Array, sha256: Sha256, algorithm = ED25519): VerifierKey {
  const id = toHex(keyId(name, publicKey, sha256, algorithm));
  return `${name}+${id}+${toBase64(Uint8Array.of(algorithm, ...publicKey))}`;
}

/** @throws when the text is not a verifier key of this kind */
export function parseVerifierKey(text: VerifierKey, sha256: Sha256, algorithm = ED25519): NoteKey {
  const [name, id, encoded] = [...(/^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [])].slice(1);
  const bytes = encoded === undefined ? null : fromBase64(encoded);
  if (name === undefined || id === undefined || bytes === null || bytes.length !== 33 || bytes[0] !== algorithm)
    throw new Error(
      `this is not a verifier key for ${algorithm === ED25519 ? "Ed25519" : "cosignatures by Ed25519 (type 4)"}`,
    );
  const publicKey = bytes.subarray(1);
  if (toHex(keyId(name, publicKey, sha256, algorithm)) !== id)
    throw new Error("the verifier key's id does not belong to it");
  return { name, id, publicKey };
}

function keyId(name: string, publicKey: Uint8Array, sha256: Sha256, algorithm: number): Uint8Array {
  const start = encoder.encode(`${name}\n`);
  return sha256.digest(Uint8Array.of(...start, algorithm, ...publicKey)).subarray(0, 4);
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
  const signed = Uint8Array.of(...keyId(checkpoint.origin, publicKey, sha256, ED25519), ...signature);
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
  const { name, id, publicKey } = parseVerifierKey(key, tools.sha256);
  const { text, signatures } = parseNote(note);
  const message = encoder.encode(text);
  let verified = false;
  for (const signature of signatures) {
    if (signature.name !== name || signature.id !== id) continue;
    if (!tools.verifyEd25519(publicKey, message, signature.bytes))
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

/** The text of a signed note, with its last newline, and the signatures under it. @throws when it is none */
export function parseNote(note: string): { readonly text: string; readonly signatures: readonly Signature[] } {
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) throw new Error("the checkpoint is not a signed note");
  const lines = note.slice(split + 2, -1).split("\n");
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

/** @throws when the line is none of a signature */
export function parseSignature(line: string): Signature {
  const [, name, encoded] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? null : fromBase64(encoded);
  if (name === undefined || bytes === null || bytes.length < 5)
    throw new Error("the checkpoint has a signature line that is none");
  return { name, id: toHex(bytes.subarray(0, 4)), bytes: bytes.subarray(4), line };
}

function parseText(text: string, origin: string): Checkpoint {
  const [first, size, encoded, end] = text.split("\n");
  const root = encoded === undefined ? null : fromBase64(encoded);
  if (first !== origin) throw new Error("the checkpoint is of another ledger");
  if (size === undefined || !/^(0|[1-9]\d{0,14})$/.test(size) || root === null || root.length !== 32 || end !== "")
    throw new Error("the checkpoint's text is malformed");
  return { origin, size: Number(size), root };
}
