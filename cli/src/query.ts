// postern query: what auditors ask, answered from the evidence itself.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Answer, ask } from "./audit/duck.ts";
import { type NamedQuery, namedQueries } from "./audit/named.ts";
import { csvLine } from "./evidence/csv.ts";
import { parseTime, print } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import { attempt, Problem } from "./problem.ts";
import { stateDirectory } from "./settings.ts";

interface Options {
  readonly from: string;
  readonly to?: string;
  readonly person?: string;
  readonly subject?: string;
  readonly zone: string;
  readonly hours: string;
  readonly sql?: true;
  readonly json?: true;
  readonly csv?: true;
}

export function registerQuery(program: Command): void {
  program
    .command("query [name]")
    .description("answer an auditor's question from the evidence; without a name, list the questions")
    .option("--from <day>", "sessions that began on this day or later: 2026-11-20, 7d", "30d")
    .option("--to <day>", "sessions that began on this day or earlier; today, if not given")
    .option("--person <name>", "whom the question is about")
    .option("--subject <hash>", "whose records: as `postern disclosures --subject KEY --hashes` prints")
    .option("--zone <name>", "time zone of working hours: America/New_York", "UTC")
    .option("--hours <range>", "working hours, as 7-19", "7-19")
    .option("--sql", "print the query as Athena takes it, instead of its answer")
    .option("--json", "one JSON object per line")
    .option("--csv", "comma-separated values, with a line of names (RFC 4180)")
    .action((name: string | undefined, options: Options) => attempt(() => run(name, options)));
}

async function run(name: string | undefined, options: Options): Promise<void> {
  const queries = namedQueries();
  if (name === undefined) return list(queries, options);
  const query = queries.find((q) => q.name === name);
  if (query === undefined) throw new Problem(`there is no question ${name}`, 2, "`postern query` lists the questions.");
  if (options.sql) return print(query.sql.trimEnd());
  const values = valuesFor(options);
  const given = query.parameters.map((parameter) => {
    const value = values[parameter]?.();
    if (value === undefined) throw new Problem(`${name} is about somebody: say --${parameter}`, 2);
    return value;
  });
  const evidence = join(stateDirectory(), "evidence");
  if (!existsSync(join(evidence, "events")))
    throw new Problem(
      `there is no evidence in ${evidence}`,
      3,
      "Start the gateway first (`npm start`), or set POSTERN_STATE.",
    );
  await show(await ask(evidence, query.sql, given), options);
}

/** What each parameter of a query gets; asked for only when a query has it. */
function valuesFor(options: Options): Readonly<Record<string, () => string | number | undefined>> {
  return {
    from: () => day(parseTime(options.from)),
    to: () => day(options.to === undefined ? Date.now() : parseTime(options.to)),
    person: () => options.person,
    subject: () => options.subject,
    zone: () => zone(options.zone),
    opens: () => hours(options.hours)[0],
    closes: () => hours(options.hours)[1],
  };
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function zone(name: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new Problem(`${name} is not a time zone`, 2, "Write a name like America/New_York.");
  }
}

function hours(range: string): readonly [number, number] {
  const [, opens = "", closes = ""] = /^(\d{1,2})-(\d{1,2})$/.exec(range) ?? [];
  const between: readonly [number, number] = [Number(opens), Number(closes)];
  if (opens === "" || between[0] >= between[1] || between[1] > 24)
    throw new Problem(
      `${range} is not a range of hours`,
      2,
      "Write 7-19 for seven in the morning to seven in the evening.",
    );
  return between;
}

async function list(queries: readonly NamedQuery[], options: Options): Promise<void> {
  if (options.json) {
    for (const { name, says, serves, parameters } of queries)
      await print(JSON.stringify({ name, says, serves, parameters }));
    return;
  }
  for (const line of columns(
    ["QUESTION", "ANSWER"],
    queries.map((q) => [q.name, q.says]),
    [],
  ))
    await print(line);
}

async function show(answer: Answer, options: Options): Promise<void> {
  const cells = answer.rows.map((row) => answer.columns.map((column) => text(row[column])));
  if (options.json) for (const row of answer.rows) await print(JSON.stringify(row));
  else if (options.csv) for (const line of [[...answer.columns], ...cells]) await print(csvLine(line));
  else if (cells.length === 0) await print("nothing");
  else
    for (const line of columns(
      answer.columns.map((c) => c.toUpperCase()),
      cells.map((c) => c.map(harmless)),
      [],
    ))
      await print(line);
}

function text(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
}
