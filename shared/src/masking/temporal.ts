// `year` of dates and timestamps: the first of January. A year so long ago that it tells an age of 90 or more is shown as the last
// such year, which then means "that year or before" (45 CFR 164.514(b)(2)(i)(C): "all elements of dates (including year)
// indicative of such age").
import { bytesOf, copyBytes, getInt32, NULL_CELL, putInt32, type Rewrite } from "./cell.ts";

export function clampYear(year: number, thisYear: number): number {
  return Math.max(year, thisYear - 90);
}

/**
 * The year of a date in ISO style, which is told from the others (`SQL`, `Postgres`, `German`) by its year of at least four digits in
 * front: NaN when it is anything else, `infinity` included. Years BC are negative.
 */
export function readIsoYear(from: Uint8Array, start: number, end: number): number {
  let year = 0;
  let i = start;
  for (; i < end && from[i]! >= 48 && from[i]! <= 57 && i - start < 7; i++) year = year * 10 + from[i]! - 48;
  const dashes = i - start >= 4 && from[i] === 45 && i + 6 <= end && from[i + 3] === 45;
  if (!dashes) return Number.NaN;
  const bc = end - start > 12 && from[end - 2] === 66 && from[end - 1] === 67;
  return bc ? -year : year;
}

/** Text format; `rest` follows the date (` 00:00:00` for timestamps). */
export function yearOfText(rest: string, thisYear: number): Rewrite {
  const tail = bytesOf(`-01-01${rest}`);
  return (from, start, end, to, at) => {
    const found = readIsoYear(from, start, end);
    if (Number.isNaN(found)) return NULL_CELL;
    const digits = String(clampYear(found, thisYear)).padStart(4, "0");
    for (let i = 0; i < digits.length; i++) to[at + i] = digits.charCodeAt(i);
    return copyBytes(tail, 0, tail.length, to, at + digits.length);
  };
}

/** Days from 2000-01-01 to the first of January of a year, in the proleptic Gregorian calendar. */
export function daysToYear(year: number): number {
  const before = year - 1;
  return before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 730_119;
}

/** The year that a day (days since 2000-01-01) is in. */
export function yearOfDay(day: number): number {
  let year = 2000 + Math.floor(day / 365.2425);
  while (daysToYear(year) > day) year--;
  while (daysToYear(year + 1) <= day) year++;
  return year;
}

const NO_END = 0x7fffffff;

/** `date` in binary: int32 days since 2000-01-01; the extremes are the infinities. */
export function yearOfBinaryDate(thisYear: number): Rewrite {
  return (from, start, end, to, at) => {
    if (end - start !== 4) return NULL_CELL;
    const day = getInt32(from, start);
    if (day === NO_END || day === -NO_END - 1) return NULL_CELL;
    putInt32(to, at, daysToYear(clampYear(yearOfDay(day), thisYear)));
    return at + 4;
  };
}

const MICROS_A_DAY = 86_400_000_000;
const WORD = 4_294_967_296;

/** `timestamp`, `timestamptz` in binary: int64 microseconds since 2000-01-01 (UTC). */
export function yearOfBinaryTimestamp(thisYear: number): Rewrite {
  return (from, start, end, to, at) => {
    if (end - start !== 8) return NULL_CELL;
    const high = getInt32(from, start);
    const low = getInt32(from, start + 4) >>> 0;
    if ((high === NO_END && low === WORD - 1) || (high === -NO_END - 1 && low === 0)) return NULL_CELL;
    // Beyond 2^53 the low bits are lost; no more than a millisecond, and only the year is read.
    const day = Math.floor((high * WORD + low) / MICROS_A_DAY);
    const micros = daysToYear(clampYear(yearOfDay(day), thisYear)) * MICROS_A_DAY;
    putInt32(to, at, Math.floor(micros / WORD));
    putInt32(to, at + 4, micros % WORD);
    return at + 8;
  };
}
