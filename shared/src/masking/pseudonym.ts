// Pseudonyms: the same value has the same one wherever it stands, so that joins still work; without the key nobody can make or undo
// them. The key stays outside: here is only a function that applies HMAC with it.
import { bytesOf, copyBytes, getInt32, NULL_CELL, putInt32, type Rewrite } from "./cell.ts";
import { putText } from "./text.ts";

/** HMAC-SHA-256 with the target's pseudonym key. */
export type Hmac = (message: Uint8Array) => Uint8Array;

/** Makes the pseudonyms of one target: values are told apart by target and kind, so they cannot be linked across either. */
export class Pseudonyms {
  readonly #hmac: Hmac;
  readonly #target: string;
  readonly #rounds: Int32Array = new Int32Array(ROUNDS * HALF).fill(-1);

  constructor(hmac: Hmac, target: string) {
    this.#hmac = hmac;
    this.#target = target;
  }

  /** 32 bytes that stand for a value. */
  of(kind: string, from: Uint8Array, start: number, end: number): Uint8Array {
    const prefix = bytesOf(`postern pseudonym\0${this.#target}\0${kind}\0`);
    const message = new Uint8Array(prefix.length + end - start);
    message.set(prefix);
    copyBytes(from, start, end, message, prefix.length);
    return this.#hmac(message);
  }

  /**
   * An int4 for an int4, one to one, so that no two patients become one: a Feistel network over 2 x 16 bits whose round functions are
   * HMAC, walked until the sign is that of the value (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite domains").
   */
  int4(value: number): number {
    let shown = value;
    do {
      let left = shown >>> 16;
      let right = shown & 0xffff;
      for (let round = 0; round < ROUNDS; round++) {
        const next = left ^ this.#round(round, right);
        left = right;
        right = next;
      }
      shown = (left << 16) | right;
    } while (shown < 0 !== value < 0);
    return shown;
  }

  /** The round functions' values are kept: 16 of them come from one HMAC, and soon none is needed any more. */
  #round(round: number, half: number): number {
    const place = round * HALF + half;
    const known = this.#rounds[place]!;
    if (known >= 0) return known;
    const group = half & ~15;
    const digest = this.of("int4", Uint8Array.of(round, group >>> 8, group & 0xff), 0, 3);
    for (let k = 0; k < 16; k++) this.#rounds[round * HALF + group + k] = (digest[2 * k]! << 8) | digest[2 * k + 1]!;
    return this.#rounds[place]!;
  }
}

const ROUNDS = 6;
const HALF = 65_536;

const made = new WeakMap<Hmac, Map<string, Pseudonyms>>();

/** The pseudonyms of a target under a key, made once. */
export function pseudonymsOf(hmac: Hmac, target: string): Pseudonyms {
  const targets = made.get(hmac) ?? new Map<string, Pseudonyms>();
  made.set(hmac, targets);
  const found = targets.get(target) ?? new Pseudonyms(hmac, target);
  targets.set(target, found);
  return found;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** Letters after `p_`: 16 are 80 bits. With fewer than 8, values would be taken for one another. */
export const PSEUDONYM_LETTERS = { most: 16, least: 8 };

/** `p_` and so many letters of base 32 (RFC 4648, small ones); trailing blanks of `char(n)` are no part of the value. */
export function pseudonymText(pseudonyms: Pseudonyms, letters: number): Rewrite {
  return (from, start, end, to, at) => {
    let last = end;
    while (last > start && from[last - 1] === 32) last--;
    const digest = pseudonyms.of("text", from, start, last);
    let after = putText("p_", to, at);
    for (let bit = 0; bit < 5 * letters; bit += 5) {
      const pair = (digest[bit >> 3]! << 8) | digest[(bit >> 3) + 1]!;
      to[after++] = ALPHABET.charCodeAt((pair >> (11 - (bit & 7))) & 31);
    }
    return after;
  };
}

export function pseudonymInt4(pseudonyms: Pseudonyms, binary: boolean): Rewrite {
  return (from, start, end, to, at) => {
    if (!binary) {
      const text = readDecimal(from, start, end);
      const value = text === "" ? Number.NaN : Number(text);
      return (value | 0) === value ? putText(String(pseudonyms.int4(value)), to, at) : NULL_CELL;
    }
    if (end - start !== 4) return NULL_CELL;
    putInt32(to, at, pseudonyms.int4(getInt32(from, start)));
    return at + 4;
  };
}

const WORD = 4_294_967_296;

/** 53 bits of the HMAC, never negative: exact in a client that knows only doubles. Two of ten million are alike with odds of 1 in 180. */
export function pseudonymInt8(pseudonyms: Pseudonyms, binary: boolean): Rewrite {
  const value = new Uint8Array(8);
  return (from, start, end, to, at) => {
    if (binary) {
      if (end - start !== 8) return NULL_CELL;
      copyBytes(from, start, end, value, 0);
    } else {
      const text = readDecimal(from, start, end);
      if (text === "") return NULL_CELL;
      const whole = BigInt(text);
      putInt32(value, 0, Number(BigInt.asIntN(32, whole >> 32n)));
      putInt32(value, 4, Number(BigInt.asIntN(32, whole)));
    }
    const digest = pseudonyms.of("int8", value, 0, 8);
    value.fill(0);
    const high = getInt32(digest, 0) >>> 11;
    const low = getInt32(digest, 4) >>> 0;
    if (!binary) return putText(String(high * WORD + low), to, at);
    putInt32(to, at, high);
    putInt32(to, at + 4, low);
    return at + 8;
  };
}

/** An integer as PostgreSQL writes it, or an empty string. */
function readDecimal(from: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end && i - start < 20; i++) {
    const digit = from[i]! >= 48 && from[i]! <= 57;
    if (!digit && !(from[i] === 45 && i === start)) return "";
    text += String.fromCharCode(from[i]!);
  }
  return text === "-" ? "" : text;
}

const HEX = "0123456789abcdef";

/** A UUID of version 8 (RFC 9562 section 5.8: vendor specific). */
export function pseudonymUuid(pseudonyms: Pseudonyms, binary: boolean): Rewrite {
  const value = new Uint8Array(16);
  return (from, start, end, to, at) => {
    if (!(binary ? readRaw(from, start, end, value) : readUuid(from, start, end, value))) return NULL_CELL;
    const digest = pseudonyms.of("uuid", value, 0, 16);
    copyBytes(digest, 0, 16, value, 0);
    value[6] = (value[6]! & 0x0f) | 0x80;
    value[8] = (value[8]! & 0x3f) | 0x80;
    if (binary) return copyBytes(value, 0, 16, to, at);
    let after = at;
    for (let i = 0; i < 16; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) to[after++] = 45;
      to[after++] = HEX.charCodeAt(value[i]! >> 4);
      to[after++] = HEX.charCodeAt(value[i]! & 15);
    }
    return after;
  };
}

function readRaw(from: Uint8Array, start: number, end: number, value: Uint8Array): boolean {
  if (end - start !== 16) return false;
  copyBytes(from, start, end, value, 0);
  return true;
}

function readUuid(from: Uint8Array, start: number, end: number, value: Uint8Array): boolean {
  let nibbles = 0;
  for (let i = start; i < end; i++) {
    const byte = from[i]!;
    if (byte === 45) continue;
    const nibble = byte >= 97 ? byte - 87 : byte - 48;
    if (nibble < 0 || nibble > 15 || nibbles > 31) return false;
    value[nibbles >> 1] = nibbles & 1 ? value[nibbles >> 1]! | nibble : nibble << 4;
    nibbles++;
  }
  return nibbles === 32;
}
