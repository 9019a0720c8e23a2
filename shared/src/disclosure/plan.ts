// What of a result is somebody's record shown in clear, and which of its columns says whose.
import type { ColumnRef, Facts, KeyExpression, KeyQueryTemplate, OutputFact, RelationName } from "../facts.ts";
import type { ColumnPlan, MaskPlan } from "../masking/types.ts";
import type { PolicyCatalog } from "../policy/types.ts";
import { UNCLASSIFIED } from "../policy/types.ts";
import type { Shown } from "./types.ts";

/** @param keyQuery how keys can be asked for that the result does not show @returns nothing when no record of anybody is shown in clear */
export function disclosuresIn(
  facts: Facts,
  plan: MaskPlan,
  catalog: PolicyCatalog,
  target: string,
  reveal: ReadonlySet<string>,
  keyQuery: KeyQueryTemplate | undefined = undefined,
): readonly Shown[] {
  if (plan.type !== "columns") return [];
  const found = new Map<string, Gathered>();
  for (const [i, output] of (facts.outputs ?? []).entries()) {
    const column = plan.columns[i];
    if (column === undefined || !isShown(column, output, catalog, target, reveal)) continue;
    for (const source of output.sources) gather(found, i, source, output, { facts, keyQuery, catalog, target });
  }
  return [...found.values()].map(({ domain, key, asked, cells, classes, relations }) => ({
    domain,
    key,
    ...(asked === undefined ? {} : { asked }),
    cells: [...cells],
    classes: [...classes].sort(),
    relations: [...relations].sort(),
  }));
}

interface Where {
  readonly facts: Facts;
  readonly keyQuery: KeyQueryTemplate | undefined;
  readonly catalog: PolicyCatalog;
  readonly target: string;
}

interface Gathered extends Pick<Shown, "domain" | "key" | "asked"> {
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

function gather(found: Map<string, Gathered>, cell: number, source: ColumnRef, output: OutputFact, where: Where): void {
  const { catalog, target } = where;
  const classes = catalog.classesOf(target, source);
  const subject = catalog.subjectOf(target, source.relation);
  if (classes.length === 0 || subject === "none") return;
  for (const key of keysOf(source.relation, output, where)) {
    const place = typeof key === "number" && subject !== null ? key : -1;
    const domain = place < 0 ? null : (subject?.domain ?? null);
    const asked = typeof key === "number" || subject === null ? undefined : { domain: subject.domain, key };
    const name = JSON.stringify([place, domain, asked]);
    const at = found.get(name) ?? {
      domain,
      key: place,
      ...(asked === undefined ? {} : { asked }),
      cells: new Set(),
      classes: new Set(),
      relations: new Set(),
    };
    found.set(name, at);
    at.cells.add(cell);
    for (const of of classes) at.classes.add(of);
    at.relations.add(source.relation);
  }
}

/**
 * Where the keys stand of all rows of the relation that flow into a column, or how they can be asked for; -1 among them where one cannot be told.
 */
function keysOf(
  relation: RelationName,
  output: OutputFact,
  { facts, keyQuery, catalog, target }: Where,
): ReadonlySet<number | KeyExpression> {
  const keys = new Set<number | KeyExpression>();
  for (const at of output.rows ?? []) {
    const row = facts.rows?.[at];
    // Of rows of which nothing is known, any may be this relation's.
    if (row === undefined || row.relations.length === 0) keys.add(-1);
    else if (row.relations.includes(relation)) {
      const subject = catalog.subjectOf(target, row.relations[0]!) ?? catalog.subjectOf(target, relation);
      if (subject === null || subject === "none") keys.add(-1);
      else keys.add(row.shown[subject.column] ?? keyQuery?.columns[at]?.[subject.column] ?? -1);
    }
  }
  return keys.size === 0 ? new Set([-1]) : keys;
}
