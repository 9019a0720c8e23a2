// How the rows that an INSERT makes are found, and those that it meets: by the values of the primary key, or of what ON CONFLICT names, which the
// statement's own words give; or by the sequence that gives the key.
import type { Node } from "libpg-query";
import type { SnapshotRelation } from "../../catalog.ts";
import type { MadeRows } from "../../facts.ts";
import { effectOf, NEW, parsed, type Reading, why } from "./image-reading.ts";
import type { Run } from "./scope.ts";
import { type Body, bodyOf, tagOf } from "./tree.ts";
import { type Piece, quoted, same, Words } from "./words.ts";

type Insert = Body<"InsertStmt">;

/** Of one VALUES: the query for their keys is as long. */
const MOST_ROWS = 1000;

/** Columns of the statement, those that rows are found by, and the name of each one's type. */
interface Source {
  readonly columns: readonly string[];
  readonly by: readonly string[];
  readonly types: readonly string[];
}

export function ofInsert(run: Run, body: Insert, text: string, relation: SnapshotRelation): Reading {
  const conflict = conflictOf(body);
  const by = conflict === "update" ? arbiterOf(body) : (relation.key ?? []);
  if (by === null) return why("rows in conflict are not found by columns");
  const upserts = conflict === "update";
  const unfound = upserts ? why("the statement does not say the values that may be in conflict") : NEW;
  const columns = columnsOf(body, relation);
  if (by.length === 0 || columns === null) return unfound;
  const moves = [relation, ...run.base.lookup.family(relation)].some(({ triggers }) => triggers.length > 0);
  const meets = conflict !== "error" || moves;
  const types = by.map((name) => typeOf(run, relation, name));
  const made: MadeRows = { by, types, conflict, meets, generated: false, only: relation.kind === "table" };
  if (by.every((name) => columns.includes(name))) {
    if (types.includes("")) return unfound;
    const found = valuesOf(run, body, text, { columns, by, types });
    return typeof found === "string"
      ? upserts
        ? why(found)
        : { ...NEW, why: found }
      : { before: found, why: "", made };
  }
  const [column = ""] = by;
  if (upserts || by.length > 1 || conflict === "nothing") return unfound;
  return { before: sequenceOf(relation, column), why: "", made: { ...made, generated: true } };
}

function conflictOf({ onConflictClause }: Insert): MadeRows["conflict"] {
  if (onConflictClause === undefined) return "error";
  return onConflictClause.action === "ONCONFLICT_UPDATE" ? "update" : "nothing";
}

/** Columns that ON CONFLICT names; null when it names something else. */
function arbiterOf({ onConflictClause }: Insert): readonly string[] | null {
  const { indexElems = [], whereClause } = onConflictClause?.infer ?? {};
  const names = indexElems.map((item) => bodyOf(item, "IndexElem")?.name ?? "");
  return whereClause !== undefined || names.length === 0 || names.includes("") ? null : names;
}

/** Columns that the statement gives values of, in its order; null when it names parts of them. */
function columnsOf({ cols = [], selectStmt }: Insert, relation: SnapshotRelation): readonly string[] | null {
  if (selectStmt === undefined) return [];
  const named = cols.map((item) => bodyOf(item, "ResTarget"));
  if (named.some((target) => target === null || target.indirection !== undefined)) return null;
  if (named.length > 0) return named.map((target) => target?.name ?? "");
  return relation.columns.map(({ name }) => name);
}

/** As it is written in a cast; empty when it is not known, or an array: there are no lists of arrays to look in. */
export function typeOf(run: Run, { columns }: SnapshotRelation, name: string): string {
  const column = columns.find((one) => one.name === name);
  const type = column === undefined ? undefined : run.base.lookup.typeByOid(column.type);
  return type === undefined || type.category === "A" ? "" : `${quoted(type.schema)}.${quoted(type.name)}`;
}

/** A query for the values, or why there is none. */
function valuesOf(run: Run, body: Insert, text: string, source: Source): readonly Piece[] | string {
  const select = bodyOf(body.selectStmt, "SelectStmt");
  if (select === null) return "it has no values of its own";
  const words = new Words(text);
  const verb = words.find("insert", 0);
  let start = (body.cols ?? []).length > 0 ? words.list(words.opening(verb)).behind : words.find("values", verb);
  if (words.outer(start) === "overriding") start += 3;
  const before: Piece[] = verb > 0 ? [[0, verb]] : [];
  const values = select.valuesLists ?? [];
  const plain = Object.keys(select).every((part) => ["valuesLists", "limitOption", "op"].includes(part));
  if (values.length > 0 && plain && words.outer(start) === "values")
    return ofValues(run, body, text, { ...source, words, start: start + 1, before, values });
  if ((body.cols ?? []).length === 0) return "its columns are not named";
  const end = Math.min(words.pair("on", "conflict", start), words.find("returning", start));
  const cause = effectOf(run, [body.withClause, body.selectStmt]);
  if (cause !== null) return cause;
  const { by, types, columns } = source;
  const outputs = by.map((name, i) => `"new".${quoted(name)}::${types[i]}`).join(", ");
  const pieces: Piece[] = [
    ...before,
    `SELECT ${outputs} FROM (`,
    [start, end],
    `) AS "new" (${columns.map(quoted).join(", ")})`,
  ];
  const made = parsed(run, pieces, text);
  const [from] = made?.fromClause ?? [];
  const inner = bodyOf(from, "RangeSubselect")?.subquery;
  const alike = same(inner, body.selectStmt) && same(made?.withClause, body.withClause);
  return alike ? pieces : "its clauses could not be told apart";
}

interface Values extends Source {
  readonly words: Words;
  readonly start: number;
  readonly before: readonly Piece[];
  readonly values: readonly Node[];
}

/** Of each row the cells of those columns. */
function ofValues(
  run: Run,
  body: Insert,
  text: string,
  { words, start, before, values, columns, by, types }: Values,
): readonly Piece[] | string {
  if (values.length > MOST_ROWS) return "more rows in one statement than are looked for";
  const places = by.map((name) => columns.indexOf(name));
  const pieces: Piece[] = [...before, "VALUES"];
  const cells: (Node | undefined)[][] = [];
  let at = start;
  for (const [row, item] of values.entries()) {
    const nodes = bodyOf(item, "List")?.items ?? [];
    cells.push(places.map((place) => nodes[place]));
    const { items, behind } = words.list(at);
    if (row > 0) pieces.push(",");
    for (const [i, place] of places.entries()) {
      const node = nodes[place];
      const range = items[place];
      if (node === undefined || range === undefined || items.length !== nodes.length)
        return "its clauses could not be told apart";
      if (tagOf(node) === "SetToDefault") return "a default gives the key";
      pieces.push(i > 0 ? "," : "(", "(", range, `)::${types[i]}`);
    }
    pieces.push(")");
    at = behind + 1;
  }
  const cause = effectOf(run, [body.withClause, cells]);
  if (cause !== null) return cause;
  const made = parsed(run, pieces, text);
  const found = (made?.valuesLists ?? []).map((item) =>
    (bodyOf(item, "List")?.items ?? []).map((cell) => bodyOf(cell, "TypeCast")?.arg),
  );
  return same(found, cells) && same(made?.withClause, body.withClause) ? pieces : "its clauses could not be told apart";
}

/** The sequence that gives a column its values, and the last it has given to anybody; NULL where there is none, or it may not be looked at. */
function sequenceOf({ schema, name }: SnapshotRelation, column: string): readonly Piece[] {
  const literal = (value: string) => `E'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const given = `pg_catalog.pg_get_serial_sequence(${literal(`${quoted(schema)}.${quoted(name)}`)}, ${literal(column)})`;
  const last = "pg_catalog.pg_sequence_last_value(s.name::pg_catalog.regclass)";
  return [
    `SELECT s.name, CASE WHEN pg_catalog.has_sequence_privilege(s.name, 'SELECT') THEN coalesce(${last}, 0) END`,
    `FROM (SELECT ${given}) AS s (name) WHERE s.name IS NOT NULL`,
  ];
}
