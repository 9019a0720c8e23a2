// Tokens of PostgreSQL SQL, exactly as the server's own scanner cuts them (src/backend/parser/scan.l of PostgreSQL 18, with
// standard_conforming_strings on), but without their values: enough to find literals and comments, fast.

export const TOKEN = {
  end: 0,
  space: 1,
  comment: 2,
  /** Keyword or unquoted identifier. */
  word: 3,
  /** "quoted" or U&"quoted" identifier. */
  quoted: 4,
  /** $1 */
  parameter: 5,
  /** A number that fits int4. */
  integer: 6,
  /** Any other number, also a malformed one. */
  number: 7,
  /** '...', E'...', U&'...', $$...$$ */
  string: 8,
  /** B'...', X'...' */
  bits: 9,
  operator: 10,
  /** One of , ; ( ) [ ] . : */
  mark: 11,
  other: 12,
} as const;

const SPACE = 1;
const IDENT = 2;
const DIGIT = 3;
const OPERATOR = 4;
const MARK = 5;
const CLASSES = new Uint8Array(128);
for (const c of " \t\n\r\f\v") CLASSES[c.charCodeAt(0)] = SPACE;
for (let c = 0; c < 26; c++) CLASSES[65 + c] = CLASSES[97 + c] = IDENT;
CLASSES[95] = IDENT;
for (let c = 48; c < 58; c++) CLASSES[c] = DIGIT;
for (const c of "~!@#^&|`?+-*/%<>=") CLASSES[c.charCodeAt(0)] = OPERATOR;
for (const c of ",;()[].:") CLASSES[c.charCodeAt(0)] = MARK;

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 39;
const DOUBLE = 34;
const DOLLAR = 36;
const AMPERSAND = 38;
const STAR = 42;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const BACKSLASH = 92;
const UNDERSCORE = 95;

/** Every character beyond ASCII is part of identifiers, as in scan.l. The end of the text (NaN) is of no class. */
const classOf = (code: number): number => (code < 128 ? CLASSES[code]! : code >= 128 ? IDENT : 0);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isAlphanumeric = (code: number): boolean => {
  const c = classOf(code);
  return c === IDENT || c === DIGIT;
};
const isIdent = (code: number): boolean => code === DOLLAR || isAlphanumeric(code);

/** Walks a text token by token: after `next`, the token is `text.slice(start, stop)`. */
export class Lexer {
  readonly text: string;
  start = 0;
  stop = 0;
  constructor(text: string) {
    this.text = text;
  }

  next(): number {
    const text = this.text;
    const at = this.stop;
    this.start = at;
    if (at >= text.length) return TOKEN.end;
    const code = text.charCodeAt(at);
    switch (classOf(code)) {
      case SPACE:
        this.stop = spaceEnd(text, at + 1);
        return TOKEN.space;
      case IDENT:
        return this.#word(code, at);
      case DIGIT:
        return this.#number(at);
      case OPERATOR:
        return this.#operator(at);
      case MARK:
        if (code === DOT && isDigit(text.charCodeAt(at + 1))) return this.#number(at);
        this.stop = code === DOT && text.charCodeAt(at + 1) === DOT ? at + 2 : at + 1;
        return TOKEN.mark;
    }
    if (code === QUOTE) return this.#string(at, false, true);
    if (code === DOUBLE) {
      this.stop = quotedEnd(text, at + 1, DOUBLE);
      return TOKEN.quoted;
    }
    if (code === DOLLAR) return this.#dollar(at);
    this.stop = at + 1;
    return TOKEN.other;
  }

  #word(code: number, at: number): number {
    const text = this.text;
    const after = text.charCodeAt(at + 1);
    const letter = code | 32;
    if (after === QUOTE) {
      if (letter === 101) return this.#string(at + 1, true, true);
      if (letter === 98 || letter === 120) {
        this.#string(at + 1, false, false);
        return TOKEN.bits;
      }
    } else if (after === AMPERSAND && letter === 117 && code < 128) {
      const quote = text.charCodeAt(at + 2);
      if (quote === QUOTE) return this.#string(at + 2, false, true);
      if (quote === DOUBLE) {
        this.stop = quotedEnd(text, at + 3, DOUBLE);
        return TOKEN.quoted;
      }
    }
    this.stop = identEnd(text, at + 1);
    return TOKEN.word;
  }

  /** A string whose first quote is at `at`, with all its continuations on later lines. */
  #string(at: number, escapes: boolean, doubling: boolean): number {
    const text = this.text;
    let open = at;
    for (;;) {
      let end: number;
      if (escapes) end = escapedEnd(text, open + 1);
      else if (doubling) end = quotedEnd(text, open + 1, QUOTE);
      else {
        const close = text.indexOf("'", open + 1);
        end = close < 0 ? text.length : close + 1;
      }
      this.stop = end;
      open = continuation(text, end);
      if (open < 0) return TOKEN.string;
    }
  }

  #dollar(at: number): number {
    const text = this.text;
    let i = at + 1;
    if (isDigit(text.charCodeAt(i))) {
      while (isDigit(text.charCodeAt(i))) i++;
      this.stop = i;
      return TOKEN.parameter;
    }
    if (i < text.length && classOf(text.charCodeAt(i)) === IDENT) {
      i++;
      while (isAlphanumeric(text.charCodeAt(i))) i++;
    }
    if (text.charCodeAt(i) !== DOLLAR) {
      this.stop = at + 1;
      return TOKEN.other;
    }
    const tag = text.slice(at, i + 1);
    const close = text.indexOf(tag, i + 1);
    this.stop = close < 0 ? text.length : close + tag.length;
    return TOKEN.string;
  }

  #operator(at: number): number {
    const text = this.text;
    const comment = commentEnd(text, at);
    if (comment > 0) {
      this.stop = comment;
      return TOKEN.comment;
    }
    let i = at + 1;
    while (i < text.length && classOf(text.charCodeAt(i)) === OPERATOR && commentEnd(text, i) < 0) i++;
    this.stop = i;
    return TOKEN.operator;
  }

  #number(at: number): number {
    const text = this.text;
    let i = at;
    let whole = true;
    const radix = text.charCodeAt(at) === 48 ? radixOf(text.charCodeAt(at + 1)) : 10;
    if (radix !== 10) {
      i = at + 2;
      while (isAlphanumeric(text.charCodeAt(i))) i++;
    } else {
      i = digitsEnd(text, at);
      // `1..10` is an integer and two dots (scan.l, numericfail).
      if (text.charCodeAt(i) === DOT && !(text.charCodeAt(i + 1) === DOT && i > at)) {
        whole = false;
        i = digitsEnd(text, i + 1);
      }
      const exponent = exponentEnd(text, i);
      if (exponent > 0) {
        whole = false;
        i = exponent;
      }
      // "Trailing junk": the server refuses it; for us all of it is the literal, so that none of it is kept.
      if (classOf(text.charCodeAt(i)) === IDENT) {
        whole = false;
        while (isAlphanumeric(text.charCodeAt(i))) i++;
      }
    }
    this.stop = i;
    if (!whole) return TOKEN.number;
    if (radix === 10 && i - at <= 9) return TOKEN.integer;
    return Number(text.slice(at, i).replaceAll("_", "")) <= 2147483647 ? TOKEN.integer : TOKEN.number;
  }
}

function radixOf(code: number): number {
  const letter = code | 32;
  return letter === 120 ? 16 : letter === 111 ? 8 : letter === 98 ? 2 : 10;
}

function digitsEnd(text: string, at: number): number {
  let i = at;
  for (;;) {
    const code = text.charCodeAt(i);
    if (isDigit(code) || (code === UNDERSCORE && i > at && isDigit(text.charCodeAt(i + 1)))) i++;
    else return i;
  }
}

/** End of `e+10` at `at`, or -1. */
function exponentEnd(text: string, at: number): number {
  if ((text.charCodeAt(at) | 32) !== 101) return -1;
  const sign = text.charCodeAt(at + 1);
  const digits = sign === PLUS || sign === MINUS ? at + 2 : at + 1;
  return isDigit(text.charCodeAt(digits)) ? digitsEnd(text, digits) : -1;
}

function identEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length && isIdent(text.charCodeAt(i))) i++;
  return i;
}

function spaceEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length && classOf(text.charCodeAt(i)) === SPACE) i++;
  return i;
}

/** After a quote, up to and with the closing one; a doubled quote does not close. */
function quotedEnd(text: string, at: number, quote: number): number {
  const mark = quote === QUOTE ? "'" : '"';
  let i = at;
  for (;;) {
    const close = text.indexOf(mark, i);
    if (close < 0) return text.length;
    if (text.charCodeAt(close + 1) !== quote) return close + 1;
    i = close + 2;
  }
}

function escapedEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i += 2;
    else if (code !== QUOTE) i++;
    else if (text.charCodeAt(i + 1) === QUOTE) i += 2;
    else return i + 1;
  }
  return text.length;
}

/** The opening quote of a continued string (white space with a newline in it, then a quote), or -1. */
function continuation(text: string, at: number): number {
  let i = at;
  let newline = false;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === NEWLINE || code === RETURN) newline = true;
    else if (classOf(code) === SPACE) continue;
    else if (code === QUOTE) return newline ? i : -1;
    else if (code === MINUS && text.charCodeAt(i + 1) === MINUS) {
      i = lineEnd(text, i + 2);
      if (i >= text.length) return -1;
      newline = true;
    } else return -1;
  }
  return -1;
}

function lineEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === NEWLINE || code === RETURN) return i;
    i++;
  }
  return i;
}

/** End of the comment that starts at `at`, or -1 when none does. */
function commentEnd(text: string, at: number): number {
  const code = text.charCodeAt(at);
  const after = text.charCodeAt(at + 1);
  if (code === MINUS && after === MINUS) return lineEnd(text, at + 2);
  if (code !== SLASH || after !== STAR) return -1;
  let depth = 1;
  let i = at + 2;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === STAR && text.charCodeAt(i + 1) === SLASH) {
      i += 2;
      if (--depth === 0) return i;
    } else if (c === SLASH && text.charCodeAt(i + 1) === STAR) {
      depth++;
      i += 2;
    } else i++;
  }
  return text.length;
}
