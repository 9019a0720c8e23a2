// Requests for approval in SQLite. The command line and the gateway write to it; whoever comes second reads again.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalNews, ApprovalStore, Incident } from "#shared/approval/store.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import type { InForce, PolicyFiles, Push } from "#shared/policy/push/types.ts";
import { isAttested } from "#shared/review/machine.ts";
import type { ReviewState } from "#shared/review/types.ts";

/** `length` is that of the history, and so the version; `recorded` is how much of it is in the evidence; `revision` grows with every write. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS approvals (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL, facts TEXT NOT NULL, window INTEGER NOT NULL, status TEXT NOT NULL,
    length INTEGER NOT NULL, recorded INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL, task TEXT, state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS approvals_digest ON approvals (digest);
  CREATE INDEX IF NOT EXISTS approvals_facts ON approvals (facts);
  CREATE INDEX IF NOT EXISTS approvals_status ON approvals (status);
  CREATE INDEX IF NOT EXISTS approvals_revision ON approvals (revision);
  CREATE INDEX IF NOT EXISTS approvals_unrecorded ON approvals (id) WHERE recorded < length;
  CREATE TABLE IF NOT EXISTS break_glass (
    id TEXT PRIMARY KEY, reviewed INTEGER NOT NULL,
    length INTEGER NOT NULL, recorded INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS activity_reviews (
    id TEXT PRIMARY KEY, attested INTEGER NOT NULL,
    length INTEGER NOT NULL, recorded INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS policy_pushes (id TEXT PRIMARY KEY, waiting INTEGER NOT NULL, push TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS policy_in_force (one INTEGER PRIMARY KEY CHECK (one = 1), push TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS approval_words (word TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS approval_incidents (
    key TEXT PRIMARY KEY, at INTEGER NOT NULL, recorded INTEGER NOT NULL DEFAULT 0, incident TEXT NOT NULL
  ) STRICT;`;

const NEXT_REVISION = "(SELECT coalesce(max(revision), 0) + 1 FROM approvals)";
const MINUTE = 60_000;

export class LocalApprovalStore implements ApprovalStore {
  readonly #db: DatabaseSync;

  /**
   * Makes the file and the tables when they are missing.
   * @param path of the database file, or `:memory:`
   * @param patienceMs how long this process may stand still while another writes
   * @throws when the file is no database or cannot be written
   */
  constructor(path: string, patienceMs = 2000) {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    this.#db = new DatabaseSync(path, { timeout: patienceMs });
    this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SCHEMA}`);
  }

  async create(state: ApprovalState): Promise<boolean> {
    const { id, digest, facts } = state.request;
    const sql = `INSERT INTO approvals (id, digest, facts, window, status, length, revision, state)
      VALUES (?, ?, ?, ?, ?, ?, ${NEXT_REVISION}, ?) ON CONFLICT (id) DO NOTHING`;
    return this.#write(sql, [id, digest, facts, opensWindow(state), state.status, state.history.length, text(state)]);
  }

  async get(id: string): Promise<ApprovalState | null> {
    return this.#states("WHERE id = ?", [id])[0] ?? null;
  }

  async replace(state: ApprovalState, known: number): Promise<boolean> {
    const sql = `UPDATE approvals SET window = ?, status = ?, length = ?, revision = ${NEXT_REVISION}, state = ?
      WHERE id = ? AND length = ?`;
    const { request, status, history } = state;
    return this.#write(sql, [opensWindow(state), status, history.length, text(state), request.id, known]);
  }

  async alive(digest: string): Promise<readonly ApprovalState[]> {
    return this.#states("WHERE digest = ? AND status IN ('open', 'approved') ORDER BY id DESC", [digest]);
  }

  async withFacts(facts: string, limit: number): Promise<readonly ApprovalState[]> {
    return this.#states("WHERE facts = ? ORDER BY id DESC LIMIT ?", [facts, limit]);
  }

  async windows(facts: string): Promise<readonly ApprovalState[]> {
    return this.#states("WHERE facts = ? AND window = 1 ORDER BY id DESC", [facts]);
  }

  async pending(): Promise<readonly ApprovalState[]> {
    return this.#states("WHERE status IN ('open', 'approved') ORDER BY id", []);
  }

  async latest(limit: number): Promise<readonly ApprovalState[]> {
    return this.#states("ORDER BY id DESC LIMIT ?", [limit]);
  }

  async createGlass(state: GlassState): Promise<boolean> {
    const sql = "INSERT INTO break_glass (id, reviewed, length, state) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
    return this.#write(sql, [state.glass.id, isReviewed(state), state.history.length, text(state)]);
  }

  async getGlass(id: string): Promise<GlassState | null> {
    return this.#glasses("WHERE id = ?", [id])[0] ?? null;
  }

  async replaceGlass(state: GlassState, known: number): Promise<boolean> {
    const sql = "UPDATE break_glass SET reviewed = ?, length = ?, state = ? WHERE id = ? AND length = ?";
    return this.#write(sql, [isReviewed(state), state.history.length, text(state), state.glass.id, known]);
  }

  async unreviewed(): Promise<readonly GlassState[]> {
    return this.#glasses("WHERE reviewed = 0 ORDER BY id", []);
  }

  async createReview(state: ReviewState): Promise<boolean> {
    const sql =
      "INSERT INTO activity_reviews (id, attested, length, state) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
    return this.#write(sql, [state.review.id, Number(isAttested(state)), state.history.length, text(state)]);
  }

  async getReview(id: string): Promise<ReviewState | null> {
    return this.#reviews("WHERE id = ?", [id])[0] ?? null;
  }

  async replaceReview(state: ReviewState, known: number): Promise<boolean> {
    const sql = "UPDATE activity_reviews SET attested = ?, length = ?, state = ? WHERE id = ? AND length = ?";
    return this.#write(sql, [Number(isAttested(state)), state.history.length, text(state), state.review.id, known]);
  }

  async unattested(): Promise<readonly ReviewState[]> {
    return this.#reviews("WHERE attested = 0 ORDER BY id", []);
  }

  async latestReviews(limit: number): Promise<readonly ReviewState[]> {
    return this.#reviews("ORDER BY id DESC LIMIT ?", [limit]);
  }

  async createPush(push: Push): Promise<boolean> {
    const sql = "INSERT INTO policy_pushes (id, waiting, push) VALUES (?, 1, ?) ON CONFLICT (id) DO NOTHING";
    return this.#write(sql, [push.id, JSON.stringify(push)]);
  }

  async getPush(id: string): Promise<Push | null> {
    return this.#pushes("WHERE id = ?", [id])[0] ?? null;
  }

  async waitingPushes(): Promise<readonly Push[]> {
    return this.#pushes("WHERE waiting = 1 ORDER BY id", []);
  }

  async latestPushes(limit: number): Promise<readonly Push[]> {
    return this.#pushes("ORDER BY id DESC LIMIT ?", [limit]);
  }

  async endPush(id: string): Promise<void> {
    this.#write("UPDATE policy_pushes SET waiting = 0 WHERE id = ?", [id]);
  }

  async policyInForce(): Promise<InForce | null> {
    const row = this.#db.prepare("SELECT state FROM policy_in_force").get();
    return row === undefined ? null : (JSON.parse(String(row.state)) as InForce);
  }

  /** The same, at once, for a process that is there for one question; null while nothing was pushed. */
  filesInForce(): PolicyFiles | null {
    const sql = "SELECT p.push FROM policy_in_force f JOIN policy_pushes p ON p.id = f.push";
    const row = this.#db.prepare(sql).get();
    return row === undefined ? null : (JSON.parse(String(row.push)) as Push).files;
  }

  async putInForce(next: InForce, known: string | null): Promise<boolean> {
    this.#db.exec("BEGIN IMMEDIATE");
    let done = false;
    try {
      const values = [next.push, JSON.stringify(next)];
      done =
        this.#write("UPDATE policy_pushes SET waiting = 0 WHERE id = ? AND waiting = 1", [next.push]) &&
        (known === null
          ? this.#write("INSERT INTO policy_in_force VALUES (1, ?, ?) ON CONFLICT (one) DO NOTHING", values)
          : this.#write("UPDATE policy_in_force SET push = ?, state = ? WHERE push = ?", [...values, known]));
    } finally {
      this.#db.exec(done ? "COMMIT" : "ROLLBACK");
    }
    return done;
  }

  async setTask(id: string, token: string): Promise<void> {
    this.#write("UPDATE approvals SET task = ? WHERE id = ?", [token, id]);
  }

  async task(id: string): Promise<string | null> {
    const row = this.#db.prepare("SELECT task FROM approvals WHERE id = ?").get(id);
    return typeof row?.task === "string" ? row.task : null;
  }

  async remember(word: string, until: number): Promise<boolean> {
    const fresh = this.#write("INSERT INTO approval_words VALUES (?, ?) ON CONFLICT (word) DO NOTHING", [word, until]);
    // A day is longer than any word is asked to be remembered.
    if (fresh) this.#write("DELETE FROM approval_words WHERE until < ?", [until - 24 * 60 * MINUTE]);
    return fresh;
  }

  async report(incident: Incident): Promise<void> {
    const { at, type, why, request = "", by = "", channel } = incident;
    const key = [type, why, channel, request, by, Math.floor(at / MINUTE)].join(" ");
    const sql = "INSERT INTO approval_incidents (key, at, incident) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING";
    this.#write(sql, [key, at, JSON.stringify(incident)]);
  }

  async incidents(limit: number): Promise<readonly Incident[]> {
    const rows = this.#db.prepare("SELECT incident FROM approval_incidents ORDER BY at DESC LIMIT ?").all(limit);
    return rows.map((row) => JSON.parse(String(row.incident)) as Incident);
  }

  /** What was written since, by any process, and the number to ask with next time. */
  changedSince(revision: number): { readonly revision: number; readonly states: readonly ApprovalState[] } {
    const sql = "SELECT revision, state FROM approvals WHERE revision > ? ORDER BY revision";
    const rows = this.#db.prepare(sql).all(revision);
    return {
      revision: Number(rows.at(-1)?.revision ?? revision),
      states: rows.map((row) => JSON.parse(String(row.state)) as ApprovalState),
    };
  }

  get revision(): number {
    return Number(this.#db.prepare("SELECT coalesce(max(revision), 0) AS revision FROM approvals").get()?.revision);
  }

  /** What is not in the evidence yet, each with what says that it is. */
  unrecorded(limit: number): readonly { readonly news: ApprovalNews; recorded(): void }[] {
    const table = <S extends ApprovalState | GlassState | ReviewState>(
      name: string,
      news: (state: S, from: number) => ApprovalNews,
    ) =>
      this.#db
        .prepare(`SELECT id, recorded, length, state FROM ${name} WHERE recorded < length ORDER BY id LIMIT ?`)
        .all(limit)
        .map((row) => ({
          news: news(JSON.parse(String(row.state)) as S, Number(row.recorded)),
          recorded: () =>
            void this.#write(`UPDATE ${name} SET recorded = ? WHERE id = ?`, [Number(row.length), String(row.id)]),
        }));
    const incidents = this.#db
      .prepare("SELECT key, incident FROM approval_incidents WHERE recorded = 0 ORDER BY at LIMIT ?")
      .all(limit)
      .map((row) => ({
        news: { type: "incident", incident: JSON.parse(String(row.incident)) as Incident } as const,
        recorded: () => void this.#write("UPDATE approval_incidents SET recorded = 1 WHERE key = ?", [String(row.key)]),
      }));
    return [
      ...table<ApprovalState>("approvals", (state, from) => ({
        type: "request",
        state,
        changes: state.history.slice(from),
      })),
      ...table<GlassState>("break_glass", (state, from) => ({
        type: "break-glass",
        state,
        changes: state.history.slice(from),
      })),
      ...table<ReviewState>("activity_reviews", (state, from) => ({
        type: "review",
        state,
        changes: state.history.slice(from),
      })),
      ...incidents,
    ];
  }

  close(): void {
    this.#db.close();
  }

  #write(sql: string, values: readonly SQLInputValue[]): boolean {
    return this.#db.prepare(sql).run(...values).changes > 0;
  }

  #states(where: string, values: readonly SQLInputValue[]): ApprovalState[] {
    const rows = this.#db.prepare(`SELECT state FROM approvals ${where}`).all(...values);
    return rows.map((row) => JSON.parse(String(row.state)) as ApprovalState);
  }

  #glasses(where: string, values: readonly SQLInputValue[]): GlassState[] {
    const rows = this.#db.prepare(`SELECT state FROM break_glass ${where}`).all(...values);
    return rows.map((row) => JSON.parse(String(row.state)) as GlassState);
  }

  #pushes(where: string, values: readonly SQLInputValue[]): Push[] {
    const rows = this.#db.prepare(`SELECT push FROM policy_pushes ${where}`).all(...values);
    return rows.map((row) => JSON.parse(String(row.push)) as Push);
  }

  #reviews(where: string, values: readonly SQLInputValue[]): ReviewState[] {
    const rows = this.#db.prepare(`SELECT state FROM activity_reviews ${where}`).all(...values);
    return rows.map((row) => JSON.parse(String(row.state)) as ReviewState);
  }
}

const text = (state: ApprovalState | GlassState | ReviewState): string => JSON.stringify(state);
const opensWindow = ({ history }: ApprovalState): number =>
  Number(history.some((change) => change.type === "approved" && change.windowUntil !== undefined));
const isReviewed = ({ history }: GlassState): number => Number(history.some((change) => change.type === "reviewed"));
