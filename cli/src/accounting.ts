// postern accounting: what a covered entity tells a person who asks to whom their records were disclosed (45 CFR 164.528).
import type { Command } from "commander";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import type { Showing } from "./disclosure/read.ts";
import { subjectsMeant, targetMeant } from "./disclosure/subjects.ts";
import { gather, untoldOf } from "./disclosures.ts";
import { csvLine } from "./evidence/csv.ts";
import { formatTime, parseTime, print, withEvidence } from "./evidence/home.ts";
import { harmless } from "./evidence/table.ts";
import { Problem } from "./problem.ts";

interface Options {
  readonly subject: string;
  readonly from?: string;
  readonly to?: string;
  readonly target?: string;
  readonly domain: string;
  readonly json?: true;
  readonly csv?: true;
}

/** 164.528(a)(3): six years before the request. */
const YEARS = 6;

export function registerAccounting(program: Command): void {
  program
    .command("accounting")
    .description("an accounting of disclosures of one person's records (45 CFR 164.528)")
    .requiredOption("--subject <key>", "the person's key; needs the gateway's disclosure keys")
    .option("--from <time>", "from this time on; six years ago, if not given")
    .option("--to <time>", "up to this time; now, if not given")
    .option("--target <name>", "at this target; not needed when there is one only")
    .option("--domain <name>", "what the key is of, as catalog.yaml says", "person")
    .option("--json", "one JSON object per line")
    .option("--csv", "comma-separated values, with a line of names (RFC 4180)")
    .action((options: Options) => withEvidence((evidence) => run(evidence, options)));
}

/** Disclosures to one recipient for one purpose: 164.528(b)(3) lets them be told of together. */
interface Entry {
  /** Of the first, and of the last: milliseconds since the epoch. */
  readonly first: number;
  last: number;
  times: number;
  readonly recipient: string;
  readonly contact: string;
  readonly description: Set<string>;
  readonly purpose: string;
}

async function run(evidence: LocalEvidence, options: Options): Promise<void> {
  const target = await targetMeant(evidence, options.target);
  const meant = new Set(await subjectsMeant(target, options.domain, options.subject));
  const span = { since: options.from ?? sixYearsAgo(), ...(options.to === undefined ? {} : { until: options.to }) };
  if (options.to !== undefined && parseTime(span.since) > parseTime(options.to))
    throw new Problem("--from is after --to", 2);
  const found = await gather(evidence, await evidence.disclosed([...meant]), span, (hash) => meant.has(hash));
  const untold = await untoldOf(evidence, target, span);
  const entries = together(found);
  if (options.json) for (const entry of entries) await print(JSON.stringify(plain(entry)));
  else if (options.csv) await asCsv(entries);
  else await asText(entries, target, span, untold);
  if (options.json || options.csv) process.stderr.write(`${notes(untold).join("\n")}\n`);
}

function sixYearsAgo(): string {
  const day = new Date();
  day.setUTCFullYear(day.getUTCFullYear() - YEARS);
  return day.toISOString();
}

function together(found: readonly Showing[]): Entry[] {
  const entries = new Map<string, Entry>();
  for (const one of found) {
    const recipient = one.actsFor === null ? one.who : `${one.actsFor} (through ${one.who})`;
    const key = JSON.stringify([recipient, one.purpose]);
    const entry = entries.get(key) ?? {
      first: one.time,
      last: one.time,
      times: 0,
      recipient,
      contact: one.email ?? "",
      description: new Set<string>(),
      purpose: one.purpose ?? "",
    };
    entries.set(key, entry);
    entry.last = Math.max(entry.last, one.time);
    entry.times++;
    for (const relation of one.relations) entry.description.add(`${one.classes.join(", ")} from ${relation}`);
  }
  return [...entries.values()];
}

function plain(entry: Entry) {
  const { first, last, description, ...rest } = entry;
  return {
    first: new Date(first).toISOString(),
    last: new Date(last).toISOString(),
    ...rest,
    description: [...description].sort().join("; "),
  };
}

async function asCsv(entries: readonly Entry[]): Promise<void> {
  await print(csvLine(["date", "last_date", "times", "recipient", "contact", "description", "purpose"]));
  for (const entry of entries) {
    const { first, last, times, recipient, contact, description, purpose } = plain(entry);
    await print(csvLine([first, last, String(times), recipient, contact, description, purpose]));
  }
}

async function asText(
  entries: readonly Entry[],
  target: string,
  span: { readonly since: string; readonly until?: string },
  untold: readonly Showing[],
): Promise<void> {
  const until = span.until === undefined ? Date.now() : parseTime(span.until);
  await print(`Accounting of disclosures (45 CFR 164.528), target ${target}`);
  await print(`from ${formatTime(parseTime(span.since))} to ${formatTime(until)}\n`);
  if (entries.length === 0) await print("No record of this person was shown in clear.\n");
  for (const entry of entries) {
    const often = entry.times === 1 ? "" : `, ${entry.times} times, the last on ${formatTime(entry.last)}`;
    await print(`date         ${formatTime(entry.first)}${often}`);
    await print(harmless(`received by  ${entry.recipient}${entry.contact === "" ? "" : `, ${entry.contact}`}`));
    await print(harmless(`what         ${[...entry.description].sort().join("; ")}`));
    await print(harmless(`purpose      ${entry.purpose === "" ? "(not stated)" : entry.purpose}\n`));
  }
  for (const note of notes(untold)) await print(note);
}

function notes(untold: readonly Showing[]): string[] {
  const exempt =
    "note: this lists every access that showed a record in clear. The rule leaves out, among others, disclosures for treatment, payment and health\n" +
    "care operations, to the person themselves, by authorization, and as a limited data set (164.528(a)(1)): which of these are, the covered\n" +
    "entity decides. Disclosures that did not pass the gateway are not here.";
  if (untold.length === 0) return [exempt];
  const sessions = new Set(untold.map((one) => one.session));
  return [
    exempt,
    `note: ${untold.length} statements of ${sessions.size} sessions in this time showed records of which it cannot be told whose they are; this person's may be among\n` +
      `them: ${[...sessions].slice(0, 10).join(", ")}${sessions.size > 10 ? " ..." : ""}`,
  ];
}
