// Numbers that stand for a person: social security, telephone, record and account numbers (45 CFR 164.514(b)(2)(i)(D), (E), (G) to (M)).
import { DASH, type Detector, isDigit, isLetterByte, isWordByte, type Reading } from "./reading.ts";

const ssn: Detector = {
  name: "ssn",
  label: "SSN",
  starts: "digit",
  find(reading, i) {
    if (!isDigit(reading.byte(i))) return 0;
    reading.groups(i);
    const { size, count } = reading;
    const split = count >= 3 && size[0] === 3 && size[1] === 2 && size[2] === 4 && reading.separator[1] !== 47;
    if (split && !isLetterByte(reading.byte(reading.until[2]!))) return reading.until[2]!;
    const whole = size[0] === 9 && !isLetterByte(reading.byte(reading.until[0]!));
    // 000 and 666 are no areas and 9xx are taxpayer numbers, but a typing error in an SSN still tells the rest of it.
    return whole ? reading.until[0]! : 0;
  },
};

/** North American numbers, with or without 1 in front, and others that start with a plus. */
const phone: Detector = {
  name: "phone",
  label: "PHONE",
  starts: "digit",
  find(reading, i) {
    const plus = reading.byte(i) === 43;
    let at = plus ? i + 1 : i;
    if (plus && isDigit(reading.byte(at)) && !(reading.byte(at) === 49 && !isDigit(reading.byte(at + 1)))) {
      const end = internationalEnd(reading, at);
      if (end > 0) return end;
    }
    if (reading.byte(at) === 49 && !isDigit(reading.byte(at + 1))) at = skipSeparators(reading, at + 1);
    if (reading.byte(at) === 40) return bracketedEnd(reading, at);
    if (!isDigit(reading.byte(at))) return 0;
    return withExtension(reading, plainEnd(reading, at));
  },
};

function internationalEnd(reading: Reading, i: number): number {
  let at = i;
  let digits = 0;
  let end = 0;
  for (; at - i < 24; at++) {
    const byte = reading.byte(at);
    if (isDigit(byte)) {
      digits++;
      end = at + 1;
    } else if (byte !== 32 && byte !== DASH && byte !== 46 && byte !== 40 && byte !== 41) break;
  }
  return digits >= 8 && digits <= 15 ? end : 0;
}

/** `(617) 555-0123` */
function bracketedEnd(reading: Reading, i: number): number {
  for (let k = 1; k <= 3; k++) if (!isDigit(reading.byte(i + k))) return 0;
  if (reading.byte(i + 4) !== 41) return 0;
  const at = skipSeparators(reading, i + 5);
  reading.groups(at);
  if (reading.count >= 2 && reading.size[0] === 3 && reading.size[1] === 4)
    return withExtension(reading, reading.until[1]!);
  return reading.count >= 1 && reading.size[0] === 7 ? reading.until[0]! : 0;
}

/** `617-555-0123`, `6175550123`, `16175550123`, `555-0123` */
function plainEnd(reading: Reading, i: number): number {
  reading.groups(i);
  const { size, count, value } = reading;
  if (count >= 3 && size[0] === 3 && size[1] === 3 && size[2] === 4) return reading.until[2]!;
  if (count >= 2 && size[0] === 3 && size[1] === 7) return reading.until[1]!;
  if (size[0] === 10 || (size[0] === 11 && Math.floor(value[0]! / 1e10) === 1)) return reading.until[0]!;
  const local =
    count >= 2 && size[0] === 3 && size[1] === 4 && (reading.separator[1] === DASH || reading.separator[1] === 46);
  return local && value[0]! >= 200 ? reading.until[1]! : 0;
}

/** ` x123`, ` ext. 123` after a number belong to it. */
function withExtension(reading: Reading, end: number): number {
  if (end === 0) return 0;
  let at = reading.skipBlanks(end);
  const word = reading.wordEnd(at);
  if (!["x", "ext", "extension"].includes(reading.lower(at, word))) return end;
  at = skipSeparators(reading, word);
  const digits = at;
  while (isDigit(reading.byte(at)) && at - digits < 6) at++;
  return at > digits ? at : end;
}

function skipSeparators(reading: Reading, i: number): number {
  let at = i;
  while (at - i < 3 && (reading.byte(at) === 32 || reading.byte(at) === DASH || reading.byte(at) === 46)) at++;
  return at;
}

/** Words before a record, account, plan, licence or device number. */
const HERALDS: ReadonlySet<string> = new Set(
  (
    "mrn mr medical record records chart patient pt member subscriber policy account acct claim id ident identifier no nr num number " +
    "license licence certificate serial device vin plate plan beneficiary encounter visit case rx passport dea npi"
  ).split(" "),
);

/** A run of at least seven digits always; from four letters and digits on after a word that heralds it. `MRN` may be joined to it. */
const mrn: Detector = {
  name: "mrn",
  label: "MRN",
  starts: "any",
  find(reading, i) {
    const end = codeEnd(reading, i);
    if (end === 0) return 0;
    const digits = countDigits(reading, i, end);
    if (digits >= 7) return end;
    if (digits < 3 || end - i < 4) return 0;
    const letters = reading.wordEnd(i);
    if (letters > i && HERALDS.has(reading.lower(i, letters))) return end;
    return HERALDS.has(reading.wordBefore(i)) ? end : 0;
  },
};

/** Letters, digits and dashes between them, with a digit among them: at most 40 bytes; 0 when there is no digit. */
function codeEnd(reading: Reading, i: number): number {
  let at = i;
  let digit = false;
  while (at - i < 40) {
    const byte = reading.byte(at);
    const joins = byte === DASH && isWordByte(reading.byte(at + 1));
    if (!joins && !(isWordByte(byte) && byte < 128)) break;
    digit ||= isDigit(byte);
    at++;
  }
  return digit ? at : 0;
}

function countDigits(reading: Reading, start: number, end: number): number {
  let digits = 0;
  for (let i = start; i < end; i++) if (isDigit(reading.byte(i))) digits++;
  return digits;
}

export const NUMBERS: readonly Detector[] = [ssn, phone];
/** Asked after the detectors of places: a ZIP+4 has as many digits as a record number. */
export const RECORDS: readonly Detector[] = [mrn];
