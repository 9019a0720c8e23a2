// PostgreSQL's log, from the server's own files or as Amazon CloudWatch Logs gives it out.
import type { Logged } from "#shared/reconcile/logged.ts";
import { CsvRows, fromCsv, fromJson, StderrLog } from "#shared/reconcile/postgres-log.ts";
import { Problem } from "../problem.ts";
import { filesOf, linesOf, peeked, piecesOf, valuesOf } from "./files.ts";

/** The local home's; PostgreSQL's default has neither user nor application. */
const PREFIX = "%m [%p] %u@%d %a ";
/** What RDS and Aurora write unless a parameter group says otherwise. */
const RDS_PREFIX = "%t:%r:%u@%d:[%p]:";

export const FORMATS = ["json", "csv", "stderr", "cloudwatch"] as const;
type Format = (typeof FORMATS)[number];

export interface LogOptions {
  readonly format?: string;
  readonly prefix?: string;
}

/** What is in the logs, file by file. */
export async function* loggedIn(named: readonly string[], options: LogOptions): AsyncGenerator<Logged> {
  if (options.format !== undefined && !FORMATS.includes(options.format as Format))
    throw new Problem(`${options.format} is not a format`, 2, `There are ${FORMATS.join(", ")}.`);
  // An entry can go on in the next file of a stream.
  const exported = new Exported(options.prefix ?? RDS_PREFIX);
  for await (const file of filesOf(named)) {
    const { start, pieces } = await peeked(piecesOf(file));
    const format = (options.format as Format | undefined) ?? formatOf(start);
    if (format === "csv") yield* fromRows(pieces);
    else if (format === "json") for await (const line of linesOf(pieces)) yield* present(jsonOf(file, line));
    else if (format === "cloudwatch") yield* exported.read(file, start, pieces);
    else {
      const log = new StderrLog(options.prefix ?? PREFIX);
      for await (const line of linesOf(pieces)) yield* present(log.push(line));
      yield* present(log.end());
    }
  }
  yield* exported.end();
}

/** How CloudWatch begins a line when it exports to S3. */
const EXPORTED = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

function formatOf(start: string): Format {
  if (/^\s*\{/.test(start)) return /^\s*\{\s*"timestamp"/.test(start) ? "json" : "cloudwatch";
  if (EXPORTED.test(start)) return "cloudwatch";
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [^\s,]+,/.test(start) ? "csv" : "stderr";
}

/** Of `aws logs filter-log-events` and `get-log-events`; of subscriptions (Firehose); lines of an export to S3. */
class Exported {
  readonly #prefix: string;
  /** One for each stream: an instance of a cluster. */
  readonly #streams = new Map<string, StderrLog>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async *read(file: string, start: string, pieces: AsyncGenerator<string>): AsyncGenerator<Logged> {
    if (!/^\s*\{/.test(start)) {
      for await (const line of linesOf(pieces)) yield* this.#lines("", line.replace(EXPORTED, ""));
      return;
    }
    let stream = "";
    for await (const { key, value } of valuesOf(file, pieces, ["$.logStream", "$.events.*", "$.logEvents.*"])) {
      if (key === "logStream") stream = String(value);
      else {
        const { message, logStreamName } = value as { readonly message?: unknown; readonly logStreamName?: unknown };
        if (typeof message !== "string")
          throw new Problem(`${file} has an event of CloudWatch Logs without a message`, 2);
        yield* this.#lines(String(logStreamName ?? stream), message);
      }
    }
  }

  *#lines(stream: string, message: string): Generator<Logged> {
    let log = this.#streams.get(stream);
    if (log === undefined) {
      log = new StderrLog(this.#prefix);
      this.#streams.set(stream, log);
    }
    for (const line of message.split("\n")) yield* of(stream, log.push(line));
  }

  *end(): Generator<Logged> {
    for (const [stream, log] of this.#streams) yield* of(stream, log.end());
  }
}

/** Two instances can have the same process ids. */
function* of(stream: string, logged: Logged | null): Generator<Logged> {
  if (logged !== null) yield stream === "" ? logged : { ...logged, backend: `${stream}/${logged.backend}` };
}

async function* fromRows(pieces: AsyncIterable<string>): AsyncGenerator<Logged> {
  const rows = new CsvRows();
  for await (const piece of pieces) for (const row of rows.push(piece)) yield* present(fromCsv(row));
  const last = rows.end();
  if (last !== null) yield* present(fromCsv(last));
}

function jsonOf(file: string, line: string): Logged | null {
  try {
    return line === "" ? null : fromJson(line);
  } catch {
    throw new Problem(`${file} has a line that is not JSON`, 2, "See --format.");
  }
}

function* present(logged: Logged | null): Generator<Logged> {
  if (logged !== null) yield logged;
}
