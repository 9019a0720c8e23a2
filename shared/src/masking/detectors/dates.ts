// Dates, all elements but the year (45 CFR 164.514(b)(2)(i)(C)). A year alone stays.
import { type Detector, isDigit, isLetterByte, type Reading } from "./reading.ts";

const MONTHS: ReadonlySet<string> = new Set(
  (
    "january february march april may june july august september october november december " +
    "jan feb mar apr jun jul aug sep sept oct nov dec"
  ).split(" "),
);
const DAYS: ReadonlySet<string> = new Set(["st", "nd", "rd", "th"]);
/** Before `3/14` they say that it is a day, not a ratio or a score. */
const DAY_HERALDS: ReadonlySet<string> = new Set(
  "on since dated date by until from seen dob born admitted discharged due visit before after".split(" "),
);

const date: Detector = {
  name: "date",
  label: "DATE",
  starts: "any",
  find(reading, i) {
    return isDigit(reading.byte(i)) ? fromDigit(reading, i) : fromMonth(reading, i);
  },
};

function fromDigit(reading: Reading, i: number): number {
  return numeric(reading, i) || dayFirst(reading, i) || compact(reading, i);
}

/** `2021-03-14`, `3/14/2021`, `14.03.21`; `3/14` after a word that heralds a day. */
function numeric(reading: Reading, i: number): number {
  reading.groups(i);
  const { value, size, separator, count } = reading;
  if (count >= 3 && separator[1] === separator[2] && separator[1] !== 32) {
    const yearFirst =
      size[0] === 4 && value[1]! >= 1 && value[1]! <= 12 && size[2]! <= 2 && value[2]! >= 1 && value[2]! <= 31;
    const yearLast =
      size[0]! <= 2 && size[1]! <= 2 && (size[2] === 4 || size[2] === 2) && isDayAndMonth(value[0]!, value[1]!);
    if (yearFirst || yearLast) return reading.until[2]!;
  }
  if (count >= 2 && separator[1] === 47 && isMonthAndYear(reading)) return reading.until[1]!;
  const short =
    count >= 2 && separator[1] === 47 && size[0]! <= 2 && size[1]! <= 2 && isDayAndMonth(value[0]!, value[1]!);
  return short && DAY_HERALDS.has(reading.wordBefore(i)) ? reading.until[1]! : 0;
}

/** `03/2021` */
function isMonthAndYear(reading: Reading): boolean {
  const { value, size } = reading;
  return size[0]! <= 2 && value[0]! >= 1 && value[0]! <= 12 && size[1] === 4 && value[1]! >= 1880 && value[1]! <= 2100;
}

function isDayAndMonth(one: number, other: number): boolean {
  return one >= 1 && other >= 1 && ((one <= 12 && other <= 31) || (one <= 31 && other <= 12));
}

/** `20210314` */
function compact(reading: Reading, i: number): number {
  reading.groups(i);
  if (reading.size[0] !== 8 || isLetterByte(reading.byte(reading.until[0]!))) return 0;
  const value = reading.value[0]!;
  const year = Math.floor(value / 10_000);
  const real = year >= 1880 && year <= 2100 && isDayAndMonth(Math.floor(value / 100) % 100, value % 100);
  return real ? reading.until[0]! : 0;
}

/** `14 March 2021`, `14th of March`, `14-Mar-21` */
function dayFirst(reading: Reading, i: number): number {
  let at = i;
  while (isDigit(reading.byte(at))) at++;
  if (at - i > 2) return 0;
  const suffix = reading.wordEnd(at);
  if (DAYS.has(reading.lower(at, suffix))) at = suffix;
  at = skipJoint(reading, at);
  const word = reading.wordEnd(at);
  if (reading.lower(at, word) === "of") at = skipJoint(reading, word);
  const month = monthEnd(reading, at);
  return month === 0 ? 0 : yearEnd(reading, month);
}

/** `March 14, 2021`, `Mar 14`, `March 2021`; `may` and `march` alone are words, so a number must follow. */
function fromMonth(reading: Reading, i: number): number {
  const month = monthEnd(reading, i);
  if (month === 0) return 0;
  let at = skipJoint(reading, month);
  const digits = at;
  while (isDigit(reading.byte(at)) && at - digits < 5) at++;
  if (at - digits === 4) return at;
  if (at === digits || at - digits > 2) return 0;
  const suffix = reading.wordEnd(at);
  if (DAYS.has(reading.lower(at, suffix))) at = suffix;
  return yearEnd(reading, at);
}

function monthEnd(reading: Reading, i: number): number {
  let end = i;
  while (end - i < 10 && isLetterByte(reading.byte(end))) end++;
  return end - i >= 3 && MONTHS.has(reading.lower(i, end)) ? end : 0;
}

/** Takes in a year that follows: it is part of the date, and the date goes whole. */
function yearEnd(reading: Reading, i: number): number {
  const at = skipJoint(reading, i);
  let end = at;
  while (isDigit(reading.byte(end)) && end - at < 5) end++;
  const joined = reading.byte(i) === 45 || reading.byte(i) === 47;
  return end - at === 4 || (end - at === 2 && joined) ? end : i;
}

function skipJoint(reading: Reading, i: number): number {
  let at = i;
  while (at - i < 3 && [32, 44, 45, 46, 47, 10].includes(reading.byte(at))) at++;
  return at;
}

const AGE_WORDS: ReadonlySet<string> = new Set("year years yr yrs yo y".split(" "));
const AGE_HERALDS: ReadonlySet<string> = new Set(["age", "aged"]);

/** Ages of 90 and more, which are to be one with dates (45 CFR 164.514(b)(2)(i)(C)); others tell of nobody. */
const age: Detector = {
  name: "date",
  label: "AGE",
  starts: "digit",
  find(reading, i) {
    reading.groups(i);
    if (reading.count === 0 || reading.value[0]! < 90 || reading.value[0]! > 130) return 0;
    const end = reading.until[0]!;
    const next = reading.byte(end) === 45 ? end + 1 : reading.skipBlanks(end);
    const word = reading.lower(next, reading.wordEnd(next));
    return AGE_WORDS.has(word.split("-")[0]!) || AGE_HERALDS.has(reading.wordBefore(i)) ? end : 0;
  },
};

export const DATES: readonly Detector[] = [date, age];
