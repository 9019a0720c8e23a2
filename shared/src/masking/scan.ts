// `scan`: free text in which only what detectors find is replaced. One pass, hand-written scanners that look a bounded way around
// them, no regular expressions: time is linear in the text. It fails closed: what is too long to be scanned at once, or names a
// detector that does not exist, is redacted whole.
import { bytesOf, type CellMask, constant, copyBytes, type Rewrite, rewriting } from "./cell.ts";
import { CONTACTS } from "./detectors/contacts.ts";
import { DATES } from "./detectors/dates.ts";
import { NAMES } from "./detectors/names.ts";
import { NUMBERS, RECORDS } from "./detectors/numbers.ts";
import { PLACES } from "./detectors/places.ts";
import { type Detector, isWordByte, Reading, startsToken } from "./detectors/reading.ts";
import { type RecordFormat, recordDetector } from "./detectors/records.ts";
import { stars } from "./text.ts";

/** In this order they are tried: the first that finds something at a place has it. */
const ALL: readonly Detector[] = [...CONTACTS, ...DATES, ...NUMBERS, ...PLACES, ...RECORDS, ...NAMES];

/** Names that catalog.yaml may use. */
export const DETECTORS: ReadonlySet<string> = new Set(ALL.map((detector) => detector.name));

/** Bytes of one value. A larger one would hold up the event loop for more than some milliseconds. */
const LONGEST = 65_536;

/** No label is more than three times as long as the shortest text that it replaces (a test holds it to that). */
const GROWTH = 3;

/**
 * @param names of detectors; none means all
 * @param limit the longest text that the column takes, in characters
 * @param records formats of the target's record numbers, for the detector `mrn`
 */
export function scanMask(names: readonly string[], limit: number, records: readonly RecordFormat[]): CellMask {
  const wanted = (detector: Detector) => names.length === 0 || names.includes(detector.name);
  if (names.some((name) => !DETECTORS.has(name))) return constant(stars(limit));
  const own = records.length === 0 ? [] : [recordDetector(records)];
  const reading = new Reading();
  const rewrite = scanRewrite([...own, ...ALL].filter(wanted), limit, reading);
  return {
    ...rewriting(rewrite, 16, GROWTH),
    know(words) {
      reading.own = words;
    },
  };
}

function scanRewrite(detectors: readonly Detector[], limit: number, reading: Reading): Rewrite {
  const hidden = stars(limit);
  const onLetter = detectors.filter((detector) => detector.starts !== "digit").map(withLabel);
  const onDigit = detectors.filter((detector) => detector.starts !== "letter").map(withLabel);
  return (from, start, end, to, at) => {
    if (end - start > LONGEST) return copyBytes(hidden, 0, hidden.length, to, at);
    reading.open(from, start, end);
    const after = scan(reading, onLetter, onDigit, to, at);
    reading.close();
    return after - at <= Math.max(limit, end - start) ? after : copyBytes(hidden, 0, hidden.length, to, at);
  };
}

interface Labelled {
  readonly detector: Detector;
  readonly label: Uint8Array;
}

function withLabel(detector: Detector): Labelled {
  return { detector, label: bytesOf(`[${detector.label}]`) };
}

function scan(reading: Reading, onLetter: Labelled[], onDigit: Labelled[], to: Uint8Array, at: number): number {
  const { bytes, end } = reading;
  let after = at;
  let kept = reading.start;
  let i = reading.start;
  while (i < end) {
    if (!startsToken(bytes, i, reading.start)) {
      i++;
      continue;
    }
    const candidates = isLetterish(bytes[i]!) ? onLetter : onDigit;
    const found = find(candidates, reading, i);
    if (found === null) {
      i++;
      continue;
    }
    after = copyBytes(bytes, kept, i, to, after);
    after = copyBytes(found.label, 0, found.label.length, to, after);
    i = reading.found;
    kept = i;
  }
  return copyBytes(bytes, kept, end, to, after);
}

function isLetterish(byte: number): boolean {
  return isWordByte(byte) && !(byte >= 48 && byte <= 57);
}

function find(candidates: readonly Labelled[], reading: Reading, i: number): Labelled | null {
  for (const candidate of candidates) {
    const end = candidate.detector.find(reading, i);
    if (end > i) {
      reading.found = end;
      return candidate;
    }
  }
  return null;
}
