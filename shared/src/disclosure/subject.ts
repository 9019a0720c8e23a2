// Whose record a row is, as evidence keeps it: a keyed HMAC of the subject's key, the same whatever table, type, format or protocol message
// the key came in. Without the HMAC's key nobody can tell whom it stands for, nor test a guess.
import { bytesOf, getInt16, getInt32 } from "../masking/cell.ts";

/** HMAC-SHA-256 with the disclosure key. */
type Hmac = (message: Uint8Array) => Uint8Array;

/** Bytes that are kept of the 32 (RFC 2104, section 5: no less than half). */
const SUBJECT_BYTES = 16;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Hashes of one target's subjects: hex, 32 digits. */
export type SubjectHash = (domain: string, key: string) => string;

/** `key` is the canonical text of a subject's key, one character for each of its UTF-8 bytes. */
export function subjectHasher(hmac: Hmac, target: string): SubjectHash {
  const prefixes = new Map<string, Uint8Array>();
  return (domain, key) => {
    let prefix = prefixes.get(domain);
    if (prefix === undefined) {
      prefix = bytesOf(`postern subject\0${target}\0${domain}\0`);
      prefixes.set(domain, prefix);
    }
    const message = new Uint8Array(prefix.length + key.length);
    message.set(prefix);
    for (let i = 0; i < key.length; i++) message[prefix.length + i] = key.charCodeAt(i);
    const digest = hmac(message);
    let hex = "";
    for (let i = 0; i < SUBJECT_BYTES; i++) hex += HEX[digest[i]!]!;
    return hex;
  };
}

/** Canonical text of a key on the wire, one character for each byte; null when it has none. */
export type ReadKey = (from: Uint8Array, start: number, end: number) => string | null;

const raw: ReadKey = (from, start, end) => {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(from[i]!);
  return text;
};

/** `char(n)` comes with the blanks that fill it, which are no part of the value. */
const padded: ReadKey = (from, start, end) => {
  let last = end;
  while (last > start && from[last - 1] === 32) last--;
  return raw(from, start, last);
};

const BINARY: Readonly<Record<string, ReadKey>> = {
  int2: (from, start, end) => (end - start === 2 ? String(getInt16(from, start)) : null),
  int4: (from, start, end) => (end - start === 4 ? String(getInt32(from, start)) : null),
  int8: (from, start, end) => {
    if (end - start !== 8) return null;
    const high = getInt32(from, start);
    const low = getInt32(from, start + 4) >>> 0;
    const near = high === 0 || (high > 0 && high < 0x200000);
    return near ? String(high * 4_294_967_296 + low) : String((BigInt(high) << 32n) | BigInt(low));
  },
  uuid: (from, start, end) => {
    if (end - start !== 16) return null;
    let text = "";
    for (let i = 0; i < 16; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
      text += from[start + i]!.toString(16).padStart(2, "0");
    }
    return text;
  },
};

const BPCHAR = 1042;

/**
 * How keys of a type are read; null for types whose text depends on settings, or that can be written in several ways (numeric, dates ...):
 * of these a subject's key cannot be made.
 * @param family of catalog-index.ts
 */
export function keyReader(family: string, type: number, binary: boolean): ReadKey | null {
  if (family === "text") return type === BPCHAR ? padded : raw;
  const read = BINARY[family];
  if (read === undefined) return null;
  return binary ? read : raw;
}

const UUID = /^\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$/i;

/** The canonical texts that somebody may mean who writes a key: as it is written, and as an integer or UUID would be. */
export function keysMeant(written: string): readonly string[] {
  const keys = new Set([written]);
  const [, sign = "", digits] = /^([+-]?)0*(\d+)$/.exec(written.trim()) ?? [];
  if (digits !== undefined) keys.add(sign === "-" && digits !== "0" ? `-${digits}` : digits);
  if (UUID.test(written.trim())) {
    const hex = written.toLowerCase().replace(/[^0-9a-f]/g, "");
    keys.add(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
  }
  return [...keys].map((key) => {
    const bytes = bytesOf(key);
    return raw(bytes, 0, bytes.length)!;
  });
}
