// What the evidence says that a session ran, and what of a target's account it does not explain.
import type { LoggedCommand, Source } from "./logged.ts";

/** Times are kept as coarsely as clocks may differ: memory grows with sessions, different texts and time, not with commands. */
export const STEP = 10_000;

/** What the target ran of one text: where the first came from, and how often in each step of `STEP` milliseconds. */
export interface Ran {
  /** By its time: a log need not be in order. */
  first: LoggedCommand;
  readonly steps: Map<number, number>;
  count: number;
}

/** What ran under the name of one session, by text. */
export interface Claimed {
  readonly session: string;
  readonly source: Source;
  readonly texts: ReadonlyMap<string, Ran>;
}

/** One run, as the gateway has it. Milliseconds since the epoch. */
export interface Run {
  /** When it was announced: it cannot have begun before. */
  readonly from: number;
  /** When it was over; infinite where nothing says so. */
  readonly until: number;
}

export interface Recorded {
  /** When the session was over; infinite while it runs. */
  readonly closed: number;
  /** Runs of each text as it was sent, in order. */
  readonly whole: ReadonlyMap<string, readonly Run[]>;
  /** The same, of each text as an audit writes it: once for each of its statements, by the whole text or by the part; `EXECUTE` by its name. */
  readonly parts: ReadonlyMap<string, readonly Run[]>;
}

export interface Comparison {
  /** When the account begins: what was over before then explains nothing of it. */
  readonly since: number;
  readonly clockMs: number;
}

/** What ran without having been announced: more often than the evidence says, before it said so, or when it was over. */
export function* unannounced(
  { source, texts }: Claimed,
  { closed, whole, parts }: Recorded,
  { since, clockMs }: Comparison,
): Generator<{ readonly first: Ran["first"]; readonly times: number }> {
  const known = source === "log" ? whole : parts;
  for (const [text, ran] of texts) {
    const runs = (known.get(text) ?? [])
      .filter(({ until }) => !(until + clockMs < since))
      // An audit with numbers of rows is written when a portal is closed, which can be long after its last rows.
      .map(({ from, until }) => ({ from: from - clockMs, until: (source === "log" ? until : closed) + clockMs }));
    const times = unmatched(ran, runs);
    if (times > 0) yield { first: ran.first, times };
  }
}

/** Each run explains one command that ran while it could. Steps in order, the run that ends first: no other choice explains more. */
function unmatched({ steps, count }: Ran, runs: readonly Run[]): number {
  if (steps.has(Number.NaN)) return Math.max(0, count - runs.length);
  const coming = [...runs].sort((a, b) => a.from - b.from);
  /** Ends of the runs that have begun, sorted; those before `used` explain something, or are over. */
  const open: number[] = [];
  let [left, next, used] = [0, 0, 0];
  for (const [step, times] of [...steps].sort(([a], [b]) => a - b)) {
    const begun = step * STEP;
    for (let run = coming[next]; run !== undefined && run.from < begun + STEP; run = coming[++next])
      insert(open, run.until, used);
    while (used < open.length && (open[used] as number) < begun) used += 1;
    const taken = Math.min(times, open.length - used);
    used += taken;
    left += times - taken;
  }
  return left;
}

/** Into a list that is sorted from `start` on; nearly always at its end, since a connection runs one command after the other. */
function insert(sorted: number[], value: number, start: number): void {
  let at = sorted.length;
  while (at > start && (sorted[at - 1] as number) > value) at -= 1;
  sorted.splice(at, 0, value);
}
