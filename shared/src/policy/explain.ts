// Why a command is decided, and each of its output columns masked, as it is: for `postern explain`.
import type { Decision } from "../decision.ts";
import type { Facts, OutputFact, RelationName, StatementKind } from "../facts.ts";
import type { ColumnPlan, MaskName, MaskPlan } from "../masking/types.ts";
import { type PolicyCatalog, UNCLASSIFIED } from "./types.ts";

export interface ColumnExplanation {
  readonly name: string;
  /** Base columns that can flow into it, `schema.table.column`. */
  readonly from: readonly string[];
  /** Of its sources. */
  readonly classes: readonly string[];
  readonly mask: MaskName | "clear";
  readonly why: string;
}

export interface StatementExplanation {
  readonly kind: StatementKind;
  readonly complete: boolean;
  readonly gaps: readonly string[];
  readonly relations: readonly { readonly relation: string; readonly actions: readonly string[] }[];
  /** Protected columns that shape the result without being shown. */
  readonly searches: readonly {
    readonly column: string;
    readonly use: string;
    readonly classes: readonly string[];
    readonly through?: string;
  }[];
  /** Functions that are not built in and harmless. */
  readonly functions: readonly {
    readonly name: string;
    readonly standing: string;
    /** Of declared ones: what the catalog says of their result, and why. */
    readonly reveals?: "nothing" | "arguments";
    readonly reason?: string;
  }[];
  /** Null when the statement returns no rows, or when they cannot be told. */
  readonly columns: readonly ColumnExplanation[] | null;
  /** Set when the result could not be shown at all. */
  readonly unshowable?: string;
}

export interface Explanation {
  readonly as: string;
  readonly target: string;
  readonly decision: Decision;
  readonly statements: readonly StatementExplanation[];
}

export interface Explained {
  readonly facts: Facts;
  readonly plan: MaskPlan;
}

interface About {
  readonly as: string;
  readonly target: string;
  readonly catalog: PolicyCatalog;
  /** Relations that differ from what the catalog says of them. */
  readonly outOfStep: readonly RelationName[];
}

export function explain(about: About, decision: Decision, statements: readonly Explained[]): Explanation {
  return {
    as: about.as,
    target: about.target,
    decision,
    statements: statements.map((s) => explainStatement(s, about)),
  };
}

function explainStatement({ facts, plan }: Explained, about: About): StatementExplanation {
  const { catalog, target } = about;
  const searches = facts.influence
    .map(({ relation, column, use, through }) => ({
      column: `${relation}.${column}`,
      use,
      classes: catalog.classesOf(target, { relation, column }),
      ...(through === undefined ? {} : { through }),
    }))
    .filter((search) => search.classes.length > 0);
  return {
    kind: facts.kind,
    complete: facts.complete,
    gaps: facts.gaps.map((gap) => `${gap.reason}: ${gap.what}`),
    relations: facts.relations.map(({ relation, actions }) => ({ relation, actions })),
    searches,
    functions: facts.functions
      .filter((f) => f.standing !== "harmless")
      .map(({ name, standing }) => ({ name, standing, ...catalog.declaredFunction(target, name) })),
    columns:
      facts.outputs === null || plan.type === "refuse"
        ? null
        : facts.outputs.map((output, i) => explainColumn(output, columnPlan(plan, i), about)),
    ...(plan.type === "refuse" ? { unshowable: plan.why } : {}),
  };
}

function columnPlan(plan: MaskPlan, index: number): ColumnPlan | undefined {
  return plan.type === "columns" ? plan.columns[index] : undefined;
}

function explainColumn(
  output: OutputFact,
  plan: ColumnPlan | undefined,
  { catalog, target, outOfStep }: About,
): ColumnExplanation {
  const classes = [...new Set(output.sources.flatMap((source) => catalog.classesOf(target, source)))].sort();
  const mask = plan?.mask ?? "clear";
  return {
    name: output.name,
    from: output.sources.map((source) => `${source.relation}.${source.column}`),
    classes,
    mask,
    why: differing(output, outOfStep) ?? `${reason(output, classes, mask, plan?.classes ?? [])}${byPath(plan)}`,
  };
}

function differing(output: OutputFact, outOfStep: readonly RelationName[]): string | null {
  const found = output.reveals === "nothing" ? undefined : output.sources.find((s) => outOfStep.includes(s.relation));
  return found === undefined
    ? null
    : `${found.relation} differs from what catalog.yaml says of it: hidden whole (postern catalog scan)`;
}

function byPath(plan: ColumnPlan | undefined): string {
  if (plan?.paths === undefined) return "";
  const parts = plan.paths.parts.map(({ path, leaf }) => `${pathText(path)} ${leaf.mask}`);
  return `; in documents: ${[...parts, `all else ${plan.paths.rest.mask}`].join(", ")}`;
}

function pathText(path: readonly (string | null)[]): string {
  return `$${path.map((step) => (step === null ? "[*]" : /^\w+$/.test(step) ? `.${step}` : `.${JSON.stringify(step)}`)).join("")}`;
}

function reason(
  output: OutputFact,
  classes: readonly string[],
  mask: MaskName | "clear",
  concerned: readonly string[],
): string {
  if (output.reveals === "nothing") return "nothing of the values that it looks at shows in it";
  if (classes.length === 0) return output.sources.length === 0 ? "no column flows into it" : "not protected";
  if (mask === "clear") return `policy lets you see ${classes.join(", ")} in clear`;
  const hidden = concerned.filter((name) => name !== UNCLASSIFIED).join(", ");
  const unknown = concerned.includes(UNCLASSIFIED) ? "nobody has classified it in catalog.yaml" : "";
  const why = [hidden === "" ? "" : `no policy lets you see ${hidden} in clear`, unknown].filter((w) => w !== "");
  return `${why.join("; ")}${output.direct ? "" : " (made from such values: hidden whole)"}`;
}
