// A parsed command string to facts. Pure: the parser and the hash are passed in.
import type { CatalogSnapshot } from "../../catalog.ts";
import {
  type AnalysedStatement,
  type Analysis,
  callsSql,
  type Facts,
  type Gap,
  movesNames,
  type OutputFact,
  type SessionEffect,
} from "../../facts.ts";
import { bodyFields, generatedValue, viewFields, writtenThrough } from "./bodies.ts";
import { checkSeen } from "./check.ts";
import { Collector } from "./collect.ts";
import { createAs } from "./define.ts";
import { evaluate } from "./expressions.ts";
import { imagesOf, mayRunInBlock } from "./image.ts";
import { keyQueryOf } from "./key-query.ts";
import { FIRST_USER_OID, Lookup } from "./lookup.ts";
import { normalize } from "./normalize.ts";
import { creationSchemaOf, searchPathOf } from "./path.ts";
import { type Analyser, type Base, type Run, spend, TooComplex } from "./scope.ts";
import { selectRows } from "./select.ts";
import { newSearchPath } from "./settings.ts";
import { bodyOf, type Node, type Parse, type Tree, tagOf } from "./tree.ts";
import { type Names, utility } from "./utility.ts";
import type { Field } from "./value.ts";
import { codeOnWrite, deleteRows, insertRows, mergeRows, updateRows } from "./writes.ts";

/** Units of work for one command string; a large statement takes some thousands. */
const BUDGET = 500_000;
/** Servers whose grammar and catalogs the analysis is known to match. */
const OLDEST = 140000;
const NEWEST = 190000;

/** Everything besides the statement that decides what it means. */
export interface Environment {
  readonly base: Base;
  readonly searchPath: readonly string[];
  readonly temporary: ReadonlyMap<string, readonly OutputFact[]>;
  /** The catalog has changed in ways that the snapshot does not show yet. */
  readonly unsettled?: boolean;
  /** Outputs say how they are made. */
  readonly telling?: boolean;
  /** Hex SHA-256 of the normalized text, first 16 bytes. */
  readonly fingerprint: (normalized: string) => string;
}

/** Prepares a snapshot for any number of analyses. */
export function prepareBase(
  snapshot: CatalogSnapshot,
  parse: Parse,
  declared: ReadonlyMap<string, "nothing" | "arguments"> = new Map(),
  keyColumns: ReadonlySet<string> = new Set(),
): Base {
  return { lookup: new Lookup(snapshot), parse, declared, keyColumns, views: new Map() };
}

/**
 * Facts of each statement of a command string. Never throws for what a statement says: what cannot be followed is a gap.
 * @param tree the parse tree of `text`
 */
export function analyse(tree: Tree, text: string, env: Environment): Analysis {
  const session = new Simulated(env);
  const statements: AnalysedStatement[] = [];
  const budget = { left: BUDGET };
  let literalFree = true;
  for (const raw of tree.stmts ?? []) {
    const out = new Collector();
    if (raw.stmt !== undefined) one(session.run(out, budget, text), raw.stmt, session);
    literalFree &&= out.literalFree;
    const done = out.finish();
    const alone = tree.stmts?.length === 1 ? raw.stmt : undefined;
    const images = alone === undefined ? [] : imagesOf(session.run(new Collector(), budget, text), alone, text);
    const keyQuery =
      alone === undefined ? null : keyQueryOf(session.run(new Collector(), budget, text), alone, text, out);
    statements.push({
      ...done,
      ...(keyQuery === null ? {} : { keyQuery }),
      ...(images.length === 0 ? {} : { images }),
      ...(alone !== undefined && mayRunInBlock(alone) ? { transactional: true as const } : {}),
    });
    session.apply(done.effects, raw.stmt);
  }
  const normalized = normalize(text);
  return { statements, normalized, fingerprint: env.fingerprint(normalized), literalFree };
}

function one(run: Run, node: Node, session: Simulated): void {
  try {
    const rows = statement(run, node, null, session.names);
    if (rows !== undefined && run.out.outputs === null && rows !== null) run.out.show(rows);
    checkSeen(run.out, node);
    // Bodies in quotes are read when they are called first, which may be after the change.
    if (run.out.readsPath && run.out.effects.some(({ type }) => type === "search_path"))
      run.out.gap("setting", "search_path");
    spend(run, run.out.weight >> 3);
  } catch (error) {
    if (!(error instanceof TooComplex) && !(error instanceof RangeError)) throw error;
    run.out.gap("too-complex", "statement");
  }
  const { serverVersion } = run.base.lookup.snapshot;
  if (serverVersion < OLDEST || serverVersion >= NEWEST) run.out.gap("server-version", String(serverVersion));
  if (session.unsettled && session.touchesCatalog(run.out))
    run.out.gap("catalog-changed", "earlier in this transaction or command");
  const looksUp = run.out.looksUp || run.out.relations.size + run.out.functions.size > 0;
  if (session.pathUnknown && looksUp) run.out.gap("setting", "search_path");
}

/** Rows that the statement returns; null for none. */
function statement(
  run: Run,
  node: Node,
  scope: Parameters<Analyser["rows"]>[2] | null,
  names: Names,
): readonly Field[] | null {
  const { out } = run;
  switch (tagOf(node)) {
    case "SelectStmt": {
      const body = bodyOf(node, "SelectStmt")!;
      out.kind = "select";
      const into = leftmost(body).intoClause;
      if (into === undefined || scope !== null) return selectRows(run, body, scope);
      out.seen.add(into);
      createAs(run, node, into, false);
      return null;
    }
    case "InsertStmt":
      out.kind = "insert";
      return insertRows(run, bodyOf(node, "InsertStmt")!, scope);
    case "UpdateStmt": {
      const body = bodyOf(node, "UpdateStmt")!;
      out.kind = "update";
      out.hasWhere = body.whereClause !== undefined;
      return updateRows(run, body, scope);
    }
    case "DeleteStmt": {
      const body = bodyOf(node, "DeleteStmt")!;
      out.kind = "delete";
      out.hasWhere = body.whereClause !== undefined;
      return deleteRows(run, body, scope);
    }
    case "MergeStmt":
      out.kind = "merge";
      return mergeRows(run, bodyOf(node, "MergeStmt")!, scope);
    default:
      utility(run, node, names);
      return null;
  }
}

type Select = NonNullable<ReturnType<typeof bodyOf<"SelectStmt">>>;

function leftmost(body: Select): Select {
  let at = body;
  while (at.larg !== undefined) at = at.larg;
  return at;
}

const NO_NAMES: Names = { prepared: new Map(), cursors: new Map() };

const ANALYSER: Analyser = {
  expression: evaluate,
  rows: (run, node, scope) => queryRows(run, node, scope) ?? [],
  arms: (run, node, scope, onLeft) => {
    const select = bodyOf(node, "SelectStmt");
    return select === null ? (queryRows(run, node, scope) ?? []) : selectRows(run, select, scope, onLeft);
  },
  statement: (run, node, scope) => statement(run, node, scope, NO_NAMES),
  view: viewFields,
  written: writtenThrough,
  generated: generatedValue,
  body: bodyFields,
  writing: codeOnWrite,
};

/** A query inside another statement: it does not decide the statement's kind. */
function queryRows(run: Run, node: Node, scope: Parameters<Analyser["rows"]>[2]): readonly Field[] | null {
  switch (tagOf(node)) {
    case "SelectStmt":
      return selectRows(run, bodyOf(node, "SelectStmt")!, scope);
    case "InsertStmt":
      return insertRows(run, bodyOf(node, "InsertStmt")!, scope);
    case "UpdateStmt":
      return updateRows(run, bodyOf(node, "UpdateStmt")!, scope);
    case "DeleteStmt":
      return deleteRows(run, bodyOf(node, "DeleteStmt")!, scope);
    case "MergeStmt":
      return mergeRows(run, bodyOf(node, "MergeStmt")!, scope);
    default:
      run.out.gap("unknown-statement", tagOf(node) ?? "");
      return null;
  }
}

/** Offsets are in bytes, so they can be looked up in plain ASCII only; elsewhere every place is taken for a literal. */
function quotedIn(text: string): Run["quoted"] {
  let ascii: boolean | undefined;
  return (location) => {
    ascii ??= /^[\x00-\x7f]*$/.test(text);
    return (
      !ascii ||
      !/[a-z]/i.test(text.charAt(location ?? 0)) ||
      /^[eu]&?'/i.test(text.slice(location, (location ?? 0) + 3))
    );
  };
}

/** What the statements of one command string do to those after them. */
class Simulated {
  readonly names: Names = { prepared: new Map(), cursors: new Map() };
  readonly #env: Environment;
  #searchPath: readonly string[];
  #temporary: Map<string, readonly OutputFact[]>;
  #pathChanged = false;
  unsettled: boolean;
  pathUnknown = false;

  constructor(env: Environment) {
    this.#env = env;
    this.#searchPath = env.searchPath;
    this.#temporary = new Map(env.temporary);
    this.unsettled = env.unsettled === true;
  }

  run(out: Collector, budget: { left: number }, text: string): Run {
    const { base } = this.#env;
    const path = searchPathOf(base.lookup, this.#searchPath);
    return {
      base,
      out,
      path,
      creation: creationSchemaOf(base.lookup, this.#searchPath),
      temporary: this.#temporary,
      session: { path, temporary: this.#temporary },
      within: [],
      telling: this.#env.telling === true,
      budget,
      quoted: quotedIn(text),
      on: ANALYSER,
    };
  }

  apply(effects: readonly SessionEffect[], node: Node | undefined): void {
    if (effects.some(movesNames)) this.#outdate();
    for (const effect of effects)
      switch (effect.type) {
        case "search_path":
          this.#setPath(node);
          break;
        case "temporary":
          this.#temporary = new Map(this.#temporary).set(effect.name, effect.columns);
          break;
        case "catalog":
          this.unsettled = true;
          break;
        case "transaction":
          // SET LOCAL ends, SET is undone: which path holds from here on is not followed.
          if (this.#pathChanged && effect.what !== "begin" && effect.what !== "savepoint") this.pathUnknown = true;
          break;
      }
  }

  /** What was prepared is read anew when it runs, and bodies of functions that a cursor calls when it is fetched from. */
  #outdate(): void {
    const gap: Gap = { reason: "setting", what: "search_path" };
    for (const [kind, known] of Object.entries(this.names))
      for (const [name, facts] of known as Map<string, Facts>)
        if (kind === "prepared" || callsSql(facts))
          known.set(name, { ...facts, complete: false, gaps: [...facts.gaps, gap] });
  }

  #setPath(node: Node | undefined): void {
    const body = bodyOf(node, "VariableSetStmt");
    const path = body === null ? undefined : newSearchPath(body);
    this.#pathChanged = true;
    if (path === undefined || path === null) this.pathUnknown = true;
    else {
      this.pathUnknown = false;
      this.#searchPath = path;
    }
  }

  /** Does what was found depend on what may have changed? Definitions may name what they have just made. */
  touchesCatalog(out: Collector): boolean {
    if (out.kind === "define" || out.kind === "grant") return out.flowing;
    if ([...out.relations.values()].some((notes) => !notes.system)) return true;
    return [...out.functions.keys()].some((name) => {
      const dot = name.indexOf(".");
      return this.#env.base.lookup.functions(name.slice(dot + 1)).some((f) => f.oid >= FIRST_USER_OID);
    });
  }
}
