// The text of a statement without its literals and comments: what evidence may keep in the clear, and the key under which the
// analysis of a statement holds for all that differ from it in literals only.
import { Lexer, TOKEN } from "./lex.ts";

/**
 * Replaces each literal by one placeholder per kind of token, and empties comments; all else stays byte for byte.
 *
 * `$0` stands for an integer that fits int4, `$00` for any other number (the server accepts neither as a parameter, so that no
 * statement that runs contains them), `'?'` for a string, `B'?'` / `X'?'` for bits. Two statements with the same result have the
 * same tokens but for the values of literals, so they have the same parse tree but for these values.
 */
export function normalize(text: string): string {
  const lexer = new Lexer(text);
  let out = "";
  let kept = 0;
  let unicodeIdentifier = false;
  for (;;) {
    const kind = lexer.next();
    if (kind === TOKEN.end) return kept === 0 ? text : out + text.slice(kept);
    if (kind === TOKEN.space) continue;
    if (kind < TOKEN.integer || kind > TOKEN.bits) {
      if (kind === TOKEN.comment) {
        out += text.slice(kept, lexer.start) + emptied(text, lexer.start);
        kept = lexer.stop;
      } else if (kind === TOKEN.quoted) {
        unicodeIdentifier = text.charCodeAt(lexer.start) !== 34;
        if (isUnterminated(text, lexer)) return `${out}${text.slice(kept, lexer.start)}"`;
      } else if (unicodeIdentifier && !isUescape(text, lexer)) unicodeIdentifier = false;
      continue;
    }
    // The escape character of U&"..." decides a name, so it is no literal: three characters, quotes included.
    const decidesName = unicodeIdentifier && kind === TOKEN.string && lexer.stop - lexer.start === 3;
    unicodeIdentifier = false;
    if (decidesName) continue;
    out += text.slice(kept, lexer.start) + placeholder(kind, text, lexer.start);
    kept = lexer.stop;
  }
}

/** A name without its end swallows all that follows, literals too; what does not parse needs no more of it than its first quote. */
function isUnterminated(text: string, lexer: Lexer): boolean {
  if (lexer.stop < text.length) return false;
  let quotes = 0;
  for (let at = text.indexOf('"', lexer.start); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

function placeholder(kind: number, text: string, start: number): string {
  if (kind === TOKEN.integer) return "$0";
  if (kind === TOKEN.string) return "'?'";
  if (kind === TOKEN.bits) return (text.charCodeAt(start) | 32) === 98 ? "B'?'" : "X'?'";
  return "$00";
}

const emptied = (text: string, start: number): string => (text.charCodeAt(start) === 45 ? "--" : "/**/");

function isUescape(text: string, lexer: Lexer): boolean {
  return lexer.stop - lexer.start === 7 && text.slice(lexer.start, lexer.stop).toLowerCase() === "uescape";
}

/** Words that make the parse tree one level deeper without a parenthesis. */
const DEEPER = new Set([
  "not",
  "union",
  "except",
  "intersect",
  "join",
  "case",
  "collate",
  "at",
  "is",
  "isnull",
  "notnull",
]);
/** Words after which a chain of operators starts anew. */
const FRESH = new Set(["and", "or", "when", "then", "else", "on", "from", "where", "select", "values", "set", "using"]);

/** What a text can become when it is parsed. */
export interface Estimate {
  /** Levels of the parse tree, at most: open parentheses plus the chains of operators and nesting words in each. */
  readonly depth: number;
  /** Characters, counting what the parser repeats: `(a, b, c) = (...)` in SET is taken for three copies of the right side. */
  readonly length: number;
}

interface Level {
  operators: number;
  words: number;
  commas: number;
  /** How often the parser may repeat what stands in here, and what follows a list of columns and `=`. */
  readonly copies: number;
  factor: number;
}

const open = (copies: number): Level => ({ operators: 0, words: 0, commas: 0, copies, factor: 1 });

/** Asked before a text is parsed, because deep trees exhaust the parser's stack, and wide ones memory. */
export function estimate(text: string): Estimate {
  const lexer = new Lexer(text);
  const levels: Level[] = [open(1)];
  let level = levels[0]!;
  let outer = 0;
  let depth = 0;
  let length = 0;
  /** Columns of the parenthesis that was closed just now. */
  let columns = 0;
  for (;;) {
    const kind = lexer.next();
    if (kind === TOKEN.end) return { depth, length };
    const size = lexer.stop - lexer.start;
    length += size * level.copies * level.factor;
    if (kind === TOKEN.space || kind === TOKEN.comment) continue;
    const closed = columns;
    columns = 0;
    const mark = kind === TOKEN.mark ? text.charCodeAt(lexer.start) : 0;
    if (kind === TOKEN.word) {
      const word = size > 9 ? "" : text.slice(lexer.start, lexer.stop).toLowerCase();
      if (FRESH.has(word)) level.operators = 0;
      else if (DEEPER.has(word)) level.words++;
    } else if (kind === TOKEN.operator) {
      level.operators += size;
      if (text.charCodeAt(lexer.start) === 61) level.factor = Math.max(level.factor, closed);
    } else if (mark === 40 || mark === 91) {
      outer += 1 + level.operators + level.words;
      level = open(level.copies * level.factor);
      levels.push(level);
    } else if ((mark === 41 || mark === 93) && levels.length > 1) {
      columns = level.commas + 1;
      levels.pop();
      level = levels[levels.length - 1]!;
      outer -= 1 + level.operators + level.words;
    } else if (mark === 44 || mark === 59) {
      level.operators = level.words = 0;
      level.factor = 1;
      level.commas++;
    } else if (mark === 58) level.operators++;
    const here = outer + level.operators + level.words;
    if (here > depth) depth = here;
  }
}

/** Hex SHA-256 of UTF-8 text, first 16 bytes. */
export type Fingerprint = (normalized: string) => string;

/** Keeps the fingerprints of the texts seen lately, so that a repeated statement is not hashed again. */
export function rememberFingerprints(hash: Fingerprint, entries: number): Fingerprint {
  const seen = new Map<string, string>();
  return (normalized) => {
    const known = seen.get(normalized);
    if (known !== undefined) return known;
    const made = hash(normalized);
    if (seen.size >= entries) seen.delete(seen.keys().next().value!);
    seen.set(normalized, made);
    return made;
  };
}
