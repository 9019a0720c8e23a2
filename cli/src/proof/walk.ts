// Goes through what was sealed and finds each original's counterpart in the recording.
import { cellText } from "../replay/values.ts";
import { type Claim, checkCommitted, checkOriginal, columnsOf } from "./claims.ts";
import type { Again, Cell, Found, Masking, OfResult, Verdict } from "./compare.ts";
import { CopiedIn } from "./copied.ts";
import type { Original } from "./originals.ts";
import { boundValues, type Recorded, rowCells } from "./recorded.ts";
import type { Report } from "./report.ts";

export interface Walking {
  readonly originals: AsyncIterable<Original>;
  readonly recorded: Recorded;
  readonly masking: Masking;
  readonly claims: readonly Claim[];
  readonly report: Report;
}

/** The answer that a run is at. */
interface Answer {
  readonly delivery: OfResult;
  readonly again: Again | string;
  row: number;
}

const [ROW, COPY_DATA] = ["D", "d"].map((letter) => letter.charCodeAt(0)) as [number, number];
const BETWEEN = new Set(["T", "N", "S", "A", "1", "2", "3", "H", "t", "n"].map((letter) => letter.charCodeAt(0)));

export async function walk({ originals, recorded, masking, claims, report }: Walking): Promise<Found> {
  const found: Found = { rows: 0, differing: 0, unproven: 0 };
  const answers = new Map<number, Answer | "message">();
  const copies = new Map<number, CopiedIn>();
  let salt: Buffer = Buffer.alloc(0);
  for await (const original of originals) {
    const { run } = original;
    if (original.type === "statement") await report.statement(run, original.text);
    else if (original.type === "values") await report.values(run, boundValues(original.frame));
    else if (original.type === "input") await copied(copies, original, report);
    else if (original.type === "salt") salt = original.salt;
    else if (original.type === "image") await report.image(run, original.what, original.frame);
    else if (original.type === "delivery") {
      const { delivery } = original;
      await recorded.seek(delivery.at);
      if (delivery.kind === "message") answers.set(run, "message");
      else {
        const again = masking.again(delivery);
        answers.set(run, { delivery, again, row: 0 });
        await report.answer(run, delivery, typeof again === "string" ? again : null);
      }
    } else {
      const answer = answers.get(run);
      if (answer === undefined) throw new Error("something is sealed of which nothing says what it is");
      if (answer === "message") {
        if (original.type !== "message") throw new Error("commitments to a message");
        const next = await recorded.peek();
        await report.message(run, original.frame, next?.[0] === original.frame[0] ? next : null);
        continue;
      }
      if (original.type === "commitments") checkRow(answer, run, salt, original.row, claims);
      else await row(answer, run, original.frame, { recorded, masking, claims, report }, found);
      answer.row += 1;
    }
  }
  return found;
}

/** Says the rows that the message completes. */
async function copied(
  copies: Map<number, CopiedIn>,
  { run, frame }: { readonly run: number; readonly frame: Buffer },
  report: Report,
): Promise<void> {
  const copy = copies.get(run) ?? new CopiedIn();
  copies.set(run, copy);
  for (const row of copy.push(frame)) await report.copied(run, row);
  if (frame[0] !== COPY_DATA) copies.delete(run);
}

function checkRow(
  answer: Answer,
  run: number,
  salt: Buffer,
  commitments: readonly Buffer[],
  claims: readonly Claim[],
): void {
  for (const claim of claims)
    if (claim.run === run && claim.row === answer.row) checkCommitted(claim, salt, answer.delivery, commitments);
}

async function row(
  answer: Answer,
  run: number,
  frame: Buffer,
  { recorded, masking, claims, report }: Omit<Walking, "originals">,
  found: Found,
): Promise<void> {
  const { delivery, again } = answer;
  const delivered = await next(recorded, delivery.kind === "rows" ? ROW : COPY_DATA);
  const cells = delivery.kind === "rows" ? cellsOf(delivery, frame, delivered) : [lineOf(frame, delivered)];
  const verdict = judge(answer, frame, delivered, cells, typeof again === "string" ? null : again, masking.inspected);
  found.rows += 1;
  if (verdict === "differs") found.differing += 1;
  else if (verdict !== "proven") found.unproven += 1;
  for (const claim of claims) {
    if (claim.run !== run || claim.row !== answer.row) continue;
    const cell = cells[columnsOf(delivery).indexOf(claim.column)];
    if (cell !== undefined) checkOriginal(claim, cell.original);
  }
  await report.row(run, answer.row + 1, cells, verdict);
}

/** The next row in the recording; null when the result ended before. What may stand between rows is passed over. */
async function next(recorded: Recorded, type: number): Promise<Buffer | null> {
  for (let frame = await recorded.peek(); frame !== null; frame = await recorded.peek()) {
    if (frame[0] === type) return recorded.message();
    if (!BETWEEN.has(frame[0] ?? 0)) return null;
    await recorded.message();
  }
  return null;
}

function cellsOf(delivery: Extract<OfResult, { kind: "rows" }>, frame: Buffer, delivered: Buffer | null): Cell[] {
  const sent = delivered === null ? [] : rowCells(delivered);
  return rowCells(frame).map((cell, i) => {
    const column = delivery.shape[i];
    const named = { name: column?.name ?? "", type: column?.type ?? 0, binary: column?.format === 1 };
    const mask = delivery.plan[i]?.mask ?? "clear";
    return {
      column: named.name,
      mask: mask === "clear" ? null : mask,
      original: cellText(cell, named),
      delivered: sent[i] === undefined ? null : cellText(sent[i], named),
    };
  });
}

function lineOf(frame: Buffer, delivered: Buffer | null): Cell {
  const text = (bytes: Buffer | null) => bytes?.toString("utf8", 5) ?? null;
  return { column: "line", mask: "copy", original: text(frame), delivered: text(delivered) };
}

function judge(
  { delivery }: Answer,
  frame: Buffer,
  delivered: Buffer | null,
  cells: readonly Cell[],
  again: Again | null,
  inspected: boolean,
): Verdict {
  if (delivered === null) return "not delivered";
  const differ = cells.filter(({ mask, original, delivered: sent }) => mask === null && original !== sent);
  if (differ.length > 0) return "differs";
  if (again === null) return "shown";
  if (again(frame).equals(delivered)) return "proven";
  return inspected && delivery.plan.some(({ mask, paths }) => mask === "scan" || paths !== undefined)
    ? "inspected"
    : "differs";
}
