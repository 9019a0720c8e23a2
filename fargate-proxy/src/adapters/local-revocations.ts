// Revoked identities in SQLite. The command line writes, the gateway looks once a second.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Principal } from "#shared/identity.ts";
import type { Revocations } from "./identity.ts";

export interface Revocation {
  /** The identity's name. */
  readonly name: string;
  /** Who entered it. */
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS revocations (
  name TEXT PRIMARY KEY, by TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

/** The table itself, for whoever enters and lifts revocations. */
export class RevocationTable {
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

export interface RunningRevocations extends Revocations {
  /** Calls back with what was entered since this process began to look. */
  onEntered(listener: (revocation: Revocation) => void): void;
  close(): void;
}

/** Beyond this, what was read last says nothing any more. */
const STALE_MS = 10_000;
/** Sessions wait while the table is looked at. */
const PATIENCE_MS = 100;

/** @param now milliseconds since the epoch. @throws when the table cannot be read at the start */
export function watchRevocations(path: string, now: () => number, everyMs = 1000): RunningRevocations {
  const table = new RevocationTable(path, PATIENCE_MS);
  const listeners = new Set<() => void>();
  const entered = new Set<(revocation: Revocation) => void>();
  let known = byName(table.all());
  let readAt = now();

  const look = () => {
    try {
      const current = byName(table.all());
      readAt = now();
      const added = [...current.values()].filter((r) => known.get(r.name)?.at !== r.at);
      known = current;
      for (const revocation of added) for (const listener of entered) listener(revocation);
      if (added.length > 0) for (const listener of listeners) listener();
    } catch {
      // Not read: `available` turns false when it lasts.
    }
  };
  const timer = setInterval(look, everyMs);
  timer.unref();

  return {
    // Whoever acts for somebody goes when they go.
    isRevoked: (principal: Principal) =>
      known.has(principal.name) || (principal.actsFor !== undefined && known.has(principal.actsFor)),
    get available() {
      return now() - readAt < STALE_MS;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onEntered: (listener) => void entered.add(listener),
    close() {
      clearInterval(timer);
      table.close();
    },
  };
}

function byName(revocations: readonly Revocation[]): Map<string, Revocation> {
  return new Map(revocations.map((revocation) => [revocation.name, revocation]));
}
