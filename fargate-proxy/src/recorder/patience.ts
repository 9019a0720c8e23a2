// Trying again for as long as it takes, and letting only so many things happen at once.
import { TakenByOthers } from "#shared/evidence/ledger-write.ts";

export interface Patience {
  /** Milliseconds between attempts. */
  readonly retryMs: number;
  readonly stopped: boolean;
  /** What fails now, and is being tried again. */
  readonly trouble: Set<string>;
  onProblem(message: string): void;
}

/** An error that another attempt would not mend. */
export class Hopeless extends Error {}

/** Repeats `action` until it succeeds. @throws Hopeless at once, and the last error when the patience was stopped */
export async function persist<T>(patience: Patience, what: string, action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await action();
      if (patience.trouble.delete(what)) patience.onProblem(`${what} works again`);
      return result;
    } catch (error) {
      if (!patience.trouble.has(what)) patience.onProblem(`${what} fails (${codeOf(error)})`);
      patience.trouble.add(what);
      if (isHopeless(error) || patience.stopped) throw error;
      await pause(patience.retryMs);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function isHopeless(error: unknown): error is Error {
  return error instanceof Hopeless || error instanceof TakenByOthers;
}

function codeOf(error: unknown): string {
  if (isHopeless(error)) return error.message;
  return (error as NodeJS.ErrnoException).code ?? "error";
}

/** Lets at most `places` tasks run at the same time. */
export class Gangway {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
