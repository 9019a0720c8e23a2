// Reads the messages that the gateway has to understand (PostgreSQL documentation, 54.7). Each reader gets a whole message, from its
// type byte on, and returns null when it is not well-formed: the caller ends the session.
import { isUtf8 } from "node:buffer";
import type { BoundValues } from "#shared/approval/digest.ts";
import type { Shape, ShapeColumn } from "#shared/masking/types.ts";

const HEADER = 5;

/** A byte range of a received chunk, as `frames.ts` hands it out. */
export interface Range {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** End of the C string that begins at `at`, without its NUL; -1 when there is no NUL before `end`. */
export function stringEnd(buffer: Buffer, at: number, end: number): number {
  const nul = buffer.indexOf(0, at);
  return nul === -1 || nul >= end ? -1 : nul;
}

/** Text of a query or a name. `undefined` where the bytes are not UTF-8. */
function text(buffer: Buffer, start: number, end: number): string | undefined {
  return isUtf8(buffer.subarray(start, end)) ? buffer.toString("utf8", start, end) : undefined;
}

/** Query: its text; undefined when that is not UTF-8, null when the message is malformed. */
export function readQuery({ buffer, start, end }: Range): string | undefined | null {
  const nul = stringEnd(buffer, start + HEADER, end);
  return nul === end - 1 ? text(buffer, start + HEADER, nul) : null;
}

export interface ParseMessage {
  readonly name: string;
  readonly text: string | undefined;
  /** pg_type.oid of parameters, as far as the client declares them; 0 where it leaves that to the target. */
  readonly types: readonly number[];
}

const NO_TYPES: readonly number[] = [];

export function readParse({ buffer, start, end }: Range): ParseMessage | null {
  const nameEnd = stringEnd(buffer, start + HEADER, end);
  if (nameEnd === -1) return null;
  const textEnd = stringEnd(buffer, nameEnd + 1, end);
  if (textEnd === -1 || textEnd + 3 > end) return null;
  const types = buffer.readUInt16BE(textEnd + 1);
  if (textEnd + 3 + types * 4 !== end) return null;
  return {
    name: nameOf(buffer, start + HEADER, nameEnd),
    text: text(buffer, nameEnd + 1, textEnd),
    types: types === 0 ? NO_TYPES : Array.from({ length: types }, (_, i) => buffer.readUInt32BE(textEnd + 3 + i * 4)),
  };
}

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
  readonly values: number;
  /** Result formats as sent: none is all text, one holds for all columns. */
  readonly formats: readonly number[];
}

export function readBind({ buffer, start, end }: Range): BindMessage | null {
  const portalEnd = stringEnd(buffer, start + HEADER, end);
  if (portalEnd === -1) return null;
  const nameEnd = stringEnd(buffer, portalEnd + 1, end);
  if (nameEnd === -1 || nameEnd + 3 > end) return null;
  let at = nameEnd + 3 + buffer.readUInt16BE(nameEnd + 1) * 2;
  if (at + 2 > end) return null;
  const values = buffer.readUInt16BE(at);
  at += 2;
  for (let i = 0; i < values; i++) {
    if (at + 4 > end) return null;
    const length = buffer.readInt32BE(at);
    if (length < -1) return null;
    at += 4 + Math.max(length, 0);
  }
  if (at + 2 > end) return null;
  const count = buffer.readUInt16BE(at);
  if (at + 2 + count * 2 !== end) return null;
  const formats =
    count === 0 ? NO_FORMATS : Array.from({ length: count }, (_, i) => buffer.readInt16BE(at + 2 + i * 2));
  if (formats.some((format) => format !== 0 && format !== 1)) return null;
  return {
    portal: nameOf(buffer, start + HEADER, portalEnd),
    statement: nameOf(buffer, portalEnd + 1, nameEnd),
    values,
    formats,
  };
}

const NO_FORMATS: readonly number[] = [];

/** The parameters in a Bind message that `readBind` has found well-formed: copies, since they may be kept for long. */
export function readBound({ buffer, start, end }: Range): Pick<BoundValues, "formats" | "values"> {
  const nameEnd = stringEnd(buffer, stringEnd(buffer, start + HEADER, end) + 1, end);
  const formats = Array.from({ length: buffer.readUInt16BE(nameEnd + 1) }, (_, i) =>
    buffer.readInt16BE(nameEnd + 3 + i * 2),
  );
  let at = nameEnd + 3 + formats.length * 2;
  const values = Array.from({ length: buffer.readUInt16BE(at) }, () => null as Uint8Array | null);
  at += 2;
  for (const i of values.keys()) {
    const length = buffer.readInt32BE(at);
    at += 4;
    if (length < 0) continue;
    values[i] = Uint8Array.from(buffer.subarray(at, at + length));
    at += length;
  }
  return { formats, values };
}

export interface TargetMessage {
  readonly what: "statement" | "portal";
  readonly name: string;
}

/** Describe and Close: what they name. */
export function readTarget({ buffer, start, end }: Range): TargetMessage | null {
  const kind = end > start + HEADER ? buffer[start + HEADER] : 0;
  const nameEnd = stringEnd(buffer, start + HEADER + 1, end);
  if (nameEnd !== end - 1 || (kind !== 0x53 && kind !== 0x50)) return null;
  return { what: kind === 0x53 ? "statement" : "portal", name: nameOf(buffer, start + HEADER + 1, nameEnd) };
}

/** Execute: the portal's name; null when malformed. */
export function readExecute({ buffer, start, end }: Range): string | null {
  const nameEnd = stringEnd(buffer, start + HEADER, end);
  return nameEnd === end - 5 ? nameOf(buffer, start + HEADER, nameEnd) : null;
}

/** How much of a name the server compares (NAMEDATALEN - 1): what is longer means the same. */
const NAME_BYTES = 63;

/** Names are compared, never shown; bytes that are not UTF-8 stay distinct. */
function nameOf(buffer: Buffer, start: number, last: number): string {
  const end = Math.min(last, start + NAME_BYTES);
  if (start === end) return "";
  return text(buffer, start, end) ?? `\u0000${buffer.toString("latin1", start, end)}`;
}

/** CommandComplete: the tag. */
export function readTag({ buffer, start, end }: Range): string | null {
  const nul = stringEnd(buffer, start + HEADER, end);
  return nul === end - 1 ? buffer.toString("latin1", start + HEADER, nul) : null;
}

/** ParameterDescription: pg_type.oid of each parameter. */
export function readParameterTypes({ buffer, start, end }: Range): readonly number[] | null {
  if (start + HEADER + 2 > end) return null;
  const count = buffer.readUInt16BE(start + HEADER);
  if (start + HEADER + 2 + count * 4 !== end) return null;
  return Array.from({ length: count }, (_, i) => buffer.readUInt32BE(start + HEADER + 2 + i * 4));
}

/** RowDescription. Names that are not UTF-8 are read as Latin-1: they are compared with what the analysis knows, never sent. */
export function readRowDescription({ buffer, start, end }: Range): ShapeColumn[] | null {
  if (start + HEADER + 2 > end) return null;
  const count = buffer.readUInt16BE(start + HEADER);
  const columns: ShapeColumn[] = [];
  let at = start + HEADER + 2;
  for (let i = 0; i < count; i++) {
    const nameEnd = stringEnd(buffer, at, end);
    if (nameEnd === -1 || nameEnd + 19 > end) return null;
    columns.push({
      name: buffer.toString("utf8", at, nameEnd),
      table: buffer.readUInt32BE(nameEnd + 1),
      attribute: buffer.readInt16BE(nameEnd + 5),
      type: buffer.readUInt32BE(nameEnd + 7),
      format: buffer.readInt16BE(nameEnd + 17),
    });
    at = nameEnd + 19;
  }
  return at === end ? columns : null;
}

/** The shape in the formats that Bind asked for (Describe of a statement cannot know them). */
export function withFormats(shape: Shape, formats: readonly number[]): Shape {
  const all = formats.length === 1 ? (formats[0] as number) : 0;
  return shape.map((column, i) => ({ ...column, format: formats.length > 1 ? (formats[i] ?? 0) : all }));
}

export interface CopyResponse {
  /** 0 text (csv too), 1 binary */
  readonly format: number;
  readonly columns: number;
}

/** CopyInResponse, CopyOutResponse. */
export function readCopyResponse({ buffer, start, end }: Range): CopyResponse | null {
  if (start + HEADER + 3 > end) return null;
  const format = buffer[start + HEADER] as number;
  const columns = buffer.readUInt16BE(start + HEADER + 1);
  return start + HEADER + 3 + columns * 2 === end && format <= 1 ? { format, columns } : null;
}

/** ErrorResponse, NoticeResponse: fields by their one-letter code (PostgreSQL documentation, 54.8). */
export function readFields({ buffer, start, end }: Range): Map<string, string> | null {
  const fields = new Map<string, string>();
  let at = start + HEADER;
  while (at < end && buffer[at] !== 0) {
    const valueEnd = stringEnd(buffer, at + 1, end);
    if (valueEnd === -1) return null;
    fields.set(String.fromCharCode(buffer[at] as number), buffer.toString("utf8", at + 1, valueEnd));
    at = valueEnd + 1;
  }
  return at === end - 1 ? fields : null;
}

/** ParameterStatus: name and value. */
export function readParameter({ buffer, start, end }: Range): readonly [string, string] | null {
  const nameEnd = stringEnd(buffer, start + HEADER, end);
  if (nameEnd === -1 || stringEnd(buffer, nameEnd + 1, end) !== end - 1) return null;
  return [buffer.toString("utf8", start + HEADER, nameEnd), buffer.toString("utf8", nameEnd + 1, end - 1)];
}

export interface Notification {
  readonly pid: number;
  readonly channel: string;
}

export function readNotification({ buffer, start, end }: Range): Notification | null {
  const channelEnd = stringEnd(buffer, start + HEADER + 4, end);
  if (channelEnd === -1 || stringEnd(buffer, channelEnd + 1, end) !== end - 1) return null;
  return { pid: buffer.readInt32BE(start + HEADER), channel: buffer.toString("utf8", start + HEADER + 4, channelEnd) };
}
