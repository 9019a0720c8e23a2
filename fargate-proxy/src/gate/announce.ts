// The events that announce a command: durable before its bytes move.
import { type Asked, askedFacts } from "#shared/evidence/asked.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { SyntaxProblem } from "#shared/facts.ts";
import type { Command } from "../protocol.ts";
import { type Judged, summarize } from "./judged.ts";

/** Facts of a session that are remembered, to name their event when they come again. */
const REMEMBERED = 1000;

/** What policy was asked in a session: in full the first time. */
export class Questions {
  readonly #seen = new Map<string, number>();

  /** @returns also what to call with the number of the event that has it, once it was taken */
  of({ analysis, asked: { time, outOfStep } }: Judged): { readonly asked: Asked; kept(seq: number): void } {
    const facts = analysis.statements.map((s) => askedFacts(s.facts));
    const text = JSON.stringify(facts);
    const seen = this.#seen.get(text);
    return {
      asked: { time, ...(outOfStep.length === 0 ? {} : { outOfStep }), facts: seen ?? facts },
      kept: (seq) => {
        if (seen !== undefined) return;
        if (this.#seen.size >= REMEMBERED) this.#seen.clear();
        this.#seen.set(text, seq);
      },
    };
  }
}

/** `statement` the first time in a session, with what policy was asked; `execute` from then on. */
export function announcement(command: Command, judged: Judged, asked?: Asked): EvidenceEvent {
  const { decision, analysis } = judged;
  if (judged.ref !== 0)
    return {
      type: "execute",
      phase: command.phase,
      ref: judged.ref,
      decision: null,
      binds: command.binds,
      ...(judged.approval === null ? {} : { approval: judged.approval }),
      ...(judged.approval === null || command.continues === undefined ? {} : { continues: true }),
    };
  return {
    type: "statement",
    phase: command.phase === "query" ? "query" : "prepare",
    text: analysis.normalized,
    fingerprint: analysis.fingerprint,
    facts: summarize(analysis.statements.map((s) => s.facts)),
    decision: {
      outcome: decision.outcome,
      policies: decision.policies,
      why: decision.why,
      version: decision.version,
      reveal: decision.reveal,
    },
    ...(asked === undefined ? {} : { asked }),
  };
}

/** A text that does not parse: it has no facts, and nobody was asked. */
export function unparsed(command: Command, problem: SyntaxProblem, version: string): EvidenceEvent {
  return {
    type: "statement",
    phase: command.phase === "query" ? "query" : "prepare",
    text: problem.normalized,
    fingerprint: problem.fingerprint,
    facts: [],
    decision: { outcome: "refuse", policies: [], why: "syntax error", version, reveal: [] },
  };
}
