// Which relations with PHI a command writes to, and how their rows can be read before and after it.
import { normalize } from "#shared/analysis/sql/normalize.ts";
import { fill, quoted } from "#shared/analysis/sql/words.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Action, Analysis, Facts, ImageTemplate, MadeRows, StatementKind } from "#shared/facts.ts";
import type { PolicyCatalog } from "#shared/policy/types.ts";
import { definitionQuery } from "./definition-query.ts";

export interface ImagePlan extends ImageTemplate {
  readonly kind: StatementKind;
}

/** What writes no rows by itself. */
const NOT_ROWS: ReadonlySet<StatementKind> = new Set(["grant", "maintain", "prepare", "declare", "lock"]);

/** Each relation with PHI that the command string writes to, once; none where the target holds no PHI. */
export function planImages(
  analysis: Analysis,
  catalog: PolicyCatalog,
  snapshot: CatalogSnapshot | null,
  target: string,
): readonly ImagePlan[] {
  if (!catalog.protects(target)) return [];
  const plans: ImagePlan[] = [];
  const concerns = (relation: string) => catalog.holdsPhi(target, relation) || catalog.isDerived(target, relation);
  for (const { facts, images = [], transactional } of analysis.statements) {
    if (NOT_ROWS.has(facts.kind)) continue;
    if (facts.kind === "define") {
      const changed = touchedIn(facts, ["define"]).filter(concerns);
      plans.push(...changed.flatMap((relation) => ofDefinition(relation, snapshot, transactional === true)));
      continue;
    }
    for (const relation of touchedIn(facts, ["write", "delete"])) {
      if (!concerns(relation)) continue;
      const template = images.find((image) => image.relation === relation);
      if (template === undefined && images.some((image) => image.family.includes(relation))) continue;
      plans.push({ ...(template ?? unread(relation, analysis)), kind: facts.kind });
    }
  }
  return plans;
}

function touchedIn(facts: Facts, actions: readonly Action[]): readonly string[] {
  const touched = facts.relations.filter((r) => !r.system && r.actions.some((action) => actions.includes(action)));
  return touched.map((r) => r.relation);
}

/** What is made new has no definition before. */
function ofDefinition(relation: string, snapshot: CatalogSnapshot | null, transactional: boolean): ImagePlan[] {
  const found = snapshot?.relations.find(({ schema, name }) => `${schema}.${name}` === relation);
  if (found === undefined) return [];
  const base = { relation, family: [], key: [], keyTypes: [], kind: "define" } as const;
  return [
    transactional
      ? { ...base, before: [definitionQuery(found.oid)], why: "" }
      : { ...base, before: null, why: "a definition that cannot have a transaction around it, or is not alone" },
  ];
}

function unread(relation: string, analysis: Analysis): ImageTemplate {
  const several = analysis.statements.length > 1;
  return {
    relation,
    family: [],
    key: [],
    keyTypes: [],
    before: null,
    why: several ? "one of several statements" : "not named as what is written",
  };
}

/** Rows before can be read beside the command. */
export function isReadable({ before, inserts }: ImagePlan): boolean {
  return before !== null && (before.length > 0 || (inserts?.keys ?? null) !== null);
}

export function lockOf({ lock }: ImagePlan): readonly string[] {
  return lock === undefined ? [] : [lock];
}

/** @param text of the command */
export function queryBefore({ before }: ImagePlan, text: string): string {
  return fill(before ?? [], text);
}

/** Keys of the rows that a MERGE will insert; empty when they cannot be told. */
export function queryOfInserts({ inserts }: ImagePlan, text: string): string {
  return fill(inserts?.keys ?? [], text);
}

/** Definitions by their number; rows by their keys, one list of values for each column; none when the relation has no key. */
export function queryAfter({ relation, key, keyTypes, kind, before }: ImagePlan): readonly string[] {
  if (kind === "define") return [fill(before ?? [], "")];
  if (key.length === 0 || kind === "truncate") return [];
  return [`SELECT tableoid, ctid, * FROM ${nameOf(relation)} WHERE ${isOneOf(key, keyTypes)}`];
}

/** These columns have the values of one key among many, whose values come as a list for each column. */
function isOneOf(columns: readonly string[], types: readonly string[]): string {
  const [only = ""] = columns;
  if (columns.length === 1) return `${quoted(only)} = ANY($1)`;
  const lists = types.map((type, i) => `$${i + 1}::${type}[]`);
  // The first conditions let an index be used; values of different keys would meet them together, too. unnest of several lists is syntax: it has no schema.
  const each = columns.map((column, i) => `${quoted(column)} = ANY(${lists[i]})`);
  return `${each.join(" AND ")} AND (${columns.map(quoted).join(", ")}) IN (SELECT * FROM unnest(${lists.join(", ")}))`;
}

function nameOf(relation: string): string {
  const dot = relation.indexOf(".");
  return `${quoted(relation.slice(0, dot))}.${quoted(relation.slice(dot + 1))}`;
}

/** Rows with these values in those columns, one list of values for each. @param more what comes behind it */
export function queryBy({ relation }: ImagePlan, { by, types, only }: MadeRows, more = ""): string {
  return `SELECT tableoid, ctid, * FROM ${only ? "ONLY " : ""}${nameOf(relation)} WHERE ${isOneOf(by, types)}${more}`;
}

/** Rows of this transaction whose key a sequence gave after a value. Those of a subtransaction are not found. */
export function querySince({ relation }: ImagePlan, { by, only }: MadeRows): string {
  const [column = ""] = by;
  const mine = "xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid";
  return `SELECT tableoid, ctid, * FROM ${only ? "ONLY " : ""}${nameOf(relation)} WHERE ${quoted(column)} > $1::pg_catalog.int8 AND ${mine}`;
}

/** As the evidence may keep them. */
export function withoutLiterals(texts: readonly string[]): readonly string[] {
  return texts.map(normalize);
}
