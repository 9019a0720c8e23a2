// The corpus of attempts to get masked values past the gateway: plain SQL in test/corpus/bypass, one file for each channel.
//
// A case is a block of lines up to an empty line. Its first line is a label: what has to happen to its last message.
//   -- masked              it runs, and its answer depends on no masked value
//   -- refused 42501       the gateway refuses it
//   -- fails 22012         the target fails on it
// Words after a comma: `as NAME` (an identity; engineer else), `undone` (inside of a transaction that is rolled back), `scratch` (leaves tables
// in the schema scratch), `only FORM` and `not FORM` (see forms.ts). Further comment lines say why; `-- second` sends the next message in a
// second session of the same identity. A message ends with a line that ends with a semicolon: several statements on one line are one
// simple query. `{ssn}` and the like stand for values of a patient (see fill).
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./project.ts";

export interface Message {
  readonly sql: string;
  readonly second: boolean;
}

export interface Attempt {
  /** Number of the channel in the list of threats. */
  readonly channel: number;
  readonly place: string;
  readonly outcome: "masked" | "refused" | "fails";
  /** SQLSTATE; empty when it is masked. */
  readonly sqlstate: string;
  readonly identity: string;
  readonly undone: boolean;
  readonly scratch: boolean;
  readonly only: readonly string[];
  readonly not: readonly string[];
  readonly before: readonly Message[];
  readonly last: Message;
}

const FOLDER = join(ROOT, "test/corpus/bypass");

export function readAttempts(): Attempt[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .flatMap((name) => parseAttempts(name, readFileSync(join(FOLDER, name), "utf8")));
}

/** @param file its name begins with the number of the channel */
export function parseAttempts(file: string, text: string): Attempt[] {
  const channel = Number.parseInt(file, 10);
  const lines = text.split("\n");
  const attempts: Attempt[] = [];
  for (let at = 0; at < lines.length; at++) {
    const label = /^-- (masked|refused|fails)\b\s*(\w*)(.*)$/.exec(lines[at]!);
    if (label === null) continue;
    let end = at + 1;
    while (end < lines.length && lines[end]!.trim() !== "") end++;
    attempts.push(attemptOf(channel, `${file}:${at + 1}`, label, lines.slice(at + 1, end)));
    at = end;
  }
  return attempts;
}

function attemptOf(channel: number, place: string, label: RegExpExecArray, lines: readonly string[]): Attempt {
  const words = (label[3] ?? "").split(",").map((word) => word.trim());
  const after = (key: string) => words.filter((w) => w.startsWith(`${key} `)).map((w) => w.slice(key.length + 1));
  const known = words.every((w) => w === "" || w === "undone" || w === "scratch" || /^(as|only|not) \S+$/.test(w));
  const messages = messagesOf(lines);
  const last = messages.at(-1);
  if (!known || last === undefined) throw new Error(`${place}: not a case`);
  return {
    channel,
    place,
    outcome: label[1] as Attempt["outcome"],
    sqlstate: label[2] ?? "",
    identity: after("as")[0] ?? "engineer",
    undone: words.includes("undone"),
    scratch: words.includes("scratch"),
    only: after("only"),
    not: after("not"),
    before: messages.slice(0, -1),
    last,
  };
}

function messagesOf(lines: readonly string[]): Message[] {
  const messages: Message[] = [];
  let sql = "";
  let second = false;
  for (const line of lines) {
    if (sql === "" && line.startsWith("-- ")) {
      second ||= line === "-- second";
      continue;
    }
    sql += sql === "" ? line : `\n${line}`;
    if (!line.trimEnd().endsWith(";")) continue;
    messages.push({ sql: sql.trimEnd().slice(0, -1), second });
    sql = "";
    second = false;
  }
  if (sql !== "") messages.push({ sql, second });
  return messages;
}

/** Puts a patient's values into a statement: `{ssn}`, `{ssn:3}` for its first three characters. */
export function fill(sql: string, values: Readonly<Record<string, string>>): string {
  return sql.replace(/\{(\w+)(?::(\d+))?\}/g, (whole, name: string, length?: string) => {
    const value = values[name];
    return value === undefined ? whole : value.slice(0, length === undefined ? undefined : Number(length));
  });
}
