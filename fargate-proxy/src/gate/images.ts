// Rows before and after a write to what holds PHI: read beside it, kept in the sealed lane; their numbers go into the clear.

import { Refusal } from "#shared/errors.ts";
import type { ImagesEvent } from "#shared/evidence/event.ts";
import type { ImageRules } from "#shared/target.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { Ask, Companion, SideAnswer, SideFailure, SideOutcome, SideStatement } from "../protocol.ts";
import { type ImagePlan, lockOf, queryAfter, queryBefore } from "./image-plan.ts";
import { boundKeys, type Cells, cellsOf, placesOf, SYSTEM, withKeys } from "./image-rows.ts";

/** Where an image belongs. */
export interface ImagePlace {
  readonly evidence: SessionEvidence;
  readonly rules: ImageRules;
  /** Rows are kept, sealed; otherwise their numbers alone. */
  readonly sealed: boolean;
  /** `seq` of the event of this run. */
  readonly run: number;
}

/** What becomes of one relation's images. */
export interface ImageNotes {
  note(event: Omit<ImagesEvent, "type" | "ref" | "relation">): void;
  /** Rows before could not be read: the target does not run the command either. */
  unread(sqlstate: string): null;
  /** A description, and rows of that shape. */
  seal(kind: "before" | "after", answer: SideAnswer, rows: readonly Uint8Array[]): void;
}

export function notesOf({ evidence, run, sealed }: ImagePlace, relation: string): ImageNotes {
  const note: ImageNotes["note"] = (event) => evidence.note({ type: "images", ref: run, relation, ...event });
  return {
    note,
    unread(sqlstate) {
      const why = `the rows before could not be read, so it did not run (${sqlstate})`;
      note({ before: null, after: null, why });
      return null;
    },
    seal(kind, { description }, rows) {
      if (rows.length === 0 || !sealed) return;
      for (const bytes of [description, ...rows]) evidence.seal({ kind, ref: run, bytes });
    },
  };
}

export function beyondRefusal({ rows }: ImageRules, relation: string): Refusal {
  return new Refusal("images-beyond", { detail: `More than ${rows} rows of ${relation} would be concerned.` });
}

/** One relation, from before to after. */
interface Taken {
  readonly plan: ImagePlan;
  readonly notes: ImageNotes;
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
    this.#taken = plans.map((plan) => ({
      plan,
      notes: notesOf(place, plan.relation),
      keys: [],
      before: null,
      beyond: false,
    }));
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
        if ("sqlstate" in answer) return taken.notes.unread(answer.sqlstate);
      }
      const refusal = answer === null || "sqlstate" in answer ? null : this.#keep(taken, answer);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  #keep(taken: Taken, answer: SideAnswer): Refusal | null {
    const { rules } = this.#place;
    const { relation, repeats, key } = taken.plan;
    const rows = repeats ? once(answer.rows) : answer.rows;
    taken.beyond = answer.more || rows.length > rules.rows;
    if (taken.beyond) {
      if (rules.beyond === "count") return null;
      taken.notes.note({ before: null, after: null, beyond: true });
      return beyondRefusal(rules, relation);
    }
    taken.before = rows.length;
    taken.notes.seal("before", answer, rows);
    const places = placesOf(answer.shape, key);
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
      const { notes, before, beyond } = taken;
      if (sqlstate !== "") notes.note({ before, after: null, why: `the command failed (${sqlstate})` });
      else {
        const after = beyond ? null : await this.#after(ask, taken);
        const difference = affected === null || before === null ? null : affected - before;
        const why = after === null && !beyond ? "the rows after cannot be found by a key" : undefined;
        notes.note({
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
  async #after(ask: Ask, { plan, notes, keys, before }: Taken): Promise<number | null> {
    if (before === 0 || plan.kind === "truncate") return 0;
    const [text] = queryAfter(plan);
    if (text !== undefined && plan.kind === "define") {
      const answer = await ask({ text, bound: null, most: 0 });
      if ("sqlstate" in answer) return null;
      notes.seal("after", answer, answer.rows);
      return answer.rows.length;
    }
    if (text === undefined || keys.length === 0) return null;
    const most = this.#place.rules.rows + 1;
    const answer = await ask({ text, bound: boundKeys(keys, plan.key.length), most });
    if ("sqlstate" in answer || answer.more) return null;
    const rows = withKeys(answer.rows, placesOf(answer.shape, plan.key), keys);
    notes.seal("after", answer, rows);
    return rows.length;
  }

  left(why: string): void {
    for (const { notes } of this.#taken) notes.note({ before: null, after: null, why });
  }
}

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
