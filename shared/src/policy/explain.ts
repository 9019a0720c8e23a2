// Why a command is decided, and each of its output columns masked, as it is: for `postern explain`.
import type { Decision } from "../decision.ts";
import type { Facts, InfluenceFact, OutputFact, RelationName, StatementKind } from "../facts.ts";
import type { ColumnPlan, MaskName, MaskPlan } from "../masking/types.ts";
import type { Answer } from "./engine.ts";
import type { Asked } from "./evaluate.ts";
import type { Question } from "./questions.ts";
import { type PolicyCatalog, UNCLASSIFIED } from "./types.ts";

export interface ColumnExplanation {
  readonly name: string;
  /** Base columns that can flow into it, `schema.table.column`. */
  readonly from: readonly string[];
  /** Views that it is seen through. */
  readonly through: readonly string[];
  /** Operations that it is made by; empty for a column as it stands. */
  readonly made: readonly string[];
  /** Of its sources. */
  readonly classes: readonly string[];
  readonly mask: MaskName | "clear";
  /** Ids of the policies that reveal it, or that forbid to. */
  readonly policies: readonly string[];
  readonly why: string;
}

export interface SearchExplanation {
  readonly column: string;
  /** How it shapes the result: `equality`, `range`, `order` ... */
  readonly use: string;
  readonly classes: readonly string[];
  /** The view in whose definition it stands. */
  readonly through?: string;
  /** Nothing of its values: nobody is asked. */
  readonly reveals?: "nothing";
  readonly permitted: boolean;
  /** Ids of the policies that decided; empty when none says anything, which is a no. */
  readonly policies: readonly string[];
}

export interface StatementExplanation {
  readonly kind: StatementKind;
  readonly complete: boolean;
  readonly gaps: readonly string[];
  readonly relations: readonly { readonly relation: string; readonly actions: readonly string[] }[];
  /** Protected columns that shape the result without being shown. */
  readonly searches: readonly SearchExplanation[];
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
  /** The questions that the statements raised, with their answers. */
  readonly asked: readonly Asked[];
  /** Is the relation of this name a view? */
  readonly isView: (relation: RelationName) => boolean;
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
    .map((fact) => explainSearch(fact, about))
    .filter(({ classes }) => classes.length > 0);
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

function explainSearch(fact: InfluenceFact, about: About): SearchExplanation {
  const { relation, column, use, through, reveals } = fact;
  const classes = about.catalog.classesOf(about.target, fact);
  const asked = reveals === "nothing" ? [] : classes;
  const answers = asked.map((name) =>
    answerTo(about, "search", name, ({ context }) => context.use === use && context.fixed === (through !== undefined)),
  );
  return {
    column: `${relation}.${column}`,
    use,
    classes,
    ...(through === undefined ? {} : { through }),
    ...(reveals === undefined ? {} : { reveals }),
    permitted: answers.every((answer) => answer?.type === "yes" || answer?.type === "held"),
    policies: policiesOf(answers),
  };
}

function answerTo(
  { asked }: About,
  action: string,
  name: string,
  is: (question: Question) => boolean = () => true,
): Answer | undefined {
  return asked.find(({ question: q }) => q.action === action && q.resource.uid.id === name && is(q))?.answer;
}

const policiesOf = (answers: readonly (Answer | undefined)[]): string[] =>
  [...new Set(answers.flatMap((answer) => answer?.policies ?? []))].sort();

function columnPlan(plan: MaskPlan, index: number): ColumnPlan | undefined {
  return plan.type === "columns" ? plan.columns[index] : undefined;
}

function explainColumn(output: OutputFact, plan: ColumnPlan | undefined, about: About): ColumnExplanation {
  const { catalog, target, outOfStep, isView } = about;
  const classes = [...new Set(output.sources.flatMap((source) => catalog.classesOf(target, source)))].sort();
  const answers = new Map(classes.map((name) => [name, answerTo(about, "reveal", name)]));
  const mask = plan?.mask ?? "clear";
  const deciding = output.reveals === "nothing" ? [] : plan?.mask === "clear" ? classes : (plan?.classes ?? []);
  const views = output.sources.filter(({ relation }) => isView(relation));
  const base =
    views.length < output.sources.length ? output.sources.filter((source) => !views.includes(source)) : views;
  const reasons = { output, classes, mask, hidden: plan?.classes ?? [], answers, catalog };
  return {
    name: output.name,
    from: base.map((source) => `${source.relation}.${source.column}`),
    through: [...new Set(views.map(({ relation }) => relation))],
    made: output.direct ? [] : (output.made ?? []),
    classes,
    mask,
    policies: policiesOf(deciding.map((name) => answers.get(name))),
    why: differing(output, outOfStep) ?? `${reason(reasons)}${byPath(plan)}`,
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

interface Reasons {
  readonly output: OutputFact;
  readonly classes: readonly string[];
  readonly mask: MaskName | "clear";
  /** The classes that make for the mask. */
  readonly hidden: readonly string[];
  readonly answers: ReadonlyMap<string, Answer | undefined>;
  readonly catalog: PolicyCatalog;
}

function reason({ output, classes, mask, hidden, answers, catalog }: Reasons): string {
  if (output.reveals === "nothing") return "nothing of the values that it looks at shows in it";
  if (classes.length === 0) return output.sources.length === 0 ? "no column flows into it" : "not protected";
  if (mask === "clear")
    return classes.map((name) => `${by(answers.get(name))} lets you see ${name} in clear`).join("; ");
  const why = hidden.map((name) => {
    if (name === UNCLASSIFIED) return "nobody has classified it in catalog.yaml";
    const answer = answers.get(name);
    // Where a statement is refused, nobody asks what it would have shown.
    if (answer === undefined) return `${name} is hidden unless a policy reveals it`;
    return answer.type === "no" && answer.policies.length > 0
      ? `${by(answer)} forbids to see ${name} in clear`
      : `no policy lets you see ${name} in clear`;
  });
  const masks = hidden.map((name) => `${name}: ${catalog.classes.get(name)?.mask ?? "redact"}`);
  const whole =
    output.direct && hidden.length === 1
      ? ""
      : `; ${output.direct ? "of several classes" : "derived"}: hidden whole (${masks.join(", ")})`;
  return `${why.join("; ")}${whole}`;
}

const by = (answer: Answer | undefined): string => `policy ${answer?.policies.join(", ") || "?"}`;
