// Cells as text. A recording has what the server sent; for binary results that is not text, so the common types are decoded here.
import type { ReplayColumn } from "./backend.ts";

const DAY_MS = 86_400_000;
/** Dates and times of PostgreSQL count from 2000-01-01. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

const DECODERS: Readonly<Record<number, (cell: Buffer) => string>> = {
  16: (cell) => (cell[0] === 0 ? "f" : "t"),
  17: (cell) => `\\x${cell.toString("hex")}`,
  20: (cell) => cell.readBigInt64BE(0).toString(),
  21: (cell) => String(cell.readInt16BE(0)),
  23: (cell) => String(cell.readInt32BE(0)),
  26: (cell) => String(cell.readUInt32BE(0)),
  700: (cell) => String(Math.fround(cell.readFloatBE(0))),
  701: (cell) => String(cell.readDoubleBE(0)),
  1082: (cell) => new Date(EPOCH_MS + cell.readInt32BE(0) * DAY_MS).toISOString().slice(0, 10),
  1114: (cell) => timestamp(cell),
  1184: (cell) => `${timestamp(cell)}+00`,
  1700: numeric,
  2950: (cell) => cell.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
  3802: (cell) => cell.toString("utf8", 1),
};
const TEXTS = new Set([18, 19, 25, 114, 142, 705, 1042, 1043]);

/** @returns null for SQL's NULL */
export function cellText(cell: Buffer | null, column: ReplayColumn | undefined): string | null {
  if (cell === null) return null;
  // A RowDescription that came before Bind cannot know the format; what is no text is then binary.
  if (column?.binary !== true && !looksBinary(cell)) return cell.toString("utf8");
  const decode = DECODERS[column?.type ?? 0];
  if (TEXTS.has(column?.type ?? 0)) return cell.toString("utf8");
  try {
    return decode === undefined ? `\\x${cell.toString("hex")}` : decode(cell);
  } catch {
    return `\\x${cell.toString("hex")}`;
  }
}

function looksBinary(cell: Buffer): boolean {
  return cell.includes(0) || cell.some((byte) => byte < 9) || cell.toString("utf8").includes("\ufffd");
}

function timestamp(cell: Buffer): string {
  const micros = cell.readBigInt64BE(0);
  if (micros === 2n ** 63n - 1n) return "infinity";
  if (micros === -(2n ** 63n)) return "-infinity";
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(EPOCH_MS + Number((micros - fraction) / 1000n));
  const seconds = date.toISOString().slice(0, 19).replace("T", " ");
  return fraction === 0n ? seconds : `${seconds}.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
}

/** Digits to base 10000, weight of the first, sign, digits after the point. */
function numeric(cell: Buffer): string {
  const count = cell.readUInt16BE(0);
  const weight = cell.readInt16BE(2);
  const sign = cell.readUInt16BE(4);
  const scale = cell.readUInt16BE(6);
  if (sign === 0xc000) return "NaN";
  if (sign === 0xd000) return "Infinity";
  if (sign === 0xf000) return "-Infinity";
  const digit = (i: number) => (i >= 0 && i < count ? cell.readUInt16BE(8 + 2 * i) : 0);
  let whole = "";
  for (let i = 0; i <= weight; i++) whole += String(digit(i)).padStart(4, "0");
  let fraction = "";
  for (let i = weight + 1; fraction.length < scale; i++) fraction += String(digit(i)).padStart(4, "0");
  const point = scale === 0 ? "" : `.${fraction.slice(0, scale)}`;
  return `${sign === 0x4000 ? "-" : ""}${whole.replace(/^0+(?=\d)/, "") || "0"}${point}`;
}
