// postern explain: what a statement would do, what policy says of it, and why each column of its result is masked. Nothing is run.
import type { Command } from "commander";
import type { DecisionRequest } from "#shared/decision.ts";
import type { Principal } from "#shared/identity.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { type Asked, createExaminer } from "#shared/policy/evaluate.ts";
import {
  type ColumnExplanation,
  type Explanation,
  explain,
  type SearchExplanation,
  type StatementExplanation,
} from "#shared/policy/explain.ts";
import { BundleRefused } from "#shared/policy/problems.ts";
import { tryOut } from "#shared/policy/trial.ts";
import { columns, harmless } from "./evidence/table.ts";
import { openAnalysis, openBundle, policyFolder } from "./policy/bundle.ts";
import { attempt, Problem } from "./problem.ts";

interface Options {
  readonly as: string;
  readonly target: string;
  readonly purpose?: string;
  readonly policy?: string;
  readonly json?: true;
}

export function registerExplain(program: Command): void {
  program
    .command("explain")
    .argument("<statement>", "SQL, in one argument")
    .description("say what a statement does, how policy decides it, and why each column is masked; runs nothing")
    .requiredOption("--as <identity>", "one of the identities in the bundle's tests.yaml")
    .option("--target <name>", "the target", "clinic")
    .option("--purpose <text>", "the purpose of use that the session states")
    .option("--policy <folder>", "the policy bundle; `policy` when left out")
    .option("--json", "as one JSON object")
    .action((statement: string, options: Options) => attempt(() => run(statement, options)));
}

async function run(statement: string, options: Options): Promise<void> {
  const bundle = await openBundle(policyFolder(options.policy)).catch((error: unknown) => {
    if (!(error instanceof BundleRefused)) throw error;
    throw new Problem(`the policy bundle is refused:\n${error.message}`, 1);
  });
  const { as, target, purpose } = options;
  if (!bundle.targets.has(target))
    throw new Problem(`there is no target "${target}"`, 2, `There are: ${[...bundle.targets.keys()].join(", ")}.`);
  const principal = identity(bundle, as);
  const { factsOf, outOfStep, isView } = await openAnalysis(bundle, target, { telling: true });
  const examine = createExaminer(bundle);
  let asked: readonly Asked[] = [];
  const evaluate = (request: DecisionRequest) => {
    const examined = examine(request);
    asked = examined.asked;
    return examined.decision;
  };
  const context = { bundle, evaluate, time: Date.now() };
  const { decision, facts, plans } = tryOut(context, { principal, target, purpose, outOfStep }, factsOf(statement));
  const statements = facts.map((f, i) => ({ facts: f, plan: plans[i] ?? { type: "none" as const } }));
  const explanation = explain(
    { as, target, catalog: bundle.catalog.without(target, outOfStep), outOfStep, asked, isView },
    decision,
    statements,
  );
  const text = options.json ? JSON.stringify(explanation) : lines(explanation).join("\n");
  process.stdout.write(`${text}\n`);
}

function identity(bundle: LoadedBundle, name: string): Principal {
  const found = bundle.tests.identities.get(name);
  if (found !== undefined) return found;
  const known = [...bundle.tests.identities.keys()].join(", ");
  throw new Problem(`the bundle's tests.yaml has no identity "${name}"`, 2, `There are: ${known}.`);
}

function lines({ as, target, decision, statements }: Explanation): string[] {
  const { outcome, why, hint, policies, obligations, version } = decision;
  const wanted = obligations.map((o) =>
    o.type === "reason" ? "a stated purpose" : `approval of ${o.groups.join(", ")}`,
  );
  return [
    `${outcome}  for ${as} at ${target}${why === "" ? "" : `: ${why}`}`,
    ...(wanted.length > 0 ? [`needs     ${wanted.join(", ")}`] : []),
    `policies  ${policies.length === 0 ? (outcome === "permit" ? "none is needed" : "none permits it") : policies.join(", ")}`,
    ...(hint === undefined ? [] : [`hint      ${hint}`]),
    `version   ${version}`,
    ...statements.flatMap((statement) => ["", ...statementLines(statement, outcome)]),
  ].map(harmless);
}

function statementLines(statement: StatementExplanation, outcome: string): string[] {
  const { kind, gaps, relations, searches, functions, unshowable } = statement;
  return [
    `statement ${kind}${statement.complete ? "" : ", not fully analysed"}`,
    ...gaps.map((gap) => `  gap     ${gap}`),
    ...relations.map(({ relation, actions }) => `  ${actions.join(", ").padEnd(7)} ${relation}`),
    ...searches.map(searchLine),
    ...functions.map(
      ({ name, standing, reveals, reason }) =>
        `  call    ${name} (${standing}${reveals === undefined ? "" : `: reveals ${reveals === "nothing" ? "nothing of columns as they stand" : "its arguments"}. ${reason}`})`,
    ),
    ...(unshowable === undefined ? [] : [`  result  cannot be shown: ${unshowable}`]),
    ...columnLines(statement, outcome),
  ];
}

function searchLine({ column, use, classes, through, reveals, permitted, policies }: SearchExplanation): string {
  const where = through === undefined ? "" : `, in the definition of ${through}`;
  const decided =
    policies.length === 0 ? "no policy permits it" : `${permitted ? "permitted" : "refused"} by ${policies.join(", ")}`;
  const who = reveals === "nothing" ? "nothing of its values shows in it" : decided;
  return `  search  ${column} (${classes.join(", ")}) by ${use}${where}: ${who}`;
}

function origin({ from, through, made }: ColumnExplanation): string {
  const views = through.filter((view) => !from.some((column) => column.startsWith(`${view}.`)));
  return [
    from.join(", ") || "no column",
    ...(views.length === 0 ? [] : [`through ${views.join(", ")}`]),
    ...(made.length === 0 ? [] : [`by ${made.join(", ")}`]),
  ].join(" ");
}

/** Two lines for each column: what is shown and where it comes from; and why. */
function columnLines(statement: StatementExplanation, outcome: string): string[] {
  if (statement.columns === null || statement.columns.length === 0) return [];
  const header = ["COLUMN", outcome === "permit" ? "MASK" : "WOULD BE", "FROM, AND WHY"];
  const rows = statement.columns.flatMap((c) => [
    [c.name, c.mask, origin(c)],
    ["", "", `  ${c.why}`],
  ]);
  return ["", ...columns(header, rows, []).map((line) => `  ${line}`)];
}
