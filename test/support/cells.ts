// DataRow and CopyData messages made and taken apart by hand, for tests of masks.
import type { ByteSink } from "#shared/masking/types.ts";

export type Cell = Uint8Array | null;

export function dataRow(cells: readonly Cell[]): Uint8Array {
  const head = Buffer.alloc(7);
  head[0] = 68;
  head.writeInt16BE(cells.length, 5);
  const parts = [head, ...cells.map(cellBytes)];
  const frame = Buffer.concat(parts);
  frame.writeInt32BE(frame.length - 1, 1);
  return frame;
}

function cellBytes(cell: Cell): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(cell === null ? -1 : cell.length);
  return cell === null ? length : Buffer.concat([length, cell]);
}

/** Takes a DataRow apart; throws when its lengths do not add up. */
export function cellsOf(frame: Uint8Array): Cell[] {
  const bytes = Buffer.from(frame);
  if (bytes[0] !== 68 || bytes.readInt32BE(1) !== bytes.length - 1) throw new Error("not one DataRow");
  const cells: Cell[] = [];
  let at = 7;
  for (let i = bytes.readInt16BE(5); i > 0; i--) {
    const length = bytes.readInt32BE(at);
    at += 4;
    cells.push(length < 0 ? null : bytes.subarray(at, at + length));
    at += Math.max(0, length);
  }
  if (at !== bytes.length) throw new Error("bytes after the last cell");
  return cells;
}

export function copyData(payload: string | Uint8Array): Uint8Array {
  const body = Buffer.from(payload as string);
  const head = Buffer.alloc(5);
  head[0] = 100;
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A sink that gives exactly the room that was asked for, and fails when more was written. */
export class ExactSink implements ByteSink {
  length = 3;
  #bytes = new Uint8Array(3);

  reserve(bytes: number): Uint8Array {
    const larger = new Uint8Array(this.length + bytes);
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
    return larger;
  }

  advance(bytes: number): void {
    this.length += bytes;
    if (this.length > this.#bytes.length) throw new Error("more was written than there was room for");
  }

  /** All that was written. */
  get written(): Uint8Array {
    return this.#bytes.slice(3, this.length);
  }
}
