// Record numbers in the formats that a target has: they are found wherever they stand, with no word before them that says so.
import { type Detector, isDigit, isLetterByte, isWordByte } from "./reading.ts";

/** As catalog.yaml writes it. */
export interface RecordFormat {
  /** `#` stands for a digit, `?` for a letter, everything else for itself (letters in either case). */
  readonly format: string;
  /** The last digit is a check digit (ISO/IEC 7812-1 annex B, "Luhn") over the digits before: others are not such numbers. */
  readonly luhn: boolean;
}

/** What a format has to be, in words; null when it is one. */
export function formatProblem(format: string): string | null {
  if (!/^[\x21-\x7e]{4,40}$/.test(format)) return "is not 4 to 40 characters without blanks";
  if (!/^[#?A-Za-z0-9]/.test(format) || !/[#?A-Za-z0-9]$/.test(format))
    return "does not start and end with #, ?, a letter or a digit";
  return (format.match(/[#?]/g) ?? []).length < 3 ? "has fewer than three of # and ?" : null;
}

/** Asked before all other detectors of numbers. */
export function recordDetector(formats: readonly RecordFormat[]): Detector {
  const ready = formats.map(({ format, luhn }) => ({ codes: codesOf(format), luhn }));
  return {
    name: "mrn",
    label: "MRN",
    starts: "any",
    find(reading, i) {
      for (const { codes, luhn } of ready) {
        const end = i + codes.length;
        let at = i;
        while (at < end && fits(codes[at - i]!, reading.byte(at))) at++;
        if (at === end && !isWordByte(reading.byte(end)) && (!luhn || checks(reading.bytes, i, end))) return end;
      }
      return 0;
    },
  };
}

const DIGIT = 35;
const LETTER = 63;

function codesOf(format: string): readonly number[] {
  return Array.from(format, (character) => character.toLowerCase().charCodeAt(0));
}

function fits(code: number, byte: number): boolean {
  if (code === DIGIT) return isDigit(byte);
  if (code === LETTER) return isLetterByte(byte) && byte < 128;
  return (byte >= 65 && byte <= 90 ? byte | 32 : byte) === code;
}

function checks(bytes: Uint8Array, start: number, end: number): boolean {
  let sum = 0;
  let place = 0;
  for (let i = end - 1; i >= start; i--) {
    if (!isDigit(bytes[i]!)) continue;
    const digit = bytes[i]! - 48;
    sum += place % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    place++;
  }
  return sum % 10 === 0;
}
