// What sampled values look like. Values come in, counts go out: nothing here keeps or repeats one.
import { CONTACTS } from "../masking/detectors/contacts.ts";
import { DATES } from "../masking/detectors/dates.ts";
import { NAMES } from "../masking/detectors/names.ts";
import { NUMBERS } from "../masking/detectors/numbers.ts";
import { PLACES } from "../masking/detectors/places.ts";
import { Reading } from "../masking/detectors/reading.ts";

interface Look {
  /** The kind of column that such values make. */
  readonly kind: string;
  /** Follows "look like". */
  readonly words: string;
  test(value: string): boolean;
}

const utf8 = new TextEncoder();
const reading = new Reading();

/** The value is what a detector of free text finds, from its first byte to its last. */
function detected(name: string): (value: string) => boolean {
  const detector = [...CONTACTS, ...DATES, ...NUMBERS, ...PLACES, ...NAMES].find((d) => d.name === name)!;
  return (value) => {
    const bytes = utf8.encode(value);
    reading.open(bytes, 0, bytes.length);
    const end = bytes.length === 0 ? 0 : detector.find(reading, 0);
    reading.close();
    return end === bytes.length && end > 0;
  };
}

/** Sum of the digits, every second one from the right doubled (ISO/IEC 7812-1 annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    sum += i % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

const VIN_VALUES = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ";
const VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/** A vehicle identification number with its check digit (49 CFR 565.15). */
function isVin(value: string): boolean {
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(value)) return false;
  const sum = VIN_WEIGHTS.reduce((total, weight, i) => total + weight * (VIN_VALUES.indexOf(value[i]!) % 10), 0);
  return value[8] === "0123456789X"[sum % 11];
}

const letters = /\p{L}{2,}/gu;

const LOOKS: readonly Look[] = [
  { kind: "ssn", words: "social security numbers", test: (v) => /^\d{3}-\d{2}-\d{4}$/.test(v) },
  { kind: "email", words: "e-mail addresses", test: detected("email") },
  { kind: "url", words: "web addresses", test: detected("url") },
  { kind: "device", words: "hardware addresses", test: (v) => /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(v) },
  { kind: "network-address", words: "network addresses", test: detected("ip") },
  { kind: "vehicle", words: "vehicle identification numbers", test: isVin },
  {
    kind: "license",
    words: "national provider identifiers",
    test: (v) => /^[12]\d{9}$/.test(v) && passesLuhn(`80840${v}`),
  },
  { kind: "phone", words: "telephone numbers", test: (v) => /\D/.test(v) && detected("phone")(v) },
  { kind: "clinical", words: "ICD-10 codes", test: (v) => /^[A-TV-Z]\d[0-9AB](\.[0-9A-TV-Z]{1,4})?$/.test(v) },
  { kind: "service-date", words: "dates", test: (v) => v.length > 5 && detected("date")(v) },
  { kind: "address", words: "street addresses", test: detected("address") },
  { kind: "zip", words: "postal codes", test: (v) => /^\d{5}(-\d{4})?$/.test(v) },
  { kind: "name", words: "names of people", test: detected("name") },
  { kind: "free-text", words: "free text", test: (v) => (v.match(letters)?.length ?? 0) >= 6 },
];

export interface Likeness {
  readonly kind: string;
  readonly words: string;
  readonly alike: number;
  readonly of: number;
}

/** What most of the values look like; null when that is nothing we know. A value counts once, for the first that fits. */
export function likeness(values: readonly string[]): Likeness | null {
  const counts = new Map<Look, number>();
  for (const value of values) {
    const trimmed = value.trim();
    const look = trimmed === "" ? undefined : LOOKS.find((one) => one.test(trimmed));
    if (look !== undefined) counts.set(look, (counts.get(look) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([, a], [, b]) => b - a);
  return best === undefined ? null : { kind: best[0].kind, words: best[0].words, alike: best[1], of: values.length };
}
