// Ids of sessions: ULIDs. They sort by time, and are safe in file names and in application_name.
import { randomBytes } from "node:crypto";

/** Crockford's base 32, lower case. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/** @param now milliseconds since the epoch. @returns 26 characters: 10 of time, 16 of 80 random bits */
export function newId(now: number): string {
  let id = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) id = DIGITS[rest % 32] + id;
  // 256 is a multiple of 32: no digit is likelier than another.
  for (const byte of randomBytes(16)) id += DIGITS[byte % 32];
  return id;
}
