// Asking about the free text of results, with what it cost and what could not be had written down.
import type { Ask, Inspected, NotInspected } from "#shared/masking/inspection.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { GateParts } from "./parts.ts";

/** The questions of one session. */
export class Inspections {
  readonly #parts: GateParts;
  readonly #evidence: SessionEvidence;
  /** What is asked, or will be, about results that have begun. */
  #current = new AbortController();

  constructor(parts: GateParts, evidence: SessionEvidence) {
    this.#parts = parts;
    this.#evidence = evidence;
  }

  /**
   * @param ref of the statement whose result it is
   * @returns null where nobody is asked
   */
  about(target: string, ref: number): Ask | null {
    const { inspection } = this.#parts;
    if (inspection === null || !inspection.targets.has(target)) return null;
    const { signal } = this.#current;
    return async (texts) => {
      const asked = this.#parts.clock.micros();
      const answers = await unless(signal, texts, () => inspection.inspector.inspect(texts));
      this.#parts.meter.time("inspect", this.#parts.clock.micros() - asked);
      this.#note(answers, ref);
      return answers;
    };
  }

  #note(answers: readonly Inspected[], ref: number): void {
    const outcomes = new Map<NotInspected | "inspected", number>();
    for (const answer of answers) {
      const outcome = "failed" in answer ? answer.failed : "inspected";
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    for (const [outcome, texts] of outcomes) {
      this.#parts.meter.count("texts", texts, outcome);
      if (outcome !== "inspected") this.#evidence.note({ type: "inspection.failed", ref, texts, why: outcome });
    }
  }

  /** Nobody waits for what is asked about results that have begun: the rest of them is hidden, so that what comes behind is heard soon. */
  giveUp(): void {
    this.#current.abort();
    this.#current = new AbortController();
  }
}

function unless(
  signal: AbortSignal,
  texts: readonly string[],
  ask: () => Promise<readonly Inspected[]>,
): Promise<readonly Inspected[]> {
  const all = (failed: NotInspected) => texts.map(() => ({ failed }));
  return new Promise((resolve) => {
    const cancelled = () => resolve(all("cancelled"));
    if (signal.aborted) return cancelled();
    signal.addEventListener("abort", cancelled);
    void ask()
      .catch(() => all("unavailable"))
      .then((answers) => {
        signal.removeEventListener("abort", cancelled);
        resolve(answers);
      });
  });
}
