// postern disclosures: whose records did a session see in clear, and who saw somebody's?
import type { Command } from "commander";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { UNTOLD } from "#shared/evidence/disclosure.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import { type Showing, showings } from "./disclosure/read.ts";
import { subjectsMeant, targetMeant } from "./disclosure/subjects.ts";
import { csvLine } from "./evidence/csv.ts";
import { formatTime, parseTime, print, withEvidence } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import { rotate } from "./keys.ts";
import { attempt, Problem } from "./problem.ts";

interface Options {
  readonly session?: string;
  readonly subject?: string;
  readonly target?: string;
  readonly domain: string;
  readonly since?: string;
  readonly until?: string;
  readonly hashes?: true;
  readonly json?: true;
  readonly csv?: true;
}

const KEEP = "without them nobody finds what was disclosed under them";

export function registerDisclosures(program: Command): void {
  const command = program
    .command("disclosures")
    .description("whose records a session saw in clear, or who saw somebody's")
    .option("--session <id>", "what this session saw: an id, the start of one, or `last`")
    .option("--subject <key>", "who saw the records of the person with this key; needs the gateway's disclosure keys")
    .option("--target <name>", "at this target; not needed when there is one only")
    .option("--domain <name>", "what the key is of, as catalog.yaml says", "person")
    .option("--since <time>", "shown at or after: 2026-11-20, 2026-11-20T14:00Z, 30m, 2h, 7d")
    .option("--until <time>", "shown at or before")
    .option("--hashes", "print only what stands for the person in the evidence, one for each key that there was")
    .option("--json", "one JSON object per line")
    .option("--csv", "comma-separated values, with a line of names (RFC 4180)")
    .action((options: Options) => withEvidence((evidence) => run(evidence, options)));
  command
    .command("rotate")
    .description(
      "make another key for what stands for people in the evidence; the gateway uses it from its next start on",
    )
    .option("--json", "as one JSON object")
    .action((options: { json?: true }) => attempt(async () => rotate("disclosure", KEEP, options.json === true)));
}

async function run(evidence: LocalEvidence, options: Options): Promise<void> {
  const { session, subject } = options;
  if ((session === undefined) === (subject === undefined)) throw new Problem("say --session or --subject", 2);
  if (session !== undefined) return ofSession(evidence, await evidence.find(session), options);
  const target = await targetMeant(evidence, options.target);
  const subjects = await subjectsMeant(target, options.domain, subject ?? "");
  if (options.hashes) {
    for (const hash of subjects) await print(hash);
    return;
  }
  const meant = new Set(subjects);
  const found = await gather(evidence, await evidence.disclosed(subjects), options, (hash) => meant.has(hash));
  await show(
    found.map((one) => ({ ...one, subjects: [] })),
    options,
    false,
  );
  await noteUntold(evidence, target, options);
}

async function ofSession(evidence: LocalEvidence, so: SessionSummary, options: Options): Promise<void> {
  await show(await gather(evidence, [so], options, null), options, true);
}

/** @param meant which subjects are asked for; null for all */
export async function gather(
  evidence: LocalEvidence,
  sessions: readonly SessionSummary[],
  { since, until }: Pick<Options, "since" | "until">,
  meant: ((subject: string) => boolean) | null,
): Promise<Showing[]> {
  const from = since === undefined ? 0 : parseTime(since);
  const to = until === undefined ? Number.POSITIVE_INFINITY : parseTime(until);
  const found: Showing[] = [];
  for (const so of sessions)
    for await (const one of showings(evidence, so, (event) => meant === null || event.subjects.some(meant)))
      if (one.time >= from && one.time <= to) found.push(one);
  return found.sort((a, b) => a.time - b.time);
}

/** Sessions at the target that showed records of somebody, and it cannot be told of whom: anybody's may be among them. */
export async function untoldOf(
  evidence: LocalEvidence,
  target: string,
  options: Pick<Options, "since" | "until">,
): Promise<Showing[]> {
  const sessions = (await evidence.disclosed([UNTOLD])).filter((so) => so.target === target);
  return (await gather(evidence, sessions, options, null)).filter((one) => one.untold > 0);
}

async function noteUntold(evidence: LocalEvidence, target: string, options: Options): Promise<void> {
  const untold = await untoldOf(evidence, target, options);
  if (untold.length === 0) return;
  const sessions = new Set(untold.map((one) => one.session));
  process.stderr.write(
    `note: ${untold.length} more statements of ${sessions.size} sessions showed records of which it cannot be told whose they are; ` +
      "see `postern disclosures --session`.\n",
  );
}

const NAMES = ["TIME", "WHO", "PURPOSE", "SESSION", "CLASSES", "OF", "SUBJECTS", "UNTOLD", "STATEMENT"];

async function show(found: readonly Showing[], options: Options, counted: boolean): Promise<void> {
  if (options.json) {
    for (const one of found) {
      const { subjects, ...rest } = one;
      await print(
        JSON.stringify({ ...rest, time: new Date(one.time).toISOString(), ...(counted ? { subjects } : {}) }),
      );
    }
    return;
  }
  const names = counted ? NAMES : NAMES.filter((name) => name !== "SUBJECTS" && name !== "UNTOLD");
  const rows = found.map((one) => names.map((name) => cell(one, name)));
  if (options.csv) {
    for (const row of [names.map((name) => name.toLowerCase()), ...rows]) await print(csvLine(row));
    return;
  }
  if (found.length === 0) return print("no records were shown in clear");
  for (const line of columns(names, rows, ["SUBJECTS", "UNTOLD"])) await print(line);
}

function cell(one: Showing, name: string): string {
  const acts = one.actsFor === null ? "" : ` for ${one.actsFor}`;
  const cells: Readonly<Record<string, string>> = {
    TIME: formatTime(one.time),
    WHO: `${one.who}${acts}`,
    PURPOSE: one.purpose ?? "",
    SESSION: one.session,
    CLASSES: one.classes.join(" "),
    OF: one.relations.join(" "),
    SUBJECTS: String(one.subjects.length),
    UNTOLD: String(one.untold),
    STATEMENT: one.statement.replace(/\s+/g, " "),
  };
  return harmless(cells[name] ?? "");
}
