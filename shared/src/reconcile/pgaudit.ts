// pgaudit's lines (its README, "Format"): `AUDIT: SESSION,<statement>,<sub-statement>,<class>,<command>,<type>,<name>,<text>,<parameters>[,<rows>]`.
// One command writes several: for each relation, for what its functions and triggers run, for a view and the objects of an audit role.
import { copied, type LoggedCommand } from "./logged.ts";

/** The fields that are read. */
export interface AuditLine {
  /** Of the backend, from 1. */
  readonly statement: number;
  /** 1 is the command itself, unless its class is not logged; more is what it made run. */
  readonly part: number;
  /** As `SELECT`, `PREPARE`. */
  readonly command: string;
  /** With its literals. */
  readonly text: string;
}

const LINE = /^AUDIT: (?:SESSION|OBJECT),(\d+),(\d+),[A-Z_]*,([^,]*),[^,]*,/;

/** Null when it is not one. */
export function auditLine(message: string): AuditLine | null {
  const head = LINE.exec(message);
  if (head === null) return null;
  const name = field(message, head[0].length);
  const text = field(message, name.end + 1);
  const [, statement, part, command = ""] = head;
  return { statement: Number(statement), part: Number(part), command: command.replaceAll('"', ""), text: text.value };
}

/** A field of CSV from here on, and where it ends. */
function field(row: string, start: number): { readonly value: string; readonly end: number } {
  if (row.charCodeAt(start) !== 34) {
    const comma = row.indexOf(",", start);
    const end = comma < 0 ? row.length : comma;
    return { value: row.slice(start, end), end };
  }
  let end = row.indexOf('"', start + 1);
  while (end >= 0 && row.charCodeAt(end + 1) === 34) end = row.indexOf('"', end + 2);
  if (end < 0) end = row.length;
  return { value: row.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 };
}

/**
 * What an audit says that ran, as the evidence would have it. `EXECUTE` of an SQL-level prepared statement is audited by the text of its
 * `PREPARE`: it is known by the name alone.
 */
export function auditedText(command: string, text: string): string {
  return command === "PREPARE" ? text : (executionOf(text) ?? text);
}

const PREPARE = /^\s*prepare\s+("(?:[^"]|"")+"|[^\s("]+)/i;
const EXECUTE = /^\s*execute\s+("(?:[^"]|"")+"|[^\s("]+)/i;

function executionOf(text: string): string | null {
  const name = PREPARE.exec(text)?.[1];
  return name === undefined ? null : executionNamed(name);
}

/** `EXECUTE <name>` of a statement that executes by name; null of others. */
export function executionIn(text: string): string | null {
  const name = EXECUTE.exec(text)?.[1];
  return name === undefined ? null : executionNamed(name);
}

const executionNamed = (name: string): string => `EXECUTE ${name.startsWith('"') ? name : name.toLowerCase()}`;

/** How many statements of a backend are remembered: lines of one can come after those of the next, where a log is not in order. */
const REMEMBERED = 32;

interface Seen {
  readonly statement: number;
  /** The part that came first, while the command itself has not. */
  waiting: LoggedCommand | null;
  /** Of the newest, where a process id may come again. */
  text: string;
}

/** Counts the lines of one command as one. Memory: a few numbers for each backend. */
export class AuditedCommands {
  readonly #backends = new Map<string, Seen[]>();

  /** @returns what is a command of its own by now */
  push(line: LoggedCommand): LoggedCommand[] {
    const { statement, part } = line.audit ?? { statement: 0, part: 1 };
    const seen = this.#backends.get(line.backend) ?? [];
    const known = seen.find((one) => one.statement === statement);
    if (known !== undefined && !this.#isAnother(seen, known, line)) {
      if (known.waiting === null || part > 1) return [];
      known.waiting = null;
      return [line];
    }
    const done = known === undefined ? [] : this.forget(line.backend);
    const now = this.#backends.get(line.backend) ?? [];
    const before = now.at(-1);
    if (before !== undefined) before.text = "";
    const text = hasSessionId(line.backend) ? "" : copied(line.text);
    now.push({ statement, waiting: part > 1 ? line : null, text });
    if (before === undefined) this.#backends.set(copied(line.backend), now);
    const oldest = now.length > REMEMBERED ? now.shift()?.waiting : null;
    return [...done, ...(oldest == null ? [] : [oldest]), ...(part > 1 ? [] : [line])];
  }

  /**
   * A number that comes again belongs to another backend where the log has no session id (`%c`) and the system gave a process id twice:
   * it is the same command only if it is the newest, and says the same.
   */
  #isAnother(seen: readonly Seen[], known: Seen, line: LoggedCommand): boolean {
    if (hasSessionId(line.backend)) return false;
    if (known !== seen.at(-1)) return true;
    return line.audit?.part === 1 && known.waiting === null && line.text !== known.text && line.text !== REPEATED;
  }

  /** A backend begins, or the log ends. @returns parts whose command never came: its class is not logged */
  forget(backend: string): LoggedCommand[] {
    const left = (this.#backends.get(backend) ?? []).flatMap(({ waiting }) => (waiting === null ? [] : [waiting]));
    this.#backends.delete(backend);
    return left;
  }

  *end(): Generator<LoggedCommand> {
    for (const backend of [...this.#backends.keys()]) yield* this.forget(backend);
  }
}

/** A session id holds the time at which the backend began: no other has it. */
export const hasSessionId = (backend: string): boolean => /(?:^|\/)[0-9a-f]+\.[0-9a-f]+$/.test(backend);

/** In place of a text that an earlier line of the same command has (`pgaudit.log_statement_once`). */
const REPEATED = "<previously logged>";
