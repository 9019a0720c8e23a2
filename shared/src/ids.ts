// Ids of sessions, requests and break-glasses: ULIDs. They sort by time, and are safe in file names, keys and application_name.

/** Crockford's base 32, lower case. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * @param now milliseconds since the epoch
 * @param random 16 bytes of which nobody can guess one
 * @returns 26 characters: 10 of time, 16 of 80 random bits
 */
export function newId(now: number, random: Uint8Array): string {
  let id = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) id = DIGITS[rest % 32] + id;
  // 256 is a multiple of 32: no digit is likelier than another.
  for (const byte of random) id += DIGITS[byte % 32];
  return id;
}
