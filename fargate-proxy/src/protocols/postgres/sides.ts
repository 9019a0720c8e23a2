// Runs statements of the gateway's own beside a command of the client (`Companion`): on its connection, in its transaction, so that the client
// sees what it would have seen without them. While one runs nothing else is under way: all that the target says belongs to it.
//
// Simple query outside of a transaction block: BEGIN, before, the command, after, COMMIT; the client is shown the status of no transaction.
// Inside of a block: before, the command, after. Extended protocol: the same, between Bind and what follows Execute; the group up to Sync is one
// transaction by itself. That the command completed is told when `after` (and COMMIT) are done, so that an error can take its place.
import { Refusal } from "#shared/errors.ts";
import { type Ask, type Companion, OWN_TRANSACTION, type SideFailure, type SideStatement } from "../../protocol.ts";
import type { Asides } from "./asides.ts";
import { type Besides, type Core, FAILED, IDLE } from "./core.ts";
import { encodeClosePortal, encodeReady, FLUSH } from "./encode.ts";
import type { Range } from "./messages.ts";
import { BIND, CLOSE, Op, QUERY } from "./ops.ts";
import { judgementOf, type Portal } from "./portals.ts";
import type { Sender } from "./sender.ts";
import { SideTalk } from "./side-talk.ts";

/** What the results do with a command whose end was kept back. */
export interface Endings {
  /** It is over, and the client has been told. @param status of the transaction; null in the extended protocol */
  over(op: Op, status: number | null): void;
  /** The target skips the rest of its group. */
  skip(op: Op, sqlstate: string): void;
}

const [BEGIN, COMMIT, ROLLBACK] = OWN_TRANSACTION;

type Phase = "before" | "go" | "command" | "after";

/** One command with what runs beside it. */
interface Accompanied {
  readonly op: Op;
  readonly companion: Companion;
  /** The transaction is the gateway's. */
  readonly own: boolean;
  phase: Phase;
  /** The end of the command, as the client is to be told. */
  tail: Buffer | null;
}

export class Sides implements Besides {
  readonly #core: Core;
  readonly #sender: Sender;
  readonly #talk: SideTalk;
  readonly #endings: Endings;
  #now: Accompanied | null = null;

  constructor(core: Core, sender: Sender, asides: Asides, endings: Endings) {
    this.#core = core;
    this.#sender = sender;
    this.#talk = new SideTalk(core, asides);
    this.#endings = endings;
  }

  get busy(): boolean {
    return this.#now !== null;
  }

  get speaking(): boolean {
    return this.#talk.busy;
  }

  message(message: Range, type: number): void {
    this.#talk.message(message, type);
  }

  holds(op: Op): boolean {
    const now = this.#now;
    if (now !== null) return now.phase !== "go" || (now.op !== op && !op.again);
    const { beside: companion } = op;
    const core = this.#core;
    if (companion === null) return false;
    if (core.queue.answering !== undefined) return true;
    const why = this.#obstacle(op);
    if (why !== null) {
      op.beside = null;
      companion.left(why);
      return false;
    }
    const own = op.kind === QUERY && core.status === IDLE;
    this.#now = { op, companion, own, phase: "before", tail: null };
    void this.#settled(this.#before(this.#now));
    return true;
  }

  #obstacle(op: Op): string | null {
    if (this.#core.status === FAILED) return "the transaction had failed";
    return op.unsynced ? "a simple query in the middle of a pipeline" : null;
  }

  sent(op: Op): void {
    const now = this.#now;
    if (now === null || now.op !== op) return;
    now.phase = "command";
    if (op.kind !== QUERY) this.#core.outside.send(this.#core.session.pass(FLUSH));
  }

  keeps(op: Op, { buffer, start, end }: Range): boolean {
    if (this.#now?.op !== op) return false;
    this.#now.tail = Buffer.from(buffer.subarray(start, end));
    if (op.kind !== QUERY) void this.#settled(this.#after(this.#now, null));
    return true;
  }

  ready(op: Op, status: number): boolean {
    if (this.#now?.op !== op) return false;
    void this.#settled(this.#after(this.#now, status));
    return true;
  }

  failed(op: Op): void {
    const now = this.#now;
    if (now === null || (now.op !== op && !op.again)) return;
    this.#now = null;
    now.companion.after(REFUSED, { tag: "", sqlstate: op.sqlstate }).catch(() => {});
  }

  async #before(now: Accompanied): Promise<void> {
    const { op, companion, own } = now;
    const talk = this.#talk;
    talk.begin(op, companion);
    const ask: Ask = (statement) => talk.ask(statement);
    if (own) void talk.ask(plain(BEGIN));
    // In the extended protocol the client has had it parsed.
    if (op.kind === QUERY) void talk.trial();
    const refusal = await companion.before(ask, boundOf(op));
    if (talk.failure !== null) await this.#fails(now, talk.failure.words, talk.failure.sqlstate, talk.status);
    else if (refusal !== null) await this.#refuses(now, refusal);
    else {
      now.phase = "go";
      if (companion.fresh && op.portal !== null) this.#bindAgain(op.portal);
    }
  }

  /** A portal shows what was there when it was bound: that may be older than what was answered now. */
  #bindAgain(portal: Portal): void {
    const { queue } = this.#core;
    const { name, bind } = portal;
    if (bind === null) return;
    const close = encodeClosePortal(name);
    for (const [kind, frame] of [
      [BIND, bind],
      [CLOSE, close],
    ] as const) {
      const op = new Op(kind).forwards(frame, 0, frame.length);
      op.name = name;
      op.portal = portal;
      op.judgement = judgementOf(portal);
      op.hidden = op.again = true;
      queue.insertNext(op);
    }
  }

  async #refuses(now: Accompanied, refusal: Refusal): Promise<void> {
    if (now.own) await this.#talk.ask(plain(ROLLBACK));
    this.#now = null;
    now.op.beside = null;
    void this.#core.session.refused(refusal, now.op.judgement);
    this.#sender.refuse(now.op, refusal);
  }

  /** A side statement failed before the command, or behind it. @param status that the target is in, after a simple query */
  async #fails(now: Accompanied, words: Buffer, sqlstate: string, status: number): Promise<void> {
    const { op, own } = now;
    const core = this.#core;
    // COMMIT ends the transaction, even when it fails.
    if (own && status !== IDLE) await this.#talk.ask(plain(ROLLBACK));
    this.#now = null;
    op.sqlstate = sqlstate;
    this.#tell(words);
    if (now.phase === "before") core.queue.markSent();
    if (op.kind === QUERY) this.#tellReady(op, own ? IDLE : status);
    else this.#endings.skip(op, sqlstate);
  }

  /** @param status that the command left the transaction in; null in the extended protocol */
  async #after(now: Accompanied, status: number | null): Promise<void> {
    const { op, companion, own } = now;
    const talk = this.#talk;
    now.phase = "after";
    const completed = now.tail !== null;
    talk.begin(op, companion);
    const ask: Ask = completed ? (statement) => talk.ask(statement) : REFUSED;
    await companion.after(ask, { tag: op.tag, sqlstate: completed ? "" : op.sqlstate });
    if (own && talk.failure === null)
      await (completed ? talk.askAloud(plain(COMMIT), () => this.#end(now)) : talk.ask(plain(ROLLBACK)));
    if (talk.failure !== null) return this.#fails(now, talk.failure.words, talk.failure.sqlstate, talk.status);
    this.#now = null;
    this.#end(now);
    if (op.kind === QUERY) this.#tellReady(op, own ? IDLE : (status ?? IDLE));
    else this.#endings.over(op, null);
  }

  /** Tells the client that its command completed. */
  #end(now: Accompanied): void {
    if (now.tail !== null) this.#tell(now.tail);
    now.tail = null;
  }

  #tell(bytes: Buffer): void {
    if (!this.#core.hushed) this.#core.out.append(bytes);
  }

  #tellReady(op: Op, status: number): void {
    this.#core.out.append(encodeReady(status));
    this.#endings.over(op, status);
  }

  /** Whatever it did is done: the machine goes on. */
  async #settled(work: Promise<void>): Promise<void> {
    const core = this.#core;
    try {
      await work;
    } catch (error) {
      core.fail(error instanceof Refusal ? error : new Refusal("internal"));
    }
    if (!core.over) core.outside.soon();
  }
}

const REFUSED: Ask = () => Promise.resolve<SideFailure>({ sqlstate: "25P02" });

function plain(text: string): SideStatement {
  return { text, bound: null, most: 0 };
}

/** The values of an Execute, as the types that the target found for them. */
function boundOf({ portal }: Op): SideStatement["bound"] {
  const bound = portal?.bound ?? null;
  const types = portal?.statement?.parameters ?? null;
  return bound === null || types === null ? bound : { ...bound, types };
}
