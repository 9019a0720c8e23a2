// Target to client: every answer is matched with what was asked, the n-th result of a command string with its n-th statement. What
// needs no change is forwarded as it lies in the received chunk.
import { Refusal } from "#shared/errors.ts";
import type { Waiting } from "#shared/masking/types.ts";
import { Asides } from "./asides.ts";
import { type Core, FAILED, IDLE } from "./core.ts";
import { applyEffects } from "./effects.ts";
import { refusalMessage } from "./errors.ts";
import { BAD, FrameReader, NEED_MORE, OVERSIZE, WHOLE } from "./frames.ts";
import { BACKEND, backendBounds } from "./kinds.ts";
import { readCopyResponse, readFields, readParameterTypes, readRowDescription, readTag } from "./messages.ts";
import {
  ABORT,
  BIND,
  CLOSE,
  DESCRIBE,
  EXECUTE,
  LOCAL,
  type Op,
  PARSE,
  QUERY,
  SILENT,
  SYNC,
  statementOf,
} from "./ops.ts";
import { NO_COLUMNS, Rows } from "./rows.ts";
import type { Sender } from "./sender.ts";
import { Sides } from "./sides.ts";

/** What the target says of its own accord. */
const UNASKED: ReadonlySet<number> = new Set([BACKEND.parameterStatus, BACKEND.notification]);

export class Results {
  readonly #core: Core;
  readonly #reader = new FrameReader(backendBounds());
  readonly #rows: Rows;
  readonly #asides: Asides;
  /** Rows wait; `#asked` when they no longer need to. */
  #paused = false;
  #asked = false;
  #found = NEED_MORE;
  /** What came from the target nevertheless. */
  readonly #later: Buffer[] = [];

  constructor(core: Core, sender: Sender) {
    this.#core = core;
    this.#rows = new Rows(core, this.#reader);
    this.#asides = new Asides(core, this.#reader);
    core.sides = new Sides(core, sender, this.#asides, {
      over: (op, status) => (status === null ? this.#done(op) : this.#isReady(op, status)),
      skip: (op, sqlstate) => this.#skipGroup(op, sqlstate),
    });
  }

  /** True while part of a message has been forwarded: nothing of our own may come between. */
  get midMessage(): boolean {
    return this.#reader.left > 0 && !this.#core.hushed;
  }

  /** False while rows wait: nothing more should come from the target. */
  get wantsMore(): boolean {
    return !this.#paused;
  }

  chunk(chunk: Buffer): void {
    if (this.#paused) this.#later.push(chunk);
    else {
      this.#reader.push(chunk);
      this.#read(this.#reader.next());
    }
  }

  #read(first: number): void {
    const reader = this.#reader;
    for (let found = first; !this.#core.over; found = reader.next()) {
      const { waiting } = this.#rows;
      // What comes behind rows that wait comes after them; and with what the target has sent so far, they have waited for enough.
      if (waiting !== null && (waiting.full || !this.#isRow(found))) {
        this.#pause(waiting, found);
        return;
      }
      if (found === NEED_MORE) return;
      if (found === BAD) this.#core.targetBroke("a message of unknown type or impossible length");
      else if (found === OVERSIZE) this.#rows.oversize();
      else if (this.#core.sides.speaking && !UNASKED.has(reader.type)) this.#core.sides.message(reader, reader.type);
      else if (reader.type === BACKEND.dataRow) this.#rows.row(found);
      else if (reader.type === BACKEND.copyData) this.#rows.copyData(found);
      else this.#message();
    }
  }

  #isRow(found: number): boolean {
    const { type } = this.#reader;
    return found === WHOLE && (type === BACKEND.dataRow || type === BACKEND.copyData);
  }

  /** @param found what was found behind the rows that wait */
  #pause(waiting: Waiting, found: number): void {
    this.#paused = true;
    this.#found = found;
    void waiting.ask().then(() => {
      this.#asked = true;
      this.#core.outside.soon();
    });
  }

  /** Goes on, once the rows that waited can be written. */
  resume(): void {
    if (!this.#asked || this.#core.over) return;
    this.#asked = this.#paused = false;
    this.#rows.release();
    this.#read(this.#found);
    while (!this.#paused && this.#later.length > 0) this.chunk(this.#later.shift() as Buffer);
  }

  /** Says our own errors whose turn it is, and passes over what has no answer. */
  settle(): void {
    const { queue, out } = this.#core;
    for (let op = queue.answering; op !== undefined; op = queue.answering) {
      if (op.kind === LOCAL && op.refusal !== null) {
        if (!this.#core.hushed) out.append(refusalMessage(op.refusal, "ERROR"));
      } else if (op.kind !== SILENT) {
        if (op.kind === EXECUTE && !op.inRows && op.tag === "") this.#rows.begin(op);
        return;
      }
      queue.answered();
    }
  }

  /** The answer to the first op is complete. */
  #done(op: Op): void {
    if (op.judgement !== null) this.#core.last = op.judgement;
    this.#core.queue.answered();
    this.#core.left(op);
    this.settle();
  }

  #forward(): void {
    this.#core.forward(this.#reader);
  }

  #message(): void {
    const op = this.#core.queue.answering;
    const { type } = this.#reader;
    if (type === BACKEND.notice) this.#asides.notice();
    else if (type === BACKEND.parameterStatus) this.#asides.parameter();
    else if (type === BACKEND.notification) this.#asides.notification();
    else if (type === BACKEND.error) this.#error(op);
    else if (type === BACKEND.copyBothResponse)
      this.#core.fail(new Refusal("protocol-unsupported", { message: "COPY BOTH is not offered" }));
    else if (op === undefined || !this.#answer(op, type))
      this.#core.targetBroke("an answer that does not belong to what was asked");
  }

  /** @returns false when this is no answer to the op */
  #answer(op: Op, type: number): boolean {
    switch (op.kind) {
      case QUERY:
        return this.#ofQuery(op, type);
      case EXECUTE:
        return this.#ofExecute(op, type);
      case DESCRIBE:
        return this.#ofDescribe(op, type);
      case PARSE:
        if (type !== BACKEND.parseComplete || op.statement === null) return false;
        this.#core.statements.confirm(op.name, op.statement);
        break;
      case BIND:
        if (type !== BACKEND.bindComplete || op.portal === null) return false;
        if (!op.again) this.#core.portals.confirm(op.name, op.portal);
        break;
      case CLOSE:
        if (type !== BACKEND.closeComplete) return false;
        if (!op.again) (op.ofStatement ? this.#core.statements : this.#core.portals).confirm(op.name, null);
        break;
      case SYNC:
        if (type !== BACKEND.readyForQuery) return false;
        this.#ready(op);
        return true;
      default:
        return false;
    }
    if (!op.hidden) this.#forward();
    this.#done(op);
    return true;
  }

  #ofQuery(op: Op, type: number): boolean {
    switch (type) {
      case BACKEND.rowDescription:
        return this.#describedRows(op);
      case BACKEND.commandComplete:
        if (!this.#completed(op)) return false;
        if (!this.#core.sides.keeps(op, this.#reader)) this.#forward();
        return true;
      case BACKEND.emptyQuery:
        this.#forward();
        return true;
      case BACKEND.readyForQuery:
        this.#ready(op);
        return true;
      default:
        return this.#ofCopy(op, type);
    }
  }

  #describedRows(op: Op): boolean {
    const shape = readRowDescription(this.#reader);
    if (shape === null || op.judgement === null || op.inRows) return false;
    this.#rows.conceal(op, op.judgement, shape);
    this.#forward();
    return true;
  }

  #ofExecute(op: Op, type: number): boolean {
    if (type === BACKEND.portalSuspended) {
      op.tag = "SUSPENDED";
      this.#rows.close(op);
    } else if (type === BACKEND.commandComplete) {
      if (!this.#completed(op)) return false;
      if (this.#core.context.unsettled) this.#core.context.unsettle();
    } else if (type !== BACKEND.emptyQuery) return this.#ofCopy(op, type);
    if (this.#core.sides.keeps(op, this.#reader)) return true;
    this.#forward();
    this.#done(op);
    return true;
  }

  #ofCopy(op: Op, type: number): boolean {
    const kind = statementOf(op)?.facts.kind;
    switch (type) {
      case BACKEND.copyInResponse:
        if (kind !== "copy-in" || readCopyResponse(this.#reader) === null) return false;
        this.#core.copyIn = true;
        this.#forward();
        return true;
      case BACKEND.copyOutResponse:
        if (kind !== "copy-out" || op.inRows || !this.#rows.concealCopy(op)) return false;
        this.#forward();
        return true;
      case BACKEND.copyDone:
        if (kind !== "copy-out" || !op.inRows) return false;
        this.#rows.close(op);
        this.#forward();
        return true;
      default:
        return false;
    }
  }

  #ofDescribe(op: Op, type: number): boolean {
    if (type === BACKEND.parameterDescription) {
      const types = op.ofStatement ? readParameterTypes(this.#reader) : null;
      if (types === null) return false;
      if (op.statement !== null) op.statement.parameters = types;
      if (!op.hidden) this.#forward();
      return true;
    }
    if (type !== BACKEND.rowDescription && type !== BACKEND.noData) return false;
    const shape = type === BACKEND.noData ? NO_COLUMNS : readRowDescription(this.#reader);
    if (shape === null) return false;
    const named = op.ofStatement ? op.statement : op.portal;
    if (named !== null) named.shape = shape;
    if (!op.hidden) this.#forward();
    else if (named === null) this.#rows.withhold(op, unknownPortal());
    this.#done(op);
    return true;
  }

  /** A statement of the command string is over. */
  #completed(op: Op): boolean {
    this.#rows.close(op);
    const statement = statementOf(op);
    const tag = readTag(this.#reader);
    if (statement === undefined || op.judgement === null || tag === null) return false;
    op.tag = tag;
    op.index++;
    if (!op.traits?.settings) this.#core.settingsOnly = false;
    if (statement.effects.length > 0) applyEffects(this.#core, statement, op.tag, op.judgement);
    return true;
  }

  #ready(op: Op): void {
    const status = this.#reader.buffer[this.#reader.start + 5] as number;
    if (this.#core.sides.ready(op, status)) return;
    this.#core.hushed = false;
    if (!op.hidden) this.#forward();
    this.#isReady(op, status);
  }

  /** The client has been told that the target is ready. */
  #isReady(op: Op, status: number): void {
    const core = this.#core;
    core.status = status;
    core.hushed = false;
    this.#core.settingsOnly = true;
    if (core.status === IDLE || !op.unsynced) core.inBlock = core.status !== IDLE;
    core.context.pathUnknown = false;
    core.copyIn = false;
    this.#done(op);
    if (core.status === IDLE && core.queue.answering === undefined) {
      core.touched = false;
      core.session.idle();
    }
    const moved = core.context.pathMoved;
    if (moved && !this.#pathMayMove()) return;
    if (core.status !== IDLE) {
      if (moved) core.context.pathMayGoBack = core.context.undoable = true;
      if (core.context.unsettled) core.context.unsettle();
      return;
    }
    // Portals end with their transaction; of cursors it is not known which were made WITH HOLD.
    core.portals.expire((portal) => portal.cursor === null);
    core.context.ended();
    if (core.changing === 0) core.context.undoable = false;
    if (core.context.unsettled) this.#refresh();
  }

  /** A search_path that changes unannounced makes other statements of those under way; in a failed transaction none of them runs. */
  #pathMayMove(): boolean {
    const core = this.#core;
    core.context.pathMoved = false;
    if (core.status === FAILED || !core.queue.holdsJudged) return true;
    core.fail(new Refusal("result-mismatch", { detail: "search_path changed under commands that were under way." }));
    return false;
  }

  /** The catalog changed, for all to see: the next command is not judged before analysis has seen it. */
  #refresh(): void {
    const core = this.#core;
    if (core.refreshing) return;
    core.refreshing = true;
    core.session.catalogChanged().then(
      () => {
        core.refreshing = false;
        core.context.settle();
        core.outside.soon();
      },
      () => core.fail(new Refusal("internal")),
    );
  }

  #error(op: Op | undefined): void {
    const core = this.#core;
    const fields = readFields(this.#reader);
    if (fields === null) {
      core.targetBroke("a malformed ErrorResponse");
      return;
    }
    if (fields.get("V") === "FATAL" || fields.get("V") === "PANIC") core.targetSaidFatal = true;
    if (op?.kind !== ABORT) this.#asides.say("E", fields, op);
    if (core.inBlock) core.context.failed();
    else core.context.rolledBack();
    if (op === undefined) return;
    if (op.traits?.settings === false) this.#core.settingsOnly = false;
    const sqlstate = fields.get("C") ?? "XX000";
    if (op.sqlstate === "") op.sqlstate = sqlstate;
    this.#rows.close(op);
    core.copyIn = false;
    // After these two ReadyForQuery follows by itself.
    if (op.kind !== QUERY && op.kind !== SYNC) this.#skipGroup(op, sqlstate);
  }

  /** As the target does after an error in the extended protocol: the rest up to Sync is not done. */
  #skipGroup(op: Op, sqlstate: string): void {
    const core = this.#core;
    if (op.judgement !== null) core.last = op.judgement;
    core.sides.failed(op);
    core.queue.answered();
    // Our own error: what follows was arranged for when it was put in.
    if (op.kind === ABORT) {
      this.settle();
      return;
    }
    // PostgreSQL drops the unnamed statement when it begins to parse a new one.
    if (op.kind === PARSE && op.name === "") core.statements.expire((_, name) => name === "");
    core.dropped(op, sqlstate);
    const { dropped, synced } = core.queue.dropGroup();
    for (const later of dropped) core.dropped(later, sqlstate);
    if (!synced) core.skipping = true;
    this.settle();
  }
}

function unknownPortal(): Refusal {
  return new Refusal("analysis-incomplete", {
    message: "the gateway does not know this portal",
    hint: "Bind it again.",
  });
}
