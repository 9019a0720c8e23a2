// Facts and policy to a plan: per output column of one statement, what hides it.
import type { ColumnRef, Facts, OutputFact, StatementKind } from "../facts.ts";
import type { JsonClasses, PolicyCatalog } from "../policy/types.ts";
import { UNCLASSIFIED } from "../policy/types.ts";
import type { ColumnPlan, LeafPlan, MaskName, MaskPlan, PathsPlan } from "./types.ts";

/**
 * Statements that answer without rows though they could not be analysed; EXECUTE and FETCH of a name that the session does not know are
 * the server's to refuse. Should rows come all the same, they are a mismatch and stay hidden.
 */
const SILENT: ReadonlySet<StatementKind> = new Set([
  "truncate",
  "copy-in",
  "declare",
  "fetch",
  "close",
  "prepare",
  "execute",
  "deallocate",
  "do",
  "define",
  "grant",
  "set",
  "transaction",
  "lock",
  "listen",
  "notify",
  "maintain",
  "empty",
]);

/**
 * What to hide in the result of one statement.
 *
 * A column that is one base column, unchanged, keeps the mask of its class. Everything else is hidden whole: of a value derived from
 * masked columns, and of a column that two different masks lay claim to, a part (`last4`, `year`, `pseudonym` ...) is either
 * meaningless or tells what the class meant to hide (the pseudonym of `substr(ssn, 1, 1)` has ten values). Whole means
 * `null` where any of the classes says `null`, else `redact`: strictest first, null, redact, and then all others.
 *
 * A column is clear only when every class of every source is in `reveal`. `unclassified` is never revealed.
 *
 * @param reveal classes that the principal sees in clear in this command
 */
export function planStatement(
  facts: Facts,
  catalog: PolicyCatalog,
  target: string,
  reveal: ReadonlySet<string>,
): MaskPlan {
  if (!catalog.protects(target)) return { type: "clear" };
  if (facts.complete)
    return facts.outputs === null
      ? { type: "none" }
      : { type: "columns", columns: facts.outputs.map((output) => planColumn(output, catalog, target, reveal)) };
  if (facts.outputs === null && SILENT.has(facts.kind)) return { type: "none" };
  const gap = facts.gaps[0];
  return { type: "refuse", why: gap === undefined ? "it could not be analysed" : `${gap.reason}: ${gap.what}` };
}

function planColumn(
  output: OutputFact,
  catalog: PolicyCatalog,
  target: string,
  reveal: ReadonlySet<string>,
): ColumnPlan {
  const { sources } = output;
  if (output.reveals === "nothing") return { mask: "clear", classes: [], sources, detectors: [] };
  const classes = classesOf(sources, catalog, target);
  const names = classes.some((name) => catalog.classes.get(name)?.identifier === "A");
  const hidden = classes.filter((name) => name === UNCLASSIFIED || !reveal.has(name));
  if (hidden.length === 0) return { mask: "clear", classes, sources, detectors: [], names };
  // The first source is the column itself; others are the view it is seen through, its partitions, what it is generated from.
  const direct = output.direct && sources[0]?.column !== "*";
  const mask = combine(
    hidden.map((name) => catalog.classes.get(name)?.mask ?? "redact"),
    direct,
  );
  const detectors = mask === "scan" ? hidden.flatMap((name) => catalog.classes.get(name)?.detectors ?? []) : [];
  const plan = { mask, classes: hidden, sources, detectors, names };
  // Whether a value is null tells of what the client made of it, not of a column as it stands.
  if (!direct) return { ...plan, nulls: "hidden" };
  const paths = pathsOf(sources, catalog, target);
  return paths === null ? plan : { ...plan, paths: planPaths(paths, catalog, reveal) };
}

/** Paths of the column, when all that flows in is that column, seen through partitions and views that have no classes of their own. */
function pathsOf(sources: readonly ColumnRef[], catalog: PolicyCatalog, target: string): JsonClasses | null {
  const found = new Set(
    sources.filter((source) => catalog.classesOf(target, source).length > 0).map((s) => catalog.pathsOf(target, s)),
  );
  const [paths = null] = found;
  return found.size === 1 ? paths : null;
}

function planPaths(paths: JsonClasses, catalog: PolicyCatalog, reveal: ReadonlySet<string>): PathsPlan {
  const leaf = (classes: readonly string[]): LeafPlan => {
    const hidden = classes.filter((name) => name === UNCLASSIFIED || !reveal.has(name));
    if (hidden.length === 0) return { mask: "clear", detectors: [] };
    const mask = combine(
      hidden.map((name) => catalog.classes.get(name)?.mask ?? "redact"),
      true,
    );
    return {
      mask,
      detectors: mask === "scan" ? hidden.flatMap((name) => catalog.classes.get(name)?.detectors ?? []) : [],
    };
  };
  return { parts: paths.parts.map(({ path, classes }) => ({ path, leaf: leaf(classes) })), rest: leaf(paths.rest) };
}

function classesOf(sources: readonly ColumnRef[], catalog: PolicyCatalog, target: string): string[] {
  return [...new Set(sources.flatMap((source) => catalog.classesOf(target, source)))];
}

function combine(masks: readonly MaskName[], direct: boolean): MaskName {
  const first = masks[0] ?? "redact";
  if (direct && masks.every((mask) => mask === first)) return first;
  return masks.includes("null") ? "null" : "redact";
}
