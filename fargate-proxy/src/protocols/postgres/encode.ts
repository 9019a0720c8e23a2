// Writes the messages that the gateway makes itself (PostgreSQL documentation, 54.7).
import type { SideEncoder, SideStatement } from "../../protocol.ts";

/** A message of fixed or small size: type, then parts. */
export function message(type: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  const out = Buffer.alloc(5 + length);
  out.write(type, 0, "latin1");
  out.writeUInt32BE(4 + length, 1);
  let at = 5;
  for (const part of parts) at += typeof part === "string" ? out.write(part, at, "utf8") : part.copy(out, at);
  return out;
}

/** ErrorResponse (`E`) or NoticeResponse (`N`) from fields by code, in the order given. */
export function encodeFields(type: "E" | "N", fields: Iterable<readonly [string, string]>): Buffer {
  const parts = Array.from(fields, ([code, value]) => `${code}${value.replaceAll("\0", "")}\0`);
  return message(type, ...parts, "\0");
}

/** @param what `S` a prepared statement, `P` a portal */
export function encodeDescribe(what: "S" | "P", name: string): Buffer {
  return message("D", `${what}${name}\0`);
}

export function encodeParse(name: string, text: string): Buffer {
  return message("P", `${name}\0${text}\0`, Buffer.from([0, 0]));
}

/**
 * A statement of the gateway's own, from Parse to the Close of its portal and of itself; its results come as text. Nothing of the client's
 * is touched, its unnamed statement and portal least of all.
 */
function encodeSide({ text, bound, most }: SideStatement, name: string): Buffer {
  const types = bound?.types ?? [];
  const formats = bound?.formats ?? [];
  const values = bound?.values ?? [];
  return Buffer.concat([
    message("P", `${name}\0${text}\0`, int16(types.length), ...types.map(int32)),
    message(
      "B",
      `${name}\0${name}\0`,
      int16(formats.length),
      ...formats.map(int16),
      ...encodedValues(values),
      int16(0),
    ),
    encodeDescribe("P", name),
    message("E", `${name}\0`, int32(most)),
    message("C", `P${name}\0`),
    message("C", `S${name}\0`),
  ]);
}

function encodedValues(values: readonly (Uint8Array | null)[]): Buffer[] {
  const cells = values.flatMap((value) => (value === null ? [int32(-1)] : [int32(value.length), Buffer.from(value)]));
  return [int16(values.length), ...cells];
}

function int16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16BE(value);
  return out;
}

function int32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value | 0);
  return out;
}

export function encodeClosePortal(name: string): Buffer {
  return message("C", `P${name}\0`);
}

export const SIDES: SideEncoder = {
  run: encodeSide,
  parse: (text, name) => Buffer.concat([encodeParse(name, text), message("C", `S${name}\0`)]),
};

/** @param status I, T or E */
export function encodeReady(status: number): Buffer {
  return message("Z", Buffer.from([status]));
}

/** CopyData around a piece of a longer one: COPY does not care where messages begin (PostgreSQL documentation, 54.2.6). */
export function encodeCopyData(body: Buffer): Buffer {
  return message("d", body);
}

export function encodeNotification(pid: number, channel: string, payload: string): Buffer {
  const id = Buffer.alloc(4);
  id.writeInt32BE(pid);
  return message("A", id, `${channel}\0${payload}\0`);
}

export const SYNC: Buffer = message("S");
export const CLOSE_UNNAMED: Buffer = message("C", "S\0");
export const FLUSH: Buffer = message("H");

/**
 * A Parse that cannot succeed. It stands in for a command that was refused in the middle of a pipeline, so that the target ends the
 * implicit transaction as it would have for an error of its own. Named, so that the unnamed statement stays what it is.
 */
export const ABORT: Buffer = encodeParse("postern", "/* a command of this batch was refused by the gateway */ refused");
