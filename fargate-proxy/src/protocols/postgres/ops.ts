// The commands and messages of a session that the target has not answered yet, in the client's order.
import type { Refusal } from "#shared/errors.ts";
import type { AnalysedStatement } from "#shared/facts.ts";
import type { CopyMask, MaskTally, RowMask } from "#shared/masking/types.ts";
import type { Permit } from "../../gate/permit.ts";
import type { Companion, Judgement } from "../../protocol.ts";
import type { Portal, Statement } from "./portals.ts";
import type { Traits } from "./traits.ts";

export const QUERY = 0;
export const PARSE = 1;
export const BIND = 2;
export const DESCRIBE = 3;
export const EXECUTE = 4;
export const CLOSE = 5;
export const SYNC = 6;
/** An error of our own, at its place among the target's answers. */
export const LOCAL = 7;
/** Forwarded, and not answered: Flush, COPY data. */
export const SILENT = 8;
/** Makes the target end an implicit transaction that holds earlier commands of a group in which one was refused. */
export const ABORT = 9;

export type Kind =
  | typeof QUERY
  | typeof PARSE
  | typeof BIND
  | typeof DESCRIBE
  | typeof EXECUTE
  | typeof CLOSE
  | typeof SYNC
  | typeof LOCAL
  | typeof SILENT
  | typeof ABORT;

const EMPTY: Buffer = Buffer.alloc(0);
const NO_TYPES: readonly number[] = [];
const NO_TALLIES: readonly MaskTally[] = [];

/** One class for all kinds: the queue stays monomorphic, which is what makes it fast. */
export class Op {
  kind: Kind;
  /** What is forwarded, for messages that need no judgement. */
  buffer: Buffer = EMPTY;
  start = 0;
  end = 0;
  /** For judged ones: there once evidence is durable. */
  permit: Permit | null = null;
  /** May be sent (or, for LOCAL, said). */
  ready = true;
  /** LOCAL: what to say. Otherwise: the permit was denied. */
  refusal: Refusal | null = null;
  judgement: Judgement | null = null;
  /** Runs beside it, see sides.ts. */
  beside: Companion | null = null;
  /** The event that announced it; 0 when there is none. */
  run = 0;
  traits: Traits | null = null;
  /** The client is not told of the answer. */
  hidden = false;
  /** BIND, CLOSE: of the client's portal, done once more so that it shows what is there now. */
  again = false;
  /** Sent only once everything before it has been answered. */
  alone = false;
  /** Not sent before something behind it is: a statement that waits for an approval keeps no locks at the target meanwhile. */
  lazy = false;
  /** QUERY behind messages without Sync: it shares their implicit transaction, which stays open when it is over. */
  unsynced = false;
  /** It changes what later commands mean. */
  changes = false;

  /** PARSE, BIND, CLOSE, DESCRIBE: what is named. */
  name = "";
  /** DESCRIBE, CLOSE: of a statement (true) or of a portal. */
  ofStatement = false;
  statement: Statement | null = null;
  /** PARSE: declared types of parameters. */
  types: readonly number[] = NO_TYPES;
  portal: Portal | null = null;

  /** Which statement of the command string answers now. */
  index = 0;
  /** Rows of the current result may come. */
  inRows = false;
  /** How many columns they were announced with; -1 for COPY data, which has no count. */
  columns = -1;
  mask: RowMask | CopyMask | null = null;
  tallies: readonly MaskTally[] = NO_TALLIES;
  rows = 0;
  bytes = 0;
  tag = "";
  sqlstate = "";
  /** Microseconds, when it was sent. */
  sentAt = 0;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  forwards(buffer: Buffer, start: number, end: number): this {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
    return this;
  }
}

/** The statement of the command string that answers now. */
export function statementOf(op: Op): AnalysedStatement | undefined {
  return op.judgement?.analysis.statements[op.index];
}

/** First in, first out; a part at the front has been sent and waits for answers. */
export class OpQueue {
  #ops: Op[] = [];
  #head = 0;
  #sent = 0;
  /** How many of the last ones are lazy, and have nothing behind them. */
  #lazy = 0;

  get length(): number {
    return this.#ops.length - this.#head;
  }

  push(op: Op): void {
    this.#ops.push(op);
    this.#lazy = op.lazy ? this.#lazy + 1 : 0;
  }

  /** True when nothing but lazy ones is left to be sent. */
  get onlyLazy(): boolean {
    const unsent = this.#ops.length - this.#sent;
    return unsent > 0 && unsent <= this.#lazy;
  }

  /** Lengthens the last op if it is SILENT, not sent, and ends where the bytes begin. */
  extendLast(buffer: Buffer, start: number, end: number): boolean {
    const last = this.#ops.length > this.#sent ? this.#ops[this.#ops.length - 1] : undefined;
    if (last?.kind !== SILENT || last.buffer !== buffer || last.end !== start) return false;
    last.end = end;
    return true;
  }

  /** The one that the target answers now; undefined when none was sent. */
  get answering(): Op | undefined {
    return this.#head < this.#sent ? this.#ops[this.#head] : undefined;
  }

  get toSend(): Op | undefined {
    return this.#ops[this.#sent];
  }

  markSent(): void {
    this.#sent++;
  }

  answered(): void {
    this.#head++;
    if (this.#head === this.#ops.length) {
      this.#ops.length = this.#head = this.#sent = this.#lazy = 0;
    } else if (this.#head === 4096) {
      this.#ops.splice(0, this.#head);
      this.#sent -= this.#head;
      this.#head = 0;
    }
  }

  /** True when an earlier Sync or simple query has not been answered. */
  get groupsBefore(): boolean {
    for (let i = this.#head; i < this.#sent; i++) {
      const kind = this.#ops[i]?.kind;
      if (kind === SYNC || kind === QUERY) return true;
    }
    return false;
  }

  /** True when commands wait for answers that were judged by what names meant when they were read. */
  get holdsJudged(): boolean {
    for (let i = this.#head; i < this.#ops.length; i++) {
      const op = this.#ops[i];
      if (op !== undefined && op.judgement !== null && op.traits?.settings !== true) return true;
    }
    return false;
  }

  /** True when the group of the answering op has its Sync in the queue. */
  get syncsAhead(): boolean {
    return this.#syncFrom(this.#head) < this.#ops.length;
  }

  /** Where the next Sync is that ends skipping. One of ours that waits for answers is not: an error comes before it. */
  #syncFrom(start: number): number {
    let at = start;
    while (at < this.#ops.length && (this.#ops[at]?.kind !== SYNC || this.#ops[at]?.alone)) at++;
    return at;
  }

  /**
   * Takes out what comes up to the next Sync: of what has not been answered, or of what comes behind the op to be sent next.
   * @returns what was taken out, and whether there was a Sync
   */
  dropGroup(behindToSend = false): { readonly dropped: readonly Op[]; readonly synced: boolean } {
    const start = behindToSend ? this.#sent + 1 : this.#head;
    const end = this.#syncFrom(start);
    const synced = end < this.#ops.length;
    const dropped = this.#ops.splice(start, end - start);
    this.#lazy = 0;
    if (this.#sent > start) this.#sent = Math.max(start, this.#sent - dropped.length);
    return { dropped, synced };
  }

  /** Puts ops right behind the one to be sent next. */
  insertBehind(...ops: readonly Op[]): void {
    this.#ops.splice(this.#sent + 1, 0, ...ops);
  }

  /** Puts one in front of all that have not been sent. */
  insertNext(op: Op): void {
    this.#ops.splice(this.#sent, 0, op);
  }

  /** Takes out the one to be sent next. */
  removeToSend(): void {
    this.#ops.splice(this.#sent, 1);
    this.#lazy = 0;
  }

  /** Everything, for the end of the session. */
  drain(): readonly Op[] {
    const left = this.#ops.slice(this.#head);
    this.#ops = [];
    this.#head = this.#sent = this.#lazy = 0;
    return left;
  }
}
