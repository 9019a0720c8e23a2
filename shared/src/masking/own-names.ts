// The names that a row itself carries: when a result shows a patient's name beside a note about them, the note is searched for that name,
// known to a gazetteer or not.
import { Reading } from "./detectors/reading.ts";

/** Names of one row: no more words than a person has. */
const MOST = 32;
const LONGEST = 200;

/** The words of names, in small letters and without accents, as detectors compare them. */
export class OwnNames {
  readonly words = new Set<string>();
  readonly #reading = new Reading();

  clear(): void {
    this.words.clear();
  }

  /** Takes in the words of one cell: `Maria de Souza`, `Souza, Maria`, `(Maria,mother)`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const reading = this.#reading;
    const until = Math.min(end, start + LONGEST);
    reading.open(bytes, start, until);
    for (let i = start; i < until && this.words.size < MOST; ) {
      const word = reading.wordEnd(i);
      // Initials and particles say nothing by themselves.
      if (word - i > 2) this.words.add(reading.lower(i, word));
      i = Math.max(word, i + 1);
    }
    reading.close();
  }
}
