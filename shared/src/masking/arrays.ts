// Arrays. A mask that hides everything hides the array whole, so that not even the count of its elements shows; others go element
// by element.
import {
  type CellMask,
  constant,
  copyBytes,
  getInt32,
  NULL_CELL,
  nothing,
  putInt32,
  type Rewrite,
  rewriting,
} from "./cell.ts";

export function arrayMask(elementType: number, binary: boolean, element: CellMask): CellMask {
  if (element.always === null) return nothing;
  if (element.always !== undefined)
    return constant(binary ? oneElement(elementType, element.always) : oneQuoted(element.always));
  // An element takes a byte and a comma at least, quoting doubles what is written, and the one at work has free room behind.
  const factor = 5 * element.factor + 2 * element.extra + 4;
  return rewriting(binary ? binaryElements(element) : textElements(element), 64 + 4 * element.extra, factor);
}

/** array_send of one element: int32 dimensions, has-nulls flag, element type; per dimension its size and lower bound; the cells. */
function oneElement(type: number, value: Uint8Array): Uint8Array {
  const array = new Uint8Array(24 + value.length);
  [1, 0, type, 1, 1, value.length].forEach((word, i) => {
    putInt32(array, 4 * i, word);
  });
  array.set(value, 24);
  return array;
}

function oneQuoted(value: Uint8Array): Uint8Array {
  const array = new Uint8Array(2 * value.length + 4);
  array[0] = OPEN;
  const after = quote(value, 0, value.length, array, 1);
  array[after] = CLOSE;
  return array.slice(0, after + 1);
}

/** The most dimensions an array has (MAXDIM in PostgreSQL's array.h). */
const DIMENSIONS = 6;

function binaryElements(element: CellMask): Rewrite {
  return (from, start, end, to, at) => {
    if (end - start < 12) return NULL_CELL;
    const dimensions = getInt32(from, start);
    const header = 12 + 8 * dimensions;
    if (dimensions < 0 || dimensions > DIMENSIONS || end - start < header) return NULL_CELL;
    copyBytes(from, start, start + header, to, at);
    let place = start + header;
    let after = at + header;
    let nulls = 0;
    while (place < end) {
      const length = place + 4 <= end ? getInt32(from, place) : end;
      place += 4;
      if (length < 0) {
        putInt32(to, after, -1);
        after += 4;
        nulls = 1;
      } else {
        if (place + length > end) return NULL_CELL;
        const cell = after;
        after = element.write(from, place, place + length, to, after);
        if (getInt32(to, cell) < 0) nulls = 1;
        place += length;
      }
    }
    putInt32(to, at + 4, nulls);
    return after;
  };
}

const OPEN = 123;
const CLOSE = 125;
const COMMA = 44;
const QUOTE = 34;
const BACKSLASH = 92;

/**
 * array_out's text: braces, commas, elements quoted where need be, bounds in front (`[0:1]={..}`) when they are not 1. The
 * unquoted text of an element is made and masked past the end of what has been written, then quoted into its place.
 */
function textElements(element: CellMask): Rewrite {
  return (from, start, end, to, at) => {
    let i = start;
    let after = at;
    let depth = 0;
    while (i < end && from[i] !== OPEN) to[after++] = from[i++]!;
    while (i < end) {
      const byte = from[i]!;
      if (byte === OPEN || byte === CLOSE || byte === COMMA) {
        depth += byte === OPEN ? 1 : byte === CLOSE ? -1 : 0;
        to[after++] = byte;
        i++;
        if (depth === 0) return i === end ? after : NULL_CELL;
        continue;
      }
      const quoted = byte === QUOTE;
      const next = quoted ? quotedEnd(from, i + 1, end) : bareEnd(from, i, end);
      if (next > end) return NULL_CELL;
      after = quoted || !isNull(from, i, next) ? one(element, from, i, next, to, after) : putNull(to, after);
      i = next;
    }
    return NULL_CELL;
  };
}

/** Masks the element in `from[start..end)` (its quotes included) and writes it as an element of an array's text. */
function one(element: CellMask, from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  // Quoting can double what is written, and two quotes: beyond that is free room.
  const free = at + 2 * (element.factor * (end - start) + element.extra) + 2;
  const plain = new Uint8Array(end - start);
  const length = unquote(from, start, end, plain);
  const after = element.write(plain, 0, length, to, free);
  return getInt32(to, free) < 0 ? putNull(to, at) : quote(to, free + 4, after, to, at);
}

function putNull(to: Uint8Array, at: number): number {
  to[at] = 78;
  to[at + 1] = 85;
  to[at + 2] = to[at + 3] = 76;
  return at + 4;
}

function isNull(from: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === 4 &&
    from[start] === 78 &&
    from[start + 1] === 85 &&
    from[start + 2] === 76 &&
    from[start + 3] === 76
  );
}

/** The position after the closing quote, or one past `end`. */
function quotedEnd(from: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && from[i] !== QUOTE) i += from[i] === BACKSLASH ? 2 : 1;
  return i < end ? i + 1 : end + 1;
}

function bareEnd(from: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && from[i] !== COMMA && from[i] !== CLOSE && from[i] !== OPEN) i++;
  return i;
}

function unquote(from: Uint8Array, start: number, end: number, to: Uint8Array): number {
  if (from[start] !== QUOTE) return copyBytes(from, start, end, to, 0);
  let length = 0;
  for (let i = start + 1; i < end - 1; i++) {
    if (from[i] === BACKSLASH) i++;
    to[length++] = from[i]!;
  }
  return length;
}

/** Writes an element with quotes around it unless it is made of digits, letters and stars alone and is not the word NULL. */
function quote(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  let plain = end > start && !(end - start === 4 && (from[start]! | 32) === 110);
  for (let i = start; plain && i < end; i++) {
    const byte = from[i]!;
    plain = (byte >= 48 && byte <= 57) || ((byte | 32) >= 97 && (byte | 32) <= 122) || byte === 42;
  }
  if (plain) return copyBytes(from, start, end, to, at);
  let after = at;
  to[after++] = QUOTE;
  for (let i = start; i < end; i++) {
    if (from[i] === QUOTE || from[i] === BACKSLASH) to[after++] = BACKSLASH;
    to[after++] = from[i]!;
  }
  to[after++] = QUOTE;
  return after;
}
