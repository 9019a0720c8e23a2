// Requests that take two officers, in SQLite. The command line asks and agrees; the gateway records what was agreed, and only then may it be done.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { OfficerRequest } from "#shared/evidence/officers.ts";
import { officerEvent } from "#shared/evidence/officers-record.ts";

const SCHEMA = `CREATE TABLE IF NOT EXISTS officer_requests (
  id TEXT PRIMARY KEY, session TEXT NOT NULL, agreed INTEGER NOT NULL, recorded INTEGER NOT NULL DEFAULT 0, request TEXT NOT NULL
) STRICT, WITHOUT ROWID`;

export class OfficerTable {
  readonly #db: DatabaseSync;

  /** @throws when the file is no database or cannot be written */
  constructor(path: string, patienceMs = 2000) {
    mkdirSync(dirname(path), { recursive: true });
    this.#db = new DatabaseSync(path, { timeout: patienceMs });
    this.#db.exec(`PRAGMA journal_mode = WAL; ${SCHEMA}`);
  }

  enter(request: OfficerRequest): void {
    this.#db
      .prepare("INSERT INTO officer_requests (id, session, agreed, request) VALUES (?, ?, 0, ?)")
      .run(request.id, request.session, JSON.stringify(request));
  }

  /** @returns false when somebody else has agreed meanwhile */
  agree(request: OfficerRequest): boolean {
    const sql = "UPDATE officer_requests SET agreed = 1, request = ? WHERE id = ? AND agreed = 0";
    return this.#db.prepare(sql).run(JSON.stringify(request), request.id).changes > 0;
  }

  /** Newest first. */
  all(): { readonly request: OfficerRequest; readonly recorded: boolean }[] {
    return this.#read("ORDER BY id DESC");
  }

  unrecorded(): OfficerRequest[] {
    return this.#read("WHERE agreed = 1 AND recorded = 0 ORDER BY id").map(({ request }) => request);
  }

  /** The event of it is durable. */
  recorded(id: string): void {
    this.#db.prepare("UPDATE officer_requests SET recorded = 1 WHERE id = ?").run(id);
  }

  #read(rest: string): { readonly request: OfficerRequest; readonly recorded: boolean }[] {
    const rows = this.#db.prepare(`SELECT request, recorded FROM officer_requests ${rest}`).all();
    return rows.map(({ request, recorded }) => ({
      request: JSON.parse(String(request)) as OfficerRequest,
      recorded: recorded === 1,
    }));
  }

  close(): void {
    this.#db.close();
  }
}

/** Gives each request that was agreed to, again until its event is durable. @returns what stops it */
export function watchOfficers(
  path: string,
  record: (event: EvidenceEvent) => Promise<void>,
  everyMs = 500,
): () => void {
  const table = new OfficerTable(path, 100);
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    try {
      for (const request of table.unrecorded()) {
        const event = officerEvent(request);
        if (event !== null) await record(event);
        table.recorded(request.id);
      }
    } catch {
      // Busy, or not recorded: the next look tries again, and nothing is opened meanwhile.
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    table.close();
  };
}
