// What of a result is somebody's record shown in clear, and which of its columns says whose.
import type { ColumnRef, Facts, OutputFact, RelationName } from "../facts.ts";
import type { ColumnPlan, MaskPlan } from "../masking/types.ts";
import type { PolicyCatalog } from "../policy/types.ts";
import { UNCLASSIFIED } from "../policy/types.ts";
import type { Shown } from "./types.ts";

/** @returns nothing when no record of anybody is shown in clear */
export function disclosuresIn(
  facts: Facts,
  plan: MaskPlan,
  catalog: PolicyCatalog,
  target: string,
  reveal: ReadonlySet<string>,
): readonly Shown[] {
  if (plan.type !== "columns") return [];
  const found = new Map<string, Gathered>();
  for (const [i, output] of (facts.outputs ?? []).entries()) {
    const column = plan.columns[i];
    if (column === undefined || !isShown(column, output, catalog, target, reveal)) continue;
    for (const source of output.sources) gather(found, i, source, output, facts, catalog, target);
  }
  return [...found.values()].map(({ domain, key, cells, classes, relations }) => ({
    domain,
    key,
    cells: [...cells],
    classes: [...classes].sort(),
    relations: [...relations].sort(),
  }));
}

interface Gathered {
  readonly domain: string | null;
  readonly key: number;
  readonly cells: Set<number>;
  readonly classes: Set<string>;
  readonly relations: Set<RelationName>;
}

/** A document that is masked part by part can show some of them. */
function isShown(
  column: ColumnPlan,
  output: OutputFact,
  catalog: PolicyCatalog,
  target: string,
  reveal: ReadonlySet<string>,
): boolean {
  if (output.reveals === "nothing") return false;
  if (column.mask === "clear") return column.classes.length > 0;
  if (column.paths === undefined) return false;
  const clear = (classes: readonly string[]) =>
    classes.length > 0 && classes.every((name) => name !== UNCLASSIFIED && reveal.has(name));
  return output.sources.some((source) => {
    const paths = catalog.pathsOf(target, source);
    return paths !== null && (clear(paths.rest) || paths.parts.some((part) => clear(part.classes)));
  });
}

function gather(
  found: Map<string, Gathered>,
  cell: number,
  source: ColumnRef,
  output: OutputFact,
  facts: Facts,
  catalog: PolicyCatalog,
  target: string,
): void {
  const classes = catalog.classesOf(target, source);
  const subject = catalog.subjectOf(target, source.relation);
  if (classes.length === 0 || subject === "none") return;
  for (const key of keysOf(source.relation, output, facts, catalog, target)) {
    const domain = key < 0 || subject === null ? null : subject.domain;
    const place = domain === null ? -1 : key;
    const name = `${place} ${domain}`;
    const at = found.get(name) ?? { domain, key: place, cells: new Set(), classes: new Set(), relations: new Set() };
    found.set(name, at);
    at.cells.add(cell);
    for (const of of classes) at.classes.add(of);
    at.relations.add(source.relation);
  }
}

/** Where the keys stand of all rows of the relation that flow into a column; -1 among them where one cannot be told. */
function keysOf(
  relation: RelationName,
  output: OutputFact,
  facts: Facts,
  catalog: PolicyCatalog,
  target: string,
): ReadonlySet<number> {
  const rows = (output.rows ?? []).map((at) => facts.rows?.[at]);
  const keys = new Set<number>();
  for (const row of rows) {
    // Of rows of which nothing is known, any may be this relation's.
    if (row === undefined || row.relations.length === 0) keys.add(-1);
    else if (row.relations.includes(relation)) {
      const subject = catalog.subjectOf(target, row.relations[0]!) ?? catalog.subjectOf(target, relation);
      keys.add(subject === null || subject === "none" ? -1 : (row.shown[subject.column] ?? -1));
    }
  }
  return keys.size === 0 ? new Set([-1]) : keys;
}
