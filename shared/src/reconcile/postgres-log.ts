// What PostgreSQL's own log says of commands and logins (log_statement, pgaudit, log_connections), in each of its formats: jsonlog, csvlog, and stderr with
// a log_line_prefix (PostgreSQL documentation, 19.8). Texts in it hold literals: nothing here is kept but the text without them.
import { normalize } from "../analysis/sql/normalize.ts";
import { bare, instantOf, type Logged, type LoggedCommand, UNREADABLE } from "./logged.ts";
import { auditedText, auditLine } from "./pgaudit.ts";

interface Entry extends Omit<LoggedCommand, "text" | "at" | "source" | "audit"> {
  readonly severity: string;
  readonly message: string;
  /** It can be read in more than one way. */
  readonly doubtful?: true;
}

const STATEMENT = /(?:duration: [\d.]+ ms {2})?(?:(?:statement|execute [^:]*): |(?=fastpath function call: ))/;
const AUDIT = /AUDIT: (?:SESSION|OBJECT),\d+,\d+,/;
const LOGIN = /connection authorized: user=/;
const starting = (pattern: RegExp) => new RegExp(`^${pattern.source}`);
const [STATEMENT_FIRST, AUDIT_FIRST, LOGIN_FIRST] = [starting(STATEMENT), starting(AUDIT), starting(LOGIN)];

/** Null when the entry is about something else than a command that ran, or a login. */
function read({ severity, message, doubtful, ...rest }: Entry): Logged | null {
  // pgaudit.log_level may be another than LOG.
  if (AUDIT_FIRST.test(message)) return audited({ ...rest, at: instantOf(rest.time) }, message, doubtful === true);
  if (severity !== "LOG") return null;
  const where = { ...rest, at: instantOf(rest.time) };
  const start = STATEMENT_FIRST.exec(message);
  if (start !== null) return { ...where, source: "log", text: bare(normalize(message.slice(start[0].length))) };
  if (!LOGIN_FIRST.test(message)) return null;
  // The prefix has the application_name from the first statement on only.
  const said = / application_name=(.*?)(?: SSL enabled \(| GSS \(|$)/.exec(message)?.[1];
  return { ...where, source: "login", application: said ?? where.application };
}

function audited(where: Omit<LoggedCommand, "text" | "source">, message: string, doubtful: boolean): LoggedCommand {
  const line = auditLine(message);
  // What nobody can read is not passed over.
  if (line === null) return { ...where, source: "pgaudit", text: "" };
  const text = bare(normalize(auditedText(line.command, line.text)));
  const { statement, part } = line;
  return { ...where, source: "pgaudit", text, ...(doubtful ? {} : { audit: { statement, part } }) };
}

/** One line of a jsonlog file. @throws when it is not JSON */
export function fromJson(line: string): Logged | null {
  const { timestamp, user, dbname, application_name, remote_host, session_id, pid, error_severity, message } =
    JSON.parse(line);
  return read({
    time: String(timestamp ?? ""),
    user: String(user ?? ""),
    database: String(dbname ?? ""),
    application: String(application_name ?? ""),
    host: String(remote_host ?? ""),
    backend: String(session_id ?? pid ?? ""),
    severity: String(error_severity ?? ""),
    message: String(message ?? ""),
  });
}

/** Columns of csvlog that are read, counting from 0; 23 and more, 26 since PostgreSQL 14. */
const CSV = { time: 0, user: 1, database: 2, host: 4, backend: 5, severity: 11, message: 13, application: 22 } as const;

/** One row of a csvlog file. One that is too short is not passed over. */
export function fromCsv(row: readonly string[]): Logged | null {
  if (row.length < 23) return row.join("") === "" ? null : UNREADABLE;
  const at = (column: keyof typeof CSV) => row[CSV[column]] as string;
  return read({
    time: at("time"),
    user: at("user"),
    database: at("database"),
    application: at("application"),
    host: at("host").replace(/:\d+$/, ""),
    backend: at("backend"),
    severity: at("severity"),
    message: at("message"),
  });
}

/** Rows of CSV as PostgreSQL writes it: fields may be quoted, hold newlines, and double their quotes. Keeps an unfinished row for the next piece. */
export class CsvRows {
  #row: string[] = [];
  #field = "";
  #quoted = false;
  /** A quote inside a quoted field: its end, or the first of two. */
  #pending = false;

  push(piece: string): string[][] {
    const rows: string[][] = [];
    for (const character of piece) {
      if (this.#pending) {
        this.#pending = false;
        if (character === '"') {
          this.#field += '"';
          continue;
        }
        this.#quoted = false;
      }
      if (this.#quoted) {
        if (character === '"') this.#pending = true;
        else this.#field += character;
      } else if (character === '"') this.#quoted = true;
      else if (character === "," || character === "\n") {
        this.#row.push(this.#field);
        this.#field = "";
        if (character === "\n") rows.push(this.#row.splice(0));
      } else this.#field += character;
    }
    return rows;
  }

  /** What came after the last newline: a row of which some may be missing, and too short for one where it ends in the middle of a text. Null when there is nothing. */
  end(): string[] | null {
    const row = [...this.#row, this.#field];
    if (row.join("") === "") return null;
    return this.#quoted && !this.#pending ? [row.join()] : row;
  }
}

const FIELDS: Readonly<Record<string, string>> = {
  t: "(?<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\S+?)",
  m: "(?<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} \\S+?)",
  n: "(?<time>\\d+\\.\\d+)",
  u: "(?<user>.*?)",
  d: "(?<database>\\S*?)",
  a: "(?<application>.*?)",
  h: "(?<host>\\S*?)",
  r: "(?<host>[^\\s(]*?)(?:\\(\\d+\\))?",
  p: "(?<pid>\\d+)",
  s: "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\S+?",
  // Command tags and kinds of backends are several words.
  i: ".*?",
  b: ".*?",
  c: "(?<session>[0-9a-f]+\\.[0-9a-f]+)",
};

/**
 * Entries of a stderr log. An entry goes on over the lines that begin with a tab. Who chooses an application_name can make it look as if the
 * entry began elsewhere: a line that can be read as a command is taken for one, and one that can be read as two audits is not taken for a part
 * of another. The other formats have no such doubt.
 */
export class StderrLog {
  readonly #readings: readonly RegExp[];
  #held: Entry | null = null;
  #unreadable = false;

  /** @param prefix log_line_prefix; %u and %a (or %h) are needed to tell who it was */
  constructor(prefix: string) {
    const pattern = prefix
      .replace(/%q/g, "")
      .split(/(%-?\d*[a-zA-Z%])/)
      .map((part) => {
        const [, letter] = /^%-?\d*([a-zA-Z%])$/.exec(part) ?? [];
        if (letter === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        return letter === "%" ? "%" : (FIELDS[letter] ?? "\\S*?");
      })
      .join("");
    this.#readings = [
      [STATEMENT, "LOG"],
      [AUDIT, "(?:LOG|INFO|NOTICE|WARNING|DEBUG\\d?)"],
      [LOGIN, "LOG"],
    ].map(
      ([message, severity]) =>
        new RegExp(`^${pattern}${severity}: {1,2}(?<message>${(message as RegExp).source}.*)$`, "s"),
    );
  }

  /** @returns the entry that was complete before this line, if it says something */
  push(line: string): Logged | null {
    if (line.startsWith("\t") && this.#held !== null) {
      this.#held = { ...this.#held, message: `${this.#held.message}\n${line.slice(1)}` };
      return null;
    }
    const done = this.end();
    for (const reading of this.#readings) {
      const found = reading.exec(line)?.groups;
      if (found === undefined) continue;
      const { time = "", application = "", host = "", message = "" } = found;
      const backend = found.session ?? found.pid ?? "";
      const doubtful = line.split(AUDIT).length > 2 ? { doubtful: true as const } : {};
      this.#held = { time, ...whose(found), application, host, backend, severity: "LOG", message, ...doubtful };
      return done;
    }
    this.#unreadable = !line.startsWith("\t") && SPEAKS.test(line);
    return done;
  }

  end(): Logged | null {
    if (this.#unreadable) {
      this.#unreadable = false;
      return UNREADABLE;
    }
    const held = this.#held;
    this.#held = null;
    return held === null ? null : read(held);
  }
}

/** A line about a command, whatever stands before it. */
const SPEAKS =
  /^(?:(?!(?:ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION): {1,2}).)*?(?:LOG|INFO|NOTICE|WARNING|DEBUG\d?): {1,2}(?:(?:duration: [\d.]+ ms {2})?(?:statement|execute [^:]*): |AUDIT: (?:SESSION|OBJECT),)/;

/** A role's name can have an `@`; that a database's has none is more likely. */
function whose({ user = "", database = "" }: Record<string, string>): {
  readonly user: string;
  readonly database: string;
} {
  const at = database.lastIndexOf("@");
  if (at < 0) return { user, database };
  return { user: `${user}@${database.slice(0, at)}`, database: database.slice(at + 1) };
}
