// Client to queue: every message is judged, passed, answered here, or thrown away; the order is the client's.
import { Refusal } from "#shared/errors.ts";
import type { AnalysisContext } from "../../ports/analysis.ts";
import type { Command, Judgement, Permitted } from "../../protocol.ts";
import type { Core } from "./core.ts";
import { CLOSE_UNNAMED, encodeCopyData, encodeDescribe, FLUSH, SYNC as SYNC_FRAME } from "./encode.ts";
import { BAD, FrameReader, NEED_MORE, OVERSIZE, PIECE } from "./frames.ts";
import { FRONTEND, frontendBounds } from "./kinds.ts";
import { readBind, readExecute, readParse, readQuery, readTarget } from "./messages.ts";
import { ABORT, BIND, CLOSE, DESCRIBE, EXECUTE, LOCAL, Op, PARSE, QUERY, SILENT, SYNC } from "./ops.ts";
import type { Portal } from "./portals.ts";
import type { Sender } from "./sender.ts";
import { traitsOf } from "./traits.ts";

/** Unanswered messages of one session; a client that sends more is not read from. More than the target ever keeps to itself. */
const MOST_UNANSWERED = 8192;

/** Speaks of prepared statements or cursors by their SQL names. Keywords cannot be spelt in any other way. */
const REFERS = /\b(execute|fetch|move)\b/i;

export class Intake {
  readonly #core: Core;
  readonly #sender: Sender;
  readonly #reader: FrameReader;
  /** A verdict is awaited; nothing more is read until it is there. */
  #judging = false;
  /** The message at hand has to wait for answers of the target. */
  #held = false;
  /** It is part of a long CopyData message. */
  #piece = false;
  /** A Flush was sent so that the answers come. */
  #asked = false;
  #saidGoodbye = false;
  #ended = false;
  /** The command being judged names a prepared statement that was looked at when names meant something else. */
  #stale = false;
  readonly #resolve: Command["resolve"];

  constructor(core: Core, sender: Sender) {
    this.#core = core;
    this.#sender = sender;
    this.#reader = new FrameReader(frontendBounds(core.session.target.limits.statementBytes));
    this.#reader.streamed[FRONTEND.copyData] = 1;
    this.#resolve = (kind, name) => this.#lookUp(kind, name);
  }

  /** False while the client should not be read from. */
  get wantsMore(): boolean {
    return !this.#held && !this.#reader.unread && !this.#saidGoodbye;
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  /** Takes what can be taken now. Called whenever there is more, or something that was waited for may have happened. */
  pump(): void {
    const core = this.#core;
    while (!core.over && !this.#saidGoodbye && !this.#judging) {
      if (!this.#held) {
        if (!core.outside.targetWritable) break;
        const found = this.#reader.next();
        if (found === NEED_MORE) break;
        if (found === BAD) {
          this.#violation("a message of unknown type or impossible length");
          break;
        }
        if (found === OVERSIZE) {
          this.#oversize();
          continue;
        }
        this.#piece = found === PIECE;
        this.#asked = false;
      }
      this.#held = !(this.#piece ? this.#copyPiece() : this.#take());
      if (this.#held) {
        this.#askForAnswers();
        break;
      }
    }
    this.#sender.advance();
  }

  /** The client's side of the connection ended: as good as Terminate, once all before it is done. */
  ended(): void {
    this.#ended = true;
  }

  /** True once the client said goodbye and everything before was forwarded. */
  get done(): boolean {
    const goodbye = this.#saidGoodbye || (this.#ended && !this.#held && !this.#reader.unread);
    return goodbye && !this.#judging && this.#core.queue.toSend === undefined;
  }

  /** @returns false when the message has to wait */
  #take(): boolean {
    const core = this.#core;
    const { type } = this.#reader;
    if (type === FRONTEND.terminate) {
      this.#saidGoodbye = true;
      return true;
    }
    if (core.copyIn) return this.#takeInCopy(type);
    if (core.copyExpected > 0 || core.queue.length >= MOST_UNANSWERED) return false;
    if (core.skipping && type !== FRONTEND.sync) return true;
    switch (type) {
      case FRONTEND.query:
        return this.#query();
      case FRONTEND.parse:
        return this.#parse();
      case FRONTEND.bind:
        return this.#bind();
      case FRONTEND.describe:
        return this.#describe();
      case FRONTEND.execute:
        return this.#execute();
      case FRONTEND.close:
        return this.#close();
      case FRONTEND.flush:
        this.#pass(new Op(SILENT));
        return true;
      case FRONTEND.sync:
        return this.#sync();
      case FRONTEND.functionCall:
        return this.#refuseOwn(QUERY, new Refusal("protocol-unsupported", { message: "FunctionCall is not offered" }));
      default:
        // COPY data outside of COPY: the rest of one that failed. The server ignores it, and so do we.
        return true;
    }
  }

  /** While the target takes COPY data it ignores Flush and Sync, and fails on anything else. */
  #takeInCopy(type: number): boolean {
    if (type === FRONTEND.sync || type === FRONTEND.flush) return true;
    if (type !== FRONTEND.copyData && type !== FRONTEND.copyDone && type !== FRONTEND.copyFail) {
      this.#violation("a command in the middle of COPY data");
      return true;
    }
    const { buffer, start, end } = this.#reader;
    if (!this.#core.queue.extendLast(buffer, start, end))
      this.#core.queue.push(new Op(SILENT).forwards(buffer, start, end));
    if (type !== FRONTEND.copyData) this.#core.copyIn = false;
    return true;
  }

  /** A CopyData message that is longer than the chunk goes on in messages of our own. */
  #copyPiece(): boolean {
    const core = this.#core;
    if (!core.copyIn) return core.copyExpected === 0;
    const { buffer, start, end, first } = this.#reader;
    const body = buffer.subarray(first ? start + 5 : start, end);
    if (body.length === 0) return true;
    const frame = encodeCopyData(body);
    core.queue.push(new Op(SILENT).forwards(frame, 0, frame.length));
    return true;
  }

  #query(): boolean {
    if (this.#mustWait()) return false;
    const { buffer, start, end } = this.#reader;
    const text = readQuery(this.#reader);
    if (text === null) return this.#violation("a malformed Query");
    if (text === undefined) return this.#refuseOwn(QUERY, notUtf8());
    if (this.#namesUncertain(text)) return false;
    if (this.#core.context.pathUnknown) return this.#refuseOwn(QUERY, pathInMotion());
    const op = new Op(QUERY);
    op.unsynced = this.#core.maySkip;
    return this.#judge(op, "query", text, this.#core.context.current, undefined, 0, buffer.subarray(start, end));
  }

  #parse(): boolean {
    if (this.#mustWait()) return false;
    const { buffer, start, end } = this.#reader;
    const message = readParse(this.#reader);
    if (message === null) return this.#violation("a malformed Parse");
    const { name, text } = message;
    if (text === undefined) return this.#refuseOwn(PARSE, notUtf8());
    if (this.#namesUncertain(text)) return false;
    if (this.#core.context.pathUnknown) return this.#refuseOwn(PARSE, pathInMotion());
    const op = new Op(PARSE);
    op.name = name;
    return this.#judge(op, "prepare", text, this.#core.context.current, undefined, 0, buffer.subarray(start, end));
  }

  #bind(): boolean {
    const { statements, portals, context } = this.#core;
    if (this.#mustWait()) return false;
    const message = readBind(this.#reader);
    if (message === null) return this.#violation("a malformed Bind");
    if (statements.uncertain(message.statement)) return false;
    if (context.pathUnknown) return this.#refuseOwn(BIND, pathInMotion());
    const statement = statements.get(message.statement) ?? null;
    const op = new Op(BIND);
    op.name = message.portal;
    op.judgement = statement?.judgement ?? null;
    op.portal = {
      name: message.portal,
      statement,
      cursor: null,
      context: context.current,
      formats: message.formats,
      values: message.values,
      shape: null,
      described: false,
    };
    portals.begin(op.name, op.portal);
    this.#pass(op);
    return true;
  }

  #describe(): boolean {
    const message = readTarget(this.#reader);
    if (message === null) return this.#violation("a malformed Describe");
    const names = message.what === "statement" ? this.#core.statements : this.#core.portals;
    if (names.uncertain(message.name)) return false;
    const op = new Op(DESCRIBE);
    op.ofStatement = message.what === "statement";
    if (op.ofStatement) op.statement = this.#core.statements.get(message.name) ?? null;
    else op.portal = this.#core.portals.get(message.name) ?? null;
    this.#describing(op);
    this.#pass(op);
    return true;
  }

  #describing(op: Op): void {
    const named = op.ofStatement ? op.statement : op.portal;
    if (named !== null) named.described = true;
    op.judgement = op.ofStatement ? (op.statement?.judgement ?? null) : judgementOf(op.portal);
  }

  #close(): boolean {
    const message = readTarget(this.#reader);
    if (message === null) return this.#violation("a malformed Close");
    const op = new Op(CLOSE);
    op.name = message.name;
    op.ofStatement = message.what === "statement";
    (op.ofStatement ? this.#core.statements : this.#core.portals).begin(op.name, null);
    this.#pass(op);
    return true;
  }

  #sync(): boolean {
    this.#core.skipping = false;
    this.#pass(new Op(SYNC));
    this.#core.maySkip = false;
    this.#endGroup();
    return true;
  }

  #execute(): boolean {
    const { portals, context } = this.#core;
    if (this.#mustWait()) return false;
    const name = readExecute(this.#reader);
    if (name === null) return this.#violation("a malformed Execute");
    if (portals.uncertain(name)) return false;
    if (context.pathUnknown) return this.#refuseOwn(EXECUTE, pathInMotion());
    const portal = portals.get(name);
    if (portal === undefined) return this.#provokeMissing(name);
    const { statement } = portal;
    if (portal.cursor !== null) return this.#executeAs(portal, `FETCH ALL FROM ${quoted(name)}`);
    if (statement === null) return this.#refuseOwn(EXECUTE, unknownStatement());
    if (statement.origin === "sql") return this.#executeAs(portal, `EXECUTE ${quoted(statement.name)}`);
    if (!statement.refers) return this.#executeAs(portal, statement.text, statement.judgement);
    return this.#namesUncertain(statement.text) ? false : this.#executeAs(portal, statement.text);
  }

  /** @param prepared absent where what runs has to be looked at anew: names in it may mean something else by now */
  #executeAs(portal: Portal, text: string, prepared?: Judgement): boolean {
    const { buffer, start, end } = this.#reader;
    const op = new Op(EXECUTE);
    op.portal = portal;
    // The target resolved the names when the portal was bound; SQL-level names it resolves when the portal runs.
    const context = prepared === undefined ? this.#core.context.current : portal.context;
    return this.#judge(op, "execute", text, context, prepared, portal.values, buffer.subarray(start, end));
  }

  /** Execute of a portal that is not there: a Describe of it makes the target say so in its own words, and runs nothing. */
  #provokeMissing(name: string): boolean {
    const frame = encodeDescribe("P", name);
    const op = new Op(DESCRIBE).forwards(frame, 0, frame.length);
    op.hidden = true;
    this.#core.queue.push(op);
    this.#core.groupOpen = this.#core.maySkip = true;
    return true;
  }

  #judge(
    op: Op,
    phase: Command["phase"],
    text: string,
    context: AnalysisContext,
    prepared: Judgement | undefined,
    binds: number,
    bytes: Uint8Array,
  ): true {
    this.#stale = false;
    const command: Command = { phase, text, context, resolve: this.#resolve, binds, bytes };
    const verdict = this.#core.session.judge(prepared === undefined ? command : { ...command, prepared });
    if (!(verdict instanceof Promise)) {
      this.#judged(op, verdict, context);
      return true;
    }
    this.#judging = true;
    verdict.then(
      (later) => this.#judgedLater(op, later, context),
      () => this.#judgedLater(op, new Refusal("internal"), context),
    );
    return true;
  }

  #judgedLater(op: Op, verdict: Permitted | Refusal, context: AnalysisContext): void {
    this.#judging = false;
    if (this.#core.over) return;
    this.#judged(op, verdict, context);
    this.pump();
    this.#core.outside.soon();
  }

  #judged(op: Op, verdict: Permitted | Refusal, context: AnalysisContext): void {
    const core = this.#core;
    if (verdict instanceof Refusal) {
      if (!core.skipping) this.#refuse(op.kind, verdict, op.kind === QUERY || (op.kind === PARSE && op.name === ""));
      return;
    }
    const { judgement, permit } = verdict;
    if (this.#stale && !core.skipping) {
      this.#withdraw(op, judgement);
      return;
    }
    op.judgement = judgement;
    op.traits = traitsOf(judgement.analysis);
    op.ready = false;
    if (op.kind === PARSE) op.traits = null;
    else op.changes = op.traits.changes || (op.traits.ends && core.context.undoable);
    permit.then(
      (granted) => this.#sender.granted(op, granted),
      (why) => this.#sender.denied(op, why),
    );
    core.entered(op);
    if (core.skipping) {
      // An earlier message of the group failed while this one was being judged.
      core.dropped(op, "");
      return;
    }
    if (op.kind === PARSE) this.#begins(op, judgement, context);
    else if (op.kind === EXECUTE) this.#needsShape(op);
    if (op.traits?.undoable) core.context.undoable = true;
    core.queue.push(op);
    if (op.kind === QUERY) this.#endGroup();
    else core.groupOpen = core.maySkip = true;
  }

  /** The target would resolve the prepared statement anew, to something that nobody has judged. */
  #withdraw(op: Op, judgement: Judgement): void {
    const refusal = new Refusal("analysis-incomplete", {
      message: "the prepared statement was made before search_path or temporary tables changed",
      hint: "Prepare it again.",
    });
    void this.#core.session.refused(refusal, judgement);
    op.sqlstate = refusal.sqlstate;
    op.judgement = judgement;
    this.#core.left(op);
    this.#refuse(op.kind, refusal);
  }

  #begins(op: Op, judgement: Judgement, context: AnalysisContext): void {
    const { text } = judgement;
    op.statement = {
      name: op.name,
      origin: "parse",
      text,
      judgement,
      context,
      refers: REFERS.test(text),
      shape: null,
      described: false,
    };
    this.#core.statements.begin(op.name, op.statement);
  }

  /** Rows can be masked only if their shape is known: a client that never asked for it gets the question put on its behalf. */
  #needsShape(op: Op): void {
    const portal = op.portal as Portal;
    if (!op.traits?.rows || portal.described || isDescribed(portal)) return;
    const frame = encodeDescribe("P", portal.name);
    const describe = new Op(DESCRIBE).forwards(frame, 0, frame.length);
    describe.hidden = true;
    describe.portal = portal;
    this.#describing(describe);
    this.#core.queue.push(describe);
  }

  /** A refusal that this protocol itself decided on. */
  #refuseOwn(kind: Op["kind"], refusal: Refusal): true {
    void this.#core.session.refused(refusal, null);
    this.#refuse(kind, refusal);
    return true;
  }

  /**
   * Answers with the refusal at its place, then goes on as the target does after an error.
   * @param unnamed what was refused is a new unnamed statement: the target would have dropped the old one before it said no
   */
  #refuse(kind: Op["kind"], refusal: Refusal, unnamed = kind === QUERY): void {
    const core = this.#core;
    const local = new Op(LOCAL);
    local.refusal = refusal;
    // The target may be skipping already, and this too: a Sync of ours must not put an end to that.
    const alone = kind === QUERY && core.maySkip;
    if (alone) core.queue.push(new Op(SILENT).forwards(FLUSH, 0, FLUSH.length));
    core.queue.push(local);
    if (unnamed) this.#dropUnnamed(alone);
    core.queue.push(new Op(ABORT));
    if (kind !== QUERY) {
      core.groupOpen = core.maySkip = core.skipping = true;
      return;
    }
    // After a simple query the client waits for ReadyForQuery: the target's own carries the true transaction status.
    const sync = new Op(SYNC).forwards(SYNC_FRAME, 0, SYNC_FRAME.length);
    sync.alone = alone;
    core.queue.push(sync);
    this.#endGroup();
  }

  #dropUnnamed(alone: boolean): void {
    const { statements, queue } = this.#core;
    if (statements.get("") === undefined && !statements.uncertain("")) return;
    const close = new Op(CLOSE).forwards(CLOSE_UNNAMED, 0, CLOSE_UNNAMED.length);
    close.ofStatement = close.hidden = true;
    close.alone = alone;
    statements.begin("", null);
    queue.push(close);
    if (alone) queue.push(new Op(SILENT).forwards(FLUSH, 0, FLUSH.length));
  }

  #oversize(): void {
    const { type } = this.#reader;
    const kinds: Readonly<Record<number, Op["kind"]>> = {
      [FRONTEND.query]: QUERY,
      [FRONTEND.functionCall]: QUERY,
      [FRONTEND.parse]: PARSE,
      [FRONTEND.bind]: BIND,
    };
    const kind = kinds[type];
    if (kind === undefined || this.#core.copyIn) this.#violation("a message longer than its kind may be");
    else if (!this.#core.skipping) this.#refuseOwn(kind, new Refusal("statement-too-long"));
  }

  #pass(op: Op): void {
    const { buffer, start, end } = this.#reader;
    this.#core.queue.push(op.forwards(buffer, start, end));
    this.#core.groupOpen = this.#core.maySkip = true;
  }

  #endGroup(): void {
    this.#core.groupOpen = false;
    this.#core.statements.endGroup();
    this.#core.portals.endGroup();
  }

  /** True while what a command means is still being changed by earlier ones. */
  #mustWait(): boolean {
    const core = this.#core;
    if (core.changing > 0 || core.refreshing) return true;
    const inMotion = core.context.pathUnknown || core.context.unsettled;
    return inMotion && !core.groupOpen && core.queue.length > 0;
  }

  #namesUncertain(text: string): boolean {
    const { statements, portals } = this.#core;
    return (statements.anyUncertain || portals.anyUncertain) && REFERS.test(text);
  }

  /** The target keeps answers of an open group to itself until it is asked. */
  #askForAnswers(): void {
    if (this.#asked || !this.#core.groupOpen) return;
    this.#asked = true;
    this.#core.queue.push(new Op(SILENT).forwards(FLUSH, 0, FLUSH.length));
  }

  #lookUp(kind: "prepared" | "cursor", name: string): Judgement | undefined {
    const core = this.#core;
    if (kind === "cursor") return judgementOf(core.portals.get(name) ?? null) ?? undefined;
    const statement = core.statements.get(name);
    if (statement !== undefined && statement.context !== core.context.current) this.#stale = true;
    return statement?.judgement;
  }

  #violation(what: string): true {
    const refusal = new Refusal("protocol-violation", { detail: what });
    void this.#core.session.refused(refusal, null);
    this.#core.fail(refusal);
    return true;
  }
}

function judgementOf(portal: Portal | null): Judgement | null {
  return portal === null ? null : (portal.cursor ?? portal.statement?.judgement ?? null);
}

/** A Describe of the statement says enough, as long as its names still mean the same. */
function isDescribed({ statement, context }: Portal): boolean {
  return statement !== null && statement.origin === "parse" && statement.described && statement.context === context;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function notUtf8(): Refusal {
  return new Refusal("statement-syntax", {
    message: "the statement is not valid UTF-8",
    hint: "Send statements as UTF-8.",
  });
}

function pathInMotion(): Refusal {
  return new Refusal("analysis-incomplete", {
    message: "search_path was changed earlier in the same batch, and the target has not said to what",
    hint: "End the batch (Sync) after SET search_path, then send the rest.",
  });
}

function unknownStatement(): Refusal {
  return new Refusal("analysis-incomplete", {
    message: "the gateway does not know this prepared statement",
    hint: "Prepare it again.",
  });
}
