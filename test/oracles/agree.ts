// Facts against what the server says. Each disagreement is a fault of the analysis; what is excused is excused here, with its reason.
import type { Action, Facts } from "#shared/facts.ts";
import type { Dependency, Lock } from "./observe.ts";

/** A column of RowDescription, with the relation and attribute that it names, if any. */
export interface ShownColumn {
  readonly name: string;
  readonly origin: { readonly relation: string; readonly column: string } | null;
}

/** The result has the columns that the facts name, and where the server says whose column one is, the facts say so too. */
export function columnsDisagree(facts: Facts, shown: readonly ShownColumn[] | null): string[] {
  // The client does not tell a result without columns from none, and COPY has no RowDescription.
  if (shown === null && (facts.outputs?.length === 0 || facts.kind === "copy-out")) return [];
  if ((facts.outputs === null) !== (shown === null))
    return [
      `the server ${shown === null ? "gives no rows" : `gives ${shown.length} columns`}, the facts say otherwise`,
    ];
  const found = (facts.outputs ?? []).map((output) => output.name);
  const names = (shown ?? []).map((column) => column.name);
  if (JSON.stringify(found) !== JSON.stringify(names))
    return [`columns ${JSON.stringify(names)} are ${JSON.stringify(found)} in the facts`];
  return (facts.outputs ?? []).flatMap((output, i) => {
    const origin = shown?.[i]?.origin ?? null;
    if (origin === null) return [];
    const known = output.sources.some(
      (s) => s.relation === origin.relation && (s.column === origin.column || s.column === "*"),
    );
    return known ? [] : [`column ${i + 1} is ${origin.relation}.${origin.column}, which flows into it by no fact`];
  });
}

/** The columns that a view of the statement depends on are read. */
export function dependenciesDisagree(facts: Facts, dependencies: readonly Dependency[]): string[] {
  return dependencies.flatMap(({ relation, column }) => {
    // A column of a temporary relation stands for what flowed into it.
    if (relation.startsWith("pg_temp.")) return [];
    const columns = facts.relations.find((fact) => fact.relation === relation)?.columns ?? [];
    return columns.includes("*") || columns.includes(column)
      ? []
      : [`depends on ${relation}.${column}, which no fact reads`];
  });
}

/** What a comparison of locks has to know besides. */
export interface Known {
  /** Names of the relations whose rows a relation shares; null for one that the catalog did not have before the statement. */
  family(relation: string): readonly string[] | null;
  /** SnapshotRelation.kind */
  kind(relation: string): string | null;
  /** Is there, or was there before the statement, a foreign key between the two? */
  keyed(one: string, other: string): boolean;
  /** Tag of CommandComplete. */
  readonly tag: string;
  /** Words of the statement that make it do more, or nothing. */
  readonly cascades: boolean;
  readonly conditional: boolean;
}

const WRITES: ReadonlySet<Action> = new Set(["write", "delete", "define", "grant"]);
/** Readers take the one, SELECT FOR UPDATE and referential integrity the other. */
const READING: ReadonlySet<string> = new Set(["AccessShare", "RowShare"]);
/** They take their locks in a transaction of their own, or took them earlier. */
const ELSEWHERE: ReadonlySet<Facts["kind"]> = new Set([
  "maintain",
  "grant",
  "close",
  "fetch",
  "transaction",
  "listen",
  "notify",
]);

/** @param before what the transaction had locked already, and after the statement */
export function locksDisagree(facts: Facts, before: readonly Lock[], after: readonly Lock[], known: Known): string[] {
  if (ELSEWHERE.has(facts.kind)) return [];
  const had = new Set(before.map((lock) => `${lock.relation} ${lock.mode}`));
  const taken = after.filter((lock) => !had.has(`${lock.relation} ${lock.mode}`) && !excused(lock, facts, known));
  return [...taken.flatMap((lock) => unexplained(lock, facts)), ...notLocked(facts, after, known)];
}

/** A lock that says more than the facts. */
function unexplained(lock: Lock, facts: Facts): string[] {
  const found = facts.relations.filter((fact) => fact.relation === lock.relation || fact.relation === lock.was);
  if (found.length === 0) return [`${lock.mode} on ${lock.relation}, which the facts do not name`];
  const actions = found.flatMap((fact) => fact.actions);
  if (READING.has(lock.mode) || actions.some((action) => WRITES.has(action))) return [];
  return [`${lock.mode} on ${lock.relation}, of which the facts say ${actions.join(", ")}`];
}

function excused(lock: Lock, facts: Facts, known: Known): boolean {
  const { relation, kind, mode } = lock;
  // A default takes its next value.
  if (kind === "S") return true;
  const system = facts.relations.some((fact) => fact.system);
  // Functions that print definitions or measure relations lock what they look at, and show no row of it; system views call them.
  if (mode === "AccessShare" && (system || facts.functions.some(({ name }) => name.startsWith("pg_catalog.pg_"))))
    return true;
  // A body is tried when it is stored. What it does is judged when it runs.
  if (/^CREATE (FUNCTION|PROCEDURE)$/.test(known.tag)) return true;
  // These have names of their own, which the snapshot does not hold: such a statement is a definition at the target as such.
  if (/^(DROP|ALTER) (INDEX|STATISTICS)$/.test(known.tag)) return true;
  // Views and constraints go with what they are about; both hold no rows.
  if (known.cascades && facts.kind === "define" && mode === "AccessExclusive") return true;
  const written = facts.relations.filter((fact) => fact.actions.some((action) => WRITES.has(action)));
  // Referential integrity looks the other row up, or changes it as the constraint says.
  if (written.length > 0 && lock.linked) return true;
  if (written.some((fact) => known.keyed(fact.relation, relation))) return true;
  // What a new partition takes is not left to the default one, and all of a tree has to agree.
  return facts.kind === "define" && written.some((fact) => known.family(fact.relation)?.includes(relation) === true);
}

/** Facts that no lock bears out: what they name would be a mistake, or a caution too many. */
function notLocked(facts: Facts, after: readonly Lock[], known: Known): string[] {
  const modes = (name: string): string[] =>
    after.filter((lock) => lock.relation === name || lock.was === name).map((lock) => lock.mode);
  // What stands in a materialized view or a temporary relation was read when it was filled: its columns have the classes of what is
  // behind. A view that is made over others is not rewritten yet.
  const behind = facts.relations.some(
    ({ relation }) =>
      relation.startsWith("pg_temp.") ||
      known.kind(relation) === "matview" ||
      (facts.kind === "define" && known.kind(relation) === "view"),
  );
  return facts.relations.flatMap((fact) => {
    const family = known.family(fact.relation);
    if (fact.actions.every((action) => action === "define") && known.conditional) return [];
    // A temporary relation goes first, unless it is gone; in a new schema, its own relations do.
    const shadowed = facts.relations.some(
      (other) => other.relation === `pg_temp.${fact.relation.replace(/^.*?\./, "")}`,
    );
    if (facts.kind === "define" && (shadowed || known.tag === "CREATE SCHEMA")) return [];
    // What is not there; names of row types; sequences in defaults.
    if (family === null || known.kind(fact.relation) === "composite" || known.kind(fact.relation) === "sequence")
      return [];
    // Rows of relatives are in reach, whether or not the planner had to look there.
    const held = [fact.relation, ...family].flatMap(modes);
    const read = fact.actions.every((action) => action === "read");
    if (held.length === 0) return behind && read ? [] : [`${fact.relation} (${fact.actions.join(", ")}) is not locked`];
    const writes = fact.actions.includes("write") || fact.actions.includes("delete");
    return writes && held.every((mode) => READING.has(mode)) ? [`${fact.relation} is not locked for writing`] : [];
  });
}
