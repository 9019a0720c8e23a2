// postern sessions: which sessions there were, newest first.
import type { Command } from "commander";
import type { SessionFilter } from "#shared/evidence/session-filter.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import { formatTime, parseTime, print, withEvidence } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import { Problem } from "./problem.ts";

interface Options {
  readonly principal?: string;
  readonly target?: string;
  readonly since?: string;
  readonly until?: string;
  readonly relation?: string;
  readonly decision?: string;
  readonly limit: string;
  readonly json?: true;
}

export function registerSessions(program: Command): void {
  program
    .command("sessions")
    .description("list sessions, newest first")
    .option("--principal <name>", "of this person, workload or agent, or on their behalf")
    .option("--target <name>", "to this target")
    .option("--since <time>", "still running at or after: 2026-11-20, 2026-11-20T14:00Z, 30m, 2h, 7d")
    .option("--until <time>", "begun at or before")
    .option("--relation <name>", "that touched this table or view: schema.name, or the name alone")
    .option("--decision <word>", "with a statement that policy answered so: permit, refuse, hold")
    .option("--limit <count>", "at most so many", "50")
    .option("--json", "one JSON object per line")
    .action((options: Options) =>
      withEvidence(async (evidence) => show(await evidence.sessions(filterOf(options)), options)),
    );
}

function filterOf(options: Options): SessionFilter {
  const { principal, target, since, until, relation, decision } = options;
  const limit = Number(options.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new Problem("--limit takes a number from 1 on", 2);
  if (decision !== undefined && !["permit", "refuse", "hold"].includes(decision))
    throw new Problem("--decision takes permit, refuse or hold", 2);
  return {
    limit,
    ...(principal === undefined ? {} : { principal }),
    ...(target === undefined ? {} : { target }),
    ...(since === undefined ? {} : { since: parseTime(since) }),
    ...(until === undefined ? {} : { until: parseTime(until) }),
    ...(relation === undefined ? {} : { relation }),
    ...(decision === undefined ? {} : { decision }),
  };
}

async function show(found: readonly SessionSummary[], options: Options): Promise<void> {
  if (options.json) {
    for (const so of found) await print(JSON.stringify(so));
    return;
  }
  if (found.length === 0) return print("no sessions");
  const header = ["SESSION", "OPENED", "LASTED", "WHO", "TARGET", "STATEMENTS", "REFUSED", "ROWS", "STATE"];
  for (const line of columns(header, found.map(row), ["STATEMENTS", "REFUSED", "ROWS"])) await print(line);
}

function row(so: SessionSummary): string[] {
  const acts = so.principal?.actsFor === undefined ? "" : ` for ${so.principal.actsFor}`;
  return [
    so.session,
    formatTime(so.opened),
    so.closed === null ? "" : lasted(so.closed - so.opened),
    harmless(so.principal === null ? "(the gateway)" : `${so.principal.name}${acts}`),
    harmless(so.target),
    String(so.statements),
    String(so.refusals),
    String(so.rows),
    harmless(so.ending ?? "open"),
  ];
}

function lasted(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
