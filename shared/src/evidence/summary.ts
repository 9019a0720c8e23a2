// What is known of a session without reading it again: the index's row. Derived from its lines, and only from them.
import type { Principal } from "../identity.ts";
import type { EvidenceEvent } from "./event.ts";
import type { EvidenceLine } from "./line-read.ts";

export interface SessionSummary {
  readonly session: string;
  readonly target: string;
  readonly protocol: string;
  readonly principal: Principal | null;
  /** Milliseconds since the epoch. */
  readonly opened: number;
  /** Null while it runs. */
  readonly closed: number | null;
  readonly ending: string | null;
  readonly statements: number;
  readonly refusals: number;
  readonly rows: number;
  readonly bytes: number;
  /** Names of the relations that its statements touch. */
  readonly relations: readonly string[];
  /** What policy said to its statements: `permit`, `refuse`, `hold`. */
  readonly decisions: readonly string[];
  /** `seq` of the last line that went into this. */
  readonly seq: number;
}

/** Adds one line. Lines that went in before change nothing, so that reading the same object twice does no harm. */
export function summarizeLine(so: SessionSummary | null, line: EvidenceLine): SessionSummary {
  const base = so ?? begin(line);
  if (line.seq <= base.seq) return base;
  return { ...base, ...change(base, line.event, line.time), seq: line.seq };
}

function begin(line: EvidenceLine): SessionSummary {
  return {
    session: line.session,
    target: line.target,
    protocol: line.opening?.protocol ?? "",
    principal: line.opening?.principal ?? null,
    opened: line.time,
    closed: null,
    ending: null,
    statements: 0,
    refusals: 0,
    rows: 0,
    bytes: 0,
    relations: [],
    decisions: [],
    seq: 0,
  };
}

function change(so: SessionSummary, event: EvidenceEvent, time: number): Partial<SessionSummary> {
  switch (event.type) {
    case "statement": {
      const relations = event.facts.flatMap((f) => f.relations.map((r) => r.relation));
      return {
        statements: so.statements + commandsIn(event),
        relations: united(so.relations, relations),
        decisions: united(so.decisions, [event.decision.outcome]),
      };
    }
    case "execute":
      return { statements: so.statements + commandsIn(event) };
    case "finished":
      return { rows: so.rows + event.rows, bytes: so.bytes + event.bytes };
    case "refused":
    case "session.refused":
      return { refusals: so.refusals + 1 };
    case "session.closed":
      return { closed: time, ending: event.reason };
    case "session.recovered":
      return { closed: time, ending: `recovered: ${event.reason}` };
    default:
      return {};
  }
}

function united(known: readonly string[], more: readonly string[]): readonly string[] {
  const fresh = more.filter((name) => !known.includes(name));
  return fresh.length === 0 ? known : [...new Set([...known, ...fresh])].sort();
}

/** How many commands an event announces: preparing a statement runs nothing yet, and one that policy holds has its own event when it runs. */
export function commandsIn(event: EvidenceEvent): 0 | 1 {
  if (event.type === "statement" && event.decision.outcome === "hold") return 0;
  return (event.type === "statement" || event.type === "execute") && event.phase !== "prepare" ? 1 : 0;
}

/** Nothing of a session can come after one of these. */
export function isEnd(event: EvidenceEvent): boolean {
  return event.type === "session.closed" || event.type === "session.recovered";
}
