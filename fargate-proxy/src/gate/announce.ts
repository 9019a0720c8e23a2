// The events that announce a command: durable before its bytes move.
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { SyntaxProblem } from "#shared/facts.ts";
import type { Command } from "../protocol.ts";
import { type Judged, summarize } from "./judged.ts";

/** `statement` the first time in a session, `execute` from then on. */
export function announcement(command: Command, judged: Judged): EvidenceEvent {
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
