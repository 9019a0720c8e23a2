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
import type { Inspection, Span } from "./inspection.ts";
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
 * @param inspection where somebody else looks at the texts, too: what it finds is hidden besides
 */
export function scanMask(
  names: readonly string[],
  limit: number,
  records: readonly RecordFormat[],
  inspection?: Inspection,
): CellMask {
  const wanted = (detector: Detector) => names.length === 0 || names.includes(detector.name);
  if (names.some((name) => !DETECTORS.has(name))) return constant(stars(limit));
  const own = records.length === 0 ? [] : [recordDetector(records)];
  const reading = new Reading();
  const finder = new Finder(reading, [...own, ...ALL].filter(wanted));
  return {
    ...rewriting(scanRewrite(finder, limit, inspection), 16, GROWTH),
    know(words) {
      reading.own = words;
    },
  };
}

function scanRewrite(finder: Finder, limit: number, inspection: Inspection | undefined): Rewrite {
  const hidden = stars(limit);
  return (from, start, end, to, at) => {
    if (end - start > LONGEST) return copyBytes(hidden, 0, hidden.length, to, at);
    const others = inspection === undefined || start === end ? NOTHING : inspection.spans(from, start, end);
    if (others === null) return copyBytes(hidden, 0, hidden.length, to, at);
    finder.reading.open(from, start, end);
    const after = others.length === 0 ? scan(finder, to, at) : scanUnion(finder, others, to, at);
    finder.reading.close();
    return after - at <= Math.max(limit, end - start) ? after : copyBytes(hidden, 0, hidden.length, to, at);
  };
}

const NOTHING: readonly Span[] = [];

interface Labelled {
  readonly detector: Detector;
  readonly label: Uint8Array;
}

function withLabel(detector: Detector): Labelled {
  return { detector, label: bytesOf(`[${detector.label}]`) };
}

/** Goes through a text from one identifier to the next. */
class Finder {
  readonly reading: Reading;
  /** Of the identifier found last, which ends at `reading.found`. */
  label: Uint8Array = bytesOf("");
  readonly #onLetter: readonly Labelled[];
  readonly #onDigit: readonly Labelled[];

  constructor(reading: Reading, detectors: readonly Detector[]) {
    this.reading = reading;
    this.#onLetter = detectors.filter((detector) => detector.starts !== "digit").map(withLabel);
    this.#onDigit = detectors.filter((detector) => detector.starts !== "letter").map(withLabel);
  }

  /** @returns where the first identifier from `from` on starts; the end of the text when there is none */
  next(from: number): number {
    const { reading } = this;
    const { bytes, start, end } = reading;
    for (let i = from; i < end; i++) {
      if (startsToken(bytes, i, start) && this.#at(isLetterish(bytes[i]!) ? this.#onLetter : this.#onDigit, i))
        return i;
    }
    return end;
  }

  #at(candidates: readonly Labelled[], i: number): boolean {
    for (const candidate of candidates) {
      const end = candidate.detector.find(this.reading, i);
      if (end > i) {
        this.reading.found = end;
        this.label = candidate.label;
        return true;
      }
    }
    return false;
  }
}

function scan(finder: Finder, to: Uint8Array, at: number): number {
  const { bytes, start, end } = finder.reading;
  let after = at;
  let kept = start;
  for (let i = finder.next(start); i < end; i = finder.next(kept)) {
    after = copyBytes(bytes, kept, i, to, after);
    after = copyBytes(finder.label, 0, finder.label.length, to, after);
    kept = finder.reading.found;
  }
  return copyBytes(bytes, kept, end, to, after);
}

/** The same where others have found something, too: all that either found is hidden, what overlaps as one. */
function scanUnion(finder: Finder, others: readonly Span[], to: Uint8Array, at: number): number {
  const { bytes, start, end } = finder.reading;
  let after = at;
  let kept = start;
  let own = finder.next(start);
  for (let o = 0; own < end || o < others.length; ) {
    const other = others[o];
    const isOwn = other === undefined || own <= start + other.start;
    const from = isOwn ? own : start + other.start;
    let until = isOwn ? finder.reading.found : start + other.end;
    let label = finder.label;
    if (isOwn) own = finder.next(until);
    else o++;
    // What begins in it belongs to it.
    for (;;) {
      const more = others[o];
      if (more !== undefined && start + more.start < until) {
        until = Math.max(until, start + more.end);
        o++;
      } else if (own < until) {
        until = Math.max(until, finder.reading.found);
        own = finder.next(finder.reading.found);
      } else break;
    }
    if (!isOwn) label = labelOf(other.label, until - from);
    after = copyBytes(bytes, kept, from, to, after);
    after = copyBytes(label, 0, label.length, to, after);
    kept = until;
  }
  return copyBytes(bytes, kept, end, to, after);
}

const STARS = bytesOf("***");

/** What others found may be shorter than the label allows. */
function labelOf(word: string, length: number): Uint8Array {
  return word.length + 2 <= GROWTH * length ? bytesOf(`[${word}]`) : STARS;
}

function isLetterish(byte: number): boolean {
  return isWordByte(byte) && !(byte >= 48 && byte <= 57);
}
