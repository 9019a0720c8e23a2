// Names of people (45 CFR 164.514(b)(2)(i)(A)): by titles, by a gazetteer of frequent names, and by the words around them.
import { AMBIGUOUS, FIRST_NAMES, LAST_NAMES, NO_NAMES } from "./gazetteer.ts";
import { type Detector, isUpper, type Reading } from "./reading.ts";

const TITLES: ReadonlySet<string> = new Set(
  "mr mrs ms miss mx dr doctor prof professor nurse rev sir madam senor".split(" "),
);
/** Words after which two words with capitals are a name though no gazetteer has them. */
const HERALDS: ReadonlySet<string> = new Set(
  (
    "patient pt name named mother father son daughter wife husband spouse partner brother sister aunt uncle cousin grandmother " +
    "grandfather caregiver guardian contact dear client resident physician provider by with called"
  ).split(" "),
);

const name: Detector = {
  name: "name",
  label: "NAME",
  starts: "letter",
  find(reading, i) {
    const end = reading.wordEnd(i);
    if (end - i < 2) return 0;
    const word = reading.lower(i, end);
    const own = isOwn(reading, i, word) ? moreOf(reading, end) : 0;
    if (!reading.capital(i)) return own || uncapitalized(reading, word, end);
    return (
      titled(reading, i, end, word) ||
      reversed(reading, i, end, word) ||
      own ||
      known(reading, i, end, word) ||
      heralded(reading, i, end, word) ||
      proper(reading, i, end, word)
    );
  },
};

/** The row says whose name it is. Without a capital, what is a word of the language too is taken for that. */
function isOwn(reading: Reading, i: number, word: string): boolean {
  return reading.own.has(word) && (reading.capital(i) || !(AMBIGUOUS.has(word) || NO_NAMES.has(word)));
}

/** `Dr. Maria de Souza` goes with its title. */
function titled(reading: Reading, i: number, end: number, word: string): number {
  // MS is also a disease.
  if (!TITLES.has(word) || (word === "ms" && isUpper(reading.byte(i + 1)))) return 0;
  const next = reading.skipBlanks(reading.byte(end) === 46 ? end + 1 : end);
  const after = capitalEnd(reading, next);
  return after === 0 ? 0 : moreOf(reading, after);
}

/** `Garcia, Maria L.`: one of the two has to be known, or something before has to say that it is a name. */
function reversed(reading: Reading, i: number, end: number, word: string): number {
  if (reading.byte(end) !== 44 || NO_NAMES.has(word)) return 0;
  const next = reading.skipBlanks(end + 1);
  const after = capitalEnd(reading, next);
  if (after === 0) return 0;
  const other = reading.lower(next, after);
  const plain = FIRST_NAMES.has(other) && (!AMBIGUOUS.has(other) || LAST_NAMES.has(word));
  return plain || HERALDS.has(reading.wordBefore(i)) ? moreOf(reading, after) : 0;
}

/** A known name, with what stands around it: `Maria`, `Maria L. Garcia`, `Xiomara Garcia`, `Garcia`. */
function known(reading: Reading, i: number, end: number, word: string): number {
  if (NO_NAMES.has(word)) return 0;
  const isName = FIRST_NAMES.has(word) || LAST_NAMES.has(word) || partsKnown(word);
  const next = reading.byte(end) === 32 ? capitalEnd(reading, end + 1) : 0;
  const initialed = reading.byte(end) === 32 ? initialEnd(reading, end + 1) : 0;
  if (isName && !AMBIGUOUS.has(word)) return moreOf(reading, end);
  if (next > 0) {
    const other = reading.lower(end + 1, next);
    if ((LAST_NAMES.has(other) || partsKnown(other)) && (isName || !AMBIGUOUS.has(other))) return moreOf(reading, next);
  }
  if (isName && initialed > 0) return moreOf(reading, end);
  return isName && (HERALDS.has(reading.wordBefore(i)) || TITLES.has(reading.wordBefore(i))) ? moreOf(reading, end) : 0;
}

/** `Garcia-Lopez`: known by one of its parts. */
function partsKnown(word: string): boolean {
  return word.includes("-") && word.split("-").some((part) => LAST_NAMES.has(part) || FIRST_NAMES.has(part));
}

function heralded(reading: Reading, i: number, end: number, word: string): number {
  if (NO_NAMES.has(word) || !HERALDS.has(reading.wordBefore(i)) || reading.byte(end) !== 32) return 0;
  const next = capitalEnd(reading, end + 1);
  return next === 0 ? 0 : moreOf(reading, next);
}

/**
 * Words with capitals that nothing explains: two of them anywhere, one in the middle of a sentence. Brands of drugs and places that are not
 * on our lists go with them; better those than a name.
 */
function proper(reading: Reading, i: number, end: number, word: string): number {
  if (!isProper(reading, i, end, word)) return 0;
  const next = reading.byte(end) === 32 ? capitalEnd(reading, end + 1) : 0;
  if (next > 0 && isProper(reading, end + 1, next, reading.lower(end + 1, next))) return moreOf(reading, next);
  const inside = reading.byte(i - 1) === 32 && isSmall(reading.byte(i - 2));
  return inside ? moreOf(reading, end) : 0;
}

/** A capital, then small letters (capitals throughout are abbreviations), and not a word that we know. */
function isProper(reading: Reading, i: number, end: number, word: string): boolean {
  return end - i > 2 && !NO_NAMES.has(word) && !AMBIGUOUS.has(word) && isSmall(reading.byte(end - 1)) && !isDay(word);
}

const isSmall = (byte: number): boolean => (byte >= 97 && byte <= 122) || byte >= 128 || byte === 44;
const isDay = (word: string): boolean => word.endsWith("day");

/** `john smith`: only when both are known and neither is a word of the language. */
function uncapitalized(reading: Reading, word: string, end: number): number {
  if (!FIRST_NAMES.has(word) || AMBIGUOUS.has(word) || reading.byte(end) !== 32) return 0;
  const next = reading.wordEnd(end + 1);
  const other = reading.lower(end + 1, next);
  return LAST_NAMES.has(other) && !AMBIGUOUS.has(other) ? next : 0;
}

/** Takes in initials and up to three more words with capitals that follow on the same line. */
function moreOf(reading: Reading, i: number): number {
  let end = i;
  for (let words = 0; words < 3 && reading.byte(end) === 32; words++) {
    const more = initialEnd(reading, end + 1) || particleEnd(reading, end + 1) || capitalEnd(reading, end + 1);
    if (more === 0) break;
    end = more;
  }
  return end;
}

const PARTICLES: ReadonlySet<string> = new Set("de da del della di dos la le van von der den bin al el st".split(" "));

function particleEnd(reading: Reading, i: number): number {
  const end = reading.wordEnd(i);
  if (!PARTICLES.has(reading.lower(i, end)) || reading.byte(end) !== 32) return 0;
  return capitalEnd(reading, end + 1);
}

/** The end of a word that starts with a capital and may be a name, or 0. */
function capitalEnd(reading: Reading, i: number): number {
  if (!reading.capital(i)) return 0;
  const end = reading.wordEnd(i);
  return end - i >= 2 && !NO_NAMES.has(reading.lower(i, end)) ? end : 0;
}

/** `L.` or `L` before another capital. */
function initialEnd(reading: Reading, i: number): number {
  if (!isUpper(reading.byte(i))) return 0;
  if (reading.byte(i + 1) === 46) return i + 2;
  return reading.byte(i + 1) === 32 && isUpper(reading.byte(i + 2)) ? i + 1 : 0;
}

export const NAMES: readonly Detector[] = [name];
