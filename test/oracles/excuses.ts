// Why locks and facts may differ without a fault of the analysis. Each excuse has its reason; what is a limit of the analysis stands in
// KNOWN_LIMITATIONS.md too.
import type { Action, Facts, RelationFact } from "#shared/facts.ts";
import type { Lock } from "./observe.ts";

/** What the server's catalog and the statement say besides. */
export interface Around {
  /** Names of the relations whose rows a relation shares; null for one that the catalog did not have before the statement. */
  family(relation: string): readonly string[] | null;
  /** SnapshotRelation.kind */
  kind(relation: string): string | null;
  /** Is there, or was there before the statement, a foreign key between the two? */
  keyed(one: string, other: string): boolean;
  /** Has it row security? What its policies read is not followed. */
  guarded(relation: string): boolean;
  /** There are event triggers: they run code of their own after definitions. */
  readonly eventTriggers: boolean;
  /** Tag of CommandComplete. */
  readonly tag: string;
  /** Words of the statement that make it do more, or nothing. */
  readonly cascades: boolean;
  readonly conditional: boolean;
}

export const WRITES: ReadonlySet<Action> = new Set(["write", "delete", "define", "grant"]);
/** Readers take the one, SELECT FOR UPDATE and referential integrity the other. */
export const READING: ReadonlySet<string> = new Set(["AccessShare", "RowShare"]);

/** Functions that print definitions or measure relations: they lock what they look at, and show no row of it. */
const LOOKING = /^pg_catalog\.(pg_|satisfies_hash_partition$)/;

/** Is there a reason for a lock that the facts need not know? */
export function hasReason({ relation, kind, mode, linked }: Lock, facts: Facts, around: Around): boolean {
  const defines = facts.kind === "define";
  const written = facts.relations.filter((fact) => fact.actions.some((action) => WRITES.has(action)));
  // A default takes its next value; a column goes with its sequence.
  if (kind === "S" || around.kind(relation) === "sequence") return true;
  // System views call functions that look, too.
  const looks = facts.relations.some((fact) => fact.system) || facts.functions.some(({ name }) => LOOKING.test(name));
  if (mode === "AccessShare" && looks) return true;
  if (mode === "AccessShare" && facts.relations.some((fact) => around.guarded(fact.relation))) return true;
  // A body is tried when it is stored. What it does is judged when it runs; what a policy does is not followed.
  if (/^CREATE (FUNCTION|PROCEDURE)$|^(CREATE|ALTER) POLICY$/.test(around.tag)) return true;
  // These have names of their own, which the snapshot does not hold: such a statement is a definition at the target as such.
  if (/^(DROP|ALTER) (INDEX|STATISTICS)$/.test(around.tag)) return true;
  // Views and constraints go with what they are about; both hold no rows.
  if (defines && around.cascades && mode === "AccessExclusive") return true;
  if (defines && around.eventTriggers) return true;
  // Referential integrity looks the other row up, or changes it as the constraint says.
  if (written.length > 0 && (linked || written.some((fact) => around.keyed(fact.relation, relation)))) return true;
  // What a new partition takes is not left to the default one, and all of a tree has to agree.
  return defines && written.some((fact) => around.family(fact.relation)?.includes(relation) === true);
}

/** Is there a reason why what a fact names is not locked? */
export function mayBeUnlocked(fact: RelationFact, facts: Facts, around: Around): boolean {
  const defines = facts.kind === "define";
  const kind = around.kind(fact.relation);
  // What is not there; names of row types; sequences in defaults.
  if (around.family(fact.relation) === null || kind === "composite" || kind === "sequence") return true;
  // IF EXISTS, IF NOT EXISTS: nothing was to be done.
  if (around.conditional && !fact.actions.includes("read")) return true;
  // In a new schema its own relations come first. A domain's constraint that is NOT VALID, or there already, is not tried.
  if (/^(CREATE SCHEMA|ALTER DOMAIN)$/.test(around.tag)) return true;
  const named = new Set(facts.relations.map(({ relation }) => relation));
  // A temporary relation goes first, unless it is gone.
  if (defines && named.has(`pg_temp.${fact.relation.replace(/^.*?\./, "")}`)) return true;
  if (fact.actions.some((action) => action !== "read")) return false;
  // What stands in a materialized view or a temporary relation was read when it was filled: its columns have the classes of what is
  // behind.
  const copied = [...named].some((name) => name.startsWith("pg_temp.") || around.kind(name) === "matview");
  // What a view or a function is made of is looked at when it is used.
  const later =
    [...named].some((name) => around.kind(name) === "view") ||
    facts.functions.some(({ standing }) => standing === "analysed");
  return copied || ((defines || facts.kind === "prepare") && later);
}
