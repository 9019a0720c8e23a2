// What PostgreSQL's own log says of commands (log_statement = all), in each of its formats: jsonlog, csvlog, and stderr with a log_line_prefix
// (PostgreSQL documentation, 19.8). Texts in it hold literals: nothing here is kept but the text without them.
import { normalize } from "../analysis/sql/normalize.ts";

export interface LoggedCommand {
  /** As the log writes it. */
  readonly time: string;
  readonly user: string;
  readonly database: string;
  readonly application: string;
  /** Address of the client; empty when the log does not have it. */
  readonly host: string;
  /** Process id of the backend. */
  readonly pid: string;
  /** Without literals. */
  readonly text: string;
}

type Entry = Omit<LoggedCommand, "text"> & { readonly severity: string; readonly message: string };

const COMMAND = /^(?:duration: [\d.]+ ms {2})?(?:(?:statement|execute [^:]*): |(?=fastpath function call: ))/;

/** Null when the entry is about something else than a command that ran. */
function command({ severity, message, ...where }: Entry): LoggedCommand | null {
  const start = COMMAND.exec(message);
  if (severity !== "LOG" || start === null) return null;
  return { ...where, text: normalize(message.slice(start[0].length)) };
}

/** One line of a jsonlog file. @throws when it is not JSON */
export function fromJson(line: string): LoggedCommand | null {
  const { timestamp, user, dbname, application_name, remote_host, pid, error_severity, message } = JSON.parse(line);
  return command({
    time: String(timestamp ?? ""),
    user: String(user ?? ""),
    database: String(dbname ?? ""),
    application: String(application_name ?? ""),
    host: String(remote_host ?? ""),
    pid: String(pid ?? ""),
    severity: String(error_severity ?? ""),
    message: String(message ?? ""),
  });
}

/** Columns of csvlog that are read, counting from 0; 23 and more, 26 since PostgreSQL 14. */
const CSV = { time: 0, user: 1, database: 2, pid: 3, host: 4, severity: 11, message: 13, application: 22 } as const;

/** One row of a csvlog file. Null also for rows that are too short to be one. */
export function fromCsv(row: readonly string[]): LoggedCommand | null {
  if (row.length < 23) return null;
  const at = (column: keyof typeof CSV) => row[CSV[column]] as string;
  return command({
    time: at("time"),
    user: at("user"),
    database: at("database"),
    application: at("application"),
    host: at("host").replace(/:\d+$/, ""),
    pid: at("pid"),
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
}

const FIELDS: Readonly<Record<string, string>> = {
  t: "(?<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\S+)",
  m: "(?<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} \\S+)",
  n: "(?<time>\\d+\\.\\d+)",
  u: "(?<user>[^@\\s]*)",
  d: "(?<database>\\S*?)",
  a: "(?<application>.*?)",
  h: "(?<host>\\S*?)",
  r: "(?<host>[^\\s(]*?)(?:\\(\\d+\\))?",
  p: "(?<pid>\\d+)",
};

/**
 * Entries of a stderr log. An entry goes on over the lines that begin with a tab. Who chooses an application_name can make it look as if the
 * entry began elsewhere: a line that can be read as a command is taken for one. The other formats have no such doubt.
 */
export class StderrLog {
  readonly #command: RegExp;
  #held: Entry | null = null;

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
    this.#command = new RegExp(`^${pattern}LOG: {1,2}(?<message>${COMMAND.source.slice(1)}.*)$`, "s");
  }

  /** @returns the entry that was complete before this line, if it is a command */
  push(line: string): LoggedCommand | null {
    if (line.startsWith("\t") && this.#held !== null) {
      this.#held = { ...this.#held, message: `${this.#held.message}\n${line.slice(1)}` };
      return null;
    }
    const done = this.end();
    const found = this.#command.exec(line)?.groups;
    if (found !== undefined) {
      const { time = "", user = "", database = "", application = "", host = "", pid = "", message = "" } = found;
      this.#held = { time, user, database, application, host, pid, severity: "LOG", message };
    }
    return done;
  }

  end(): LoggedCommand | null {
    const held = this.#held;
    this.#held = null;
    return held === null ? null : command(held);
  }
}
