// Masks of text. Bytes, not characters: what they read of a value is ASCII in every encoding that a client can ask for, and what
// they cannot be sure of is redacted whole.
import { bytesOf, type CellMask, constant, copyBytes, type Rewrite, rewriting } from "./cell.ts";
import { clampYear, readIsoYear } from "./temporal.ts";
import type { MaskName } from "./types.ts";

const STARS = "***";
/** `last4` of fewer letters and digits than this would show too much of the value (threats.md 15). */
const LAST4_FROM = 9;

export const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
export const isLetter = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122));

/** What stands for hidden text, cut to the column's declared length: never to the value's. */
export function stars(limit: number): Uint8Array {
  return bytesOf(STARS.slice(0, Math.max(0, limit)));
}

/**
 * @param limit the longest text that the column takes, in characters
 * @param thisYear of the gateway's clock
 */
export function textMask(mask: MaskName, limit: number, thisYear: number): CellMask {
  const hidden = stars(limit);
  const rewrite = textRewrite(mask, hidden, thisYear);
  if (rewrite === null) return constant(hidden);
  // A form that does not fit the column's declared length would not be a value of its type.
  return limit < 16 ? rewriting(fitting(rewrite, limit, hidden), 24) : rewriting(rewrite, 24);
}

function textRewrite(mask: MaskName, hidden: Uint8Array, thisYear: number): Rewrite | null {
  switch (mask) {
    case "last4":
      return last4(hidden);
    case "initial":
      return initial(hidden);
    case "zip3":
      return zip3(hidden);
    case "year":
      return year(hidden, thisYear);
    case "age-band":
      return ageBand(hidden);
    default:
      return null;
  }
}

function fitting(rewrite: Rewrite, limit: number, hidden: Uint8Array): Rewrite {
  return (from, start, end, to, at) => {
    const after = rewrite(from, start, end, to, at);
    return after - at <= limit ? after : hide(hidden, to, at);
  };
}

function hide(hidden: Uint8Array, to: Uint8Array, at: number): number {
  return copyBytes(hidden, 0, hidden.length, to, at);
}

/** `123-45-6789` to `***6789`: the last four letters or digits, where there are enough others. */
function last4(hidden: Uint8Array): Rewrite {
  return (from, start, end, to, at) => {
    let count = 0;
    for (let i = start; i < end; i++) {
      if (from[i]! > 126) return hide(hidden, to, at);
      if (isDigit(from[i]) || isLetter(from[i])) count++;
    }
    if (count < LAST4_FROM) return hide(hidden, to, at);
    to[at] = to[at + 1] = to[at + 2] = 42;
    let place = at + 6;
    for (let i = end - 1; place >= at + 3; i--) if (isDigit(from[i]) || isLetter(from[i])) to[place--] = from[i]!;
    return at + 7;
  };
}

/** `Maria` to `M.`: the first letter, when there is more than it. */
function initial(hidden: Uint8Array): Rewrite {
  return (from, start, end, to, at) => {
    let i = start;
    while (i < end && from[i] === 32) i++;
    const size = letterSize(from, i, end);
    if (size === 0 || i + size >= end || from[i + size] === 32) return hide(hidden, to, at);
    const after = copyBytes(from, i, i + size, to, at);
    to[after] = 46;
    return after + 1;
  };
}

/** Bytes of the letter at `i`: 1 for ASCII, 2 for a well-formed two-byte UTF-8 sequence (Latin, Greek, Cyrillic ...), else 0. */
function letterSize(from: Uint8Array, i: number, end: number): number {
  if (i < end && isLetter(from[i])) return 1;
  const two = i + 1 < end && from[i]! >= 0xc3 && from[i]! <= 0xdf && (from[i + 1]! & 0xc0) === 0x80;
  return two ? 2 : 0;
}

/**
 * Prefixes of fewer than 20 000 people: shown as 000 (45 CFR 164.514(b)(2)(i)(B); the list is from HHS's guidance on
 * de-identification, by the census of 2000).
 */
const FEW_PEOPLE: ReadonlySet<number> = new Set([
  36, 59, 63, 102, 203, 556, 692, 790, 821, 823, 830, 831, 878, 879, 884, 890, 893,
]);

/** The prefix to show for the one given. */
export function safeZip3(prefix: number): number {
  return FEW_PEOPLE.has(prefix) ? 0 : prefix;
}

/** `02139-1234` to `021**`. */
function zip3(hidden: Uint8Array): Rewrite {
  return (from, start, end, to, at) => {
    let i = start;
    while (i < end && from[i] === 32) i++;
    for (let k = 0; k < 5; k++) if (i + k >= end || !isDigit(from[i + k])) return hide(hidden, to, at);
    // Six digits on end are something else than a ZIP code, nine are ZIP+4 without its dash.
    const nine = i + 9 <= end && digits(from, i + 5, i + 9);
    if (isDigit(from[nine ? i + 9 : i + 5]) && i + (nine ? 9 : 5) < end) return hide(hidden, to, at);
    const prefix = safeZip3((from[i]! - 48) * 100 + (from[i + 1]! - 48) * 10 + from[i + 2]! - 48);
    to[at] = 48 + Math.trunc(prefix / 100);
    to[at + 1] = 48 + (Math.trunc(prefix / 10) % 10);
    to[at + 2] = 48 + (prefix % 10);
    to[at + 3] = to[at + 4] = 42;
    return at + 5;
  };
}

function digits(from: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isDigit(from[i])) return false;
  return true;
}

/** A text that starts with an ISO date, to the first of January of its year. */
function year(hidden: Uint8Array, thisYear: number): Rewrite {
  return (from, start, end, to, at) => {
    const found = readIsoYear(from, start, end);
    if (Number.isNaN(found)) return hide(hidden, to, at);
    return putText(`${String(clampYear(found, thisYear)).padStart(4, "0")}-01-01`, to, at);
  };
}

/** `47` to `40-49`; 90 and over as one (45 CFR 164.514(b)(2)(i)(C)). */
function ageBand(hidden: Uint8Array): Rewrite {
  return (from, start, end, to, at) => {
    if (end - start < 1 || end - start > 3 || !digits(from, start, end)) return hide(hidden, to, at);
    let age = 0;
    for (let i = start; i < end; i++) age = age * 10 + from[i]! - 48;
    const floor = bandFloor(age);
    return putText(floor === 90 ? "90+" : `${floor}-${floor + 9}`, to, at);
  };
}

/** The first age of the ten years' band that an age is in; everything from 90 on is in one. */
export function bandFloor(age: number): number {
  return Math.min(90, Math.floor(age / 10) * 10);
}

/** Writes ASCII text. */
export function putText(text: string, to: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) to[at + i] = text.charCodeAt(i);
  return at + text.length;
}
