// postern reconcile: the target's own account against the evidence. What ran at the target and is not in the evidence went around the gateway;
// so did whoever asked AWS for what only the gateway needs.
import type { Command } from "commander";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import type { Facts } from "#shared/facts.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { type Finding, TargetAccount } from "#shared/reconcile/account.ts";
import { TrailAccount, type TrailFinding } from "#shared/reconcile/cloudtrail.ts";
import type { Target } from "#shared/target.ts";
import { print, withEvidence } from "./evidence/home.ts";
import { type Analyst, openAnalysis, openBundle, policyFolder } from "./policy/bundle.ts";
import { Problem } from "./problem.ts";
import { openingsIn, recordedOf } from "./reconcile/evidence.ts";
import { FORMATS, type LogOptions, loggedIn } from "./reconcile/logs.ts";
import { summary, table } from "./reconcile/report.ts";
import { streamed } from "./reconcile/streams.ts";
import { readTrails } from "./reconcile/trails.ts";

interface Options extends LogOptions {
  readonly log: readonly string[];
  readonly activity: readonly string[];
  readonly resource?: string;
  readonly trail: readonly string[];
  readonly secret: readonly string[];
  readonly key: readonly string[];
  readonly bucket: readonly string[];
  readonly table: readonly string[];
  readonly expect: readonly string[];
  readonly clock: string;
  readonly policy?: string;
  readonly json?: true;
}

export function registerReconcile(program: Command): void {
  program
    .command("reconcile")
    .argument("<target>", "the target whose account it is")
    .description("compare the target's own account of what ran with the evidence: what came around the gateway?")
    .option("--log <path...>", "PostgreSQL's log (log_statement = all, or pgaudit): files or folders, .gz too", [])
    .option("--format <word>", `${FORMATS.join(", ")}; seen from the file's beginning when left out`)
    .option("--prefix <text>", "log_line_prefix of a stderr log; the local home's, or RDS's, when left out")
    .option("--activity <path...>", "records of an RDS or Aurora database activity stream", [])
    .option("--resource <id>", "of encrypted records: cluster-... or db-..., as in the stream's name")
    .option("--trail <path...>", "records of CloudTrail", [])
    .option(
      "--secret <id...>",
      "with --trail: other secrets that only the gateway reads than the target's credential",
      [],
    )
    .option("--key <arn...>", "with --trail: the KMS key of the sealed lane", [])
    .option("--bucket <name...>", "with --trail: the evidence bucket", [])
    .option("--table <name...>", "with --trail: tables of the journal, the ledger, the sealed keys", [])
    .option(
      "--expect <who...>",
      "roles (or role@address) and ARNs that may come another way: counted, not reported",
      [],
    )
    .option("--clock <seconds>", "how far the clocks of the target and the gateway may differ", "60")
    .option("--policy <folder>", "the policy bundle; `policy` when left out")
    .option("--json", "one JSON object per finding, then one with the totals")
    .action((target: string, options: Options) => withEvidence((evidence) => run(evidence, target, options)));
}

async function run(evidence: LocalEvidence, name: string, options: Options): Promise<void> {
  const { log, activity, trail } = options;
  const clockMs = Number(options.clock) * 1000;
  if (!(clockMs >= 0)) throw new Problem(`${options.clock} is not a number of seconds`, 2);
  if (log.length + activity.length + trail.length === 0)
    throw new Problem("there is nothing to compare with", 2, "Give --log, --activity or --trail.");
  const bundle = await openBundle(policyFolder(options.policy));
  const target = bundle.targets.get(name);
  if (target === undefined)
    throw new Problem(`there is no target "${name}"`, 2, `There are: ${[...bundle.targets.keys()].join(", ")}.`);
  const counts = { heartbeats: 0, unknown: 0 };
  const account = new TargetAccount(expectation(bundle, target, options));
  for await (const logged of loggedIn(log, options)) account.add(logged);
  for await (const logged of streamed(activity, options.resource, counts)) account.add(logged);
  account.end();
  const trails = new TrailAccount(watched(target, options));
  await readTrails(trail, trails);
  const read = account.totals;
  const expected = { ...read.expected, ...trails.totals.expected };
  if (log.length + activity.length > 0 && read.commands === 0 && Object.keys(read.expected).length === 0)
    throw new Problem(
      `there is no command on ${target.database} in ${[...log, ...activity].join(", ")}`,
      2,
      "The target has to log statements (log_statement = all, or pgaudit) with user and application; see --format and --prefix.",
    );
  const agreed = trails.opened ? await openingsIn(evidence) : [];
  const findings: (Finding | TrailFinding)[] = [...trails.findings(agreed, clockMs)];
  // What others did needs no analysis, nor a gateway that has ever been at the target.
  const analyst = account.ours ? await openAnalysis(bundle, name) : null;
  const found = account.findings(
    (session) => recordedOf(evidence, session, name, analyst?.partsOf ?? ((text) => [text])),
    (text) => analyst !== null && onlyCatalog(analyst, text),
    clockMs,
  );
  for await (const finding of found) findings.push(finding);
  const totals = {
    commands: read.commands,
    sessions: account.sessions.size,
    logins: read.logins,
    expected,
    otherDatabases: read.otherDatabases,
    heartbeats: counts.heartbeats,
    notUnderstood: counts.unknown,
    records: trails.totals.records,
    otherRecords: trails.totals.others,
    withoutTimes: [...account.spans].flatMap(([source, { first }]) => (Number.isNaN(first) ? [source] : [])),
    findings: findings.length,
  };
  if (options.json) for (const line of [...findings, totals]) await print(JSON.stringify(line));
  else for (const line of [...table(findings), ...summary(totals)]) await print(line);
  if (findings.length > 0) process.exitCode = 1;
}

const isArn = (text: string): boolean => text.startsWith("arn:");

function expectation(bundle: LoadedBundle, target: Target, { expect }: Options) {
  const targets = new Set([...bundle.targets.values()].map(({ database, user }) => `${database}\n${user}`));
  return {
    roles: new Set([target.user]),
    database: target.database,
    isTarget: (database: string, user: string) => targets.has(`${database}\n${user}`),
    expected: new Set(expect.filter((who) => !isArn(who))),
  };
}

function watched({ credential }: Target, { secret, key, bucket, table: tables, expect }: Options) {
  return {
    secrets: [...(credential.type === "secret" ? [credential.id] : []), ...secret],
    keys: key,
    buckets: bucket,
    tables,
    expected: new Set(expect.filter(isArn)),
  };
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
