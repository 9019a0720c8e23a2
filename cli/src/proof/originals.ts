// What was sealed, in the order in which it was: statements, values, and the target's answers message by message.

import { COMMITMENT, type Delivery, hiddenColumns, SALT } from "#shared/evidence/originals.ts";
import type { Chunk } from "#shared/evidence/recording.ts";

export type Original = { readonly run: number } & (
  | { readonly type: "statement"; readonly text: string }
  | { readonly type: "values"; readonly frame: Buffer }
  | { readonly type: "delivery"; readonly delivery: Delivery }
  /** A message of the target; it belongs to the delivery of this run that came last. */
  | { readonly type: "message"; readonly frame: Buffer }
  | { readonly type: "salt"; readonly salt: Buffer }
  /** Commitments to one row of the delivery of this run that came last. */
  | { readonly type: "commitments"; readonly row: readonly Buffer[] }
  /** A message of the client to a COPY that takes its data: CopyData, CopyDone or CopyFail. */
  | { readonly type: "input"; readonly frame: Buffer }
  /** Of rows before and after a write: their description, or one of them. */
  | { readonly type: "image"; readonly what: "before" | "after"; readonly frame: Buffer }
);

/** Bytes of one kind and run that are not yet whole. */
interface Open {
  bytes: Buffer;
  /** Hidden columns of the delivery that came last. */
  hidden: number;
}

export async function* readOriginals(chunks: AsyncIterable<Chunk>): AsyncGenerator<Original> {
  const open = new Map<string, Open>();
  const state = (key: string) => {
    const found = open.get(key) ?? { bytes: Buffer.alloc(0), hidden: 1 };
    open.set(key, found);
    return found;
  };
  let spoken = null as Spoken | null;
  for await (const { type, seq: run, bytes } of chunks) {
    if (spoken !== null && (type !== "statement" || spoken.run !== run)) {
      yield statementOf(spoken);
      spoken = null;
    }
    if (type === "statement") {
      spoken = { run, bytes: Buffer.concat([spoken?.bytes ?? Buffer.alloc(0), bytes]) };
      continue;
    }
    const held = state(`${type} ${run}`);
    held.bytes = Buffer.concat([held.bytes, bytes]);
    for (let length = whole(type, held, run); length > 0; length = whole(type, held, run)) {
      const piece = held.bytes.subarray(0, length);
      held.bytes = held.bytes.subarray(length);
      const original = originalOf(type, run, piece);
      if (original.type === "delivery") state(`commitments ${run}`).hidden = commitmentsIn(original.delivery);
      yield original;
    }
  }
  if (spoken !== null) yield statementOf(spoken);
}

interface Spoken {
  readonly run: number;
  readonly bytes: Buffer;
}

function statementOf({ run, bytes }: Spoken): Original {
  return { type: "statement", run, text: bytes.toString("utf8") };
}

function commitmentsIn(delivery: Delivery): number {
  return delivery.kind === "rows" ? hiddenColumns(delivery.plan).length : 1;
}

/** Bytes of the first whole thing; 0 when there is none yet. */
function whole(type: Chunk["type"], { bytes, hidden }: Open, run: number): number {
  switch (type) {
    case "delivery":
      return bytes.indexOf(10) + 1;
    case "before":
    case "after":
    case "result":
    case "input":
    case "values": {
      const length = bytes.length < 5 ? 0 : 1 + bytes.readUInt32BE(1);
      return length > bytes.length ? 0 : length;
    }
    case "commitments": {
      const length = run === 0 ? SALT : hidden * COMMITMENT;
      return length > bytes.length ? 0 : length;
    }
    default:
      return bytes.length;
  }
}

function originalOf(type: Chunk["type"], run: number, bytes: Buffer): Original {
  switch (type) {
    case "delivery":
      return { type, run, delivery: JSON.parse(bytes.toString("utf8")) as Delivery };
    case "result":
      return { type: "message", run, frame: bytes };
    case "values":
    case "input":
      return { type, run, frame: bytes };
    case "commitments": {
      if (run === 0) return { type: "salt", run, salt: bytes };
      const row = Array.from({ length: bytes.length / COMMITMENT }, (_, i) =>
        bytes.subarray(i * COMMITMENT, (i + 1) * COMMITMENT),
      );
      return { type, run, row };
    }
    case "before":
    case "after":
      return { type: "image", what: type, run, frame: bytes };
    default:
      throw new Error(`a recording's ${type} is not sealed`);
  }
}
