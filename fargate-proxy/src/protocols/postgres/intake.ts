// Client to queue: every message is judged, passed, answered here, or thrown away; the order is the client's.
import { Refusal } from "#shared/errors.ts";
import type { Judgement } from "../../protocol.ts";
import type { Core } from "./core.ts";
import { encodeCopyData, encodeDescribe, FLUSH } from "./encode.ts";
import { BAD, FrameReader, NEED_MORE, OVERSIZE, PIECE } from "./frames.ts";
import { describing, Judging } from "./judging.ts";
import { FRONTEND, frontendBounds } from "./kinds.ts";
import { readBind, readBound, readExecute, readParse, readQuery, readTarget } from "./messages.ts";
import { BIND, CLOSE, DESCRIBE, EXECUTE, type Kind, Op, PARSE, QUERY, SILENT, SYNC } from "./ops.ts";
import { isSettledWhenBound, type Portal, REFERS } from "./portals.ts";
import { notUtf8, pathInMotion, Refusals, staleStatement, unknownStatement } from "./refusals.ts";
import type { Sender } from "./sender.ts";

/** Bytes that are taken from a client while its command waits for an approval. */
const MOST_BACKLOG = 64 * 1024;
/** Unanswered messages of one session; a client that sends more is not read from. More than the target ever keeps to itself. */
const MOST_UNANSWERED = 8192;

export class Intake {
  readonly #core: Core;
  readonly #sender: Sender;
  readonly #reader: FrameReader;
  readonly #refusals: Refusals;
  readonly #judging: Judging;
  /** The message at hand has to wait for answers of the target. */
  #held = false;
  /** It is part of a long CopyData message. */
  #piece = false;
  /** A Flush was sent so that the answers come. */
  #asked = false;
  #saidGoodbye = false;
  #ended = false;
  /** Chunks that came while a command waits for an approval: they are read only so that the client's leaving is seen. */
  readonly #backlog: Buffer[] = [];
  #backlogBytes = 0;

  constructor(core: Core, sender: Sender) {
    this.#core = core;
    this.#sender = sender;
    this.#refusals = new Refusals(core);
    this.#judging = new Judging(core, sender, this.#refusals);
    this.#reader = new FrameReader(frontendBounds(core.session.target.limits.statementBytes));
    this.#reader.streamed[FRONTEND.copyData] = 1;
  }

  /** False while the client should not be read from. */
  get wantsMore(): boolean {
    if (this.#saidGoodbye) return false;
    if (this.#judging.waiting) return this.#backlogBytes < MOST_BACKLOG;
    return !this.#held && !this.#reader.unread && this.#backlog.length === 0;
  }

  push(chunk: Buffer): void {
    if (!this.#reader.unread && this.#backlog.length === 0) this.#reader.push(chunk);
    else {
      this.#backlog.push(chunk);
      this.#backlogBytes += chunk.length;
    }
  }

  /** True while a command waits for an approval. */
  get waiting(): boolean {
    return this.#judging.waiting;
  }

  /** Takes what can be taken now. Called whenever there is more, or something that was waited for may have happened. */
  pump(): void {
    const core = this.#core;
    if (this.#ended) this.#judging.abandon();
    while (!core.over && !this.#saidGoodbye && !this.#judging.pending) {
      if (!this.#held) {
        if (!core.outside.targetWritable || (core.copyIn && !core.session.writable)) break;
        const found = this.#reader.next();
        if (found === NEED_MORE) {
          if (this.#nextChunk()) continue;
          break;
        }
        if (found === BAD) {
          this.#refusals.violation("a message of unknown type or impossible length");
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

  #nextChunk(): boolean {
    const chunk = this.#backlog.shift();
    if (chunk === undefined) return false;
    this.#backlogBytes -= chunk.length;
    this.#reader.push(chunk);
    return true;
  }

  /** The client's side of the connection ended: as good as Terminate, once all before it is done. */
  ended(): void {
    this.#ended = true;
  }

  /** True once the client said goodbye and everything before was forwarded. */
  get done(): boolean {
    const unread = this.#reader.unread || this.#backlog.length > 0;
    const goodbye = this.#saidGoodbye || (this.#ended && !this.#held && !unread);
    const { queue, sides } = this.#core;
    return goodbye && !this.#judging.pending && !sides.busy && (queue.toSend === undefined || queue.onlyLazy);
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
        return this.#refusals.own(
          QUERY,
          new Refusal("protocol-unsupported", { message: "FunctionCall is not offered" }),
        );
      default:
        // COPY data outside of COPY: the rest of one that failed. The server ignores it, and so do we.
        return true;
    }
  }

  /** While the target takes COPY data it ignores Flush and Sync, and fails on anything else. */
  #takeInCopy(type: number): boolean {
    if (type === FRONTEND.sync || type === FRONTEND.flush) return true;
    if (type !== FRONTEND.copyData && type !== FRONTEND.copyDone && type !== FRONTEND.copyFail) {
      this.#refusals.violation("a command in the middle of COPY data");
      return true;
    }
    const { buffer, start, end } = this.#reader;
    this.#keep(buffer.subarray(start, end));
    if (!this.#core.queue.extendLast(buffer, start, end))
      this.#core.queue.push(new Op(SILENT).forwards(buffer, start, end));
    if (type !== FRONTEND.copyData) this.#core.copyIn = false;
    return true;
  }

  /** What is copied in is kept before it goes on; while what is kept is behind, no more is read. */
  #keep(message: Uint8Array): void {
    const { session, queue } = this.#core;
    if (session.keepsOriginals) session.input(queue.answering?.run ?? 0, message);
  }

  /** A CopyData message that is longer than the chunk goes on in messages of our own. */
  #copyPiece(): boolean {
    const core = this.#core;
    if (!core.copyIn) return core.copyExpected === 0;
    const { buffer, start, end, first } = this.#reader;
    const body = buffer.subarray(first ? start + 5 : start, end);
    if (body.length === 0) return true;
    const frame = encodeCopyData(body);
    this.#keep(frame);
    core.queue.push(new Op(SILENT).forwards(frame, 0, frame.length));
    return true;
  }

  #query(): boolean {
    if (this.#mustWait()) return false;
    const { buffer, start, end } = this.#reader;
    const text = readQuery(this.#reader);
    if (text === null) return this.#refusals.violation("a malformed Query");
    if (text === undefined) return this.#refusals.own(QUERY, notUtf8());
    if (this.#namesUncertain(text)) return false;
    if (this.#core.context.pathUnknown) return this.#refusals.own(QUERY, pathInMotion());
    const op = new Op(QUERY);
    op.unsynced = this.#core.maySkip;
    const bytes = buffer.subarray(start, end);
    this.#judging.judge(op, { phase: "query", text, context: this.#core.context.current, binds: 0, bytes });
    return true;
  }

  #parse(): boolean {
    if (this.#mustWait()) return false;
    const { buffer, start, end } = this.#reader;
    const message = readParse(this.#reader);
    if (message === null) return this.#refusals.violation("a malformed Parse");
    const { name, text, types } = message;
    if (text === undefined) return this.#refusals.own(PARSE, notUtf8());
    if (this.#namesUncertain(text)) return false;
    if (this.#core.context.pathUnknown) return this.#refusals.own(PARSE, pathInMotion());
    const op = new Op(PARSE);
    op.name = name;
    op.types = types;
    const bytes = buffer.subarray(start, end);
    this.#judging.judge(op, { phase: "prepare", text, context: this.#core.context.current, binds: 0, bytes });
    return true;
  }

  #bind(): boolean {
    const { statements, portals, context } = this.#core;
    if (this.#mustWait()) return false;
    const message = readBind(this.#reader);
    if (message === null) return this.#refusals.violation("a malformed Bind");
    if (statements.uncertain(message.statement)) return false;
    if (context.pathUnknown) return this.#refusals.own(BIND, pathInMotion());
    const statement = statements.get(message.statement) ?? null;
    const op = new Op(BIND);
    op.name = message.portal;
    op.judgement = statement?.judgement ?? null;
    const parsed = statement?.origin === "parse" ? statement.judgement : null;
    const held = parsed?.held === true;
    const kept = held || parsed?.accompanied === true;
    op.portal = {
      name: message.portal,
      statement,
      cursor: null,
      context: context.current,
      formats: message.formats,
      values: message.values,
      bound: kept ? { types: statement?.types ?? [], ...readBound(this.#reader) } : null,
      bind: parsed?.accompanied === true ? Buffer.from(copied(this.#reader)) : null,
      boundAt: this.#core.commands,
      original: this.#core.session.keepsOriginals ? copied(this.#reader) : null,
      released: null,
      accompanied: false,
      shape: null,
      described: false,
    };
    op.lazy = held;
    portals.begin(op.name, op.portal);
    this.#pass(op);
    return true;
  }

  #describe(): boolean {
    const message = readTarget(this.#reader);
    if (message === null) return this.#refusals.violation("a malformed Describe");
    const names = message.what === "statement" ? this.#core.statements : this.#core.portals;
    if (names.uncertain(message.name)) return false;
    const op = new Op(DESCRIBE);
    op.ofStatement = message.what === "statement";
    if (op.ofStatement) op.statement = this.#core.statements.get(message.name) ?? null;
    else op.portal = this.#core.portals.get(message.name) ?? null;
    describing(op);
    op.lazy = op.judgement?.held ?? false;
    this.#pass(op);
    return true;
  }

  #close(): boolean {
    const message = readTarget(this.#reader);
    if (message === null) return this.#refusals.violation("a malformed Close");
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
    this.#core.endGroup();
    return true;
  }

  #execute(): boolean {
    const { portals, context } = this.#core;
    if (this.#mustWait()) return false;
    const name = readExecute(this.#reader);
    if (name === null) return this.#refusals.violation("a malformed Execute");
    if (portals.uncertain(name)) return false;
    if (context.pathUnknown) return this.#refusals.own(EXECUTE, pathInMotion());
    const portal = portals.get(name);
    if (portal === undefined) return this.#provokeMissing(name);
    const { statement } = portal;
    if (portal.cursor !== null) return this.#executeAs(portal, `FETCH ALL FROM ${quoted(name)}`);
    if (statement === null) return this.#refusals.own(EXECUTE, unknownStatement());
    if (statement.origin === "sql") {
      // The portal runs what it was bound to, whatever the name means by now.
      const same = this.#core.statements.get(statement.name) === statement && statement.context === portal.context;
      if (!same) return this.#refusals.own(EXECUTE, staleStatement());
      return this.#executeAs(portal, `EXECUTE ${quoted(statement.name)}`);
    }
    if (portal.context !== context.current && !isSettledWhenBound(statement.judgement))
      return this.#refusals.own(EXECUTE, staleStatement());
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
    const asked = {
      phase: "execute",
      text,
      context,
      binds: portal.values,
      values: portal.original,
      bytes: buffer.subarray(start, end),
    } as const;
    const { released } = portal;
    if (released !== null) this.#judging.judge(op, { ...asked, continues: released });
    else this.#judging.judge(op, prepared === undefined ? asked : { ...asked, prepared });
    return true;
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

  #oversize(): void {
    const { type } = this.#reader;
    const kinds: Readonly<Record<number, Kind>> = {
      [FRONTEND.query]: QUERY,
      [FRONTEND.functionCall]: QUERY,
      [FRONTEND.parse]: PARSE,
      [FRONTEND.bind]: BIND,
    };
    const kind = kinds[type];
    if (kind === undefined || this.#core.copyIn) this.#refusals.violation("a message longer than its kind may be");
    else if (!this.#core.skipping) this.#refusals.own(kind, new Refusal("statement-too-long"));
  }

  #pass(op: Op): void {
    const { buffer, start, end } = this.#reader;
    this.#core.queue.push(op.forwards(buffer, start, end));
    this.#core.groupOpen = this.#core.maySkip = true;
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
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function copied({ buffer, start, end }: { buffer: Buffer; start: number; end: number }): Uint8Array {
  return Uint8Array.prototype.slice.call(buffer, start, end);
}
