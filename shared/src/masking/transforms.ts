// The table of masks by type and format. What it does not name is NULL: that is a value of every type.
import { arrayMask } from "./arrays.ts";
import type { CatalogIndex, Family } from "./catalog-index.ts";
import { bytesOf, type CellMask, constant, nothing, type Rewrite, rewriting } from "./cell.ts";
import type { RecordFormat } from "./detectors/records.ts";
import type { Inspection } from "./inspection.ts";
import { jsonMask } from "./json-paths.ts";
import {
  binaryFloat,
  binaryInt2,
  binaryInt4,
  binaryInt8,
  binaryNumeric,
  type NumberMask,
  numberMask,
  textNumber,
} from "./numbers.ts";
import {
  PSEUDONYM_LETTERS,
  type Pseudonyms,
  pseudonymInt4,
  pseudonymInt8,
  pseudonymText,
  pseudonymUuid,
} from "./pseudonym.ts";
import { scanMask } from "./scan.ts";
import { yearOfBinaryDate, yearOfBinaryTimestamp, yearOfText } from "./temporal.ts";
import { stars, textMask } from "./text.ts";
import type { ColumnPlan, LeafPlan, MaskName } from "./types.ts";

/** What one column is, as far as its mask depends on it. */
export interface CellShape {
  /** pg_type.oid */
  readonly type: number;
  /** pg_attribute.atttypmod; -1 for none. */
  readonly modifier: number;
  readonly binary: boolean;
}

export interface MaskTools {
  readonly index: CatalogIndex;
  readonly pseudonyms: Pseudonyms;
  /** By the gateway's clock. */
  readonly thisYear: number;
  /** Formats of the target's record numbers. */
  readonly records: readonly RecordFormat[];
  /** Where somebody else looks at free text, too. */
  readonly inspection?: Inspection;
}

/** A mask for the column of a plan; null when it is shown. */
export function columnMask({ mask, detectors, paths }: ColumnPlan, cell: CellShape, tools: MaskTools): CellMask | null {
  if (mask === "clear") return null;
  const { family } = tools.index.type(cell.type);
  if (paths === undefined || (family !== "json" && family !== "jsonb")) return cellMask(mask, detectors, cell, tools);
  const as = (type: number) => (leaf: LeafPlan) =>
    leaf.mask === "clear" ? nothing : cellMask(leaf.mask, leaf.detectors, { type, modifier: -1, binary: false }, tools);
  return jsonMask(paths, family === "jsonb" && cell.binary, { text: as(TEXT), number: as(NUMERIC) });
}

/** Their results are of the column's type, or NULL. */
function cellMask(mask: MaskName, detectors: readonly string[], cell: CellShape, tools: MaskTools): CellMask {
  if (mask === "null") return nothing;
  const { family, element } = tools.index.type(cell.type);
  switch (family) {
    case "text":
      return ofText(mask, detectors, textLimit(cell), tools);
    case "char":
      return constant(bytesOf("*"));
    case "json":
      return constant(bytesOf('"***"'));
    case "jsonb":
      return constant(bytesOf(cell.binary ? '\u0001"***"' : '"***"'));
    case "xml":
      return constant(bytesOf("***"));
    case "uuid":
      return mask === "pseudonym" ? rewriting(pseudonymUuid(tools.pseudonyms, cell.binary), 36) : nothing;
    case "date":
    case "timestamp":
    case "timestamptz":
      return mask === "year" ? rewriting(yearOf(family, cell.binary, tools.thisYear), 32) : nothing;
    case "array":
      return arrayMask(
        element,
        cell.binary,
        cellMask(mask, detectors, { ...cell, type: element, modifier: -1 }, tools),
      );
    case "other":
      return nothing;
    default:
      return ofNumber(mask, family, cell.binary, tools);
  }
}

const TEXT = 25;
const NUMERIC = 1700;
const VARCHAR = 1043;
const BPCHAR = 1042;

/** The longest text a column takes: of `varchar(n)` and `char(n)` the modifier is n and four for a length word. */
function textLimit(cell: CellShape): number {
  const sized = (cell.type === VARCHAR || cell.type === BPCHAR) && cell.modifier > 4;
  return sized ? cell.modifier - 4 : Number.POSITIVE_INFINITY;
}

function ofText(mask: MaskName, detectors: readonly string[], limit: number, tools: MaskTools): CellMask {
  if (mask === "scan") return scanMask(detectors, limit, tools.records, tools.inspection);
  if (mask !== "pseudonym") return textMask(mask, limit, tools.thisYear);
  const letters = Math.min(PSEUDONYM_LETTERS.most, limit - 2);
  if (letters < PSEUDONYM_LETTERS.least) return constant(stars(limit));
  return rewriting(pseudonymText(tools.pseudonyms, letters), letters + 2);
}

function yearOf(family: "date" | "timestamp" | "timestamptz", binary: boolean, thisYear: number): Rewrite {
  if (family === "date") return binary ? yearOfBinaryDate(thisYear) : yearOfText("", thisYear);
  if (binary) return yearOfBinaryTimestamp(thisYear);
  return yearOfText(family === "timestamp" ? " 00:00:00" : " 00:00:00+00", thisYear);
}

type NumberFamily = Extract<Family, "int2" | "int4" | "int8" | "float4" | "float8" | "numeric">;

function ofNumber(mask: MaskName, family: NumberFamily, binary: boolean, tools: MaskTools): CellMask {
  if (mask === "pseudonym" && family === "int4") return rewriting(pseudonymInt4(tools.pseudonyms, binary), 16);
  if (mask === "pseudonym" && family === "int8") return rewriting(pseudonymInt8(tools.pseudonyms, binary), 24);
  const number = numberMask(mask, tools.thisYear);
  if (number === null) return nothing;
  return rewriting(binary ? binaryNumber(number, family) : textNumber(number), 24);
}

function binaryNumber(mask: NumberMask, family: NumberFamily): Rewrite {
  switch (family) {
    case "int2":
      return binaryInt2(mask);
    case "int4":
      return binaryInt4(mask);
    case "int8":
      return binaryInt8(mask);
    case "numeric":
      return binaryNumeric(mask);
    case "float4":
      return binaryFloat(mask, 4);
    case "float8":
      return binaryFloat(mask, 8);
  }
}
