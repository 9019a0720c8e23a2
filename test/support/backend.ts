// What a PostgreSQL server says, built by hand (PostgreSQL documentation, 54.7), and what a client makes of it, read by pg-protocol.

import { Readable } from "node:stream";
import { parse } from "pg-protocol";

function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function int16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeInt16BE(value);
  return out;
}

function int32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value);
  return out;
}

export interface DescribedColumn {
  readonly name: string;
  readonly table?: number;
  readonly attribute?: number;
  readonly type?: number;
  readonly format?: number;
}

function rowDescription(...columns: readonly (string | DescribedColumn)[]): Buffer {
  const parts = columns.map((column) => {
    const {
      name,
      table = 0,
      attribute = 0,
      type = 25,
      format = 0,
    }: DescribedColumn = typeof column === "string" ? { name: column } : column;
    return Buffer.concat([
      Buffer.from(`${name}\0`),
      int32(table),
      int16(attribute),
      int32(type),
      int16(-1),
      int32(-1),
      int16(format),
    ]);
  });
  return frame("T", Buffer.concat([int16(columns.length), ...parts]));
}

function dataRow(...cells: readonly (string | Buffer | null)[]): Buffer {
  const parts = cells.map((cell) => {
    if (cell === null) return int32(-1);
    const bytes = Buffer.from(cell as string);
    return Buffer.concat([int32(bytes.length), bytes]);
  });
  return frame("D", Buffer.concat([int16(cells.length), ...parts]));
}

function fields(type: "E" | "N", values: Readonly<Record<string, string>>): Buffer {
  const body = Object.entries(values).map(([code, value]) => `${code}${value}\0`);
  return frame(type, Buffer.from(`${body.join("")}\0`));
}

export const backend = {
  frame,
  rowDescription,
  dataRow,
  fields,
  parseComplete: frame("1", Buffer.alloc(0)),
  bindComplete: frame("2", Buffer.alloc(0)),
  closeComplete: frame("3", Buffer.alloc(0)),
  noData: frame("n", Buffer.alloc(0)),
  emptyQuery: frame("I", Buffer.alloc(0)),
  suspended: frame("s", Buffer.alloc(0)),
  copyDone: frame("c", Buffer.alloc(0)),
  parameterDescription: frame("t", int16(0)),
  complete: (tag: string) => frame("C", Buffer.from(`${tag}\0`)),
  ready: (status: "I" | "T" | "E" = "I") => frame("Z", Buffer.from(status)),
  error: (sqlstate: string, message = "text with secret", more: Readonly<Record<string, string>> = {}) =>
    fields("E", { S: "ERROR", V: "ERROR", C: sqlstate, M: message, ...more }),
  parameter: (name: string, value: string) => frame("S", Buffer.from(`${name}\0${value}\0`)),
  notification: (channel: string, payload: string) =>
    frame("A", Buffer.concat([int32(7), Buffer.from(`${channel}\0${payload}\0`)])),
  copyIn: (columns: number) => frame("G", Buffer.concat([Buffer.from([0]), int16(columns), Buffer.alloc(columns * 2)])),
  copyOut: (columns: number) =>
    frame("H", Buffer.concat([Buffer.from([0]), int16(columns), Buffer.alloc(columns * 2)])),
  copyData: (text: string) => frame("d", Buffer.from(text)),
};

/** What a client reads, in short words: `row 1,***`, `error 42501 ...`, `ready I`. */
export async function readBackend(bytes: Buffer): Promise<string[]> {
  const said: string[] = [];
  // pg-protocol's own type says socket; any readable will do.
  await parse(Readable.from([bytes]) as never, (message) => said.push(inShort(message as never)));
  return said;
}

interface Parsed {
  readonly name: string;
  readonly fields: readonly (string | null | { readonly name: string })[];
  readonly text: string;
  readonly status: string;
  readonly code: string;
  readonly message: string;
  readonly chunk: Buffer;
  readonly parameterName: string;
  readonly parameterValue: string;
  readonly channel: string;
  readonly payload: string;
}

function inShort(message: Parsed): string {
  switch (message.name) {
    case "rowDescription":
      return `columns ${message.fields.map((f) => (f as { name: string }).name).join(",")}`;
    case "dataRow":
      return `row ${message.fields.map((f) => f ?? "NULL").join(",")}`;
    case "commandComplete":
      return `complete ${message.text}`;
    case "readyForQuery":
      return `ready ${message.status}`;
    case "error":
      return `error ${message.code} ${message.message}`;
    case "notice":
      return `notice ${message.message}`;
    case "copyData":
      return `copy ${message.chunk.toString()}`;
    case "parameterStatus":
      return `parameter ${message.parameterName}=${message.parameterValue}`;
    case "notification":
      return `notification ${message.channel}:${message.payload}`;
    default:
      return message.name;
  }
}

/** Types of the messages in the bytes. */
export function typesOf(bytes: Buffer): string {
  let types = "";
  for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt32BE(at + 1))
    types += String.fromCharCode(bytes[at] as number);
  return types;
}
