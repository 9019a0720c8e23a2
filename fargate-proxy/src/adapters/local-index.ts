// The index of sessions in SQLite (`index.db`): what `postern sessions` asks. Nothing is in it that the store does not have.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Disclosed } from "#shared/evidence/disclosure.ts";
import type { SessionFilter } from "#shared/evidence/session-filter.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import type { IndexPort } from "../ports/index.ts";

/** Another number drops the tables of earlier ones: they are built again from the store. */
const VERSION = 2;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS evidence_index (version INTEGER NOT NULL, reached INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS sessions (
    session TEXT PRIMARY KEY, target TEXT NOT NULL, principal TEXT, acts_for TEXT,
    opened INTEGER NOT NULL, closed INTEGER, summary TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sessions_opened ON sessions (opened);
  CREATE TABLE IF NOT EXISTS session_words (
    session TEXT NOT NULL, kind TEXT NOT NULL, word TEXT NOT NULL, PRIMARY KEY (session, kind, word)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS disclosed (
    subject TEXT NOT NULL, session TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (subject, session)
  ) WITHOUT ROWID;`;

export class LocalIndex implements IndexPort {
  readonly #db: DatabaseSync;
  readonly #path: string;

  /** @param path of the database file, or `:memory:` */
  constructor(path: string) {
    this.#path = path;
    this.#db = new DatabaseSync(path);
    this.#db.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.#db.exec(SCHEMA);
    const row = this.#db.prepare("SELECT version FROM evidence_index").get();
    if (row?.version !== VERSION) this.clear();
  }

  get reached(): number {
    return Number(this.#db.prepare("SELECT reached FROM evidence_index").get()?.reached ?? 0);
  }

  advance(summaries: readonly SessionSummary[], reached: number, disclosed: readonly Disclosed[]): void {
    this.#atOnce(() => {
      for (const summary of summaries) this.#replace(summary);
      this.#note(disclosed);
      this.#db.prepare("UPDATE evidence_index SET reached = ?").run(reached);
    });
  }

  get(session: string): SessionSummary | null {
    return this.#read("SELECT summary FROM sessions WHERE session = ?", [session])[0] ?? null;
  }

  find(filter: SessionFilter): readonly SessionSummary[] {
    const { where, values } = conditions(filter);
    return this.#read(`SELECT summary FROM sessions s ${where} ORDER BY opened DESC, session DESC LIMIT ?`, [
      ...values,
      filter.limit ?? -1,
    ]);
  }

  startingWith(prefix: string, limit: number): readonly SessionSummary[] {
    const sql = "SELECT summary FROM sessions WHERE substr(session, 1, ?) = ? ORDER BY session LIMIT ?";
    return this.#read(sql, [prefix.length, prefix, limit]);
  }

  disclosed(subjects: readonly string[]): readonly Disclosed[] {
    const rows = this.#db
      .prepare(
        "SELECT subject, session, first, last FROM disclosed WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY first",
      )
      .all(JSON.stringify(subjects));
    return rows.map(({ subject, session, first, last }) => ({
      subject: String(subject),
      session: String(session),
      first: Number(first),
      last: Number(last),
    }));
  }

  /**
   * Holds the rows of ended sessions against those of an index that was made anew from all of the evidence.
   * @param running sessions that the other one need not know as they are by now
   * @param begun milliseconds since the epoch: the other one need not know sessions that were opened later
   */
  differsFrom(
    fresh: LocalIndex,
    running: ReadonlySet<string>,
    begun: number,
  ): { readonly session: string; readonly what: string } | null {
    const db = fresh.#db;
    db.prepare("ATTACH DATABASE ? AS stored").run(this.#path);
    try {
      const first = (sql: string, ...values: number[]) =>
        db
          .prepare(sql)
          .all(...values)
          .map((row) => String(row.session))
          .find((session) => !running.has(session));
      const other = first(DIFFERS);
      if (other !== undefined) return { session: other, what: "the index does not know the session as it was" };
      const extra = first(EXTRA, begun - BETWEEN_MS);
      return extra === undefined ? null : { session: extra, what: "the index knows a session that never was" };
    } finally {
      db.exec("DETACH DATABASE stored");
    }
  }

  clear(): void {
    this.#atOnce(() => {
      this.#db.exec(
        "DELETE FROM sessions; DELETE FROM session_words; DELETE FROM disclosed; DELETE FROM evidence_index",
      );
      this.#db.prepare("INSERT INTO evidence_index VALUES (?, 0)").run(VERSION);
    });
  }

  close(): void {
    this.#db.close();
  }

  #replace(so: SessionSummary): void {
    const { session, target, principal, opened, closed } = so;
    this.#db
      .prepare("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(session, target, principal?.name ?? null, principal?.actsFor ?? null, opened, closed, JSON.stringify(so));
    const word = this.#db.prepare("INSERT OR IGNORE INTO session_words VALUES (?, ?, ?)");
    for (const relation of so.relations) word.run(session, "relation", relation);
    for (const decision of so.decisions) word.run(session, "decision", decision);
  }

  #note(disclosed: readonly Disclosed[]): void {
    const row = this.#db.prepare(
      "INSERT INTO disclosed VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)",
    );
    for (const { subject, session, first, last } of disclosed) row.run(subject, session, first, last);
  }

  #read(sql: string, values: readonly SQLInputValue[]): SessionSummary[] {
    const rows = this.#db.prepare(sql).all(...values);
    return rows.map((row) => JSON.parse(String(row.summary)) as SessionSummary);
  }

  #atOnce(action: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      action();
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Rows that one of the two has and the other has not, of sessions that have ended. */
const DIFFERS = ["sessions", "session_words", "disclosed"]
  .flatMap((table) => [
    `SELECT session FROM (SELECT * FROM main.${table} EXCEPT SELECT * FROM stored.${table})`,
    `SELECT session FROM (SELECT * FROM stored.${table} EXCEPT SELECT * FROM main.${table})`,
  ])
  .map(
    (rows) =>
      `SELECT session FROM (${rows}) WHERE session IN (SELECT session FROM main.sessions WHERE closed IS NOT NULL)`,
  )
  .join(" UNION ALL ");

const EXTRA =
  "SELECT session FROM stored.sessions WHERE opened < ? AND session NOT IN (SELECT session FROM main.sessions)";
/** From a session's opening to its first line in the journal, at most. */
const BETWEEN_MS = 5000;

const HAS_WORD = "EXISTS (SELECT 1 FROM session_words w WHERE w.session = s.session AND w.kind = ";

function conditions(filter: SessionFilter): { readonly where: string; readonly values: SQLInputValue[] } {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (sql: string, ...more: SQLInputValue[]) => {
    parts.push(sql);
    values.push(...more);
  };
  const { principal, target, since, until, relation, decision } = filter;
  if (principal !== undefined) add("(s.principal = ? OR s.acts_for = ?)", principal, principal);
  if (target !== undefined) add("s.target = ?", target);
  if (since !== undefined) add("(s.closed IS NULL OR s.closed >= ?)", since);
  if (until !== undefined) add("s.opened <= ?", until);
  if (decision !== undefined) add(`${HAS_WORD}'decision' AND w.word = ?)`, decision);
  if (relation !== undefined)
    add(`${HAS_WORD}'relation' AND (w.word = ? OR substr(w.word, instr(w.word, '.') + 1) = ?))`, relation, relation);
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}
