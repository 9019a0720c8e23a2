// The gateways of one machine, in SQLite: `fleet.db` in the folder that they share.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Counted, type FleetMember, type FleetTable, NUMBERS, SPARE_MS } from "./fleet-table.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS members (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS counts (key TEXT, id TEXT, count INTEGER NOT NULL, PRIMARY KEY (key, id)) STRICT, WITHOUT ROWID;`;
/** Sessions wait while a table of this machine is written. */
const PATIENCE_MS = 250;

export class LocalFleetTable implements FleetTable {
  readonly #db: DatabaseSync;

  /** Makes the file and the tables when they are missing. @throws when the file is no database or cannot be written */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#db = new DatabaseSync(path, { timeout: PATIENCE_MS });
    this.#db.exec(`PRAGMA journal_mode = WAL; ${SCHEMA}`);
  }

  async enter(
    { id, host, port, until }: Omit<FleetMember, "number">,
    now: number,
    before: Pick<FleetMember, "number" | "id"> | null,
  ): Promise<number> {
    return this.#atOnce(() => {
      const rows = this.#db.prepare("SELECT number, id, until FROM members").all();
      const taken = new Set(
        rows
          .filter((row) => Number(row.until) + SPARE_MS >= now && row.id !== before?.id)
          .map((row) => Number(row.number)),
      );
      const free = [...(before === null ? [] : [before.number]), ...Array(NUMBERS).keys()].find((n) => !taken.has(n));
      if (free === undefined) throw new Error("all numbers of gateways are taken");
      this.#db.prepare("INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?)").run(free, id, host, port, until);
      return free;
    });
  }

  async renew({ number, id, until }: Pick<FleetMember, "number" | "id" | "until">, now: number): Promise<boolean> {
    const sql = "UPDATE members SET until = ? WHERE number = ? AND id = ? AND until >= ?";
    return this.#db.prepare(sql).run(until, number, id, now).changes > 0;
  }

  async leave({ number, id }: Pick<FleetMember, "number" | "id">): Promise<void> {
    this.#db.prepare("DELETE FROM members WHERE number = ? AND id = ?").run(number, id);
  }

  async find(number: number): Promise<FleetMember | null> {
    const row = this.#db.prepare("SELECT number, id, host, port, until FROM members WHERE number = ?").get(number);
    return (row as unknown as FleetMember | undefined) ?? null;
  }

  async count(
    key: string,
    id: string,
    { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number | null },
  ): Promise<Counted> {
    return this.#atOnce(() => {
      const rows = this.#db.prepare("SELECT id, count FROM counts WHERE key = ?").all(key);
      const own = Number(rows.find((row) => row.id === id)?.count ?? 0);
      if (own === to) return { done: true };
      const total = rows.reduce((sum, row) => sum + Number(row.count), 0);
      if (own !== from || (limit !== null && total - from + to > limit)) return { done: false, own };
      if (to === 0) this.#db.prepare("DELETE FROM counts WHERE key = ? AND id = ?").run(key, id);
      else this.#db.prepare("INSERT OR REPLACE INTO counts VALUES (?, ?, ?)").run(key, id, to);
      return { done: true };
    });
  }

  async sweep(now: number, id: string): Promise<ReadonlyMap<string, number>> {
    const sql = "DELETE FROM counts WHERE id NOT IN (SELECT id FROM members WHERE until + ? >= ?)";
    this.#db.prepare(sql).run(SPARE_MS, now);
    const own = this.#db.prepare("SELECT key, count FROM counts WHERE id = ?").all(id);
    return new Map(own.map((row) => [String(row.key), Number(row.count)]));
  }

  close(): void {
    this.#db.close();
  }

  #atOnce<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}
