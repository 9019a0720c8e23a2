import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Refusal } from "#shared/errors.ts";
import type { Analysis, OutputFact, SyntaxProblem } from "#shared/facts.ts";

/** What a statement is resolved against besides the catalog. */
export interface AnalysisContext {
  readonly target: string;
  /** Effective search_path, as reported by the server (PostgreSQL 18) or tracked. */
  readonly searchPath: readonly string[];
  /** Temporary relations of this session, newest definition; they shadow all others unless qualified. */
  readonly temporary: ReadonlyMap<string, readonly OutputFact[]>;
  /** True from a change of the catalog by this session until it is committed and `refresh` has resolved: no snapshot shows it yet. */
  readonly unsettled?: boolean;
}

/**
 * SQL text to facts: cached, parsed in a process that a watchdog can kill. Refuses (`statement-too-complex`) what cannot be
 * parsed in time or memory. Synchronous when cached: the hot path pays no promise.
 */
export interface AnalysisPort {
  analyse(
    text: string,
    context: AnalysisContext,
  ): Analysis | SyntaxProblem | Refusal | Promise<Analysis | SyntaxProblem | Refusal>;
  /** The snapshot in use for a target; null until the first one was taken. */
  snapshot(target: string): CatalogSnapshot | null;
  /** The catalog of the target changed (a DDL statement completed, an unknown OID was seen): refresh, resolve when the new one is in use. */
  refresh(target: string): Promise<void>;
}
