// Rows that a MERGE changes, and those that it inserts. Before it runs, its own join tells both; when they are not as many as the command says
// it concerned, no row after is kept.
import type { Refusal } from "#shared/errors.ts";
import type { Ask, Companion, SideAnswer, SideOutcome, SideStatement } from "../protocol.ts";
import { type ImagePlan, queryAfter, queryBefore, queryOfInserts } from "./image-plan.ts";
import { boundKeys, type Cells, cellsOf, once, placesOf, withKeys } from "./image-rows.ts";
import { goBeyond, type ImageNotes, type ImagePlace, NO_KEY, notesOf, TOO_MANY } from "./images.ts";

export class MergedRows implements Companion {
  readonly texts: readonly string[];
  readonly text: string;
  readonly #place: ImagePlace;
  readonly #plan: ImagePlan;
  readonly #notes: ImageNotes;
  /** Empty when no row is changed, or none that is inserted can be told. */
  readonly #changing: string;
  readonly #inserting: string;
  /** How many rows it will change. */
  #before = 0;
  #changed: readonly Cells[] = [];
  /** Keys of rows that it will insert. */
  #inserted: readonly Cells[] = [];
  /** Those among them that rows have already. */
  #there: readonly Cells[] = [];
  #beyond = false;

  /** @param text of the command */
  constructor(place: ImagePlace, plan: ImagePlan, text: string) {
    this.#place = place;
    this.#plan = plan;
    this.text = text;
    this.#notes = notesOf(place, plan.relation);
    this.#changing = queryBefore(plan, text);
    this.#inserting = queryOfInserts(plan, text);
    this.texts = [this.#changing, this.#inserting, ...queryAfter(plan)].filter((one) => one !== "");
  }

  async before(ask: Ask, bound: SideStatement["bound"]): Promise<Refusal | null> {
    const { rules } = this.#place;
    const { key, relation } = this.#plan;
    const most = rules.rows + 1;
    const answers: (SideAnswer | null)[] = [];
    for (const text of [this.#changing, this.#inserting]) {
      const answer = text === "" ? null : await ask({ text, bound, most });
      if (answer !== null && "sqlstate" in answer) return this.#notes.unread(answer.sqlstate);
      answers.push(answer);
    }
    const [changing = null, inserting = null] = answers;
    const rows = once(changing?.rows ?? []);
    const inserted = (inserting?.rows ?? []).map(cellsOf);
    this.#inserted = inserted.map((cells) => cells.slice(0, -1));
    this.#there = this.#inserted.filter((_, i) => inserted[i]?.at(-1) === "t");
    const more = answers.some((answer) => answer?.more === true);
    this.#beyond = more || rows.length + this.#inserted.length > rules.rows;
    if (this.#beyond) return goBeyond(this.#place, new Map([[relation, this.#notes]]));
    this.#before = rows.length;
    if (changing === null) return null;
    this.#notes.seal("before", changing, rows);
    const places = placesOf(changing.shape, key);
    this.#changed = rows.map(cellsOf).map((cells) => places.map((place) => cells[place] ?? null));
    return null;
  }

  async after(ask: Ask, { tag, sqlstate }: SideOutcome): Promise<void> {
    const { note } = this.#notes;
    const before = this.#before;
    if (sqlstate !== "")
      return note({ before: this.#beyond ? null : before, after: null, why: `the command failed (${sqlstate})` });
    if (this.#beyond) return note({ before: null, after: null, beyond: true });
    const told = before + this.#inserted.length;
    const difference = Number(/^MERGE (\d+)$/.exec(tag)?.[1] ?? Number.NaN) - told;
    const { inserts } = this.#plan;
    const untold = inserts?.keys === null ? inserts.why : undefined;
    // Where it is not known what is inserted, those rows are the difference.
    if (difference !== 0 && (untold === undefined || difference < 0)) return this.#unclaimed(difference);
    const answer = await this.#look(ask);
    if (typeof answer === "string" && answer !== "none")
      return note({ before, after: null, difference, why: untold ?? answer });
    const rows = answer === "none" ? [] : this.#found(answer);
    if (rows === null) return this.#unclaimed(difference);
    if (answer !== "none") this.#notes.seal("after", answer, rows);
    note({ before, after: rows.length, difference, ...(untold === undefined ? {} : { why: untold }) });
  }

  #unclaimed(difference: number): void {
    const why = "the rows that it concerned cannot be told from others";
    this.#notes.note({ before: this.#before, after: null, difference, why });
  }

  /** Rows with any of the keys, or why they cannot be told. */
  async #look(ask: Ask): Promise<SideAnswer | "none" | typeof NO_KEY | typeof TOO_MANY> {
    if (this.#before + this.#inserted.length === 0) return "none";
    const [text] = queryAfter(this.#plan);
    if (text === undefined) return NO_KEY;
    const bound = boundKeys([...this.#changed, ...this.#inserted], this.#plan.key.length);
    const answer = await ask({ text, bound, most: this.#place.rules.rows + 1 });
    return "sqlstate" in answer || answer.more ? TOO_MANY : answer;
  }

  /** Those that were changed and are there still, and those that were inserted; null when these are not as many as were expected. */
  #found(answer: SideAnswer): readonly Uint8Array[] | null {
    const places = placesOf(answer.shape, this.#plan.key);
    const rows = once(answer.rows);
    const changed = new Set(this.#changed.map((key) => JSON.stringify(key)));
    const isNew = (key: Cells) => !changed.has(JSON.stringify(key));
    // A row may be deleted, and another inserted with its key. Where one stays, a trigger has put the new one elsewhere.
    if (this.#there.some(isNew)) return null;
    const expected = this.#inserted.filter(isNew).length;
    const others = rows.length - withKeys(rows, places, this.#changed).length;
    return others === expected ? rows : null;
  }

  left(why: string): void {
    this.#notes.note({ before: null, after: null, why });
  }
}
