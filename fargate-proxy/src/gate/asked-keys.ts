// Whose records a result shows that does not hold their keys: asked for beside it, by the client's own SELECT with the keys behind its columns. The
// two show the same people when they saw the same snapshot of the data; where that is not certain, it cannot be told who they are.

import { normalize } from "#shared/analysis/sql/normalize.ts";
import { fill, quoted } from "#shared/analysis/sql/words.ts";
import type { Seen, Shown } from "#shared/disclosure/types.ts";
import type { Watch } from "#shared/disclosure/watch.ts";
import type { Refusal } from "#shared/errors.ts";
import type { Analysis, KeyExpression, KeyQueryTemplate } from "#shared/facts.ts";
import type { Shape } from "#shared/masking/types.ts";
import type { Ask, Companion, SideAnswer, SideOutcome, SideStatement } from "../protocol.ts";
import { cellsOf } from "./image-rows.ts";

/** Rows of one result whose keys are asked for; of a longer one it is not told whose they are. */
const MOST_ROWS = 10_000;

const SNAPSHOT = "SELECT pg_catalog.pg_current_snapshot()";

/** Columns in front of the keys: the snapshot, and what LIMIT says. */
const FIRST = 2;

/** What is asked beside a command, and what becomes known by it. */
export interface KeyPlan {
  readonly query: KeyQueryTemplate;
  /** Columns of the command's own result. */
  readonly columns: number;
  /** Those whose keys are asked for. */
  readonly shown: readonly (Shown & Required<Pick<Shown, "asked">>)[];
}

/** @returns null where nothing is asked */
export function planKeys({ statements }: Analysis, shown: readonly Shown[]): KeyPlan | null {
  const [only] = statements;
  const asked = shown.filter((one): one is KeyPlan["shown"][number] => one.asked !== undefined);
  if (statements.length !== 1 || only?.keyQuery === undefined || asked.length === 0) return null;
  return { query: only.keyQuery, columns: only.facts.outputs?.length ?? 0, shown: asked };
}

/** Per person: whether a cell of theirs is there, and their key. A row type with nothing in it is no NULL: IS DISTINCT FROM says so, IS NULL does not. */
function queryOf({ query, columns, shown }: KeyPlan, text: string): string {
  const { head, rest, limit } = query;
  const keys = shown.map(({ asked }, i) => `, ${asked.key.sql} AS ${quoted(`postern key ${i + 1}`)}`);
  const names = [...Array.from({ length: columns }, (_, i) => `c${i}`), ...shown.map((_, i) => `k${i}`)];
  const told = shown.map(({ cells }, i) => {
    const there = cells.map((cell) => `q.c${cell} IS DISTINCT FROM NULL`);
    return `CASE WHEN ${there.join(" OR ")} THEN 1 END, q.k${i}`;
  });
  const most = limit === null ? "NULL" : `CAST(${fill(limit, text)} AS pg_catalog.int8)`;
  return `SELECT (${SNAPSHOT}), ${most}, ${told.join(", ")} FROM (${fill([...head, ...keys, ...rest], text)}) AS q (${names.join(", ")})`;
}

/** May the gateway's role read the keys? An error would end the client's transaction. */
function questionOf({ shown }: KeyPlan): string | null {
  const columns = new Map(
    shown.flatMap(({ asked: { key } }) => (key.of === null ? [] : [[nameOf(key), key] as const])),
  );
  const may = [...columns.values()].map((key) => {
    const column = literal(key.of?.column ?? "");
    return `pg_catalog.has_column_privilege(${literal(nameOf(key))}, ${column}, 'SELECT')`;
  });
  return may.length === 0 ? null : `SELECT ${may.join(" AND ")}`;
}

function nameOf({ of }: KeyExpression): string {
  const dot = of?.relation.indexOf(".") ?? 0;
  return `${quoted(of?.relation.slice(0, dot) ?? "")}.${quoted(of?.relation.slice(dot + 1) ?? "")}`;
}

function literal(text: string): string {
  return `E'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** Runs that differ in literals have the same texts without them; and once the gateway may read the keys, it may. */
interface Known {
  readonly texts: readonly string[];
  may: boolean | null;
}

const known = new WeakMap<KeyPlan, Known>();

function knownOf(plan: KeyPlan, texts: readonly string[]): Known {
  const found = known.get(plan) ?? { texts: texts.map(normalize), may: null };
  known.set(plan, found);
  return found;
}

/** It is `asking` from when it begins until it is known whether what was asked holds of the result. */
type State = "idle" | "asking" | "sure" | "unsure";

/** Where it belongs. */
export interface KeyPlace {
  /** `seq` of the event of this run. */
  readonly run: number;
  watchOver(shown: readonly Shown[], shape: Shape): Watch | null;
  /** The command is about to run. */
  begins(keys: AskedKeys): void;
}

export class AskedKeys implements Companion {
  readonly text: string;
  readonly texts: readonly string[];
  /** The command has to see what is asked, or what is newer. */
  readonly fresh = true;
  /** As the evidence may keep them. */
  readonly clearTexts: readonly string[];
  readonly #plan: KeyPlan;
  readonly #known: Known;
  readonly #query: string;
  readonly #place: KeyPlace;
  #settled: () => void = () => {};
  /** Rows that were found; null when that was not all of them. */
  #rows: number | null = null;
  /** Rows of the command, as the target says. */
  #shown = 0;
  #limit: number | null = null;
  #snapshot: string | null = null;
  #seen: Seen[] = [];
  state: State = "idle";
  /** Resolves once it is no longer asking. */
  readonly settled: Promise<void>;

  /** @param text of the command */
  constructor(place: KeyPlace, plan: KeyPlan, text: string) {
    this.#place = place;
    this.#plan = plan;
    this.text = text;
    this.#query = queryOf(plan, text);
    const question = questionOf(plan);
    this.texts = [...(question === null ? [] : [question]), this.#query, SNAPSHOT];
    this.#known = knownOf(plan, this.texts);
    this.clearTexts = this.#known.texts;
    this.settled = new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  /** The run that it belongs to. */
  get run(): number {
    return this.#place.run;
  }

  /** Whose records the result shows; once, when it is sure, and when as many rows were shown as the target says. */
  take(rows: number): readonly Seen[] {
    if (rows === this.#shown) return this.#seen.splice(0);
    this.state = "unsure";
    return [];
  }

  async before(ask: Ask, bound: SideStatement["bound"]): Promise<Refusal | null> {
    this.state = "asking";
    this.#place.begins(this);
    if (await this.#may(ask)) {
      const answer = await ask({ text: this.#query, bound, most: MOST_ROWS + 1 });
      // It may be that the gateway may not read them any more: that is asked anew.
      if ("sqlstate" in answer) this.#known.may = null;
      else if (!answer.more && answer.rows.length <= MOST_ROWS) this.#keep(answer);
    }
    if (this.#rows === null) this.#settle("unsure");
    return null;
  }

  async #may(ask: Ask): Promise<boolean> {
    const question = questionOf(this.#plan);
    if (question !== null && this.#known.may === null) {
      const answer = await ask({ text: question, bound: null, most: 0 });
      if ("sqlstate" in answer) return false;
      this.#known.may = answer.rows[0] !== undefined && cellsOf(answer.rows[0])[0] === "t";
    }
    return this.#known.may !== false;
  }

  #keep({ rows, shape }: SideAnswer): void {
    const [snapshot = null, limit = null] = rows[0] === undefined ? [] : cellsOf(rows[0]);
    this.#rows = rows.length;
    this.#snapshot = snapshot;
    this.#limit = limit === null ? null : Number(limit);
    const told = this.#plan.shown.map((one, i): Shown => {
      const { domain } = one.asked;
      return { ...one, domain, key: FIRST + 2 * i + 1, cells: [FIRST + 2 * i] };
    });
    const watch = this.#place.watchOver(told, shape);
    for (const row of rows) watch?.row(row, 7);
    this.#seen = watch?.take(true) ?? [];
  }

  async after(ask: Ask, { tag, sqlstate }: SideOutcome): Promise<void> {
    if (sqlstate !== "" || !this.#agrees(tag)) this.#settle("unsure");
    if (this.state !== "asking") return;
    // Between two equal snapshots of one session nothing became visible: the command, in between, saw the same.
    const answer = this.#rows === 0 ? null : await ask({ text: SNAPSHOT, bound: null, most: 0 });
    if (answer === null) this.#settle("sure");
    else if ("sqlstate" in answer || answer.rows[0] === undefined) this.#settle("unsure");
    else this.#settle(cellsOf(answer.rows[0])[0] === this.#snapshot ? "sure" : "unsure");
  }

  /** As many rows as there were, and none that LIMIT left out: which ones it takes is not the same each time. */
  #agrees(tag: string): boolean {
    const count = /^SELECT (\d+)$/.exec(tag)?.[1];
    if (count === undefined || this.#rows === null) return false;
    if (this.#plan.query.limit !== null && this.#rows > 0 && !(this.#rows < (this.#limit ?? 0))) return false;
    this.#shown = Number(count);
    if (!this.#plan.query.distinct) return this.#shown === this.#rows;
    return this.#shown <= this.#rows && this.#shown > 0 === this.#rows > 0;
  }

  left(): void {
    this.#settle("unsure");
  }

  /** No more can wait for it: of what the result shows it is not known whose it is. */
  giveUp(): void {
    this.#settle("unsure");
  }

  #settle(state: State): void {
    if (this.state === "sure" || this.state === "unsure") return;
    this.state = state;
    if (state === "unsure") this.#seen = [];
    this.#settled();
  }
}
