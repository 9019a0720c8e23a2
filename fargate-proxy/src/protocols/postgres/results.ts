// Target to client: every answer is matched with what was asked, the n-th result of a command string with its n-th statement. What
// needs no change is forwarded as it lies in the received chunk.
import { Refusal } from "#shared/errors.ts";
import type { AnalysedStatement } from "#shared/facts.ts";
import type { CopyMask, RowMask, Shape } from "#shared/masking/types.ts";
import type { Judgement } from "../../protocol.ts";
import { type Core, IDLE } from "./core.ts";
import { encodeNotification } from "./encode.ts";
import { rebuiltMessage, refusalMessage } from "./errors.ts";
import { BAD, FrameReader, NEED_MORE, OVERSIZE, PIECE } from "./frames.ts";
import { BACKEND, backendBounds } from "./kinds.ts";
import {
  isParameterDescription,
  readCopyResponse,
  readFields,
  readNotification,
  readParameter,
  readRowDescription,
  readTag,
  withFormats,
} from "./messages.ts";
import { ABORT, BIND, CLOSE, DESCRIBE, EXECUTE, LOCAL, type Op, PARSE, QUERY, SILENT, SYNC } from "./ops.ts";

const NO_COLUMNS: Shape = [];

export class Results {
  readonly #core: Core;
  readonly #reader = new FrameReader(backendBounds());
  /** A result could not be shown: the client has its error, and hears nothing more before ReadyForQuery. */
  #hushed = false;
  /** All that completed since the last ReadyForQuery only sets, shows, begins or ends. */
  #settingsOnly = true;

  constructor(core: Core) {
    this.#core = core;
  }

  /** True while part of a message has been forwarded: nothing of our own may come between. */
  get midMessage(): boolean {
    return this.#reader.left > 0 && !this.#hushed;
  }

  chunk(chunk: Buffer): void {
    const reader = this.#reader;
    reader.push(chunk);
    while (!this.#core.over) {
      const found = reader.next();
      if (found === NEED_MORE) return;
      if (found === BAD) this.#core.targetBroke("a message of unknown type or impossible length");
      else if (found === OVERSIZE) this.#oversize();
      else if (reader.type === BACKEND.dataRow) this.#row(found);
      else if (reader.type === BACKEND.copyData) this.#copyData(found);
      else this.#message();
    }
  }

  /** Says our own errors whose turn it is, and passes over what has no answer. */
  settle(): void {
    const { queue, out } = this.#core;
    for (let op = queue.answering; op !== undefined; op = queue.answering) {
      if (op.kind === LOCAL && op.refusal !== null) {
        if (!this.#hushed) out.append(refusalMessage(op.refusal, "ERROR"));
      } else if (op.kind !== SILENT) {
        if (op.kind === EXECUTE && !op.inRows) this.#beginExecute(op);
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
    if (this.#hushed) return;
    const { buffer, start, end } = this.#reader;
    this.#core.out.forward(buffer, start, end);
  }

  // Rows

  #row(found: number): void {
    const op = this.#core.queue.answering;
    const { buffer, start, end, first, left } = this.#reader;
    if (op === undefined || !op.inRows) {
      this.#core.targetBroke("a row that nobody asked for");
      return;
    }
    op.bytes += end - start;
    if (found !== PIECE || first) op.rows++;
    const mask = op.mask;
    if (this.#hushed) return;
    if (mask === null || !mask.active) this.#core.out.forward(buffer, start, end);
    else if (left > 0) this.#core.targetBroke("part of a row that has to be masked");
    else this.#masked(mask, buffer.subarray(start, end));
  }

  #masked(mask: RowMask | CopyMask, frame: Buffer): void {
    try {
      mask.row(frame, this.#core.out);
    } catch {
      this.#core.fail(new Refusal("result-mismatch", { detail: "A row is not of the form that was announced." }));
    }
  }

  #copyData(found: number): void {
    const op = this.#core.queue.answering;
    if (op?.inRows && this.#statement(op)?.facts.kind === "copy-out") this.#row(found);
    else this.#core.targetBroke("COPY data that nobody asked for");
  }

  /** Rows of the first op may come: from here on, in this form. */
  #openRows(op: Op, mask: RowMask | CopyMask | null): void {
    op.inRows = true;
    op.mask = mask;
    if (mask !== null && mask.tally.length > 0)
      op.tallies = op.tallies.length === 0 ? mask.tally : [...op.tallies, ...mask.tally];
    const streamed = mask === null || !mask.active ? 1 : 0;
    this.#reader.streamed[BACKEND.dataRow] = this.#reader.streamed[BACKEND.copyData] = streamed;
  }

  #closeRows(op: Op): void {
    op.inRows = false;
    op.mask = null;
    this.#reader.streamed[BACKEND.dataRow] = this.#reader.streamed[BACKEND.copyData] = this.#hushed ? 1 : 0;
  }

  /** Execute is the only one that sends rows without describing them first: their shape was asked for before. */
  #beginExecute(op: Op): void {
    const { portal, judgement } = op;
    if (portal === null || judgement === null || !op.traits?.rows) return;
    const shape = portal.shape ?? (portal.described ? null : this.#shapeOfStatement(op));
    // Described as without rows: then none may come.
    if (shape !== NO_COLUMNS) this.#concealRows(op, judgement, shape);
  }

  #shapeOfStatement({ portal }: Op): Shape | null {
    const shape = portal?.statement?.shape ?? null;
    if (portal === null || shape === null || shape === NO_COLUMNS) return shape;
    portal.shape = withFormats(shape, portal.formats);
    return portal.shape;
  }

  #concealRows(op: Op, judgement: Judgement, shape: Shape | null): void {
    if (this.#hushed) this.#openRows(op, null);
    else if (shape === null)
      this.#open(op, new Refusal("result-mismatch", { detail: "The target did not describe the result." }));
    else this.#open(op, this.#core.session.conceal(judgement, op.index, shape));
  }

  #open(op: Op, mask: RowMask | CopyMask | Refusal): void {
    if (mask instanceof Refusal) this.#hush(op, mask);
    else this.#openRows(op, mask);
  }

  /** The result cannot be shown: an error takes its place, and what the target still says of it is thrown away. */
  #hush(op: Op, refusal: Refusal): void {
    const core = this.#core;
    if (!this.#hushed) core.out.append(refusalMessage(refusal, "ERROR"));
    this.#hushed = true;
    op.sqlstate = refusal.sqlstate;
    this.#openRows(op, null);
    // What was learnt of its shape may be out of date: the next time it is asked for.
    for (const named of [op.portal, op.portal?.statement]) if (named) named.described = false;
    if (op.kind !== QUERY && core.groupOpen && !core.queue.syncsAhead) core.skipping = true;
  }

  #oversize(): void {
    const op = this.#core.queue.answering;
    const { type } = this.#reader;
    const isRow = type === BACKEND.dataRow || type === BACKEND.copyData;
    if (isRow && op?.inRows)
      this.#hush(op, new Refusal("result-mismatch", { message: "a row is too long to be masked" }));
    else this.#core.targetBroke("a message longer than its kind may be");
  }

  // Everything else

  #message(): void {
    const op = this.#core.queue.answering;
    const { type } = this.#reader;
    if (type === BACKEND.notice) this.#notice();
    else if (type === BACKEND.parameterStatus) this.#parameter();
    else if (type === BACKEND.notification) this.#notification();
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
        this.#core.portals.confirm(op.name, op.portal);
        break;
      case CLOSE:
        if (type !== BACKEND.closeComplete) return false;
        (op.ofStatement ? this.#core.statements : this.#core.portals).confirm(op.name, null);
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
        this.#forward();
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
    this.#concealRows(op, op.judgement, shape);
    this.#forward();
    return true;
  }

  #ofExecute(op: Op, type: number): boolean {
    if (type === BACKEND.portalSuspended) {
      op.tag = "SUSPENDED";
      this.#closeRows(op);
    } else if (type === BACKEND.commandComplete) {
      if (!this.#completed(op)) return false;
      if (this.#core.context.unsettled) this.#core.context.unsettle();
    } else if (type !== BACKEND.emptyQuery) return this.#ofCopy(op, type);
    this.#forward();
    this.#done(op);
    return true;
  }

  #ofCopy(op: Op, type: number): boolean {
    const kind = this.#statement(op)?.facts.kind;
    switch (type) {
      case BACKEND.copyInResponse:
        if (kind !== "copy-in" || readCopyResponse(this.#reader) === null) return false;
        this.#core.copyIn = true;
        this.#forward();
        return true;
      case BACKEND.copyOutResponse:
        if (kind !== "copy-out" || op.inRows || !this.#concealCopy(op)) return false;
        this.#forward();
        return true;
      case BACKEND.copyDone:
        if (kind !== "copy-out" || !op.inRows) return false;
        this.#closeRows(op);
        this.#forward();
        return true;
      default:
        return false;
    }
  }

  #concealCopy(op: Op): boolean {
    const response = readCopyResponse(this.#reader);
    if (response === null || op.judgement === null) return false;
    const shape = { binary: response.format === 1, columns: response.columns, clientEncoding: "UTF8" };
    if (this.#hushed) this.#openRows(op, null);
    else this.#open(op, this.#core.session.concealCopy(op.judgement, op.index, shape));
    return true;
  }

  #ofDescribe(op: Op, type: number): boolean {
    if (type === BACKEND.parameterDescription) {
      if (!op.ofStatement || !isParameterDescription(this.#reader)) return false;
      this.#forward();
      return true;
    }
    if (type !== BACKEND.rowDescription && type !== BACKEND.noData) return false;
    const shape = type === BACKEND.noData ? NO_COLUMNS : readRowDescription(this.#reader);
    if (shape === null) return false;
    const named = op.ofStatement ? op.statement : op.portal;
    if (named !== null) named.shape = shape;
    if (!op.hidden) this.#forward();
    else if (named === null) this.#hush(op, unknownPortal());
    this.#done(op);
    return true;
  }

  #statement(op: Op): AnalysedStatement | undefined {
    return op.judgement?.analysis.statements[op.index];
  }

  /** A statement of the command string is over. */
  #completed(op: Op): boolean {
    this.#closeRows(op);
    const statement = this.#statement(op);
    const tag = readTag(this.#reader);
    if (statement === undefined || op.judgement === null || tag === null) return false;
    op.tag = tag;
    op.index++;
    if (!op.traits?.settings) this.#settingsOnly = false;
    if (statement.effects.length > 0) this.#apply(statement, op.tag, op.judgement);
    return true;
  }

  #apply(statement: AnalysedStatement, tag: string, judgement: Judgement): void {
    const { statements, portals, context } = this.#core;
    for (const effect of statement.effects) {
      if (effect.type === "prepare") {
        const { text } = judgement;
        const made = { name: effect.name, origin: "sql" as const, text, judgement, context: context.current };
        statements.set(effect.name, { ...made, refers: false, shape: null, described: false });
      } else if (effect.type === "deallocate") statements.forget(effect.name);
      else if (effect.type === "declare") {
        const made = { name: effect.name, statement: null, cursor: judgement, context: context.current };
        portals.set(effect.name, { ...made, formats: [], values: 0, shape: null, described: false });
      } else if (effect.type === "close") portals.forget(effect.name);
      else if (effect.type === "discard" && tag === "DISCARD ALL") {
        statements.forget(null);
        portals.forget(null);
      } else if (
        effect.type === "transaction" &&
        (effect.what === "begin" || tag === "COMMIT" || effect.what === "rollback")
      )
        this.#core.inBlock = effect.what === "begin";
    }
    context.completed(statement, tag, judgement.text);
  }

  #ready(op: Op): void {
    const core = this.#core;
    core.status = this.#reader.buffer[this.#reader.start + 5] as number;
    this.#hushed = false;
    this.#settingsOnly = true;
    if (core.status === IDLE || !op.unsynced) core.inBlock = core.status !== IDLE;
    core.context.pathUnknown = false;
    core.copyIn = false;
    this.#forward();
    this.#done(op);
    if (core.status !== IDLE) {
      if (core.context.unsettled) core.context.unsettle();
      return;
    }
    // Portals end with their transaction; of cursors it is not known which were made WITH HOLD.
    core.portals.forget(null, (portal) => portal.cursor === null);
    core.context.committed();
    if (core.changing === 0) core.context.undoable = false;
    if (core.context.unsettled) this.#refresh();
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

  // What may hold data although it is no row

  #isGuarded(op: Op | undefined): boolean {
    const judgement = op?.judgement ?? this.#core.last;
    return judgement !== null && this.#core.session.guarded(judgement);
  }

  #error(op: Op | undefined): void {
    const core = this.#core;
    const fields = readFields(this.#reader);
    if (fields === null) {
      core.targetBroke("a malformed ErrorResponse");
      return;
    }
    if (fields.get("V") === "FATAL" || fields.get("V") === "PANIC") core.targetSaidFatal = true;
    if (op?.kind !== ABORT) this.#say("E", fields, op);
    if (!core.inBlock) core.context.rolledBack();
    if (op === undefined) return;
    if (op.traits?.settings === false) this.#settingsOnly = false;
    const sqlstate = fields.get("C") ?? "XX000";
    if (op.sqlstate === "") op.sqlstate = sqlstate;
    this.#closeRows(op);
    core.copyIn = false;
    // After these two ReadyForQuery follows by itself.
    if (op.kind !== QUERY && op.kind !== SYNC) this.#skipGroup(op, sqlstate);
  }

  /** As the target does after an error in the extended protocol: the rest up to Sync is not done. */
  #skipGroup(op: Op, sqlstate: string): void {
    const core = this.#core;
    if (op.judgement !== null) core.last = op.judgement;
    core.queue.answered();
    // Our own error: what follows was arranged for when it was put in.
    if (op.kind === ABORT) {
      this.settle();
      return;
    }
    // PostgreSQL drops the unnamed statement when it begins to parse a new one.
    if (op.kind === PARSE && op.name === "") core.statements.forget("");
    core.dropped(op, sqlstate);
    const { dropped, synced } = core.queue.dropGroup();
    for (const later of dropped) core.dropped(later, sqlstate);
    if (!synced) core.skipping = true;
    this.settle();
  }

  #notice(): void {
    const fields = readFields(this.#reader);
    if (fields === null) this.#core.targetBroke("a malformed NoticeResponse");
    else this.#say("N", fields, this.#core.queue.answering);
  }

  /** An error or notice of the target: as it is, or rebuilt. */
  #say(type: "E" | "N", fields: ReadonlyMap<string, string>, op: Op | undefined): void {
    if (!this.#isGuarded(op)) this.#forward();
    else if (!this.#hushed) this.#core.out.append(rebuiltMessage(type, fields));
  }

  #parameter(): void {
    const core = this.#core;
    const parameter = readParameter(this.#reader);
    if (parameter === null) {
      core.targetBroke("a malformed ParameterStatus");
      return;
    }
    const [name, value] = parameter;
    if (name === "search_path") core.context.reportedPath(value);
    if ((name === "client_encoding" && value !== "UTF8") || (name === "standard_conforming_strings" && value !== "on"))
      core.fail(new Refusal("protocol-unsupported", { message: `the session changed ${name}` }));
    else if (this.#mayTell(core.queue.answering)) this.#forward();
  }

  /** set_config can put a cell into a parameter: only what the client itself has just set is told. */
  #mayTell(op: Op | undefined): boolean {
    const settings = this.#settingsOnly && (op === undefined || op.traits === null || op.traits.settings);
    return settings || !this.#isGuarded(op);
  }

  /** Payloads are the work of whoever called NOTIFY: other sessions, triggers. */
  #notification(): void {
    const notification = readNotification(this.#reader);
    if (notification === null) this.#core.targetBroke("a malformed NotificationResponse");
    else if (!this.#isGuarded(this.#core.queue.answering)) this.#forward();
    else if (!this.#hushed) this.#core.out.append(encodeNotification(notification.pid, notification.channel, ""));
  }
}

function unknownPortal(): Refusal {
  return new Refusal("analysis-incomplete", {
    message: "the gateway does not know this portal",
    hint: "Bind it again.",
  });
}
