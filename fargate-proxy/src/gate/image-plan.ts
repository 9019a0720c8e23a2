// Which relations with PHI a command writes to, and how their rows can be read before and after it.
import { fill, quoted } from "#shared/analysis/sql/image.ts";
import { normalize } from "#shared/analysis/sql/normalize.ts";
import type { Analysis, Facts, ImageTemplate, StatementKind } from "#shared/facts.ts";
import type { PolicyCatalog } from "#shared/policy/types.ts";

export interface ImagePlan extends ImageTemplate {
  readonly kind: StatementKind;
}

/** What writes rows by itself. Definitions have their own image. */
const NOT_ROWS: ReadonlySet<StatementKind> = new Set(["define", "grant", "maintain", "prepare", "declare", "lock"]);

/** Each relation with PHI that the command string writes to, once; none where the target holds no PHI. */
export function planImages(analysis: Analysis, catalog: PolicyCatalog, target: string): readonly ImagePlan[] {
  if (!catalog.protects(target)) return [];
  const plans: ImagePlan[] = [];
  for (const { facts, images = [] } of analysis.statements) {
    if (NOT_ROWS.has(facts.kind)) continue;
    for (const relation of writtenIn(facts)) {
      if (!catalog.holdsPhi(target, relation) && !catalog.isDerived(target, relation)) continue;
      const template = images.find((image) => image.relation === relation);
      if (template === undefined && images.some((image) => image.family.includes(relation))) continue;
      plans.push({ ...(template ?? unread(relation, analysis)), kind: facts.kind });
    }
  }
  return plans;
}

function writtenIn(facts: Facts): readonly string[] {
  const written = facts.relations.filter((r) => !r.system && r.actions.some((a) => a === "write" || a === "delete"));
  return written.map((r) => r.relation);
}

function unread(relation: string, analysis: Analysis): ImageTemplate {
  const several = analysis.statements.length > 1;
  return {
    relation,
    family: [],
    key: [],
    before: null,
    why: several ? "one of several statements" : "not named as what is written",
  };
}

/** Rows before can be read beside the command. */
export function isReadable({ before }: ImagePlan): boolean {
  return before !== null && before.length > 0;
}

export function lockOf({ lock }: ImagePlan): readonly string[] {
  return lock === undefined ? [] : [lock];
}

/** @param text of the command */
export function queryBefore({ before }: ImagePlan, text: string): string {
  return fill(before ?? [], text);
}

/** Rows by their keys, one list of values for each column; none when the relation has no key. */
export function queryAfter({ relation, key, kind }: ImagePlan): readonly string[] {
  if (key.length === 0 || kind === "truncate") return [];
  const dot = relation.indexOf(".");
  const name = `${quoted(relation.slice(0, dot))}.${quoted(relation.slice(dot + 1))}`;
  const found = key.map((column, i) => `${quoted(column)} = ANY($${i + 1})`);
  return [`SELECT tableoid, ctid, * FROM ${name} WHERE ${found.join(" AND ")}`];
}

/** As the evidence may keep them. */
export function withoutLiterals(texts: readonly string[]): readonly string[] {
  return texts.map(normalize);
}
