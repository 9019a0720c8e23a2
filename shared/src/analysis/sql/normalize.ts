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
      } else if (kind === TOKEN.quoted) unicodeIdentifier = text.charCodeAt(lexer.start) !== 34;
      else if (unicodeIdentifier && !isUescape(text, lexer)) unicodeIdentifier = false;
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

/**
 * An upper bound of how deep the parse tree can get: open parentheses plus the chains of operators and nesting words in each.
 * Asked before a text is parsed, because deep trees exhaust the parser's stack.
 */
export function depthOf(text: string): number {
  const lexer = new Lexer(text);
  const operators: number[] = [0];
  const words: number[] = [0];
  let outer = 0;
  let deepest = 0;
  for (;;) {
    const kind = lexer.next();
    if (kind === TOKEN.end) return deepest;
    const level = operators.length - 1;
    if (kind === TOKEN.word) {
      const word = lexer.stop - lexer.start > 9 ? "" : text.slice(lexer.start, lexer.stop).toLowerCase();
      if (FRESH.has(word)) operators[level] = 0;
      else if (DEEPER.has(word)) words[level]! += 1;
    } else if (kind === TOKEN.operator) {
      operators[level]! += lexer.stop - lexer.start;
    } else if (kind === TOKEN.mark) {
      const mark = text.charCodeAt(lexer.start);
      if (mark === 40 || mark === 91) {
        outer += 1 + operators[level]! + words[level]!;
        operators.push(0);
        words.push(0);
      } else if ((mark === 41 || mark === 93) && level > 0) {
        operators.pop();
        words.pop();
        outer -= 1 + operators[level - 1]! + words[level - 1]!;
      } else if (mark === 44 || mark === 59) operators[level] = words[level] = 0;
      else if (mark === 58) operators[level]! += 1;
    }
    const depth = outer + operators[operators.length - 1]! + words[words.length - 1]!;
    if (depth > deepest) deepest = depth;
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
