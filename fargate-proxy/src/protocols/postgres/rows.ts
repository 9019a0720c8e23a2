// The rows of a result: masked, forwarded as they are, or hidden altogether.
import { Refusal } from "#shared/errors.ts";
import type { CopyMask, RowMask, Shape, Waiting } from "#shared/masking/types.ts";
import type { Judgement } from "../../protocol.ts";
import type { Core } from "./core.ts";
import { refusalMessage } from "./errors.ts";
import { type FrameReader, PIECE } from "./frames.ts";
import { BACKEND } from "./kinds.ts";
import { readCopyResponse, withFormats } from "./messages.ts";
import { type Op, QUERY, statementOf } from "./ops.ts";

/** Where the number of cells stands in a DataRow, behind type and length. */
const COUNT_START = 5;
const COUNT_END = 7;

/** The shape of what has no rows. */
export const NO_COLUMNS: Shape = [];

export class Rows {
  readonly #core: Core;
  readonly #reader: FrameReader;
  /** Of a row that comes in pieces so small that its number of cells is in two of them: bytes seen, and the number so far. */
  #seen = COUNT_END;
  #count = 0;
  /** Rows of the first op that wait until somebody has looked at the free text in them; null when none do. */
  waiting: Waiting | null = null;

  constructor(core: Core, reader: FrameReader) {
    this.#core = core;
    this.#reader = reader;
  }

  row(found: number): void {
    const op = this.#core.queue.answering;
    const { buffer, start, end, first, left } = this.#reader;
    if (op === undefined || !op.inRows) {
      this.#core.targetBroke("a row that nobody asked for");
      return;
    }
    op.bytes += end - start;
    const begins = found !== PIECE || first;
    if (begins) op.rows++;
    const mask = op.mask;
    if (this.#core.hushed) return;
    if (mask === null || !mask.active) {
      if (!this.#asAnnounced(op, begins)) this.#core.targetBroke("a row of other columns than were announced");
      else this.#core.out.forward(buffer, start, end);
    } else if (left > 0) this.#core.targetBroke("part of a row that has to be masked");
    else this.#masked(mask, buffer.subarray(start, end));
  }

  /** What passes unmasked has as many cells as the mask was made for: a cell more would be one that nobody judged. */
  #asAnnounced({ columns }: Op, begins: boolean): boolean {
    const { buffer, start, end } = this.#reader;
    if (columns < 0) return true;
    if (begins && end - start >= COUNT_END) {
      this.#seen = COUNT_END;
      this.#count = buffer.readUInt16BE(start + COUNT_START);
    } else if (begins) this.#seen = this.#count = 0;
    for (let at = start; at < end && this.#seen < COUNT_END; at++, this.#seen++)
      if (this.#seen >= COUNT_START) this.#count = this.#count * 256 + (buffer[at] as number);
    return this.#seen < COUNT_END || this.#count === columns;
  }

  #masked(mask: RowMask | CopyMask, frame: Buffer): void {
    try {
      if (mask.waiting === undefined) mask.row(frame, this.#core.out);
      else {
        mask.waiting.take(frame, this.#core.out);
        if (mask.waiting.held) this.waiting = mask.waiting;
      }
    } catch {
      this.#malformed();
    }
  }

  #malformed(): void {
    this.#core.fail(new Refusal("result-mismatch", { detail: "A row is not of the form that was announced." }));
  }

  /** Writes the rows that waited. */
  release(): void {
    try {
      this.waiting?.release(this.#core.out);
    } catch {
      this.#malformed();
    }
    this.waiting = null;
  }

  copyData(found: number): void {
    const op = this.#core.queue.answering;
    if (op?.inRows && statementOf(op)?.facts.kind === "copy-out") this.row(found);
    else this.#core.targetBroke("COPY data that nobody asked for");
  }

  /** Rows of the first op may come: from here on, in this form. */
  #openRows(op: Op, mask: RowMask | CopyMask | null, columns = -1): void {
    op.inRows = true;
    op.mask = mask;
    op.columns = columns;
    if (mask !== null && mask.tally.length > 0)
      op.tallies = op.tallies.length === 0 ? mask.tally : [...op.tallies, ...mask.tally];
    const streamed = mask === null || !mask.active ? 1 : 0;
    this.#reader.streamed[BACKEND.dataRow] = this.#reader.streamed[BACKEND.copyData] = streamed;
  }

  close(op: Op): void {
    op.inRows = false;
    op.mask = null;
    this.#reader.streamed[BACKEND.dataRow] = this.#reader.streamed[BACKEND.copyData] = this.#core.hushed ? 1 : 0;
  }

  /** Execute is the only one that sends rows without describing them first: their shape was asked for before. */
  begin(op: Op): void {
    const { portal, judgement } = op;
    if (portal === null || judgement === null || !op.traits?.rows) return;
    const shape = portal.shape ?? (portal.described ? null : this.#shapeOfStatement(op));
    // Described as without rows: then none may come.
    if (shape !== NO_COLUMNS) this.conceal(op, judgement, shape);
  }

  #shapeOfStatement({ portal }: Op): Shape | null {
    const shape = portal?.statement?.shape ?? null;
    if (portal === null || shape === null || shape === NO_COLUMNS) return shape;
    portal.shape = withFormats(shape, portal.formats);
    return portal.shape;
  }

  conceal(op: Op, judgement: Judgement, shape: Shape | null): void {
    if (this.#core.hushed) this.#openRows(op, null);
    else if (shape === null)
      this.withhold(op, new Refusal("result-mismatch", { detail: "The target did not describe the result." }));
    else this.#open(op, this.#core.session.conceal(judgement, op.index, shape, this.#core.placeOf(op)), shape.length);
  }

  #open(op: Op, mask: RowMask | CopyMask | Refusal, columns = -1): void {
    if (mask instanceof Refusal) this.#hush(op, mask);
    else this.#openRows(op, mask, columns);
  }

  /** The result cannot be shown: an error takes its place, and what the target still says of it is thrown away. */
  #hush(op: Op, refusal: Refusal): void {
    const core = this.#core;
    if (!this.#core.hushed) core.out.append(refusalMessage(refusal, "ERROR"));
    this.#core.hushed = true;
    op.sqlstate = refusal.sqlstate;
    this.#openRows(op, null);
    // What was learnt of its shape may be out of date: the next time it is asked for.
    for (const named of [op.portal, op.portal?.statement]) if (named) named.described = false;
    if (op.kind !== QUERY && core.groupOpen && !core.queue.syncsAhead) core.skipping = true;
  }

  /** The same where this protocol itself decided so: the gate has not heard of it yet. */
  withhold(op: Op, refusal: Refusal): void {
    if (!this.#core.hushed) void this.#core.session.refused(refusal, op.judgement);
    this.#hush(op, refusal);
  }

  oversize(): void {
    const op = this.#core.queue.answering;
    const { type } = this.#reader;
    const isRow = type === BACKEND.dataRow || type === BACKEND.copyData;
    if (isRow && op?.inRows)
      this.withhold(op, new Refusal("result-mismatch", { message: "a row is too long to be masked" }));
    else this.#core.targetBroke("a message longer than its kind may be");
  }

  concealCopy(op: Op): boolean {
    const response = readCopyResponse(this.#reader);
    if (response === null || op.judgement === null) return false;
    const shape = { binary: response.format === 1, columns: response.columns, clientEncoding: "UTF8" };
    if (this.#core.hushed) this.#openRows(op, null);
    else this.#open(op, this.#core.session.concealCopy(op.judgement, op.index, shape, this.#core.placeOf(op)));
    return true;
  }
}
