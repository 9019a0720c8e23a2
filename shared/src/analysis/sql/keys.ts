// Primary keys in GROUP BY and DISTINCT. Rows that agree in the key of a table are one row of it, so that its other columns, listed beside the key
// as ORMs do, neither part nor join any groups: they shape nothing. It is the rule of PostgreSQL's own check_functional_grouping
// (catalog/pg_constraint.c), by which such columns need not be grouped at all. Rows that an outer join fills are alike in all of them.
//
// In which order the rows come is another matter: it follows the values that are hashed or sorted, unless ORDER BY says it to the last. GROUP BY
// hashes the primary key alone, or instead of it the columns of another unique index (remove_useless_groupby_columns of optimizer/plan/initsplan.c);
// DISTINCT hashes all.
import { findItem, type Scope, scopeOf } from "./scope.ts";
import { bodyOf, type Node, strings } from "./tree.ts";
import type { Field, Item, Row } from "./value.ts";

/**
 * The expressions that depend on a primary key that is among them, so that they shape no group (the key itself does): each with what it shapes
 * all the same, the order in which groups come or nothing.
 * @param sorted what ORDER BY sorts by
 */
export function dependent(
  by: "group" | "distinct",
  nodes: readonly Node[],
  items: readonly Item[],
  sorted: readonly Node[],
): ReadonlyMap<Node, "order" | "nothing"> {
  const own = scopeOf(null, items);
  const named = nodes.map((node) => ({ node, ...namedColumns(node, own) }));
  const whole = wholeKeys(named);
  const isFree = ({ item, positions }: Named) =>
    item !== null && whole(item) && !positions.some((p) => item.key.includes(p));
  const free = named.filter(isFree);
  const shape = named.filter((each) => !isFree(each));
  const fixed = isFixed(
    shape,
    sorted.map((node) => ({ node, ...namedColumns(node, own) })),
    items,
  );
  const settled = (each: Named) => by === "group" && !each.positions.some((p) => each.item?.unique.includes(p));
  return new Map(free.map((each) => [each.node, fixed || settled(each) ? "nothing" : "order"]));
}

/** Does sorting leave no two rows in an order of their own? */
function isFixed(shape: readonly Mentioned[], sorted: readonly Mentioned[], items: readonly Item[]): boolean {
  const settled = settledItems(sorted, items);
  return shape.every(
    ({ node, item, positions }) =>
      (item !== null && settled.has(item)) ||
      sorted.some((other) =>
        item === null ? alike(node, other.node) : other.item === item && other.positions[0] === positions[0],
      ),
  );
}

/** The entries of which there is one row for each value of what is sorted by: their primary key is in it, or equals columns of such rows. */
function settledItems(sorted: readonly Mentioned[], items: readonly Item[]): ReadonlySet<Item> {
  const whole = wholeKeys(sorted);
  const settled = new Set(items.filter(whole));
  for (let before = -1; before < settled.size; ) {
    before = settled.size;
    const rows = new Set([...settled].map(rowOf));
    const reached = (item: Item) =>
      item.key.length > 0 &&
      item.key.every((position) => {
        const own = item.columns[position]?.name;
        return rowOf(item)?.links.some((link) => link.own === own && link.sure && rows.has(link.other));
      });
    for (const item of items.filter(reached)) settled.add(item);
  }
  return settled;
}

/** The row that the columns of a table's entry are of. */
function rowOf(item: Item): Row | undefined {
  const rows = [...(item.columns[item.key[0] ?? 0]?.value.rows ?? [])];
  return rows.length === 1 ? rows[0] : undefined;
}

/** Whether all columns of an entry's primary key are mentioned. */
function wholeKeys(mentioned: readonly Named[]): (item: Item) => boolean {
  const found = new Map<Item, Set<number>>();
  for (const { item, positions } of mentioned)
    if (item !== null) found.set(item, new Set([...(found.get(item) ?? []), ...positions]));
  return (item) => item.key.length > 0 && item.key.every((position) => found.get(item)?.has(position));
}

const alike = (a: Node, b: Node): boolean => a === b || spelled(a) === spelled(b);
const spelled = (node: Node): string => JSON.stringify(node, (key, value) => (key === "location" ? undefined : value));

/** A target list with its stars written out, as far as they can be: in the order of the columns that it gives. */
export function listed(targets: readonly Node[] | undefined, items: readonly Item[]): readonly Node[] {
  const own = scopeOf(null, items);
  return (targets ?? []).flatMap((target) => {
    const node = bodyOf(target, "ResTarget")?.val;
    const fields = bodyOf(node, "ColumnRef")?.fields ?? [];
    if (node === undefined || bodyOf(fields.at(-1), "A_Star") === null) return node ?? [];
    const names = strings(fields);
    const starred = names.length === 0 ? items.filter((item) => item.bare) : [findItem(own, names.at(-1)!)];
    return starred.flatMap((item) =>
      item === null || item === "ambiguous" ? [node] : item.columns.map(namedIn(item)),
    );
  });
}

const namedIn =
  (item: Item) =>
  ({ name }: Field): Node => ({
    ColumnRef: { fields: [...(item.name === null ? [] : [item.name]), name].map((sval) => ({ String: { sval } })) },
  });

interface Named {
  readonly item: Item | null;
  readonly positions: readonly number[];
}

interface Mentioned extends Named {
  readonly node: Node;
}

const NONE: Named = { item: null, positions: [] };

/** The columns of an entry of FROM that `x.column` names, or a bare name where there is but one entry. */
function namedColumns(node: Node, scope: Scope): Named {
  const fields = bodyOf(node, "ColumnRef")?.fields ?? [];
  const names = strings(fields);
  const column = names.at(-1);
  if (names.length !== fields.length || names.length > 2 || column === undefined) return NONE;
  const only = scope.items.length === 1 ? scope.items[0]! : null;
  const item = names.length === 2 ? findItem(scope, names[0]!) : only;
  if (item === null || item === "ambiguous") return NONE;
  const positions = item.columns.flatMap((field, i) => (field.name === column ? [i] : []));
  return positions.length === 1 ? { item, positions } : NONE;
}
