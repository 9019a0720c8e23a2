// Facts against what the server says. Each disagreement is a fault of the analysis; what is excused stands in excuses.ts, with its reason.
import type { Facts } from "#shared/facts.ts";
import { type Around, hasReason, mayBeUnlocked, READING, WRITES } from "./excuses.ts";
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
  // MOVE is FETCH without the rows.
  if (shown === null && facts.kind === "fetch") return [];
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
    // A column of a temporary relation stands for what flowed into it. Of a relation that is not read (its lock would show), a view
    // can depend on the row type.
    const fact = facts.relations.find((f) => f.relation === relation);
    if (relation.startsWith("pg_temp.") || fact === undefined) return [];
    const { columns } = fact;
    return columns.includes("*") || columns.includes(column)
      ? []
      : [`depends on ${relation}.${column}, which no fact reads`];
  });
}

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
export function locksDisagree(facts: Facts, before: readonly Lock[], after: readonly Lock[], around: Around): string[] {
  if (ELSEWHERE.has(facts.kind)) return [];
  const had = new Set(before.map((lock) => `${lock.relation} ${lock.mode}`));
  const taken = after.filter((lock) => !had.has(`${lock.relation} ${lock.mode}`) && !hasReason(lock, facts, around));
  return [...taken.flatMap((lock) => unexplained(lock, facts)), ...notLocked(facts, after, around)];
}

/** A lock that says more than the facts. */
function unexplained(lock: Lock, facts: Facts): string[] {
  const found = facts.relations.filter((fact) => fact.relation === lock.relation || fact.relation === lock.was);
  if (found.length === 0) return [`${lock.mode} on ${lock.relation}, which the facts do not name`];
  const actions = found.flatMap((fact) => fact.actions);
  if (READING.has(lock.mode) || actions.some((action) => WRITES.has(action))) return [];
  return [`${lock.mode} on ${lock.relation}, of which the facts say ${actions.join(", ")}`];
}

/** Facts that no lock bears out: what they name would be a mistake, or a caution too many. */
function notLocked(facts: Facts, after: readonly Lock[], around: Around): string[] {
  const modes = (name: string): string[] =>
    after.filter((lock) => lock.relation === name || lock.was === name).map((lock) => lock.mode);
  return facts.relations.flatMap((fact) => {
    if (mayBeUnlocked(fact, facts, around)) return [];
    // Rows of relatives are in reach, whether or not the planner had to look there.
    const held = [fact.relation, ...(around.family(fact.relation) ?? [])].flatMap(modes);
    if (held.length === 0) return [`${fact.relation} (${fact.actions.join(", ")}) is not locked`];
    const writes = fact.actions.includes("write") || fact.actions.includes("delete");
    return writes && held.every((mode) => READING.has(mode)) ? [`${fact.relation} is not locked for writing`] : [];
  });
}
