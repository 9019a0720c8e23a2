// Places smaller than a state: street addresses and ZIP codes (45 CFR 164.514(b)(2)(i)(B)).
import { DASH, type Detector, isDigit, isLetterByte, isUpper, isWordByte, type Reading } from "./reading.ts";

const STREETS: ReadonlySet<string> = new Set(
  (
    "street st avenue ave av road rd lane ln drive dr boulevard blvd court ct place pl way terrace ter circle cir highway hwy parkway " +
    "pkwy square sq trail trl alley aly plaza loop row crescent route rte turnpike"
  ).split(" "),
);
const UNITS: ReadonlySet<string> = new Set("apt apartment suite ste unit floor fl room rm".split(" "));
const STATES: ReadonlySet<string> = new Set(
  (
    "al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa pr ri sc sd " +
    "tn tx ut vt va wa wv wi wy"
  ).split(" "),
);

/** A house number, one to four words, and a word for a street; then a unit. */
const address: Detector = {
  name: "address",
  label: "ADDRESS",
  starts: "digit",
  find(reading, i) {
    let at = i;
    while (isDigit(reading.byte(at)) && at - i < 6) at++;
    if (at === i || isDigit(reading.byte(at))) return 0;
    if (isLetterByte(reading.byte(at)) && !isLetterByte(reading.byte(at + 1))) at++;
    for (let words = 0; words < 5; words++) {
      const word = reading.skipBlanks(at);
      if (word === at) return 0;
      const end = streetWordEnd(reading, word);
      if (end === word) return 0;
      if (words > 0 && STREETS.has(reading.lower(word, end))) return townEnd(reading, unitEnd(reading, end));
      at = reading.byte(end) === 46 ? end + 1 : end;
    }
    return 0;
  },
};

/** The words of a street's name start with a capital or a digit (`5th`). */
function streetWordEnd(reading: Reading, i: number): number {
  const first = reading.byte(i);
  if (!isUpper(first) && !isDigit(first) && first < 128) {
    const end = reading.wordEnd(i);
    return STREETS.has(reading.lower(i, end)) ? end : i;
  }
  let end = i;
  while (end - i < 24 && (isWordByte(reading.byte(end)) || reading.byte(end) === 39)) end++;
  return end;
}

function unitEnd(reading: Reading, i: number): number {
  let at = i;
  while (at - i < 3 && (reading.byte(at) === 46 || reading.byte(at) === 44 || reading.byte(at) === 32)) at++;
  const word = reading.wordEnd(at);
  const hash = reading.byte(at) === 35;
  if (!hash && !UNITS.has(reading.lower(at, word))) return i;
  let number = hash ? at + 1 : word;
  while (number - word < 3 && (reading.byte(number) === 46 || reading.byte(number) === 32)) number++;
  let end = number;
  while (end - number < 6 && isWordByte(reading.byte(end))) end++;
  return end > number ? end : i;
}

/** Takes in the town behind a street, and what follows it: `, Kestrel Ridge, CO 80214`. Without state or code it may be anything. */
function townEnd(reading: Reading, i: number): number {
  let at = i;
  for (let words = 0; words < 5; words++) {
    while (at - i < 80 && (reading.byte(at) === 44 || reading.byte(at) === 46)) at++;
    at = reading.skipBlanks(at);
    const digits = codeEnd(reading, at);
    if (digits > 0) return digits;
    const end = reading.wordEnd(at);
    if (end === at || !isUpper(reading.byte(at))) return i;
    const state = end - at === 2 && STATES.has(reading.lower(at, end));
    at = end;
    if (state) return codeEnd(reading, reading.skipBlanks(end)) || end;
  }
  return i;
}

/** The end of a ZIP code, with or without its last four digits, or 0. */
function codeEnd(reading: Reading, i: number): number {
  reading.groups(i);
  const { size, count } = reading;
  if (count === 0 || size[0] !== 5) return 0;
  return count >= 2 && size[1] === 4 && reading.separator[1] === DASH ? reading.until[1]! : reading.until[0]!;
}

/** ZIP+4 always; five digits after a state or the word ZIP. */
const zip: Detector = {
  name: "zip",
  label: "ZIP",
  starts: "digit",
  find(reading, i) {
    if (!isDigit(reading.byte(i))) return 0;
    reading.groups(i);
    const { size, count } = reading;
    if (size[0] !== 5 || isLetterByte(reading.byte(reading.until[0]!))) return 0;
    if (count >= 2 && size[1] === 4 && reading.separator[1] === DASH) return reading.until[1]!;
    const before = reading.wordBefore(i);
    // In capitals: `in` and `or` are words, `IN` and `OR` are states.
    const state = STATES.has(before) && isUpper(reading.byte(i - 2)) && isUpper(reading.byte(i - 3));
    return before === "zip" || before === "zipcode" || state ? reading.until[0]! : 0;
  },
};

export const PLACES: readonly Detector[] = [address, zip];
