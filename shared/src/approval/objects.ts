// The definitions of what a command touches: should one of them be another by the time the command runs, the command is another too.
import type { CatalogSnapshot, SnapshotFunction, SnapshotRelation } from "../catalog.ts";
import type { Json } from "../evidence/canonical.ts";
import type { Facts, OutputFact } from "../facts.ts";

interface Index {
  readonly relations: ReadonlyMap<string, SnapshotRelation>;
  /** Overloads have one name. */
  readonly functions: ReadonlyMap<string, readonly SnapshotFunction[]>;
  readonly byOid: ReadonlyMap<number, SnapshotFunction>;
}

const indexes = new WeakMap<CatalogSnapshot, Index>();

function indexOf(snapshot: CatalogSnapshot): Index {
  let index = indexes.get(snapshot);
  if (index === undefined) {
    const functions = new Map<string, SnapshotFunction[]>();
    for (const f of snapshot.functions) {
      const name = `${f.schema}.${f.name}`;
      const same = functions.get(name);
      if (same === undefined) functions.set(name, [f]);
      else same.push(f);
    }
    index = {
      relations: new Map(snapshot.relations.map((r) => [`${r.schema}.${r.name}`, r])),
      functions,
      byOid: new Map(snapshot.functions.map((f) => [f.oid, f])),
    };
    indexes.set(snapshot, index);
  }
  return index;
}

/**
 * @param temporary relations of the session, by name: they have no place in the snapshot
 * @returns by name, in a form that has one spelling; null for what is not there
 */
export function definitionsOf(
  facts: readonly Facts[],
  snapshot: CatalogSnapshot,
  temporary: ReadonlyMap<string, readonly OutputFact[]>,
): Json {
  const { relations, functions, byOid } = indexOf(snapshot);
  const touched: Record<string, Json> = {};
  for (const { relation: name } of facts.flatMap((f) => f.relations)) {
    const found = relations.get(name);
    const own = temporary.get(name.slice(name.indexOf(".") + 1));
    const triggers = found?.triggers.map((oid) => byOid.get(oid) ?? null) ?? [];
    touched[name] = { is: plain(found), triggers: plain(triggers), temporary: plain(own) };
  }
  const called: Record<string, Json> = {};
  for (const { name, standing } of facts.flatMap((f) => f.functions))
    called[name] = standing === "harmless" ? standing : plain(functions.get(name));
  return { server: snapshot.serverVersion, database: snapshot.database, relations: touched, functions: called };
}

/** pg_type.oid of `trigger`: what returns it is called by triggers and by nothing else. */
const TRIGGER = 2279;

/**
 * May planning the statements run code of the database? The planner works out calls of functions that are declared to depend on nothing;
 * those that the server came with do no harm then. Triggers do not run before the statement does.
 */
export function planningMayRunCode(facts: readonly Facts[], snapshot: CatalogSnapshot | null): boolean {
  const calls = facts.flatMap((f) => f.functions).filter((f) => f.standing !== "harmless");
  if (calls.length === 0) return false;
  const known = snapshot === null ? null : indexOf(snapshot).functions;
  return calls.some(({ name }) => !(known?.get(name)?.every((f) => f.returns === TRIGGER) ?? false));
}

/** Snapshots are plain JSON; an interface of it is not, for the compiler. */
function plain(value: object | undefined): Json {
  return (value ?? null) as Json;
}
