// What detectors share: a text under the scanner, and ways to look around in it. All of them look a bounded way, so that a scan is
// linear in the text.

/** Finds one kind of identifier. */
export interface Detector {
  /** As in catalog.yaml. */
  readonly name: string;
  /** What is shown instead, in brackets. */
  readonly label: string;
  /** At which tokens it is asked: those that start with a letter, with a digit (or `+`, `(`), or both. */
  readonly starts: "letter" | "digit" | "any";
  /** @returns the position after the identifier that starts at `i`, or 0 */
  find(reading: Reading, i: number): number;
}

/** Runs of digits with single separators between them, as in 617-555-0123. */
export const MOST_GROUPS = 8;

export class Reading {
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** Names that the row itself carries. */
  own: ReadonlySet<string> = NO_WORDS;
  /** Where the identifier found last ends. */
  found = 0;
  /** Up to here it is known that no e-mail address starts. */
  noEmailBefore = 0;
  /** Digit groups from `groupsAt` on: see `groups`. */
  count = 0;
  readonly value: number[] = new Array(MOST_GROUPS).fill(0);
  readonly size: number[] = new Array(MOST_GROUPS).fill(0);
  readonly until: number[] = new Array(MOST_GROUPS).fill(0);
  /** First byte of the separator before the group; dashes of all lengths are `-`. */
  readonly separator: number[] = new Array(MOST_GROUPS).fill(0);
  #groupsAt = -1;

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.noEmailBefore = start;
    this.#groupsAt = -1;
  }

  close(): void {
    this.bytes = EMPTY;
  }

  byte(i: number): number {
    return i >= this.start && i < this.end ? this.bytes[i]! : 0;
  }

  /** Reads the digit groups that start at `i`: count, value, size, until, separator are those. */
  groups(i: number): void {
    if (this.#groupsAt === i) return;
    this.#groupsAt = i;
    this.count = 0;
    this.size.fill(0);
    let at = i;
    let separator = 0;
    while (this.count < MOST_GROUPS && isDigit(this.byte(at))) {
      const from = at;
      let value = 0;
      while (isDigit(this.byte(at)) && at - from < 20) value = value * 10 + this.byte(at++) - 48;
      if (isDigit(this.byte(at))) break;
      this.value[this.count] = value;
      this.size[this.count] = at - from;
      this.until[this.count] = at;
      this.separator[this.count] = separator;
      this.count++;
      const width = separatorWidth(this, at);
      if (width === 0) break;
      separator = width === 3 ? DASH : this.byte(at);
      at += width;
    }
  }

  /** The word that ends before `i`, in small letters, over at most four bytes that are no letters or digits; or an empty string. */
  wordBefore(i: number): string {
    let end = i;
    while (end > this.start && i - end < 4 && !isWordByte(this.byte(end - 1))) end--;
    let start = end;
    while (start > this.start && end - start < 24 && isWordByte(this.byte(start - 1))) start--;
    return this.lower(start, end);
  }

  /** Text in small letters, accents taken off those of Latin-1 (as UTF-8); other bytes as they are. */
  lower(start: number, end: number): string {
    let text = "";
    for (let i = start; i < end; i++) {
      const byte = this.byte(i);
      const accented = byte === 0xc3 && i + 1 < end;
      if (accented) text += BARE[this.byte(++i) & 63];
      else text += String.fromCharCode(isUpper(byte) ? byte | 32 : byte);
    }
    return text;
  }

  /** Is there a capital letter at `i`, of ASCII or of Latin-1 (À to Þ, as UTF-8)? Of Latin Extended-A (Ł, ş ...) any letter counts as one. */
  capital(i: number): boolean {
    const byte = this.byte(i);
    if (byte === 0xc4 || byte === 0xc5) return true;
    return isUpper(byte) || (byte === 0xc3 && this.byte(i + 1) >= 0x80 && this.byte(i + 1) <= 0x9e);
  }

  /** The end of the letters that start at `i`, at most 32 of them; `i` when there are none. An apostrophe or a dash may join two. */
  wordEnd(i: number): number {
    let end = i;
    while (end - i < 32 && isLetterByte(this.byte(end)) && signWidth(this, end) === 0) {
      end++;
      const joint = jointWidth(this, end);
      if (joint > 0 && this.capital(end + joint)) end += joint;
    }
    return end;
  }

  /** The position after blanks (at most four). */
  skipBlanks(i: number): number {
    let at = i;
    while (at - i < 4) {
      const byte = this.byte(at);
      if (byte === 32 || (byte >= 9 && byte <= 13)) at++;
      else if (byte === 0xc2 && this.byte(at + 1) === 0xa0) at += 2;
      else break;
    }
    return at;
  }
}

/** The letters À (U+00C0) to ÿ (U+00FF) without their accents. */
const BARE = "aaaaaaaceeeeiiiidnooooo*ouuuuypsaaaaaaaceeeeiiiidnooooo/ouuuuypy";
const EMPTY = new Uint8Array(0);
const NO_WORDS: ReadonlySet<string> = new Set();
export const DASH = 45;

export const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;
export const isUpper = (byte: number): boolean => byte >= 65 && byte <= 90;
/** A letter, or a byte of one that is not ASCII. */
export const isLetterByte = (byte: number): boolean => ((byte | 32) >= 97 && (byte | 32) <= 122) || byte >= 128;
export const isWordByte = (byte: number): boolean => isDigit(byte) || isLetterByte(byte);

/** Does a token start here: a letter or a digit after something else, or a sign that opens a telephone number? */
export function startsToken(bytes: Uint8Array, i: number, start: number): boolean {
  const byte = bytes[i]!;
  if (byte === 43 || byte === 40) return true;
  if (!isWordByte(byte)) return false;
  if (i === start) return true;
  const before = bytes[i - 1]!;
  if (!isWordByte(before) || isDigit(before) !== isDigit(byte)) return true;
  if (before < 128 || byte >= 128) return false;
  return (
    (i - 2 >= start && bytes[i - 2] === 0xc2) || (i - 3 >= start && bytes[i - 3] === 0xe2 && bytes[i - 2] === 0x80)
  );
}

/** Signs of UTF-8 that are no letters: U+0080 to U+00BF (no-break space and such) and U+2000 to U+203F (dashes, quotes); their bytes. */
function signWidth(reading: Reading, i: number): number {
  if (reading.byte(i) === 0xc2) return 2;
  return reading.byte(i) === 0xe2 && reading.byte(i + 1) === 0x80 ? 3 : 0;
}

/** A dash, dot, slash or blank, or a dash of Unicode (U+2010 to U+2015 in UTF-8): its bytes, 0 for anything else. */
function separatorWidth(reading: Reading, i: number): number {
  const byte = reading.byte(i);
  if (byte === DASH || byte === 46 || byte === 47 || byte === 32) return isDigit(reading.byte(i + 1)) ? 1 : 0;
  if (byte !== 0xe2 || reading.byte(i + 1) !== 0x80) return 0;
  const third = reading.byte(i + 2);
  return third >= 0x90 && third <= 0x95 && isDigit(reading.byte(i + 3)) ? 3 : 0;
}

/** An apostrophe or a dash, of ASCII or of Unicode (U+2010 to U+2015, U+2019): its bytes, 0 for anything else. */
function jointWidth(reading: Reading, i: number): number {
  if (reading.byte(i) === 39 || reading.byte(i) === DASH) return 1;
  const third = reading.byte(i + 2);
  return signWidth(reading, i) === 3 && ((third >= 0x90 && third <= 0x95) || third === 0x99) ? 3 : 0;
}
