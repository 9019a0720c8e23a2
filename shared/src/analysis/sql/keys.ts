// Primary keys in GROUP BY and DISTINCT. Rows that agree in the key of a table are one row of it, so that its other columns, listed beside the key
// as ORMs do, neither part nor join any groups: they shape nothing. It is the rule of PostgreSQL's own check_functional_grouping
// (catalog/pg_constraint.c), by which such columns need not be grouped at all. Rows that an outer join fills are alike in all of them.
import { findItem, type Scope, scopeOf } from "./scope.ts";
import { bodyOf, type Node, strings } from "./tree.ts";
import type { Field, Item } from "./value.ts";

/** Which of the expressions depend on a primary key that is among them, so that they shape no group. The key itself does. */
export function dependent(nodes: readonly Node[], items: readonly Item[]): ReadonlySet<Node> {
  const own = scopeOf(null, items);
  const named = nodes.map((node) => ({ node, ...namedColumns(node, own) }));
  const grouped = new Map<Item, Set<number>>();
  for (const { item, positions } of named)
    if (item !== null) grouped.set(item, new Set([...(grouped.get(item) ?? []), ...positions]));
  const whole = (item: Item) => item.key.length > 0 && item.key.every((position) => grouped.get(item)?.has(position));
  return new Set(
    named
      .filter(({ item, positions }) => item !== null && whole(item) && !positions.some((p) => item.key.includes(p)))
      .map(({ node }) => node),
  );
}

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
