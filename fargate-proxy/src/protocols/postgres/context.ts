// What names resolve against in this session: search_path, temporary relations, and whether the catalog is in motion. Follows the
// target's own reports and confirmed commands, and goes back when a transaction does.
import type { AnalysedStatement, OutputFact, SessionEffect } from "#shared/facts.ts";
import type { AnalysisContext } from "../../ports/analysis.ts";

const NOTHING: readonly OutputFact[] = [];

export class ContextTracker {
  /** Replaced, never changed: analysis is cached by its identity. */
  current: AnalysisContext;
  /** The catalog was changed by this session and analysis has not seen it yet. */
  unsettled = false;
  /** search_path was changed and the target has not reported it yet (it does so before ReadyForQuery). */
  pathUnknown = false;
  /** The target reported another search_path since the last ReadyForQuery. */
  pathMoved = false;
  /** The transaction at hand changed search_path: as it ends, or goes back to a savepoint, search_path may go back. */
  pathMayGoBack = false;
  /** The transaction at hand changed what goes back when it is undone. */
  undoable = false;
  /** A command of the transaction at hand failed: it is undone, unless it goes back to a savepoint. */
  #failed = false;
  #settled: AnalysisContext;
  readonly #role: string;
  readonly #reportsPath: boolean;
  /** Temporary relations when the transaction began. */
  #before: AnalysisContext["temporary"];
  /** Those that go when the transaction is committed. */
  readonly #dropAtCommit = new Set<string>();
  /** Those that the transaction at hand may have taken away: another of the name is another relation. */
  readonly #gone = new Set<string>();

  /** @param reported search_path as the target reported it at login; undefined before PostgreSQL 18 */
  constructor(target: string, role: string, initial: readonly string[], reported: string | undefined) {
    this.#role = role;
    this.#reportsPath = reported !== undefined;
    const searchPath = reported === undefined ? initial : readSearchPath(reported, role);
    this.#settled = this.current = { target, searchPath, temporary: new Map() };
    this.#before = this.current.temporary;
  }

  /** The target reported search_path. */
  reportedPath(value: string): void {
    this.pathUnknown = false;
    const searchPath = readSearchPath(value, this.#role);
    if (searchPath.join("\0") === this.#settled.searchPath.join("\0")) return;
    this.pathMoved = true;
    this.#replace({ ...this.#settled, searchPath });
  }

  /** A statement of this session completed; `text` is its whole command string. */
  completed(statement: AnalysedStatement, tag: string, text: string): void {
    for (const effect of statement.effects) {
      if (effect.type === "search_path") this.#pathChanged();
      else if (effect.type === "catalog") this.#catalogChanged(tag, text);
      else if (effect.type === "temporary") this.#cameToBe(effect.name, effect.columns, text);
      else if (effect.type === "discard") {
        if (tag === "DISCARD ALL") this.#pathChanged();
        if (tag === "DISCARD ALL" || tag === "DISCARD TEMP") this.#setTemporary(new Map());
      } else if (effect.type === "transaction") this.#moved(effect.what);
    }
    if (tag === "COMMIT") this.committed();
    else if (tag === "ROLLBACK" && !statement.effects.some((e) => e.type === "transaction" && e.what === "rollback-to"))
      this.rolledBack();
  }

  /** A command failed inside a transaction block. */
  failed(): void {
    this.#failed = true;
  }

  /** The target is in no transaction any more: it was committed, or COMMIT itself failed. */
  ended(): void {
    if (this.#failed) this.rolledBack();
    else this.committed();
    this.pathMayGoBack = false;
  }

  /** The transaction, implicit or not, ended well. */
  committed(): void {
    for (const name of this.#dropAtCommit) this.#poison(name);
    this.#over();
    this.#before = this.#settled.temporary;
  }

  rolledBack(): void {
    this.#over();
    if (this.#settled.temporary !== this.#before) this.#setTemporary(this.#before);
  }

  #over(): void {
    this.#failed = false;
    this.#dropAtCommit.clear();
    this.#gone.clear();
  }

  /** From here on until `settle`, analysis is told that its snapshot may be wrong. */
  unsettle(): void {
    if (this.current === this.#settled) this.current = { ...this.#settled, unsettled: true };
  }

  /** Analysis has seen the catalog as it is now. */
  settle(): void {
    this.unsettled = false;
    this.current = this.#settled;
  }

  #pathChanged(): void {
    if (this.#reportsPath) this.pathUnknown = true;
    // Nobody tells what it is now: unqualified names mean nothing any more.
    else this.#replace({ ...this.#settled, searchPath: [] });
  }

  #catalogChanged(tag: string, text: string): void {
    this.unsettled = true;
    // What CASCADE takes with it is not named: a type's columns, a schema's tables.
    const reaching = tag === "DROP SCHEMA" || tag === "DROP OWNED" || /\bcascade\b/i.test(text);
    for (const name of this.#settled.temporary.keys()) {
      const named = reaching || mentions(text, name);
      if (named && !tag.startsWith("CREATE")) this.#poison(name);
    }
  }

  #cameToBe(name: string, made: readonly OutputFact[], text: string): void {
    const columns = withBefore(made, this.#settled.temporary.get(name) ?? NOTHING);
    this.#setTemporary(new Map(this.#settled.temporary).set(name, columns));
    if (/commit[^;]*drop/is.test(text)) this.#dropAtCommit.add(name);
  }

  /** A transaction command was done. */
  #moved(what: Extract<SessionEffect, { type: "transaction" }>["what"]): void {
    if (what === "begin" || what === "savepoint" || what === "release") return;
    // Where the target does not report it, nothing is known of it since it was changed.
    if (this.pathMayGoBack && this.#reportsPath) this.pathUnknown = true;
    if (what === "rollback-to") this.#wentBack();
  }

  /** ROLLBACK TO: which of the relations of this transaction are gone, or here again, cannot be told. */
  #wentBack(): void {
    this.#failed = false;
    for (const name of this.#settled.temporary.keys())
      if (!this.#before.has(name) || this.#gone.has(name)) this.#poison(name);
  }

  /** It may be gone, and its name may mean another relation: without columns nothing can be read from it. */
  #poison(name: string): void {
    this.#gone.add(name);
    if (this.#settled.temporary.has(name)) this.#setTemporary(new Map(this.#settled.temporary).set(name, NOTHING));
  }

  #setTemporary(temporary: AnalysisContext["temporary"]): void {
    if (temporary.size === 0 && this.#settled.temporary.size === 0) return;
    this.#replace({ ...this.#settled, temporary });
  }

  #replace(settled: AnalysisContext): void {
    const unsettled = this.current !== this.#settled;
    this.#settled = settled;
    this.current = unsettled ? { ...settled, unsettled: true } : settled;
  }
}

/**
 * Columns of a temporary relation of a name that was known. As a rule the analysis knew it, too; where it did not (it saw the session as
 * it was when a portal was bound), any column may hold what the one before held.
 */
function withBefore(made: readonly OutputFact[], before: readonly OutputFact[]): readonly OutputFact[] {
  const isKnown = ({ name, sources }: OutputFact) =>
    made.some((column) => column.name === name && sources.every((source) => includes(column, source)));
  if (before.every(isKnown)) return made;
  const held = before.flatMap((column) => column.sources);
  return made.map((column) => ({
    ...column,
    sources: [...column.sources, ...held.filter((source) => !includes(column, source))],
    direct: false,
  }));
}

function includes({ sources }: OutputFact, { relation, column }: OutputFact["sources"][number]): boolean {
  return sources.some((source) => source.relation === relation && source.column === column);
}

/** May the text name it? True too where the name could be spelt in another way. */
function mentions(text: string, name: string): boolean {
  return /u&/i.test(text) || name.includes('"') || text.toLowerCase().includes(name.toLowerCase());
}

/** search_path as the server writes it: names, quoted where needed, by commas; `"$user"` is the role's own schema. */
export function readSearchPath(value: string, role: string): string[] {
  const names: string[] = [];
  for (const [, quoted, plain] of value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",\s][^,]*))\s*(?:,|$)/g)) {
    const name = quoted === undefined ? (plain as string).trim().toLowerCase() : quoted.replaceAll('""', '"');
    names.push(name === "$user" ? role : name);
  }
  return names;
}
