// Rows before and after a write to what holds PHI: read beside it, kept in the sealed lane; their numbers go into the clear.

import { Refusal } from "#shared/errors.ts";
import type { ImagesEvent } from "#shared/evidence/event.ts";
import type { ImageRules } from "#shared/target.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { Ask, Companion, SideAnswer, SideFailure, SideOutcome, SideStatement } from "../protocol.ts";
import { type ImagePlan, lockOf, queryAfter, queryBefore } from "./image-plan.ts";
import { arrayOf, type Cells, cellsOf } from "./image-rows.ts";

/** Where an image belongs. */
export interface ImagePlace {
  readonly evidence: SessionEvidence;
  readonly rules: ImageRules;
  /** Rows are kept, sealed; otherwise their numbers alone. */
  readonly sealed: boolean;
  /** `seq` of the event of this run. */
  readonly run: number;
}

/** One relation, from before to after. */
interface Taken {
  readonly plan: ImagePlan;
  /** Values of the key, row by row. */
  keys: readonly Cells[];
  before: number | null;
  beyond: boolean;
}

export class Images implements Companion {
  readonly texts: readonly string[];
  readonly #place: ImagePlace;
  readonly text: string;
  readonly #taken: readonly Taken[];

  /** @param plans those whose rows before can be read @param text of the command */
  constructor(place: ImagePlace, plans: readonly ImagePlan[], text: string) {
    this.#place = place;
    this.text = text;
    this.#taken = plans.map((plan) => ({ plan, keys: [], before: null, beyond: false }));
    this.texts = plans.flatMap((plan) => [...lockOf(plan), queryBefore(plan, text), ...queryAfter(plan)]);
  }

  async before(ask: Ask, bound: SideStatement["bound"]): Promise<Refusal | null> {
    const most = this.#place.rules.rows + 1;
    for (const taken of this.#taken) {
      const { plan } = taken;
      const locks = lockOf(plan).map((text) => ({ text, bound: null, most: 0 }));
      let answer: SideAnswer | SideFailure | null = null;
      for (const statement of [...locks, { text: queryBefore(plan, this.text), bound, most }]) {
        answer = await ask(statement);
        if ("sqlstate" in answer) return this.#unread(plan, answer);
      }
      const refusal = answer === null || "sqlstate" in answer ? null : this.#keep(taken, answer);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  #unread({ relation }: ImagePlan, { sqlstate }: SideFailure): null {
    const why = `the rows before could not be read, so it did not run (${sqlstate})`;
    this.#note({ relation, before: null, after: null, why });
    return null;
  }

  #keep(taken: Taken, answer: SideAnswer): Refusal | null {
    const { rules } = this.#place;
    const { relation, repeats, key } = taken.plan;
    const rows = repeats ? once(answer.rows) : answer.rows;
    taken.beyond = answer.more || rows.length > rules.rows;
    if (taken.beyond) {
      if (rules.beyond === "count") return null;
      this.#note({ relation, before: null, after: null, beyond: true });
      return new Refusal("images-beyond", {
        detail: `More than ${rules.rows} rows of ${relation} would be concerned.`,
      });
    }
    taken.before = rows.length;
    this.#seal("before", answer, rows);
    const places = key.map((name) => answer.shape.findIndex((column, i) => i >= SYSTEM && column.name === name));
    if (key.length > 0 && !places.includes(-1))
      taken.keys = rows.map((row) => {
        const cells = cellsOf(row);
        return places.map((place) => cells[place] ?? null);
      });
    return null;
  }

  async after(ask: Ask, { tag, sqlstate }: SideOutcome): Promise<void> {
    const affected = this.#taken.length === 1 ? countIn(tag) : null;
    for (const taken of this.#taken) {
      const { plan, before, beyond } = taken;
      const { relation } = plan;
      if (sqlstate !== "") this.#note({ relation, before, after: null, why: `the command failed (${sqlstate})` });
      else {
        const after = beyond ? null : await this.#after(ask, taken);
        const difference = affected === null || before === null ? null : affected - before;
        const why = after === null && !beyond ? "the rows after cannot be found by a key" : undefined;
        this.#note({
          relation,
          before,
          after,
          difference,
          ...(beyond ? { beyond } : {}),
          ...(why === undefined ? {} : { why }),
        });
      }
    }
  }

  /** @returns how many rows there are with the keys of those before; null when that cannot be told */
  async #after(ask: Ask, { plan, keys, before }: Taken): Promise<number | null> {
    if (before === 0 || plan.kind === "truncate") return 0;
    const [text] = queryAfter(plan);
    if (text !== undefined && plan.kind === "define") {
      const answer = await ask({ text, bound: null, most: 0 });
      if ("sqlstate" in answer) return null;
      this.#seal("after", answer, answer.rows);
      return answer.rows.length;
    }
    if (text === undefined || keys.length === 0) return null;
    const values = plan.key.map((_, i) => new TextEncoder().encode(arrayOf(keys.map((row) => row[i] ?? null))));
    const most = this.#place.rules.rows + 1;
    const answer = await ask({ text, bound: { types: [], formats: [], values }, most });
    if ("sqlstate" in answer || answer.more) return null;
    const wanted = new Set(keys.map((row) => JSON.stringify(row)));
    const places = plan.key.map((name) => answer.shape.findIndex((column, i) => i >= SYSTEM && column.name === name));
    // Parts of a key that has several are looked for by themselves: others may have come along.
    const rows = answer.rows.filter((row) => {
      const cells = cellsOf(row);
      return wanted.has(JSON.stringify(places.map((place) => cells[place] ?? null)));
    });
    this.#seal("after", answer, rows);
    return rows.length;
  }

  left(why: string): void {
    for (const { plan } of this.#taken) this.#note({ relation: plan.relation, before: null, after: null, why });
  }

  #seal(kind: "before" | "after", { description }: SideAnswer, rows: readonly Uint8Array[]): void {
    const { evidence, run, sealed } = this.#place;
    if (rows.length === 0 || !sealed) return;
    for (const bytes of [description, ...rows]) evidence.seal({ kind, ref: run, bytes });
  }

  #note(event: Omit<ImagesEvent, "type" | "ref">): void {
    this.#place.evidence.note({ type: "images", ref: this.#place.run, ...event });
  }
}

/** Columns that stand in front of the row: tableoid and ctid, which together say which row it is. */
const SYSTEM = 2;

function once(rows: readonly Uint8Array[]): readonly Uint8Array[] {
  const seen = new Map<string, Uint8Array>();
  for (const row of rows) {
    const place = JSON.stringify(cellsOf(row).slice(0, SYSTEM));
    if (!seen.has(place)) seen.set(place, row);
  }
  return [...seen.values()];
}

/** The rows that a command says it concerned. */
function countIn(tag: string): number | null {
  const found = /^(?:UPDATE|DELETE) (\d+)$/.exec(tag)?.[1];
  return found === undefined ? null : Number(found);
}
