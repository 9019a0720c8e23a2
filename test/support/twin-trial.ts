// Random programs against the twins, in rounds: many that only read at the same time, then some that write, one after the other, and what
// these leave behind is cleared away, so that both databases are in the same state whatever the timing.
import fc from "fast-check";
import type pg from "pg";
import { numbers } from "./random-sql/choices.ts";
import { type Program, readingProgram, writingProgram } from "./random-sql/programs.ts";
import { readVocabulary, type Vocabulary } from "./random-sql/vocabulary.ts";
import { type Answers, errorIn, inWords, isSame, Quartet } from "./twin-answers.ts";
import type { Twins } from "./twin-clinic.ts";
import { hiddenFromEngineers } from "./twin-policy.ts";

const READERS = 3;
const READING_EACH = 40;
const WRITING = 24;
/** Programs of one round. */
export const ROUND = READERS * READING_EACH + WRITING;
/** Runs that making a failing program smaller may take. */
const SHRINKING = 300;
const IDENTITY = "engineer";

type Make = (of: readonly number[], vocabulary: Vocabulary) => Program;
type Made = readonly [Make, readonly number[]];

/** What became of programs; all are counts. */
export interface Tally {
  programs: number;
  ran: number;
  refused: number;
  /** The server said no. */
  failed: number;
  /** Ran, and mention masked columns. */
  masked: number;
  /** Of those: past the gateway the sides' answers differ. */
  toldApart: number;
  /** Mention no masked column. */
  open: number;
  openRefused: number;
}

export interface Difference {
  readonly what: "leak" | "unfaithful";
  readonly program: Program;
  /** Both answers, for people to read. */
  readonly words: string;
}

export class Trial {
  readonly tally: Tally = {
    programs: 0,
    ran: 0,
    refused: 0,
    failed: 0,
    masked: 0,
    toldApart: 0,
    open: 0,
    openRefused: 0,
  };
  readonly #vocabulary: Vocabulary;
  readonly #quartets: readonly Quartet[];
  readonly #admins: readonly pg.Client[];

  private constructor(vocabulary: Vocabulary, quartets: readonly Quartet[], admins: readonly pg.Client[]) {
    this.#vocabulary = vocabulary;
    this.#quartets = quartets;
    this.#admins = admins;
  }

  /** @param revealed classes that are not masked */
  static async open(twins: Twins, revealed?: readonly string[]): Promise<Trial> {
    const admins = await Promise.all(twins.sides.map((side) => side.direct()));
    const vocabulary = await readVocabulary(admins[0] as pg.Client, hiddenFromEngineers(revealed));
    const quartets = await Promise.all(Array.from({ length: READERS }, () => Quartet.open(twins, IDENTITY)));
    return new Trial(vocabulary, quartets, admins);
  }

  /** One round. @returns what should not be, made as small as can be; empty when all is well */
  async round(seed: number): Promise<Difference[]> {
    const lists = fc.sample(numbers, { numRuns: ROUND, seed });
    const made: Made[] = lists.map((list, i) => [i < READERS * READING_EACH ? readingProgram : writingProgram, list]);
    const reading = await Promise.all(
      this.#quartets.map((quartet, i) => this.#run(quartet, made.slice(i * READING_EACH, (i + 1) * READING_EACH))),
    );
    const writing = await this.#run(this.#quartets[0] as Quartet, made.slice(READERS * READING_EACH), true);
    await Promise.all(this.#admins.map((admin) => admin.query("VACUUM")));
    const found = [...reading.flat(), ...writing];
    return Promise.all(found.slice(0, 1).map((one) => this.#smaller(one)));
  }

  /** Any program. @returns what should not be; null when all is well */
  async try(program: Program): Promise<Difference | null> {
    const [answers] = await (this.#quartets[0] as Quartet).ask([program], true);
    return difference(program, answers as Answers);
  }

  /** What a program is told through the gateway when something is wrong. */
  async errorOf(program: Program): Promise<Readonly<Record<string, string>> | null> {
    const [answers] = await (this.#quartets[0] as Quartet).ask([program], true);
    return errorIn((answers as Answers).through[0]);
  }

  async #run(quartet: Quartet, made: readonly Made[], apart = false): Promise<Made[]> {
    const programs = made.map(([make, list]) => make(list, this.#vocabulary));
    const answers = await quartet.ask(programs, apart);
    return made.filter((_, i) => {
      const [program, answer] = [programs[i] as Program, answers[i] as Answers];
      this.#count(program, answer);
      return difference(program, answer) !== null;
    });
  }

  #count({ hidden }: Program, { through, past }: Answers): void {
    const { tally } = this;
    const error = errorIn(through[0]);
    tally.programs++;
    if (!hidden) tally.open++;
    if (error === null) tally.ran++;
    else if (isRefusal(error)) tally.refused++;
    else tally.failed++;
    if (error !== null && isRefusal(error) && !hidden) tally.openRefused++;
    if (error !== null || !hidden) return;
    tally.masked++;
    if (!isSame(past[0], past[1])) tally.toldApart++;
  }

  /** The smallest program like it that shows a difference too. */
  async #smaller([make, list]: Made): Promise<Difference> {
    let smallest: Difference | null = null;
    const holds = async (shorter: readonly number[]) => {
      const found = await this.try(make(shorter, this.#vocabulary));
      if (found !== null) smallest = found;
      return found === null;
    };
    await fc.check(fc.asyncProperty(numbers, holds), {
      examples: [[list]],
      numRuns: 1,
      interruptAfterTimeLimit: 10_000,
      maxSkipsPerRun: SHRINKING,
    });
    const program = make(list, this.#vocabulary);
    return smallest ?? { what: "leak", program, words: "it did not show again" };
  }

  async close(): Promise<void> {
    for (const quartet of this.#quartets) quartet.close();
    for (const admin of this.#admins) await admin.end();
  }
}

const isRefusal = (error: Readonly<Record<string, string>>): boolean => error.R !== undefined;

function difference(program: Program, { through, past }: Answers): Difference | null {
  const [one, other] = through;
  if (timedOut(through) || timedOut(past)) return null;
  const told = (a: Answers["past"][0], b: Answers["past"][0]) => `${inWords(a)}\n=====\n${inWords(b)}`;
  if (!isSame(one, other)) return { what: "leak", program, words: told(one, other) };
  const open = !program.hidden && errorIn(one) === null;
  if (open && !isSame(withoutNotices(one), withoutNotices(past[0])))
    return { what: "unfaithful", program, words: told(one, past[0]) };
  return null;
}

/** Their words are rebuilt. */
const withoutNotices = (answer: Answers["past"][0]): Answers["past"][0] =>
  answer.map((messages) => messages.filter(({ type }) => type !== "N"));

/** How long something takes is not what is compared here. */
const timedOut = (answers: Answers["past"]): boolean => answers.some((answer) => errorIn(answer)?.C === "57014");

export const inSql = ({ steps }: Program): string => steps.map(({ sql }) => sql).join(";\n");
