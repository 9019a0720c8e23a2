// SHA-256 as the evidence uses it. Passed in, so that these rules run wherever a hash function is.

export interface Sha256 {
  /** The 32 bytes. */
  digest(data: Uint8Array): Uint8Array;
  /** Of bytes, or of the UTF-8 of a string. */
  text(data: Uint8Array | string, encoding: "hex" | "base64url"): string;
}

const HEX = "0123456789abcdef";

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  return text;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Standard Base 64 with padding, RFC 4648 section 4. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] ?? 0;
    const b = bytes[i + 1];
    const c = bytes[i + 2];
    text += ALPHABET.charAt(a >> 2) + ALPHABET.charAt(((a & 3) << 4) | ((b ?? 0) >> 4));
    text += b === undefined ? "=" : ALPHABET.charAt(((b & 15) << 2) | ((c ?? 0) >> 6));
    text += c === undefined ? "=" : ALPHABET.charAt(c & 63);
  }
  return text;
}

/** The bytes of a Base 64 text; null unless it is exactly what `toBase64` writes (RFC 4648 section 3.5: no second spelling). */
export function fromBase64(text: string): Uint8Array | null {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text.replace(/={1,2}$/, "")) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    held = (held << 6) | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
    held &= (1 << bits) - 1;
  }
  const result = Uint8Array.from(bytes);
  return toBase64(result) === text ? result : null;
}
