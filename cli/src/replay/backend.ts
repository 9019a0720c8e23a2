// What a PostgreSQL server said, from the recorded bytes (protocol 3, chapter "Message Formats"). Bytes come in any pieces.

export interface ReplayColumn {
  readonly name: string;
  /** pg_type.oid */
  readonly type: number;
  readonly binary: boolean;
}

export type BackendMessage =
  | { readonly type: "columns"; readonly columns: readonly ReplayColumn[] }
  | { readonly type: "row"; readonly cells: readonly (Buffer | null)[] }
  | { readonly type: "complete"; readonly tag: string }
  | { readonly type: "error" | "notice"; readonly fields: Readonly<Record<string, string>> }
  | { readonly type: "copy"; readonly bytes: Buffer }
  | { readonly type: "notification"; readonly channel: string };

/** Longer messages than this are no messages: the stream is not what it should be. */
const LONGEST = 1 << 30;

export class BackendReader {
  #pieces: Buffer[] = [];
  #length = 0;

  /** @throws when the bytes are not messages of a server */
  *push(bytes: Uint8Array): Generator<BackendMessage> {
    this.#pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#length += bytes.length;
    while (this.#length >= 5) {
      const need = 1 + this.#joined(5).readUInt32BE(1);
      if (need < 5 || need > LONGEST) throw new Error("the recording does not hold messages of PostgreSQL");
      if (this.#length < need) return;
      const frame = this.#joined(need).subarray(0, need);
      this.#drop(need);
      const message = decode(String.fromCharCode(frame[0] ?? 0), frame.subarray(5));
      if (message !== null) yield message;
    }
  }

  /** The pieces up to `count` bytes as one: joined only when they are needed together. */
  #joined(count: number): Buffer {
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= count) return first;
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }

  #drop(count: number): void {
    const rest = this.#joined(count).subarray(count);
    this.#pieces[0] = rest;
    if (rest.length === 0) this.#pieces.shift();
    this.#length -= count;
  }
}

function decode(type: string, body: Buffer): BackendMessage | null {
  switch (type) {
    case "T":
      return { type: "columns", columns: decodeColumns(body) };
    case "D":
      return { type: "row", cells: decodeCells(body) };
    case "C":
      return { type: "complete", tag: text(body, 0).value };
    case "I":
      return { type: "complete", tag: "" };
    case "E":
      return { type: "error", fields: decodeFields(body) };
    case "N":
      return { type: "notice", fields: decodeFields(body) };
    case "d":
      return { type: "copy", bytes: body };
    case "A":
      return { type: "notification", channel: text(body, 4).value };
    default:
      return null;
  }
}

function text(body: Buffer, at: number): { readonly value: string; readonly next: number } {
  const end = body.indexOf(0, at);
  return { value: body.toString("utf8", at, end), next: end + 1 };
}

function decodeColumns(body: Buffer): ReplayColumn[] {
  const columns: ReplayColumn[] = [];
  let at = 2;
  for (let i = body.readUInt16BE(0); i > 0; i--) {
    const name = text(body, at);
    // table (4), attribute (2), type (4), size (2), modifier (4), format (2)
    columns.push({
      name: name.value,
      type: body.readUInt32BE(name.next + 6),
      binary: body.readUInt16BE(name.next + 16) === 1,
    });
    at = name.next + 18;
  }
  return columns;
}

function decodeCells(body: Buffer): (Buffer | null)[] {
  const cells: (Buffer | null)[] = [];
  let at = 2;
  for (let i = body.readUInt16BE(0); i > 0; i--) {
    const length = body.readInt32BE(at);
    at += 4;
    cells.push(length < 0 ? null : body.subarray(at, at + length));
    at += Math.max(0, length);
  }
  return cells;
}

function decodeFields(body: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const field = text(body, at + 1);
    fields[String.fromCharCode(body[at] ?? 0)] = field.value;
    at = field.next;
  }
  return fields;
}
