// Which sessions are asked for.
import type { SessionSummary } from "./summary.ts";

export interface SessionFilter {
  /** Name of the principal, or of whom an agent acts for. */
  readonly principal?: string;
  readonly target?: string;
  /** Milliseconds since the epoch; sessions that ran at any time between the two. */
  readonly since?: number;
  readonly until?: number;
  /** `schema.name`, or a name in any schema. */
  readonly relation?: string;
  /** `permit`, `refuse` or `hold`. */
  readonly decision?: string;
  readonly limit?: number;
}

/** Does a session that is in no index yet match? The same rules as the index has. */
export function matches(so: SessionSummary, filter: SessionFilter): boolean {
  const { principal, target, since, until, relation, decision } = filter;
  if (principal !== undefined && so.principal?.name !== principal && so.principal?.actsFor !== principal) return false;
  if (target !== undefined && so.target !== target) return false;
  if (since !== undefined && so.closed !== null && so.closed < since) return false;
  if (until !== undefined && so.opened > until) return false;
  if (decision !== undefined && !so.decisions.includes(decision)) return false;
  return relation === undefined || so.relations.some((name) => name === relation || afterDot(name) === relation);
}

function afterDot(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}
