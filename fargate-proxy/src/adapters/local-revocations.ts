// Revoked identities in SQLite. The command line writes, the gateway looks once a second.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Revocation, RevocationReader } from "./revocations.ts";

const SCHEMA = `CREATE TABLE IF NOT EXISTS revocations (
  name TEXT PRIMARY KEY, by TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

/** The table itself, for whoever enters and lifts revocations. */
export class RevocationTable implements RevocationReader {
  readonly #db: DatabaseSync;

  /**
   * Makes the file and the table when they are missing.
   * @param patienceMs how long this process may stand still while another has the file locked
   * @throws when the file is no database or cannot be written
   */
  constructor(path: string, patienceMs = 2000) {
    mkdirSync(dirname(path), { recursive: true });
    this.#db = new DatabaseSync(path, { timeout: patienceMs });
    // Readers then wait for no writer.
    this.#db.exec(`PRAGMA journal_mode = WAL; ${SCHEMA}`);
  }

  enter({ name, by, reason, at }: Revocation): void {
    this.#db
      .prepare("INSERT OR REPLACE INTO revocations (name, by, reason, at) VALUES (?, ?, ?, ?)")
      .run(name, by, reason, at);
  }

  /** @returns false when the identity was not revoked */
  lift(name: string): boolean {
    return this.#db.prepare("DELETE FROM revocations WHERE name = ?").run(name).changes > 0;
  }

  all(): Revocation[] {
    return this.#db
      .prepare("SELECT name, by, reason, at FROM revocations ORDER BY at, name")
      .all() as unknown as Revocation[];
  }

  close(): void {
    this.#db.close();
  }
}
