// How the keys of the rows that a MERGE will insert are asked for: of its source what its ON joins to no row of the target, and the values that the
// first WHEN NOT MATCHED clause whose condition holds gives them.
import type { Node } from "libpg-query";
import type { SnapshotRelation } from "../../catalog.ts";
import type { InsertedRows } from "../../facts.ts";
import { typeOf } from "./image-insert.ts";
import { type Cut, choice, chosen, NO_CUT, type When } from "./image-merge-cut.ts";
import { effectOf, parsed } from "./image-reading.ts";
import { bodyOf, tagOf } from "./tree.ts";
import { type Piece, quoted, same } from "./words.ts";

type Range = readonly [number, number];

/** How the keys are asked for, or why they are not. */
export function insertedRows(cut: Cut, relation: SnapshotRelation): InsertedRows {
  const untold = (reason: string): InsertedRows => ({ keys: null, why: `of the rows that it inserts: ${reason}` });
  const by = relation.key ?? [];
  if (by.length === 0) return untold("there is no primary key");
  const types = by.map((column) => typeOf(cut.run, relation, column));
  if (types.includes("")) return untold("the type of the key is not known");
  const cells = new Map<When, readonly Cell[]>();
  for (const when of cut.unmatched) {
    if (when.body.commandType !== "CMD_INSERT") continue;
    const found = cellsOf(when, by, relation);
    if (typeof found === "string") return untold(found);
    cells.set(when, found);
  }
  const cause = effectOf(
    cut.run,
    [...cells.values()].flatMap((all) => all.map(({ node }) => node)),
  );
  if (cause !== null) return untold(cause);
  const keys = keysOf(cut, relation, types, cells);
  return keys === null ? untold(NO_CUT) : { keys, why: "" };
}

interface Cell {
  readonly node: Node;
  readonly range: Range;
}

/** The values of those columns, or why there are none. */
function cellsOf({ body, values }: When, by: readonly string[], relation: SnapshotRelation): readonly Cell[] | string {
  const named = (body.targetList ?? []).map((item) => bodyOf(item, "ResTarget"));
  if (named.some((one) => one?.indirection !== undefined)) return "parts of columns are named";
  const columns = named.length > 0 ? named.map((one) => one?.name ?? "") : relation.columns.map((one) => one.name);
  const nodes = body.values ?? [];
  const cells: Cell[] = [];
  for (const column of by) {
    const place = columns.indexOf(column);
    const node = nodes[place];
    if (node === undefined || tagOf(node) === "SetToDefault") return "a default gives the key";
    const range = values[place];
    if (range === undefined || values.length !== nodes.length) return NO_CUT;
    cells.push({ node, range });
  }
  return cells;
}

function keysOf(
  cut: Cut,
  { schema, name, kind, key }: SnapshotRelation,
  types: readonly string[],
  cells: ReadonlyMap<When, readonly Cell[]>,
): readonly Piece[] | null {
  const { run, text, body, head, target, source, on, unmatched } = cut;
  const outputs = types.map((type, i) =>
    choice(unmatched, (when) => {
      const cell = cells.get(when)?.[i];
      return cell === undefined ? ["NULL"] : ["(", cell.range, `)::${type}`];
    }),
  );
  // One that is there already is no row that it inserts, unless it deletes that first.
  const by = (key ?? []).map(quoted);
  const there = `${kind === "table" ? "ONLY " : ""}${quoted(schema)}.${quoted(name)}`;
  const alike = by.map((column) => `"there".${column} = "key".${column}`).join(" AND ");
  const pieces: Piece[] = [
    `SELECT "key".*, EXISTS (SELECT FROM ${there} AS "there" WHERE ${alike}) FROM (`,
    ...head,
    "SELECT",
    ...outputs.flatMap((output, i) => (i > 0 ? [",", ...output] : output)),
    "FROM",
    source,
    "WHERE NOT EXISTS (SELECT FROM",
    target,
    "WHERE",
    on,
    ") AND",
    ...choice(unmatched, (when) => [String(cells.has(when))]),
    `) AS "key" (${by.join(", ")})`,
  ];
  const made = bodyOf(bodyOf(parsed(run, pieces, text)?.fromClause?.[0], "RangeSubselect")?.subquery, "SelectStmt");
  const [absent, choices] = bodyOf(made?.whereClause, "BoolExpr")?.args ?? [];
  const [not] = bodyOf(absent, "BoolExpr")?.args ?? [];
  const looked = bodyOf(bodyOf(not, "SubLink")?.subselect, "SelectStmt");
  const found = (made?.targetList ?? []).map((item) => bodyOf(item, "ResTarget")?.val);
  const told =
    same(made?.withClause, body.withClause) &&
    same(made?.fromClause, [body.sourceRelation]) &&
    same(looked?.fromClause, [{ RangeVar: body.relation }]) &&
    same(looked?.whereClause, body.joinCondition) &&
    chosen(choices, unmatched) &&
    found.length === types.length &&
    found.every((output, i) => chosen(output, unmatched) && gives(output, unmatched, cells, i));
  return told ? pieces : null;
}

function gives(
  output: Node | undefined,
  unmatched: readonly When[],
  cells: ReadonlyMap<When, readonly Cell[]>,
  i: number,
): boolean {
  const results = (bodyOf(output, "CaseExpr")?.args ?? []).map((item) => bodyOf(item, "CaseWhen")?.result);
  return unmatched.every((when, place) => {
    const cell = cells.get(when)?.[i];
    return cell === undefined || same(bodyOf(results[place], "TypeCast")?.arg, cell.node);
  });
}
