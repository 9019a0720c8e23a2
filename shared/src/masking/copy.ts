// Masks of COPY TO STDOUT. Its messages carry rows in COPY's own syntax, without types: those come from the catalog, by what the
// analysis found; where the server computes a value, its type is not known here, and what is hidden is NULL.

import type { Watch } from "../disclosure/watch.ts";
import { type Disclosing, NOBODY, watchOver } from "../disclosure/watch-over.ts";
import type { AnalysedStatement, OutputFact } from "../facts.ts";
import type { CatalogIndex } from "./catalog-index.ts";
import { copyBytes, getInt16, getInt32, putInt32 } from "./cell.ts";
import { type CellPlan, Cells } from "./cells.ts";
import { LineCopy } from "./copy-lines.ts";
import { cellOf, type MaskEnvironment, type Mismatch, toolsOf } from "./rows.ts";
import type { ByteSink, ColumnPlan, CopyMask, MaskPlan, MaskTally } from "./types.ts";

/** What the server says in CopyOutResponse, and the session's client_encoding (ParameterStatus). */
export interface CopyShape {
  readonly binary: boolean;
  readonly columns: number;
  readonly clientEncoding: string;
}

/**
 * Encodings in which bytes of a longer character can look like a delimiter or a backslash (PostgreSQL's client-only encodings): rows
 * in them cannot be told apart field by field without knowing every character.
 */
const ASCII_INSIDE: ReadonlySet<string> = new Set([
  "sjis",
  "shiftjis",
  "mskanji",
  "win932",
  "windows932",
  "shiftjis2004",
  "big5",
  "win950",
  "windows950",
  "gbk",
  "win936",
  "windows936",
  "uhc",
  "win949",
  "windows949",
  "gb18030",
  "johab",
]);

/**
 * A mask for what one COPY TO STDOUT sends.
 * @returns a mismatch when the server's answer contradicts the analysis, or its rows cannot be told apart: then it must not be shown
 */
export function copyMask(
  plan: MaskPlan,
  statement: AnalysedStatement,
  shape: CopyShape,
  env: MaskEnvironment,
  disclosing: Disclosing = NOBODY,
): CopyMask | Mismatch {
  if (plan.type === "clear") return untouched;
  if (plan.type === "none") return { mismatch: "rows, where the analysis found none" };
  if (plan.type === "refuse") return { mismatch: plan.why };
  const { copy, facts } = statement;
  if (plan.columns.length !== shape.columns)
    return { mismatch: `${shape.columns} columns, where the analysis found ${plan.columns.length}` };
  if (plan.columns.every((column) => column.classes.length === 0)) return untouched;
  if (copy === undefined || (copy.format === "binary") !== shape.binary)
    return { mismatch: "another format than the analysis found" };
  const outputs = facts.outputs ?? [];
  const { index } = toolsOf(env);
  const watch = watchOver(disclosing, index, (i) => ({ type: typeOf(outputs[i], index), binary: shape.binary }));
  const columns = cellPlans(plan.columns, outputs, shape.binary, env, watch);
  if (copy.format === "binary") return new BinaryCopy(columns, watch);
  const encoding = copy.encoding ?? shape.clientEncoding;
  if (ASCII_INSIDE.has(encoding.toLowerCase().replace(/[^a-z0-9]/g, "")))
    return { mismatch: "an encoding in which masked rows cannot be told apart; set client_encoding to UTF8" };
  return new LineCopy(columns, copy, watch);
}

function cellPlans(
  plans: readonly ColumnPlan[],
  outputs: readonly OutputFact[],
  binary: boolean,
  env: MaskEnvironment,
  watch: Watch | null,
): CellPlan[] {
  const tools = toolsOf(env);
  return plans.map((plan, i) => {
    const type = typeOf(outputs[i], tools.index);
    const masked = cellOf(plan, { type, modifier: -1, binary }, tools, env);
    // Of what the server computes the type is not known; in text it can be read all the same.
    const names = plan.names === true && (binary ? tools.index.type(type).family === "text" : true);
    return { plan, name: outputs[i]?.name ?? "", names, subjects: watch?.shows(i) === true, ...masked };
  });
}

/** The type of a column that is shown as it stands in its table; 0 for all else. */
function typeOf(output: OutputFact | undefined, index: CatalogIndex): number {
  const source = output?.direct === true ? output.sources[0] : undefined;
  const relation = source === undefined ? undefined : index.named(source.relation);
  return relation?.columns.find((column) => column.name === source?.column)?.type ?? 0;
}

const untouched: CopyMask = {
  active: false,
  watch: null,
  row() {
    throw new Error("this mask has nothing to do");
  },
  tally: [],
};

const COPY_DATA = 100;
/** "PGCOPY", newline, 0xFF, carriage return, newline, zero (PostgreSQL documentation, COPY, binary format). */
const SIGNATURE = [80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0];

class BinaryCopy implements CopyMask {
  readonly active = true;
  readonly tally: readonly MaskTally[];
  readonly watch: Watch | null;
  readonly #columns: number;
  readonly #cells: Cells;
  #started = false;
  #ended = false;

  constructor(columns: readonly CellPlan[], watch: Watch | null) {
    this.watch = watch;
    this.#columns = columns.length;
    this.#cells = new Cells(columns);
    this.tally = this.#cells.tally;
  }

  row(frame: Uint8Array, out: ByteSink): void {
    const cells = this.#cells;
    const size = frame.length;
    if (frame[0] !== COPY_DATA) throw new Error("not a message of this copy");
    // A tuple takes two bytes at least, and four for each of its cells.
    const to = out.reserve(cells.room(size, Math.ceil(size / (2 + 4 * this.#columns))));
    const base = out.length;
    let at = cells.begin(0, base);
    let from = this.#started ? 5 : headerEnd(frame);
    while (from < size) {
      if (this.#ended || from + 2 > size) throw new Error("not a row of this copy");
      const count = getInt16(frame, from);
      from += 2;
      if (count === -1) this.#ended = true;
      else {
        if (count !== this.#columns) throw new Error("not a row of this copy");
        at = cells.rewrite(frame, from, count, to, at);
        this.watch?.row(frame, from);
        from = cells.next;
      }
    }
    this.#started = true;
    at = copyBytes(frame, cells.kept, size, to, at);
    putInt32(to, base + 1, at - base - 1);
    out.advance(at - base);
  }
}

/** The header: signature, int32 flags (bit 16 would say that OIDs are in the tuples), int32 length of an extension, and that. */
function headerEnd(frame: Uint8Array): number {
  if (frame.length < 24 || SIGNATURE.some((byte, i) => frame[5 + i] !== byte) || getInt32(frame, 16) !== 0)
    throw new Error("not the start of a binary copy");
  const end = 24 + getInt32(frame, 20);
  if (end < 24 || end > frame.length) throw new Error("not the start of a binary copy");
  return end;
}
