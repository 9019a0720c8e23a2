// Rows that an INSERT makes, and those that it meets and changes: what they were, and what they are. They are found by values that the statement's
// own words give, or by the sequence that numbers them; when not exactly as many are found as the command says, none is kept.
import type { Refusal } from "#shared/errors.ts";
import type { MadeRows } from "#shared/facts.ts";
import type { Ask, Companion, SideAnswer, SideOutcome, SideStatement } from "../protocol.ts";
import { type ImagePlan, queryBefore, queryBy, querySince } from "./image-plan.ts";
import { boundKeys, type Cells, cellsOf, placesOf, withKeys } from "./image-rows.ts";
import { goBeyond, type ImageNotes, type ImagePlace, notesOf, TOO_MANY } from "./images.ts";

export class NewRows implements Companion {
  readonly texts: readonly string[];
  readonly text: string;
  readonly #place: ImagePlace;
  readonly #plan: ImagePlan;
  readonly #made: MadeRows;
  readonly #notes: ImageNotes;
  /** Values of the columns that rows are found by; of a generated key, the last one before. Null when they are not looked for. */
  #keys: readonly Cells[] | null = null;
  /** By what rows that were there before are known; null when not all of them are. */
  #met: readonly Cells[] | null = [];
  #beyond = false;

  /** @param text of the command */
  constructor(place: ImagePlace, plan: ImagePlan, made: MadeRows, text: string) {
    this.#place = place;
    this.#plan = plan;
    this.#made = made;
    this.text = text;
    this.#notes = notesOf(place, plan.relation);
    const found = made.generated
      ? [querySince(plan, made)]
      : [...(made.meets ? [this.#meeting] : []), queryBy(plan, made)];
    this.texts = [...new Set([queryBefore(plan, text), ...found])];
  }

  /** As strong as the command itself will lock them, and no stronger. */
  get #meeting(): string {
    return queryBy(this.#plan, this.#made, this.#made.conflict === "update" ? " FOR NO KEY UPDATE" : "");
  }

  async before(ask: Ask, bound: SideStatement["bound"]): Promise<Refusal | null> {
    const { rules } = this.#place;
    const most = rules.rows + 1;
    const text = queryBefore(this.#plan, this.text);
    const answer = await ask({ text, bound: this.#made.generated ? null : bound, most });
    if ("sqlstate" in answer) return this.#notes.unread(answer.sqlstate);
    const keys = answer.rows.map(cellsOf);
    if (this.#made.generated) {
      const last = keys[0]?.[1];
      this.#keys = last === undefined || last === null ? null : [[last]];
      return null;
    }
    this.#beyond = answer.more || keys.length > rules.rows;
    if (this.#beyond) return goBeyond(this.#place, new Map([[this.#plan.relation, this.#notes]]));
    this.#keys = keys;
    return this.#made.meets && keys.length > 0 ? this.#meet(ask, keys) : null;
  }

  async #meet(ask: Ask, keys: readonly Cells[]): Promise<Refusal | null> {
    const { by, conflict } = this.#made;
    const most = this.#place.rules.rows + 1;
    const answer = await ask({ text: this.#meeting, bound: boundKeys(keys, by.length), most });
    if ("sqlstate" in answer) return this.#notes.unread(answer.sqlstate);
    if (answer.more) return this.#meetsTooMany();
    const { rows } = answer;
    const places = this.#places(answer);
    this.#met = rows.map(cellsOf).map((cells) => places.map((place) => cells[place] ?? null));
    if (conflict === "update") this.#notes.seal("before", answer, rows);
    return null;
  }

  /** Not all rows that it may meet are known. */
  async #meetsTooMany(): Promise<Refusal | null> {
    this.#met = null;
    if (this.#made.conflict !== "update") return null;
    this.#beyond = true;
    return goBeyond(this.#place, new Map([[this.#plan.relation, this.#notes]]));
  }

  async after(ask: Ask, { tag, sqlstate }: SideOutcome): Promise<void> {
    const updates = this.#made.conflict === "update";
    const before = this.#keys === null || this.#beyond ? null : updates ? (this.#met?.length ?? null) : 0;
    if (sqlstate !== "") return this.#notes.note({ before, after: null, why: `the command failed (${sqlstate})` });
    if (this.#beyond) return this.#notes.note({ before: null, after: null, beyond: true });
    const made = Number(/^INSERT 0 (\d+)$/.exec(tag)?.[1] ?? Number.NaN);
    const answer = made === 0 ? null : await this.#look(ask);
    if (made === 0) return this.#notes.note({ before, after: 0, difference: 0 });
    if (answer === null) return this.#notes.note({ before, after: null, why: "no sequence of its own gives the key" });
    if (answer.more && this.#made.generated) return this.#notes.note({ before, after: null, beyond: true });
    if (answer.more || this.#met === null) return this.#notes.note({ before, after: null, why: TOO_MANY });
    const rows = this.#rows(answer);
    if (rows.length !== made) {
      const why = "the rows that it made cannot be told from others";
      return this.#notes.note({ before, after: null, difference: made - rows.length, why });
    }
    this.#notes.seal("after", answer, rows);
    this.#notes.note({ before, after: rows.length, difference: 0 });
  }

  async #look(ask: Ask): Promise<SideAnswer | null> {
    const keys = this.#keys;
    if (keys === null) return null;
    const { generated, by } = this.#made;
    const most = this.#place.rules.rows + 1;
    const values = [new TextEncoder().encode(keys[0]?.[0] ?? "")];
    const answer = generated
      ? await ask({ text: querySince(this.#plan, this.#made), bound: { types: [], formats: [], values }, most })
      : await ask({ text: queryBy(this.#plan, this.#made), bound: boundKeys(keys, by.length), most });
    return "sqlstate" in answer ? null : answer;
  }

  #rows(answer: SideAnswer): readonly Uint8Array[] {
    if (this.#made.generated) return answer.rows;
    // Those that were there have been left as they are: a new one that is not found beside them was moved to another key.
    const met = new Set(withKeys(answer.rows, this.#places(answer), this.#met ?? []));
    return answer.rows.filter((row) => !met.has(row));
  }

  /** Columns that say that a row is one that was there: its key, or where it lay, locked, if it would lie elsewhere once it is changed. */
  #places({ shape }: SideAnswer): readonly number[] {
    return this.#made.conflict === "update" ? [0, 1] : placesOf(shape, this.#made.by);
  }

  left(why: string): void {
    this.#notes.note({ before: null, after: null, why });
  }
}
