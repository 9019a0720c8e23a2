import type { Disclosed } from "#shared/evidence/disclosure.ts";
import type { SessionFilter } from "#shared/evidence/session-filter.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";

/** Finds sessions. Derived from the store: it can be thrown away and built again. AWS: DynamoDB. Local: SQLite. */
export interface IndexPort {
  /** Number of ledger entries that are in the index. */
  readonly reached: number;
  /** Puts in (or replaces) rows, and says how far the ledger has been read. One step: all of it or none. */
  advance(summaries: readonly SessionSummary[], reached: number, disclosed: readonly Disclosed[]): void;
  get(session: string): SessionSummary | null;
  /** Newest first. */
  find(filter: SessionFilter): readonly SessionSummary[];
  /** Sessions whose id starts so, at most `limit`. */
  startingWith(prefix: string, limit: number): readonly SessionSummary[];
  /** Sessions that showed records of any of these subjects, the earliest first. */
  disclosed(subjects: readonly string[]): readonly Disclosed[];
  clear(): void;
  close(): void;
}
