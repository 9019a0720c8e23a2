// Messages of a target to the gateway itself (PostgreSQL documentation, 54.7). Read here and not by pg-protocol, whose readers look for
// the NUL at the end of a string without an end: a target that leaves it out would hang the gateway.
import { type Inbox, PeerGone, readMessage } from "./inbox.ts";
import { readFields, readParameter, stringEnd } from "./messages.ts";

export type BackendMessage =
  | { readonly type: "authentication"; readonly code: number; readonly data: Buffer }
  | { readonly type: "parameter"; readonly name: string; readonly value: string }
  | { readonly type: "key"; readonly pid: number; readonly key: number }
  | { readonly type: "ready" }
  | { readonly type: "error"; readonly sqlstate: string; readonly words: string }
  | { readonly type: "columns" }
  | { readonly type: "row"; readonly cells: readonly (string | null)[] }
  /** Of no interest to the gateway: notices, tags, notifications. */
  | { readonly type: "other" };

const OTHER: BackendMessage = { type: "other" };

/** The next message. @throws PeerGone when there is none, or none that can be read */
export async function nextMessage(inbox: Inbox, longest: number): Promise<BackendMessage> {
  const message = await readMessage(inbox, null, longest);
  const read = message === null ? null : decode(message.type, message.body, message.whole);
  if (read === null) throw new PeerGone();
  return read;
}

/** Null when the message is malformed. */
function decode(type: string, body: Buffer, whole: Buffer): BackendMessage | null {
  const range = { buffer: whole, start: 0, end: whole.length };
  switch (type) {
    case "R":
      return body.length < 4 ? null : { type: "authentication", code: body.readUInt32BE(0), data: body.subarray(4) };
    case "S": {
      const pair = readParameter(range);
      return pair === null ? null : { type: "parameter", name: pair[0], value: pair[1] };
    }
    case "K":
      return body.length === 8 ? { type: "key", pid: body.readInt32BE(0), key: body.readInt32BE(4) } : null;
    case "Z":
      return body.length === 1 ? { type: "ready" } : null;
    case "E": {
      const fields = readFields(range);
      return fields === null ? null : { type: "error", sqlstate: fields.get("C") ?? "", words: fields.get("M") ?? "" };
    }
    case "T":
      return { type: "columns" };
    case "D":
      return readRow(body);
    default:
      return OTHER;
  }
}

function readRow(body: Buffer): BackendMessage | null {
  if (body.length < 2) return null;
  const cells: (string | null)[] = [];
  let at = 2;
  for (let left = body.readUInt16BE(0); left > 0; left--) {
    if (at + 4 > body.length) return null;
    const length = body.readInt32BE(at);
    at += 4;
    if (length < -1 || at + length > body.length) return null;
    cells.push(length === -1 ? null : body.toString("utf8", at, at + length));
    at += Math.max(length, 0);
  }
  return at === body.length ? { type: "row", cells } : null;
}

/** The names in AuthenticationSASL; null when malformed. */
export function readMechanisms(data: Buffer): string[] | null {
  const names: string[] = [];
  for (let at = 0; ; ) {
    const end = stringEnd(data, at, data.length);
    if (end === -1) return null;
    if (end === at) return names;
    names.push(data.toString("latin1", at, end));
    at = end + 1;
  }
}
