// postern sql: a small client for machines without psql.
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { DatabaseError } from "pg-protocol";
import { openHome } from "./home.ts";
import { complaint, complaintJson, type Layout, layOut } from "./postgres/print.ts";
import { prompt } from "./postgres/prompt.ts";
import { type Answer, openSession } from "./postgres/session.ts";
import { attempt, Problem } from "./problem.ts";
import { tokenFor, whoAsks } from "./tokens.ts";

interface Options {
  readonly as?: string;
  readonly expanded?: true;
  readonly csv?: true;
  readonly json?: true;
}

export function registerSql(program: Command): void {
  program
    .command("sql")
    .arguments("[target] [command]")
    .description("run SQL on a target through the gateway, or open a prompt")
    .option("--as <identity>", "who asks; the one who is signed in when left out")
    .option("-x, --expanded", "each row as a list of its columns")
    .option("--csv", "rows as CSV")
    .option("--json", "each result as one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  postern sql --as engineer 'select mrn, full_name from patients limit 5'\n  postern sql --as nurse clinic\n",
    )
    .action((first: string | undefined, second: string | undefined, options: Options) =>
      attempt(() => run(first, second, options)),
    );
}

async function run(first: string | undefined, second: string | undefined, options: Options): Promise<void> {
  const home = openHome();
  const { target, command } = whatFor(home.targets, first, second);
  const user = whoAsks(home, options.as);
  const layout: Layout = options.json ? "json" : options.csv ? "csv" : options.expanded ? "expanded" : "table";
  const onNotice = (notice: Parameters<typeof complaint>[0]) => void process.stderr.write(complaint(notice));
  const session = await openSession(home, { user, target, token: await tokenFor(home, user), onNotice }).catch(
    (error) => {
      if (!(error instanceof DatabaseError)) throw error;
      show({ results: [], error }, layout);
      return null;
    },
  );
  if (session === null) return;
  const interactive = command === undefined && process.stdin.isTTY;
  if (interactive) await prompt(session, target, layout, show);
  else show(await session.run(command ?? (await text(process.stdin))), layout);
  await session.close();
  if (interactive) process.exitCode = 0;
}

/** One argument is a target if it has the name of one, a command otherwise. */
function whatFor(targets: readonly string[], first: string | undefined, second: string | undefined) {
  const only = targets.length === 1 ? targets[0] : undefined;
  if (second !== undefined) return { target: first as string, command: second };
  if (first !== undefined && targets.includes(first)) return { target: first, command: undefined };
  if (only === undefined) throw new Problem("which target?", 2, `There are: ${targets.join(", ")}.`);
  return { target: only, command: first };
}

function show({ results, error }: Answer, layout: Layout): void {
  for (const result of results) process.stdout.write(layOut(result, layout));
  if (error === null) return;
  if (layout === "json") process.stdout.write(complaintJson(error));
  else process.stderr.write(complaint(error));
  process.exitCode = 1;
}
