import type { SessionSummary } from "#shared/evidence/summary.ts";
import type { SessionFilter } from "../ports/index.ts";

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
