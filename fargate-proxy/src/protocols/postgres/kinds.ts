// Message types of the PostgreSQL protocol 3 and how long each may be (PostgreSQL documentation, 54.7; limits as in the server's
// own src/backend/tcop/postgres.c, SocketBackend).
import type { Bounds } from "./frames.ts";

/** What a client may send once it is logged in. */
export const FRONTEND = {
  query: 0x51, // Q
  parse: 0x50, // P
  bind: 0x42, // B
  describe: 0x44, // D
  execute: 0x45, // E
  close: 0x43, // C
  flush: 0x48, // H
  sync: 0x53, // S
  terminate: 0x58, // X
  functionCall: 0x46, // F
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyFail: 0x66, // f
} as const;

/** What a target may send once the gateway is logged in. */
export const BACKEND = {
  parseComplete: 0x31, // 1
  bindComplete: 0x32, // 2
  closeComplete: 0x33, // 3
  notification: 0x41, // A
  commandComplete: 0x43, // C
  dataRow: 0x44, // D
  error: 0x45, // E
  copyInResponse: 0x47, // G
  copyOutResponse: 0x48, // H
  emptyQuery: 0x49, // I
  notice: 0x4e, // N
  parameterStatus: 0x53, // S
  rowDescription: 0x54, // T
  copyBothResponse: 0x57, // W
  readyForQuery: 0x5a, // Z
  copyDone: 0x63, // c
  copyData: 0x64, // d
  noData: 0x6e, // n
  portalSuspended: 0x73, // s
  parameterDescription: 0x74, // t
} as const;

/** A row that is masked, and any message of the target that is read, is held whole: up to here. */
export const HELD_ROW = 64 * 1024 * 1024;
const HELD_MESSAGE = 16 * 1024 * 1024;
/** Bind values of one execution. */
export const HELD_BIND = 64 * 1024 * 1024;

const SMALL = 10_000;
const LARGE = 0x3fffffff;

/** @param statementBytes longest statement; a little is added for names and parameter types */
export function frontendBounds(statementBytes: number): Bounds {
  const legal = new Uint32Array(256);
  const held = new Uint32Array(256);
  for (const type of Object.values(FRONTEND)) legal[type] = held[type] = SMALL;
  const { query, parse, bind, functionCall, copyData } = FRONTEND;
  for (const type of [query, parse, bind, functionCall, copyData]) legal[type] = LARGE;
  held[query] = statementBytes + 5;
  held[parse] = Math.min(statementBytes + 300_000, LARGE);
  held[bind] = HELD_BIND;
  held[copyData] = LARGE;
  return { legal, held };
}

const { parseComplete, bindComplete, closeComplete, emptyQuery, noData, portalSuspended, copyDone } = BACKEND;
const WITHOUT_BODY = [parseComplete, bindComplete, closeComplete, emptyQuery, noData, portalSuspended, copyDone];
/** Many times what the server's longest is. */
const LONGEST_TAG = 1000;

export function backendBounds(): Bounds {
  const legal = new Uint32Array(256);
  const held = new Uint32Array(256);
  for (const type of Object.values(BACKEND)) {
    legal[type] = LARGE;
    held[type] = HELD_MESSAGE;
  }
  const { dataRow, copyData, readyForQuery, commandComplete } = BACKEND;
  held[dataRow] = held[copyData] = HELD_ROW;
  for (const type of WITHOUT_BODY) legal[type] = 4;
  legal[readyForQuery] = 5;
  legal[commandComplete] = LONGEST_TAG;
  return { legal, held };
}
