// A plan and the server's shape to a mask of rows: every row is rewritten in one pass, and what is kept is copied as it is.
import type { CatalogSnapshot, SnapshotRelation } from "../catalog.ts";
import type { Watch } from "../disclosure/watch.ts";
import { type Disclosing, NOBODY, watchOver } from "../disclosure/watch-over.ts";
import type { ColumnRef } from "../facts.ts";
import { type CatalogIndex, indexOf } from "./catalog-index.ts";
import { copyBytes, getInt16, putInt32 } from "./cell.ts";
import { type CellPlan, Cells } from "./cells.ts";
import type { RecordFormat } from "./detectors/records.ts";
import type { Inspection } from "./inspection.ts";
import { type Hmac, pseudonymsOf } from "./pseudonym.ts";
import { yearOfDay } from "./temporal.ts";
import { type CellShape, columnMask, type MaskTools } from "./transforms.ts";
import type { ByteSink, ColumnPlan, MaskPlan, MaskTally, RowMask, Shape, ShapeColumn } from "./types.ts";

/** What masks need besides the plan. */
export interface MaskEnvironment {
  readonly snapshot: CatalogSnapshot;
  readonly target: string;
  /** HMAC-SHA-256 with the pseudonym key: the same function for as long as the key is the same. */
  readonly hmac: Hmac;
  /** Formats of the target's record numbers: catalog.yaml's. */
  readonly records: readonly RecordFormat[];
  /** Milliseconds since the epoch: from it comes which years of birth tell an age of 90 and more. */
  readonly now: number;
  /** For each column of free text, what asks somebody else about it; absent where nobody is asked. */
  readonly inspect?: () => Inspection;
}

export interface Mismatch {
  /** What the server says otherwise than the analysis, in words without data. */
  readonly mismatch: string;
}

/**
 * A mask for the rows of one result.
 * @param shape as the server described it, with the formats that Bind asked for
 * @param disclosing whose records the result shows in clear
 * @returns a mismatch when the server's description contradicts the analysis: such a result must not be shown
 */
export function rowMask(
  plan: MaskPlan,
  shape: Shape,
  env: MaskEnvironment,
  disclosing: Disclosing = NOBODY,
): RowMask | Mismatch {
  if (plan.type === "clear") return untouched;
  if (plan.type === "none") return { mismatch: "rows, where the analysis found none" };
  if (plan.type === "refuse") return { mismatch: plan.why };
  const { columns } = plan;
  if (columns.length !== shape.length)
    return { mismatch: `${shape.length} columns, where the analysis found ${columns.length}` };
  const tools = toolsOf(env);
  for (let i = 0; i < shape.length; i++) {
    const told = contradiction(columns[i]!, shape[i]!, tools.index);
    if (told !== null) return { mismatch: `column ${i + 1} ${told}` };
  }
  const watch = watchOver(disclosing, tools.index, (i) => ({
    type: shape[i]?.type ?? 0,
    binary: shape[i]?.format === 1,
  }));
  return new Rows(
    columns.map((column, i) => ({
      plan: column,
      name: shape[i]!.name,
      names: column.names === true && tools.index.type(shape[i]!.type).family === "text",
      ...maskOf(column, shape[i]!, tools, env),
      subjects: watch?.shows(i) === true,
    })),
    watch,
  );
}

const DAYS_TO_2000 = 10_957;

export function toolsOf(env: MaskEnvironment): MaskTools {
  return {
    index: indexOf(env.snapshot),
    pseudonyms: pseudonymsOf(env.hmac, env.target),
    records: env.records,
    thisYear: yearOfDay(Math.floor(env.now / 86_400_000) - DAYS_TO_2000),
  };
}

type Masked = Pick<CellPlan, "cell" | "inspection">;

function maskOf(column: ColumnPlan, shape: ShapeColumn, tools: MaskTools, env: MaskEnvironment): Masked {
  const cell = { type: shape.type, modifier: shape.modifier ?? -1, binary: shape.format === 1 };
  return cellOf(column, cell, tools, env);
}

/** The mask of a column, and of free text what somebody else is asked about it by. */
export function cellOf(column: ColumnPlan, cell: CellShape, tools: MaskTools, { inspect }: MaskEnvironment): Masked {
  if (inspect === undefined || !holdsFreeText(column)) return { cell: columnMask(column, cell, tools) };
  const inspection = inspect();
  return { cell: columnMask(column, cell, { ...tools, inspection }), inspection };
}

function holdsFreeText({ mask, paths }: ColumnPlan): boolean {
  const leaves = paths === undefined ? [] : [paths.rest, ...paths.parts.map((part) => part.leaf)];
  return mask === "scan" || (mask !== "clear" && leaves.some((leaf) => leaf.mask === "scan"));
}

const untouched: RowMask = {
  active: false,
  watch: null,
  row() {
    throw new Error("this mask has nothing to do");
  },
  tally: [],
};

/**
 * Where the server says that a column is one of a table's, that table's column has to be among what the analysis found to flow in.
 * Of views it says the view, and of relations that the snapshot does not know (temporary ones) nothing is known: there the analysis stands alone.
 */
function contradiction(column: ColumnPlan, shape: ShapeColumn, index: CatalogIndex): string | null {
  // System columns (ctid, xmin, tableoid: numbered below zero) say where a row is kept; no value flows into them.
  if (shape.table === 0 || shape.attribute < 0) return null;
  const relation = index.relation(shape.table);
  if (relation === undefined || !isBase(relation)) return null;
  const attribute = relation.columns.find((c) => c.number === shape.attribute);
  const name = `${relation.schema}.${relation.name}`;
  // A generated column's value is that of the columns it is computed from.
  const loose = attribute === undefined || attribute.generated;
  const found = column.sources.some(
    (source) => source.relation === name && (loose || isColumn(source, attribute.name)),
  );
  return found ? null : `is of ${name}, where the analysis found another source`;
}

function isBase(relation: SnapshotRelation): boolean {
  const stored = relation.kind === "table" || relation.kind === "partitioned" || relation.kind === "foreign";
  return stored && relation.schema !== "pg_catalog" && relation.schema !== "information_schema";
}

function isColumn(source: ColumnRef, name: string): boolean {
  return source.column === name || source.column === "*";
}

const DATA_ROW = 68;

class Rows implements RowMask {
  readonly active: boolean;
  readonly tally: readonly MaskTally[];
  readonly watch: Watch | null;
  readonly #columns: number;
  readonly #cells: Cells;

  constructor(columns: readonly CellPlan[], watch: Watch | null) {
    this.watch = watch;
    this.#columns = columns.length;
    this.#cells = new Cells(columns);
    this.active = this.#cells.looked > 0;
    this.tally = this.#cells.tally;
  }

  row(frame: Uint8Array, out: ByteSink): void {
    const cells = this.#cells;
    const size = frame.length;
    if (size < 7 || frame[0] !== DATA_ROW || getInt16(frame, 5) !== this.#columns)
      throw new Error("not a row of this result");
    const to = out.reserve(cells.room(size, 1));
    const base = out.length;
    // Columns after the last one that is masked or counted are copied with the rest.
    const masked = cells.rewrite(frame, 7, cells.looked, to, cells.begin(0, base));
    const at = copyBytes(frame, cells.kept, size, to, masked);
    putInt32(to, base + 1, at - base - 1);
    this.watch?.row(frame, 7);
    out.advance(at - base);
  }
}
