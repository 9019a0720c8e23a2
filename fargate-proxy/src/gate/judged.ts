// What the gate keeps of a statement that it judged in a session: the second run of it costs a look-up.
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Decision } from "#shared/decision.ts";
import { disclosuresIn } from "#shared/disclosure/plan.ts";
import type { Shown } from "#shared/disclosure/types.ts";
import type { ApprovalUse, FactsSummary } from "#shared/evidence/event.ts";
import type { Analysis, Facts } from "#shared/facts.ts";
import { planStatement } from "#shared/masking/plan.ts";
import type { MaskPlan } from "#shared/masking/types.ts";
import type { PolicyCatalog } from "#shared/policy/types.ts";
import type { Target } from "#shared/target.ts";
import type { AnalysisContext } from "../ports/analysis.ts";
import type { Command, Judgement } from "../protocol.ts";
import { type Beside, isAccompanied, planBeside } from "./beside.ts";
import { setsSomething } from "./settings-said.ts";

export interface Judged extends Judgement {
  readonly decision: Decision;
  /** When policy was asked, and what was out of step with the target then. */
  readonly asked: { readonly time: number; readonly outOfStep: readonly string[] };
  /** Milliseconds since the epoch: after it, policy is asked again. */
  readonly validUntil: number;
  readonly plans: readonly MaskPlan[];
  /** Per plan: whose records its result shows in clear. */
  readonly disclosures: readonly (readonly Shown[])[];
  /** Why its result could not be masked; null when it can be. */
  readonly unshowable: string | null;
  readonly guarded: boolean;
  /** What runs beside it. */
  readonly beside: Beside;
  /** Permitting it may change a setting. */
  readonly sets: boolean;
  /** Of a held command that was released: the request that let it run. */
  readonly approval: ApprovalUse | null;
  /** What it was resolved against; if either is another now, it is analysed again. */
  readonly context: AnalysisContext;
  readonly snapshot: CatalogSnapshot | null;
  ref: number;
}

export interface Decided {
  readonly command: Command;
  readonly analysis: Analysis;
  readonly decision: Decision;
  readonly snapshot: CatalogSnapshot | null;
  /** Is it recorded whose records are shown? */
  readonly disclosures: boolean;
}

/** What follows from policy's answer, once for all runs. @param now when policy was asked, milliseconds since the epoch */
export function judgedAs(
  listed: PolicyCatalog,
  at: Target,
  { command, analysis, decision, snapshot, disclosures }: Decided,
  now: number,
): Judged {
  const target = at.name;
  // What is out of step with the target is masked whole, whatever was said of it.
  const outOfStep = snapshot === null ? [] : listed.outOfStep(snapshot);
  const catalog = snapshot === null ? listed : listed.without(target, outOfStep);
  const facts = analysis.statements.map((s) => s.facts);
  const reveal = new Set(decision.reveal);
  const plans = decision.outcome === "refuse" ? [] : facts.map((f) => planStatement(f, catalog, target, reveal));
  const asks = at.disclosures === "companion";
  const shown = disclosures
    ? plans.map((plan, i) =>
        disclosuresIn(facts[i]!, plan, catalog, target, reveal, asks ? analysis.statements[i]?.keyQuery : undefined),
      )
    : [];
  const beside = planBeside(analysis, catalog, snapshot, at, shown[0] ?? []);
  return {
    text: command.text,
    analysis,
    ref: 0,
    decision,
    asked: { time: now, outOfStep },
    validUntil: now + decision.cacheSeconds * 1000,
    held: decision.outcome === "hold",
    accompanied: isAccompanied(beside),
    beside,
    plans,
    disclosures: shown,
    unshowable: plans.find((plan) => plan.type === "refuse")?.why ?? null,
    guarded: mayEcho(facts, catalog, target, snapshot),
    sets: setsSomething(analysis),
    approval: null,
    context: command.context,
    snapshot,
  };
}

/**
 * May the server's words about this command hold data? Yes when it touches PHI or a view (its rows come from tables that the
 * command does not name: REFRESH), when it cannot be vouched for, and when it writes to a relation with triggers or rules (their errors speak of other tables).
 */
function mayEcho(
  facts: readonly Facts[],
  catalog: PolicyCatalog,
  target: string,
  snapshot: CatalogSnapshot | null,
): boolean {
  if (!catalog.protects(target)) return false;
  return facts.some(
    (f) =>
      !f.complete ||
      // REINDEX SCHEMA, VACUUM: of everything.
      (f.kind === "maintain" && f.relations.length === 0) ||
      f.functions.some((fn) => fn.standing === "opaque" || fn.standing === "declared") ||
      f.relations.some(
        (r) =>
          catalog.holdsPhi(target, r.relation) ||
          catalog.isDerived(target, r.relation) ||
          (writes(r.actions) && hasCode(snapshot, r.relation)),
      ),
  );
}

function writes(actions: readonly string[]): boolean {
  return actions.some((a) => a !== "read" && a !== "export");
}

const withCode = new WeakMap<CatalogSnapshot, ReadonlySet<string>>();

function hasCode(snapshot: CatalogSnapshot | null, relation: string): boolean {
  if (snapshot === null) return true;
  let names = withCode.get(snapshot);
  if (names === undefined) {
    const coded = snapshot.relations.filter((r) => r.triggers.length > 0 || r.rules);
    names = new Set(coded.map((r) => `${r.schema}.${r.name}`));
    withCode.set(snapshot, names);
  }
  return names.has(relation);
}

export function summarize(facts: readonly Facts[]): FactsSummary[] {
  return facts.map((f) => ({
    kind: f.kind,
    complete: f.complete,
    gaps: f.gaps.map((g) => `${g.reason}: ${g.what}`),
    relations: f.relations.map((r) => ({ relation: r.relation, actions: r.actions })),
  }));
}
