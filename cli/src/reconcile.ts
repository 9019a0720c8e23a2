// postern reconcile: the target's own log against the evidence. What ran at the target and is not in the evidence went around the gateway.
import { createReadStream, existsSync } from "node:fs";
import type { Command } from "commander";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { CsvRows, fromCsv, fromJson, type LoggedCommand, StderrLog } from "#shared/evidence/postgres-log.ts";
import { type Finding, type FindingKind, type Recorded, TargetAccount } from "#shared/evidence/reconcile.ts";
import type { Facts } from "#shared/facts.ts";
import { print, withEvidence } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import { type Analyst, openAnalysis, openBundle, policyFolder } from "./policy/bundle.ts";
import { Problem } from "./problem.ts";

interface Options {
  readonly log: readonly string[];
  readonly format?: string;
  readonly prefix: string;
  readonly expect: readonly string[];
  readonly policy?: string;
  readonly json?: true;
}

/** The local home's; PostgreSQL's default has neither user nor application. */
const PREFIX = "%m [%p] %u@%d %a ";

export function registerReconcile(program: Command): void {
  program
    .command("reconcile")
    .argument("<target>", "the target whose log it is")
    .description("compare the target's own log (log_statement = all) with the evidence: what came around the gateway?")
    .requiredOption("--log <file...>", "PostgreSQL's log: jsonlog, csvlog, or stderr")
    .option("--format <word>", "json, csv or stderr; by the file's name when left out")
    .option("--prefix <text>", "log_line_prefix of a stderr log", PREFIX)
    .option("--expect <user...>", "roles that may come another way (backups, migrations): counted, not reported", [])
    .option("--policy <folder>", "the policy bundle; `policy` when left out")
    .option("--json", "one JSON object per finding, then one with the totals")
    .action((target: string, options: Options) => withEvidence((evidence) => run(evidence, target, options)));
}

async function run(evidence: LocalEvidence, name: string, options: Options): Promise<void> {
  const bundle = await openBundle(policyFolder(options.policy));
  const target = bundle.targets.get(name);
  if (target === undefined)
    throw new Problem(`there is no target "${name}"`, 2, `There are: ${[...bundle.targets.keys()].join(", ")}.`);
  const account = new TargetAccount(new Set([target.user]));
  const expected = new Set(options.expect);
  let known = 0;
  for (const file of options.log)
    for await (const command of commandsOf(file, options)) {
      if (command.database !== target.database) continue;
      if (expected.has(command.user)) known += 1;
      else account.add(command);
    }
  if (account.commands + known === 0)
    throw new Problem(
      `there is no command on ${target.database} in ${options.log.join(", ")}`,
      2,
      "The target has to log statements (log_statement = all) with user and application; see --format and --prefix.",
    );
  const recorded = new Map<string, Recorded | null>();
  for (const session of account.sessions) recorded.set(session, await executed(evidence, session));
  const analyst = await openAnalysis(bundle, name);
  const findings = [
    ...account.findings(
      (session) => recorded.get(session) ?? null,
      (text) => onlyCatalog(analyst, text),
    ),
  ];
  const totals = {
    commands: account.commands,
    sessions: account.sessions.length,
    expected: known,
    findings: findings.length,
  };
  if (options.json) for (const line of [...findings, totals]) await print(JSON.stringify(line));
  else for (const line of [...table(findings), ...summary(totals)]) await print(line);
  if (findings.length > 0) process.exitCode = 1;
}

async function* commandsOf(file: string, options: Options): AsyncGenerator<LoggedCommand> {
  if (!existsSync(file)) throw new Problem(`${file} is not there`, 2);
  const format = options.format ?? (/\.(json|csv)$/.exec(file)?.[1] || "stderr");
  const pieces = createReadStream(file, "utf8") as AsyncIterable<string>;
  if (format === "csv") yield* fromRows(pieces);
  else if (format === "json") {
    for await (const line of linesOf(pieces)) yield* present(jsonOf(file, line));
  } else if (format === "stderr") {
    const log = new StderrLog(options.prefix);
    for await (const line of linesOf(pieces)) yield* present(log.push(line));
    yield* present(log.end());
  } else throw new Problem(`${format} is not a format`, 2, "There are json, csv and stderr.");
}

async function* fromRows(pieces: AsyncIterable<string>): AsyncGenerator<LoggedCommand> {
  const rows = new CsvRows();
  for await (const piece of pieces) for (const row of rows.push(piece)) yield* present(fromCsv(row));
}

function jsonOf(file: string, line: string): LoggedCommand | null {
  try {
    return line === "" ? null : fromJson(line);
  } catch {
    throw new Problem(`${file} has a line that is not JSON`, 2, "See --format.");
  }
}

function* present(command: LoggedCommand | null): Generator<LoggedCommand> {
  if (command !== null) yield command;
}

async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = "";
  for await (const piece of pieces) {
    const lines = `${held}${piece}`.split("\n");
    held = lines.pop() ?? "";
    yield* lines;
  }
  if (held !== "") yield held;
}

/** How often each text was permitted and sent in a session; null when there is no evidence of it. */
async function executed(evidence: LocalEvidence, session: string): Promise<Recorded | null> {
  const found = await evidence.find(session).catch(() => null);
  if (found === null || found.session !== session) return null;
  const texts = new Map<number, string>();
  const times = new Map<string, number>();
  const ran = (text: string) => times.set(text, (times.get(text) ?? 0) + 1);
  for await (const { line } of evidence.lines(found)) {
    const { event, seq } = line;
    if (event.type === "statement") {
      texts.set(seq, event.text);
      // One that was held is announced once more when it runs.
      if (event.phase === "query" && event.decision.outcome === "permit") ran(event.text);
    } else if (event.type === "side") for (const text of [...event.texts, "BEGIN", "COMMIT", "ROLLBACK"]) ran(text);
    else if (event.type === "execute" && event.phase !== "prepare") ran(texts.get(event.ref) ?? "");
  }
  return times;
}

const QUIET: ReadonlySet<Facts["kind"]> = new Set(["select", "explain", "set", "show", "transaction", "empty"]);

/** The gateway asks for the catalog and plans, and nothing else. */
function onlyCatalog(analyst: Analyst, text: string): boolean {
  try {
    return analyst
      .factsOf(text.replace(/\$0+/g, "0"))
      .every(({ kind, relations }) => QUIET.has(kind) && (kind === "explain" || relations.every((r) => r.system)));
  } catch {
    return false;
  }
}

const WORDS: Readonly<Record<FindingKind, string>> = {
  around: "not through the gateway",
  "unknown-session": "by the gateway's role, of no session in the evidence",
  unrecorded: "more often than the evidence says",
  catalog: "on the gateway's own connection",
};

function table(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  const rows = findings.map(({ time, user, application, host, count, kind, text }) => [
    time,
    [user, host].filter((part) => part !== "").join(" from "),
    application,
    String(count),
    WORDS[kind],
    text.replace(/\s+/g, " ").slice(0, 100),
  ]);
  return columns(["FIRST", "ROLE", "APPLICATION", "TIMES", "WHAT", "STATEMENT"], rows, ["TIMES"]).map(harmless);
}

function summary(totals: { commands: number; sessions: number; expected: number; findings: number }): string[] {
  const { commands, sessions, expected, findings } = totals;
  const passed = expected === 0 ? "" : `, besides ${expected} by roles that are expected`;
  return [
    `${commands} commands in the log, of ${sessions} sessions through the gateway${passed}`,
    findings === 0
      ? "ok        all of them are in the evidence"
      : `BAD       ${findings} did not come through the gateway as recorded`,
  ];
}
