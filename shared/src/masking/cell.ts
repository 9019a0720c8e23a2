// One cell on the wire: an int32 length (-1 is NULL), then so many bytes. Every mask writes a whole cell, length included.

/** A mask made ready for one column: its type and its format are settled. Holds no bytes of any row. */
export interface CellMask {
  /** The cell it writes is never longer than `factor * bytes of the value + extra`, the length word included. */
  readonly factor: number;
  readonly extra: number;
  /** What it shows whatever the value is; null for NULL; absent when that depends on the value. */
  readonly always?: Uint8Array | null;
  /** Tells it the names that the row carries, before each of its rows; absent when it does not matter. */
  know?(names: ReadonlySet<string>): void;
  /**
   * Writes what to show instead of the value in `from[start..end)`.
   * @returns the position in `to` after the cell
   */
  write(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number;
}

/** Type by type, a function that writes the masked value's bytes alone, or returns `NULL_CELL` when no such value exists. */
export type Rewrite = (from: Uint8Array, start: number, end: number, to: Uint8Array, at: number) => number;

export const NULL_CELL = -1;

export function putInt32(to: Uint8Array, at: number, value: number): void {
  to[at] = value >>> 24;
  to[at + 1] = value >>> 16;
  to[at + 2] = value >>> 8;
  to[at + 3] = value;
}

export function getInt32(from: Uint8Array, at: number): number {
  return (from[at]! << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!;
}

export function putInt16(to: Uint8Array, at: number, value: number): void {
  to[at] = value >>> 8;
  to[at + 1] = value;
}

export function getInt16(from: Uint8Array, at: number): number {
  return ((from[at]! << 24) >> 16) | from[at + 1]!;
}

const utf8 = new TextEncoder();

export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text);
}

/** Shows the same bytes whatever the value: of it nothing gets through, not even its length. */
export function constant(value: Uint8Array): CellMask {
  const cell = new Uint8Array(4 + value.length);
  putInt32(cell, 0, value.length);
  cell.set(value, 4);
  const size = cell.length;
  return {
    factor: 0,
    extra: size,
    always: value,
    write(_from, _start, _end, to, at) {
      for (let i = 0; i < size; i++) to[at + i] = cell[i]!;
      return at + size;
    },
  };
}

export const nothing: CellMask = {
  factor: 0,
  extra: 4,
  always: null,
  write(_from, _start, _end, to, at) {
    putInt32(to, at, -1);
    return at + 4;
  },
};

/** A cell mask of a function that writes the value: `room` is the most bytes it writes, beyond `factor` times the value's. */
export function rewriting(rewrite: Rewrite, room: number, factor = 0): CellMask {
  return {
    factor,
    extra: room + 4,
    write(from, start, end, to, at) {
      const after = rewrite(from, start, end, to, at + 4);
      if (after === NULL_CELL) {
        putInt32(to, at, -1);
        return at + 4;
      }
      putInt32(to, at, after - at - 4);
      return after;
    },
  };
}

/** Copies bytes: by hand when few, since a view costs more than it saves. */
export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  if (end - start > 64) to.set(from.subarray(start, end), at);
  else for (let i = start; i < end; i++) to[at + i - start] = from[i]!;
  return at + end - start;
}
