// Rows before and after a write to what holds PHI: read beside it, kept in the sealed lane; their numbers go into the clear.

import { Refusal } from "#shared/errors.ts";
import type { ApprovalUse, ImagesEvent } from "#shared/evidence/event.ts";
import type { ImageRules } from "#shared/target.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { Ask, Companion, SideAnswer, SideFailure, SideOutcome, SideStatement } from "../protocol.ts";
import { type ImagePlan, lockOf, queryAfter, queryBefore } from "./image-plan.ts";
import { boundKeys, type Cells, cellsOf, once, placesOf } from "./image-rows.ts";

/** Where an image belongs. */
export interface ImagePlace {
  readonly evidence: SessionEvidence;
  readonly rules: ImageRules;
  /** Rows are kept, sealed; otherwise their numbers alone. */
  readonly sealed: boolean;
  /** `seq` of the event of this run. */
  readonly run: number;
  /** Where people are asked about more rows than are kept. */
  readonly askBeyond: AskBeyond | null;
}

/** Why there is no image after a command. */
export const NO_KEY = "the rows after cannot be found by a key";
export const TOO_MANY = "the rows after are more than are kept";

/** @returns by which request it may go on; null when by the one that it runs by anyhow */
export type AskBeyond = (relations: readonly string[]) => Promise<ApprovalUse | Refusal | null>;

type Note = Omit<ImagesEvent, "type" | "ref" | "relation">;

/** What becomes of one relation's images. */
export interface ImageNotes {
  note(event: Note): void;
  /** Resolves when it is durable. */
  record(event: Note): Promise<void>;
  /** Rows before could not be read: the target does not run the command either. */
  unread(sqlstate: string): null;
  /** A description, and rows of that shape. */
  seal(kind: "before" | "after", answer: SideAnswer, rows: readonly Uint8Array[]): void;
}

export function notesOf({ evidence, run, sealed }: ImagePlace, relation: string): ImageNotes {
  const whole = (event: Note) => ({ type: "images", ref: run, relation, ...event }) as const;
  const note: ImageNotes["note"] = (event) => evidence.note(whole(event));
  return {
    note,
    record: (event) => evidence.record(whole(event)),
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

/** More rows would be changed than are kept, of these relations. @returns a refusal when the command must not run */
export async function goBeyond(
  { rules, askBeyond }: ImagePlace,
  relations: ReadonlyMap<string, ImageNotes>,
): Promise<Refusal | null> {
  const [first] = relations.values();
  if (first === undefined || rules.beyond === "count") return null;
  const names = [...relations.keys()];
  const by = askBeyond === null ? beyondRefusal(rules, names) : await askBeyond(names);
  const event = { before: null, after: null, beyond: true } as const;
  if (by === null) return null;
  if (by instanceof Refusal) {
    for (const notes of relations.values()) notes.note(event);
    return by;
  }
  return first.record({ ...event, approval: by }).then(
    () => null,
    () => new Refusal("evidence-unavailable"),
  );
}

function beyondRefusal({ rows }: ImageRules, relations: readonly string[]): Refusal {
  return new Refusal("images-beyond", {
    detail: `More than ${rows} rows of ${relations.join(" and of ")} would be concerned.`,
  });
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
      if (answer !== null && !("sqlstate" in answer)) this.#keep(taken, answer);
    }
    const beyond = this.#taken.filter((taken) => taken.beyond);
    return goBeyond(this.#place, new Map(beyond.map(({ plan, notes }) => [plan.relation, notes])));
  }

  #keep(taken: Taken, answer: SideAnswer): void {
    const { rules } = this.#place;
    const { repeats, key } = taken.plan;
    const rows = repeats ? once(answer.rows) : answer.rows;
    taken.beyond = answer.more || rows.length > rules.rows;
    if (taken.beyond) return;
    taken.before = rows.length;
    taken.notes.seal("before", answer, rows);
    const places = placesOf(answer.shape, key);
    if (key.length > 0 && !places.includes(-1))
      taken.keys = rows.map((row) => {
        const cells = cellsOf(row);
        return places.map((place) => cells[place] ?? null);
      });
  }

  async after(ask: Ask, { tag, sqlstate }: SideOutcome): Promise<void> {
    const affected = this.#taken.length === 1 ? countIn(tag) : null;
    for (const taken of this.#taken) {
      const { notes, before, beyond } = taken;
      if (sqlstate !== "") notes.note({ before, after: null, why: `the command failed (${sqlstate})` });
      else {
        const after = beyond ? null : await this.#after(ask, taken);
        const difference = affected === null || before === null ? null : affected - before;
        notes.note({
          before,
          ...(typeof after === "string" ? { after: null, why: after } : { after }),
          difference,
          ...(beyond ? { beyond } : {}),
        });
      }
    }
  }

  /** @returns how many rows there are with the keys of those before, or why that cannot be told */
  async #after(ask: Ask, { plan, notes, keys, before }: Taken): Promise<number | string> {
    if (before === 0 || plan.kind === "truncate") return 0;
    const [text] = queryAfter(plan);
    if (text !== undefined && plan.kind === "define") {
      const answer = await ask({ text, bound: null, most: 0 });
      if ("sqlstate" in answer || answer.more) return TOO_MANY;
      notes.seal("after", answer, answer.rows);
      return answer.rows.length;
    }
    if (text === undefined || keys.length === 0) return NO_KEY;
    const most = this.#place.rules.rows + 1;
    const answer = await ask({ text, bound: boundKeys(keys, plan.key.length), most });
    if ("sqlstate" in answer || answer.more) return TOO_MANY;
    notes.seal("after", answer, answer.rows);
    return answer.rows.length;
  }

  left(why: string): void {
    for (const { notes } of this.#taken) notes.note({ before: null, after: null, why });
  }
}

/** The rows that a command says it concerned. */
function countIn(tag: string): number | null {
  const found = /^(?:UPDATE|DELETE) (\d+)$/.exec(tag)?.[1];
  return found === undefined ? null : Number(found);
}
