// Says one statement to a PostgreSQL server, in either protocol, and gives all that came back, byte for byte.
import type { RawClient, RawMessage } from "./raw-client.ts";
import { typed } from "./wire-client.ts";

export type Manner = "simple" | "text" | "binary";

export interface Bind {
  /** pg_type.oid; 0 for what the server is to find out. */
  readonly type: number;
  readonly value: string | null;
}

export interface Column {
  readonly name: string;
  /** pg_class.oid and pg_attribute.attnum of the column that this is; 0 for none. */
  readonly table: number;
  readonly number: number;
  readonly type: number;
  /** Length, modifier and format, as they came. */
  readonly rest: string;
}

export interface Answer {
  readonly columns: readonly Column[] | null;
  readonly rows: readonly (readonly (Buffer | null)[])[];
  /** Lines of COPY TO STDOUT. */
  readonly copied: readonly Buffer[];
  readonly tag: string;
  /** Fields of the ErrorResponse, by their letter. */
  readonly error: ReadonlyMap<string, string> | null;
  /** SQLSTATEs of the notices. */
  readonly notices: readonly string[];
}

const int16 = (value: number) => Buffer.from([(value >> 8) & 255, value & 255]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
};
const SYNC = typed("S");

/** @param data what COPY FROM STDIN is sent */
export async function say(
  client: RawClient,
  manner: Manner,
  sql: string,
  binds: readonly Bind[] = [],
  data: string | null = null,
): Promise<Answer> {
  client.send(manner === "simple" ? typed("Q", `${inlined(sql, binds)}\0`) : extended(manner, sql, binds));
  const before = await client.read(({ type }) => type === "Z" || type === "G");
  if (before.at(-1)?.type === "G")
    client.send(typed("d", data ?? ""), typed("c"), ...(manner === "simple" ? [] : [SYNC]));
  const messages = before.at(-1)?.type === "G" ? [...before, ...(await client.ready())] : before;
  if (messages.at(-1)?.type !== "Z") throw new Error("the connection was closed");
  return answer(messages);
}

function extended(manner: Manner, sql: string, binds: readonly Bind[]): Buffer {
  const types = [int16(binds.length), ...binds.map(({ type }) => int32(type))];
  const values = binds.flatMap(({ value }) => {
    const bytes = value === null ? null : Buffer.from(value);
    return bytes === null ? [int32(-1)] : [int32(bytes.length), bytes];
  });
  const format = manner === "binary" ? [int16(1), int16(1)] : [int16(0)];
  return Buffer.concat([
    typed("P", "\0", `${sql}\0`, ...types),
    typed("B", "\0\0", int16(0), int16(binds.length), ...values, ...format),
    typed("D", "P\0"),
    typed("E", "\0", int32(0)),
    SYNC,
  ]);
}

/** The statement with its values in it, as clients send it that know no bind values. */
function inlined(sql: string, binds: readonly Bind[]): string {
  return sql.replace(/'(?:[^']|'')*'|"[^"]*"|\$(\d+)/g, (whole, number?: string) => {
    const bind = number === undefined ? undefined : binds[Number(number) - 1];
    if (bind === undefined) return whole;
    if (bind.value === null) return "NULL";
    return /^-?\d+$/.test(bind.value) && bind.type !== 0 ? bind.value : `'${bind.value.replaceAll("'", "''")}'`;
  });
}

function answer(messages: readonly RawMessage[]): Answer {
  const all = (type: string) => messages.filter((message) => message.type === type).map(({ body }) => body);
  const [described] = all("T");
  const [error] = all("E");
  return {
    columns: described === undefined ? null : columnsOf(described),
    rows: all("D").map(cellsOf),
    copied: all("d"),
    tag: all("C")
      .map((body) => body.toString("utf8", 0, body.length - 1))
      .join(),
    error: error === undefined ? null : fieldsOf(error),
    notices: all("N").map((body) => fieldsOf(body).get("C") ?? ""),
  };
}

function columnsOf(body: Buffer): Column[] {
  const columns: Column[] = [];
  let at = 2;
  while (at < body.length) {
    const end = body.indexOf(0, at);
    const name = body.toString("utf8", at, end);
    const fixed = body.subarray(end + 1, end + 19);
    at = end + 19;
    columns.push({
      name,
      table: fixed.readUInt32BE(0),
      number: fixed.readInt16BE(4),
      type: fixed.readUInt32BE(6),
      rest: fixed.toString("hex", 10),
    });
  }
  return columns;
}

function cellsOf(body: Buffer): (Buffer | null)[] {
  const cells: (Buffer | null)[] = [];
  for (let at = 2; at < body.length; ) {
    const length = body.readInt32BE(at);
    at += 4;
    cells.push(length < 0 ? null : body.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  return cells;
}

const fieldsOf = (body: Buffer): ReadonlyMap<string, string> =>
  new Map(
    body
      .toString()
      .split("\0")
      .filter((field) => field !== "")
      .map((field) => [field.charAt(0), field.slice(1)]),
  );
