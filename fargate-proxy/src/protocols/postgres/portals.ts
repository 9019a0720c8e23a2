// What names mean on the target: prepared statements and portals, made by messages (Parse, Bind) or by SQL (PREPARE, DECLARE).
// What is known for sure is what the target confirmed. Inside one pipelined group (up to Sync) a name may be used before that: if its
// making fails, the target skips the rest of the group. Across groups nothing is taken for granted: the machine waits.
import type { BoundValues } from "#shared/approval/digest.ts";
import { callsSql, type StatementKind } from "#shared/facts.ts";
import type { Shape } from "#shared/masking/types.ts";
import type { AnalysisContext } from "../../ports/analysis.ts";
import type { Judgement } from "../../protocol.ts";

/** A prepared statement. */
export interface Statement {
  readonly name: string;
  /** `sql`: made by PREPARE; `judgement` is then that of the command string with PREPARE in it. */
  readonly origin: "parse" | "sql";
  readonly text: string;
  readonly judgement: Judgement;
  /** What names meant when it was made. */
  readonly context: AnalysisContext;
  /** pg_type.oid of parameters, as Parse declared them. */
  readonly types: readonly number[];
  /** Its text speaks of prepared statements or cursors by name: what it does is known only when it runs. */
  readonly refers: boolean;
  /** From Describe: pg_type.oid of its parameters. */
  parameters: readonly number[] | null;
  /** From Describe, with formats 0. */
  shape: Shape | null;
  /** A Describe of it is on its way, or has been answered. */
  described: boolean;
}

/** A portal. A cursor made by DECLARE has `statement` null and the judgement of the command string with DECLARE in it. */
export interface Portal {
  readonly name: string;
  readonly statement: Statement | null;
  readonly cursor: Judgement | null;
  /** What names meant when it was bound: the target fixed the plan then. */
  readonly context: AnalysisContext;
  readonly formats: readonly number[];
  readonly values: number;
  /** What was bound, kept where running it needs an approval, or something runs beside it. */
  readonly bound: BoundValues | null;
  /** The Bind message, where something runs beside what it runs. */
  readonly bind: Buffer | null;
  /** How many commands the client had asked for before it was bound. */
  readonly boundAt: number;
  /** The Bind message, where originals are kept. */
  readonly original: Uint8Array | null;
  /** What it was permitted to run as, once it was approved: it may go on where it stopped, and runs no second time. */
  released: Judgement | null;
  /** What runs beside it has run: going on where it stopped changes nothing more. */
  accompanied: boolean;
  /** From Describe of the portal, with its formats. */
  shape: Shape | null;
  described: boolean;
}

/** Cursors and statements that a session may leave behind; beyond it the oldest is forgotten, and has to be refused where it matters. */
const KEPT = 10_000;

/** One kind of name. */
export class Names<T> {
  /** What the target confirmed. */
  readonly #known = new Map<string, T>();
  /** What this group has made (or closed: null) so far, confirmed or not. */
  readonly #group = new Map<string, T | null>();
  /** Names with a making or closing under way, and how many. */
  readonly #moving = new Map<string, number>();

  get(name: string): T | undefined {
    const own = this.#group.get(name);
    return own === undefined ? this.#known.get(name) : (own ?? undefined);
  }

  /** True when what the name means depends on an answer of the target that is not here yet. */
  uncertain(name: string): boolean {
    return this.#moving.size > 0 && !this.#group.has(name) && this.#moving.has(name);
  }

  /** True when any name of an earlier group is under way. */
  get anyUncertain(): boolean {
    for (const name of this.#moving.keys()) if (!this.#group.has(name)) return true;
    return false;
  }

  /** A message that makes (or closes: null) a name was read. */
  begin(name: string, made: T | null): void {
    this.#group.set(name, made);
    this.#moving.set(name, (this.#moving.get(name) ?? 0) + 1);
  }

  /** The target confirmed it. */
  confirm(name: string, made: T | null): void {
    this.#settle(name);
    if (made === null) this.#known.delete(name);
    else this.#keep(name, made);
  }

  /** The target did not do it. */
  fail(name: string): void {
    this.#settle(name);
  }

  /** Made by SQL, and confirmed: it comes after all that the group has made so far. */
  set(name: string, made: T): void {
    this.#group.delete(name);
    this.#keep(name, made);
  }

  #keep(name: string, made: T): void {
    this.#known.delete(name);
    if (this.#known.size >= KEPT) for (const oldest of this.#known.keys()) if (this.#known.delete(oldest)) break;
    this.#known.set(name, made);
  }

  /** Closed by SQL, and confirmed; null for all of them. */
  forget(name: string | null): void {
    for (const names of [this.#group, this.#known])
      if (name === null) names.clear();
      else names.delete(name);
  }

  /** Confirmed ones that the target gave up by itself; what the group at hand makes comes later. */
  expire(where: (made: T, name: string) => boolean): void {
    for (const [name, made] of this.#known) if (where(made, name)) this.#known.delete(name);
  }

  /** Sync or a simple query was read: what comes next belongs to another group. */
  endGroup(): void {
    if (this.#group.size > 0) this.#group.clear();
  }

  #settle(name: string): void {
    const left = (this.#moving.get(name) ?? 1) - 1;
    if (left > 0) this.#moving.set(name, left);
    else this.#moving.delete(name);
  }
}

/** What a portal runs was judged to be this; null when that is not known. */
export function judgementOf(portal: Portal | null): Judgement | null {
  return portal === null ? null : (portal.cursor ?? portal.statement?.judgement ?? null);
}

/** A Describe of the portal or of its statement tells the shape of its rows, as long as names still mean the same. */
export function isDescribed({ statement, context, described }: Portal): boolean {
  if (described) return true;
  return statement !== null && statement.origin === "parse" && statement.described && statement.context === context;
}

const PLANNED: ReadonlySet<StatementKind> = new Set(["select", "insert", "update", "delete", "merge"]);

/**
 * True when the target settles what names mean as it binds a portal. Of what it does not plan (COPY, PREPARE, LOCK, definitions) it looks
 * them up when the portal runs, and of the bodies of functions in SQL when these are first called.
 */
export function isSettledWhenBound({ analysis }: Judgement): boolean {
  return analysis.statements.every(({ facts }) => PLANNED.has(facts.kind) && !callsSql(facts));
}

/** True when what a cursor shows depends on what names mean as it is fetched from, not only as it was declared. */
export function readsNames({ analysis }: Judgement): boolean {
  return analysis.statements.some(({ facts }) => callsSql(facts));
}

/** Speaks of prepared statements or cursors by their SQL names. Keywords cannot be spelt in any other way. */
export const REFERS: RegExp = /\b(execute|fetch|move)\b/i;
