// What policy was asked about a statement, as the evidence keeps it: enough to ask again. No literals are in it: facts have none.
import type { DecisionRequest } from "../decision.ts";
import type { Facts, OutputFact } from "../facts.ts";
import type { Principal } from "../identity.ts";

/** Facts without what decides nothing: whose rows a result shows, and the names of its columns. */
export interface AskedFacts extends Omit<Facts, "outputs" | "rows"> {
  readonly outputs: readonly Omit<OutputFact, "name" | "rows" | "made">[] | null;
}

export interface Asked {
  /** Of the question, milliseconds since the epoch. */
  readonly time: number;
  readonly outOfStep?: readonly string[];
  /** Of each statement of the text; or the `seq` of the event of this session that has the same. */
  readonly facts: readonly AskedFacts[] | number;
}

/** What every question of a session has in common. */
export interface Asker extends Pick<DecisionRequest, "purpose" | "source" | "target"> {
  readonly principal: Principal;
}

export function askedFacts({ outputs, rows: _, ...facts }: Facts): AskedFacts {
  return { ...facts, outputs: outputs === null ? null : outputs.map(({ name: _n, rows: _r, made: _m, ...o }) => o) };
}

export function askAgain(asker: Asker, { time, outOfStep }: Asked, facts: readonly AskedFacts[]): DecisionRequest {
  const whole = facts.map((f) => ({ ...f, outputs: f.outputs?.map((output) => ({ ...output, name: "" })) ?? null }));
  return {
    ...asker,
    question: { type: "command", facts: whole },
    ...(outOfStep === undefined ? {} : { outOfStep }),
    time,
  };
}
