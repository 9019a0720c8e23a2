// The forms in which one statement can be asked: simple and extended protocol, text and binary, COPY, cursors, prepared statements,
// portals in pieces. Each gives the whole answer, message by message.
import { serialize } from "pg-protocol";
import type { RawClient, RawMessage } from "./raw-client.ts";

/** Every message of the target or gateway that a form was answered with, in order. */
export type Answer = readonly RawMessage[];
export type Form = (client: RawClient, sql: string) => Promise<Answer>;

const query = (sql: string) => serialize.query(sql) as Buffer;

async function simple(client: RawClient, sql: string): Promise<RawMessage[]> {
  client.send(query(sql));
  return client.ready();
}

/** @param format 0 for text, 1 for binary results */
function bound(format: 0 | 1, describe: boolean, rows: readonly number[] = [0], statement = ""): Buffer[] {
  return [
    // values: none; one result format for all columns
    serialize.bind({ statement, portal: "", values: [], binary: format === 1 }) as Buffer,
    ...(describe ? [serialize.describe({ type: "P", name: "" }) as Buffer] : []),
    ...rows.map((most) => serialize.execute({ portal: "", rows: most }) as Buffer),
    serialize.sync() as Buffer,
  ];
}

const extended =
  (format: 0 | 1, describe: boolean, rows?: readonly number[]): Form =>
  async (client, sql) => {
    client.send(serialize.parse({ text: sql }) as Buffer, ...bound(format, describe, rows));
    return client.ready();
  };

const copy =
  (options: string): Form =>
  (client, sql) =>
    simple(client, `COPY (${sql}) TO STDOUT${options}`);

async function named(client: RawClient, sql: string): Promise<Answer> {
  client.send(
    serialize.parse({ name: "s", text: sql }) as Buffer,
    serialize.describe({ type: "S", name: "s" }) as Buffer,
    serialize.sync() as Buffer,
  );
  const parsed = await client.ready();
  if (failed(parsed)) return parsed;
  client.send(...bound(0, false, [0], "s"));
  const rows = await client.ready();
  client.send(serialize.close({ type: "S", name: "s" }) as Buffer, serialize.sync() as Buffer);
  return [...parsed, ...rows, ...(await client.ready())];
}

async function inTurn(steps: readonly (() => Promise<Answer>)[]): Promise<Answer> {
  const all: RawMessage[] = [];
  for (const step of steps) {
    const answer = await step();
    all.push(...answer);
    if (failed(answer)) break;
  }
  return all;
}

/** Declared in one way, fetched in three. */
function cursor(client: RawClient, sql: string): Promise<Answer> {
  const inBlock = client.status !== "I";
  return inTurn([
    () => (inBlock ? Promise.resolve([]) : simple(client, "BEGIN")),
    () => simple(client, `DECLARE "C" SCROLL CURSOR FOR ${sql}`),
    () => simple(client, 'FETCH 2 FROM "C"'),
    () => extended(1, true)(client, 'FETCH 2 FROM "C"'),
    () => extended(0, false)(client, 'FETCH ABSOLUTE 1 FROM "C"'),
    () => simple(client, 'CLOSE "C"'),
    () => (inBlock ? Promise.resolve([]) : simple(client, "COMMIT")),
  ]);
}

async function prepared(client: RawClient, sql: string): Promise<Answer> {
  const made = await simple(client, `PREPARE p AS ${sql}`);
  if (failed(made)) return made;
  const run = await inTurn([() => simple(client, "EXECUTE p"), () => extended(1, true)(client, "EXECUTE p")]);
  return [...made, ...run, ...(await simple(client, "DEALLOCATE p"))];
}

const EVERY = {
  simple,
  extended: extended(0, true),
  binary: extended(1, true),
  undescribed: extended(0, false),
  pieces: extended(0, true, [1, 1, 0]),
};
const PLANNED = {
  named,
  prepared,
  copy: copy(""),
  csv: copy(" (FORMAT csv, HEADER)"),
  bincopy: copy(" (FORMAT binary)"),
};

export const FORMS: Readonly<Record<string, Form>> = { ...EVERY, ...PLANNED, cursor };

/** Enough to see that something is refused. */
const REFUSED = new Set(["simple", "binary", "copy", "prepared", "cursor"]);

/** Which forms a message exists in; for one that is refused, those that could matter. */
export function formsOf(sql: string, refused: boolean): string[] {
  return refused ? allForms(sql).filter((form) => REFUSED.has(form)) : allForms(sql);
}

function allForms(sql: string): string[] {
  const text = sql.replace(/^(\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/|\()*/, "").toLowerCase();
  const word = /^\w*/.exec(text)?.[0] ?? "";
  if (/;\s*\S/.test(sql.replace(/\$\$[\s\S]*?\$\$|'[^']*'/g, ""))) return ["simple"];
  if (word === "select" || word === "with" || word === "values" || word === "table") return Object.keys(FORMS);
  if (word === "insert" || word === "update" || word === "delete" || word === "merge")
    return Object.keys(FORMS).filter((name) => name !== "cursor" && (!/copy|csv/.test(name) || /returning/i.test(sql)));
  if (word === "copy") return Object.keys(EVERY).filter((name) => name !== "pieces");
  return word === "" ? ["simple"] : Object.keys(EVERY);
}

export const failed = (answer: Answer): boolean => answer.some((message) => message.type === "E");

/** SQLSTATE of the first error; null when there is none. */
export function sqlstateOf(answer: Answer): string | null {
  const error = answer.find((message) => message.type === "E");
  if (error === undefined) return null;
  const field = error.body
    .toString("latin1")
    .split("\0")
    .find((part) => part.startsWith("C"));
  return field?.slice(1) ?? "";
}
