// Masks of numbers, text and binary. A number has no stars: where a mask leaves no number to show, the cell is NULL.
import { getInt16, getInt32, NULL_CELL, putInt16, putInt32, type Rewrite } from "./cell.ts";
import { clampYear } from "./temporal.ts";
import { bandFloor, putText, safeZip3 } from "./text.ts";
import type { MaskName } from "./types.ts";

/** What a mask makes of an integer; NaN for nothing. */
export type NumberMask = (value: number) => number;

export function numberMask(mask: MaskName, thisYear: number): NumberMask | null {
  switch (mask) {
    case "last4":
      // Nine digits at least, as for text.
      return (value) => (value >= 100_000_000 ? value % 10_000 : Number.NaN);
    case "year":
      return (value) => (value >= 1000 && value <= 9999 ? clampYear(value, thisYear) : Number.NaN);
    case "zip3":
      return (value) => (value >= 0 && value <= 99_999 ? safeZip3(Math.floor(value / 100)) * 100 : Number.NaN);
    case "age-band":
      return (value) => (value >= 0 && value < 200 ? bandFloor(Math.floor(value)) : Number.NaN);
    default:
      return null;
  }
}

/** Integers and `numeric` in text: decimal digits, perhaps a fraction, which is dropped. Long ones have no safe rendering here. */
export function textNumber(mask: NumberMask): Rewrite {
  return (from, start, end, to, at) => {
    let i = start;
    let value = 0;
    for (; i < end && from[i] !== 46; i++) {
      const digit = from[i]! - 48;
      if (digit < 0 || digit > 9 || i - start >= 15) return NULL_CELL;
      value = value * 10 + digit;
    }
    const shown = i === start ? Number.NaN : mask(value);
    return Number.isNaN(shown) ? NULL_CELL : putText(String(shown), to, at);
  };
}

export function binaryInt2(mask: NumberMask): Rewrite {
  return (from, start, end, to, at) => {
    const shown = end - start === 2 ? mask(getInt16(from, start)) : Number.NaN;
    if (Number.isNaN(shown)) return NULL_CELL;
    putInt16(to, at, shown);
    return at + 2;
  };
}

export function binaryInt4(mask: NumberMask): Rewrite {
  return (from, start, end, to, at) => {
    const shown = end - start === 4 ? mask(getInt32(from, start)) : Number.NaN;
    if (Number.isNaN(shown)) return NULL_CELL;
    putInt32(to, at, shown);
    return at + 4;
  };
}

const WORD = 4_294_967_296;
/** Above it an integer is not exact as a JavaScript number: as many digits as `textNumber` reads. */
const EXACT = 1e15;

export function binaryInt8(mask: NumberMask): Rewrite {
  return (from, start, end, to, at) => {
    if (end - start !== 8) return NULL_CELL;
    const value = getInt32(from, start) * WORD + (getInt32(from, start + 4) >>> 0);
    const shown = value < EXACT ? mask(value) : Number.NaN;
    if (Number.isNaN(shown)) return NULL_CELL;
    putInt32(to, at, Math.floor(shown / WORD));
    putInt32(to, at + 4, shown % WORD);
    return at + 8;
  };
}

/**
 * `numeric` in binary (numeric_send): int16 count of digits to the base 10000, weight of the first, sign (0 is plus), count of
 * decimals, then the digits. What a mask shows of it has no decimals.
 */
export function binaryNumeric(mask: NumberMask): Rewrite {
  return (from, start, end, to, at) => {
    const shown = mask(wholePart(from, start, end));
    if (Number.isNaN(shown)) return NULL_CELL;
    let digits = 0;
    for (let rest = shown; rest > 0; rest = Math.floor(rest / 10_000)) digits++;
    putInt16(to, at, digits);
    putInt16(to, at + 2, Math.max(0, digits - 1));
    putInt16(to, at + 4, 0);
    putInt16(to, at + 6, 0);
    let rest = shown;
    for (let k = digits - 1; k >= 0; k--) {
      putInt16(to, at + 8 + 2 * k, rest % 10_000);
      rest = Math.floor(rest / 10_000);
    }
    return at + 8 + 2 * digits;
  };
}

function wholePart(from: Uint8Array, start: number, end: number): number {
  if (end - start < 8) return Number.NaN;
  const count = getInt16(from, start);
  const weight = getInt16(from, start + 2);
  if (getInt16(from, start + 4) !== 0 || weight > 3 || count < 0 || end - start < 8 + 2 * count) return Number.NaN;
  let value = 0;
  for (let k = 0; k <= weight; k++) value = value * 10_000 + (k < count ? getInt16(from, start + 8 + 2 * k) : 0);
  return value < EXACT ? value : Number.NaN;
}

const scratch = new DataView(new ArrayBuffer(8));

/** `float4` and `float8` in binary. */
export function binaryFloat(mask: NumberMask, size: 4 | 8): Rewrite {
  return (from, start, end, to, at) => {
    if (end - start !== size) return NULL_CELL;
    for (let i = 0; i < size; i++) scratch.setUint8(i, from[start + i]!);
    const shown = mask(size === 4 ? scratch.getFloat32(0) : scratch.getFloat64(0));
    if (Number.isNaN(shown)) return NULL_CELL;
    if (size === 4) scratch.setFloat32(0, shown);
    else scratch.setFloat64(0, shown);
    for (let i = 0; i < size; i++) to[at + i] = scratch.getUint8(i);
    return at + size;
  };
}
