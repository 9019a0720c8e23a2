// postern catalog scan: what a target holds that catalog.yaml does not say, or says wrongly. It writes nothing, and shows no value.
import type { Command } from "commander";
import { lookAtTarget, NoSuchTarget, type TargetLook } from "#proxy/adapters/local-target.ts";
import { type Drift, driftOf } from "#shared/policy/drift.ts";
import { BundleRefused } from "#shared/policy/problems.ts";
import { fragment, proposals, type RelationProposal, type Unclassified, unclassified } from "#shared/policy/scan.ts";
import { columns, harmless } from "./evidence/table.ts";
import { attempt, Problem } from "./problem.ts";
import { stateDirectory } from "./settings.ts";

interface Options {
  readonly policy?: string;
  readonly sample: string;
  readonly json?: true;
}

interface Scan {
  readonly target: string;
  readonly drift: readonly Drift[];
  /** Relations that are masked whole until catalog.yaml is corrected. */
  readonly maskedWhole: readonly string[];
  readonly proposals: readonly RelationProposal[];
  /** Lines for catalog.yaml; empty when nothing is proposed. */
  readonly yaml: string;
}

const MOST_SAMPLES = 10_000;

export function registerCatalog(program: Command): void {
  const catalog = program.command("catalog").description("compare catalog.yaml with what a target holds");
  catalog
    .command("scan")
    .argument("<target>", "the target")
    .description(
      "propose classes for what nobody has classified, and report what is new, renamed or gone; writes nothing, shows no value.\nExits with 0 when there is nothing to do, 1 when there is, 2 when the scan failed",
    )
    .option("--policy <folder>", "another bundle than the gateway's")
    .option("--sample <count>", "values to look at, for each column; 0 looks at names and types alone", "100")
    .option("--json", "as one JSON object")
    .action((target: string, options: Options) => attempt(() => run(target, options)));
}

async function run(target: string, options: Options): Promise<void> {
  const count = Number(options.sample);
  if (!Number.isInteger(count) || count < 0 || count > MOST_SAMPLES)
    throw new Problem(`--sample takes a number from 0 to ${MOST_SAMPLES}`, 2);
  const look = await open(target, options.policy);
  try {
    const scan = await scanTarget(look, target, count);
    process.stdout.write(options.json ? `${JSON.stringify(scan)}\n` : `${lines(scan).map(harmless).join("\n")}\n`);
    if (scan.drift.length > 0) process.exitCode = 1;
  } finally {
    look.close();
  }
}

async function open(target: string, policy: string | undefined): Promise<TargetLook> {
  try {
    return await lookAtTarget(stateDirectory(), target, policy);
  } catch (error) {
    if (error instanceof NoSuchTarget)
      throw new Problem(`there is no target "${target}"`, 2, `There are: ${error.known.join(", ")}.`);
    if (error instanceof BundleRefused) throw new Problem(`the policy bundle is refused:\n${error.message}`, 2);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw new Problem(
        `no gateway was ever configured in ${stateDirectory()}`,
        2,
        "Run `npm start`, or set POSTERN_STATE.",
      );
    throw new Problem(`${target} cannot be looked at: ${code ?? message}`, 2, "Is it running? See `postern status`.");
  }
}

async function scanTarget({ bundle, snapshot, sample }: TargetLook, target: string, count: number): Promise<Scan> {
  const { catalog } = bundle;
  const listed = catalog.listed(target);
  // Of a target that is declared `none`, too: somebody wants to know whether that is so.
  const drifts = driftOf(listed, snapshot);
  const open = unclassified(drifts, snapshot);
  const values = count === 0 ? new Map<string, readonly string[] | null>() : await sampled(open, sample, count);
  const about = { listed, classes: catalog.classes, snapshot, drifts };
  const proposed = proposals(open, about, (relation, column) => values.get(`${relation}\0${column}`));
  return {
    target,
    drift: drifts,
    maskedWhole: catalog.outOfStep(snapshot),
    proposals: proposed,
    yaml: proposed.length === 0 ? "" : fragment(target, proposed),
  };
}

/** By relation and column. A foreign table is not asked: its values are in another system. */
async function sampled(
  open: readonly Unclassified[],
  sample: TargetLook["sample"],
  count: number,
): Promise<Map<string, readonly string[] | null>> {
  const found = new Map<string, readonly string[] | null>();
  for (const { relation, columns: wanted } of open) {
    if (relation.kind === "view" || relation.kind === "foreign") continue;
    const { schema, name: table } = relation;
    for (const { name } of wanted) found.set(`${schema}.${table}\0${name}`, await sample(schema, table, name, count));
  }
  return found;
}

function lines({ target, drift, maskedWhole, proposals: proposed, yaml }: Scan): string[] {
  if (drift.length === 0) return [`${target} is as catalog.yaml says`];
  const rows = proposed.flatMap(({ relation, derived, columns: list }) =>
    derived
      ? [[relation, "derived", "high", "a view: analysis finds what is behind its columns"]]
      : list.map((c) => [`${relation}.${c.column}`, c.class ?? "?", c.class === null ? "" : c.confidence, c.reason]),
  );
  return [
    ...columns(["DIFFERENCE", "WHAT"], drift.map(words), []),
    ...(maskedWhole.length === 0
      ? []
      : ["", `Masked whole until catalog.yaml is corrected: ${maskedWhole.join(", ")}`]),
    ...(rows.length === 0 ? [] : ["", ...columns(["COLUMN", "PROPOSED", "CONFIDENCE", "REASON"], rows, [])]),
    ...(yaml === "" ? [] : ["", "# For catalog.yaml, once somebody has looked at it:", ...yaml.trimEnd().split("\n")]),
  ];
}

function words(drift: Drift): [string, string] {
  switch (drift.kind) {
    case "new-table":
      return ["new table", drift.relation];
    case "new-view":
      return ["new view", drift.relation];
    case "new-column":
      return ["new column", `${drift.relation}.${drift.column}`];
    case "gone-table":
      return drift.now === undefined
        ? ["gone table", drift.relation]
        : ["renamed table", `${drift.relation}, perhaps ${drift.now} now`];
    case "gone-column":
      return drift.now === undefined
        ? ["gone column", `${drift.relation}.${drift.column}`]
        : ["renamed column", `${drift.relation}.${drift.column}, perhaps ${drift.now} now`];
    case "not-a-view":
      return ["no view", `${drift.relation} is listed as derived, and has values of its own`];
  }
}
